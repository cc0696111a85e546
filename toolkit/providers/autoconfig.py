"""A provider's own autoconfig XML: where to ask, and what of the answer may be used.

The format is Mozilla's ``clientConfig`` (draft-ietf-mailmaint-autoconfig). Asked over HTTPS only;
servers it names are used only with TLS, never an address literal or a local name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from toolkit.errors import InvalidServer
from toolkit.mail.settings import Security, Server
from toolkit.providers.address import Address, is_public_domain, to_ascii_domain

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = ["Published", "autoconfig_urls", "is_public_host", "read_autoconfig"]

MAX_XML = 256 * 1024
_SECURITY = {"SSL": Security.SSL, "TLS": Security.SSL, "STARTTLS": Security.STARTTLS}
_MAX_SERVERS = 50


@dataclass(frozen=True, slots=True)
class Published:
    """What an autoconfig file says, in its order, reduced to what may be used.

    Attributes:
        imap: servers with TLS and the login name each wants (empty: not said).
        smtp: likewise.
        insecure: it offers IMAP or SMTP in the clear.
        oauth2: IMAP takes OAuth 2.0.
        password: IMAP takes a password.
    """

    imap: tuple[tuple[Server, str], ...] = ()
    smtp: tuple[tuple[Server, str], ...] = ()
    insecure: bool = False
    oauth2: bool = False
    password: bool = False


def autoconfig_urls(address: Address) -> tuple[str, ...]:
    """Where a provider publishes, best first; the bare URL serves static files."""
    domain = address.domain
    published = f"https://autoconfig.{domain}/mail/config-v1.1.xml"
    return (
        f"{published}?emailaddress={quote(str(address), safe='')}",
        published,
        f"https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml",
    )


def is_public_host(host: str) -> bool:
    """Whether a host somebody else named may be connected to: a full public name."""
    name = to_ascii_domain(host.strip().rstrip("."))
    return name is not None and is_public_domain(name)


def read_autoconfig(body: bytes, address: Address) -> Published | None:
    """Read an autoconfig file; None if it is none (another page, broken or malicious XML)."""
    if len(body) > MAX_XML:
        return None
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError):
        return None
    if _name(root) != "clientConfig":
        return None
    provider = next((child for child in root if _name(child) == "emailProvider"), None)
    if provider is None:
        return None
    imap: list[tuple[Server, str]] = []
    smtp: list[tuple[Server, str]] = []
    insecure = oauth2 = password = False
    for element in list(provider)[:_MAX_SERVERS]:
        kind, offered = _name(element), element.get("type", "")
        if (kind, offered) == ("incomingServer", "imap"):
            servers = imap
        elif (kind, offered) == ("outgoingServer", "smtp"):
            servers = smtp
        else:
            continue
        fields = _fields(element)
        server = _server(fields, address)
        if server is None:
            plain = fields.get("socketType", ("",))[0].strip().lower()
            insecure = insecure or plain in {"plain", ""}
            continue
        if servers is imap:
            methods = {method.strip().lower() for method in fields.get("authentication", ())}
            oauth2 = oauth2 or "oauth2" in methods
            password = password or bool(methods - {"oauth2"})
        username = fields.get("username", ("",))[0].strip()
        servers.append((server, _fill(username, address)))
    if not (imap or smtp or insecure):
        return None
    return Published(_tls_first(imap), _tls_first(smtp), insecure, oauth2, password)


def _tls_first(servers: list[tuple[Server, str]]) -> tuple[tuple[Server, str], ...]:
    """Implicit TLS before STARTTLS (RFC 8314), else the publisher's order."""
    return tuple(sorted(servers, key=lambda pair: pair[0].security is Security.STARTTLS))


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _fields(element: Element) -> dict[str, tuple[str, ...]]:
    fields: dict[str, tuple[str, ...]] = {}
    for child in element:
        fields[_name(child)] = (*fields.get(_name(child), ()), child.text or "")
    return fields


def _fill(text: str, address: Address) -> str:
    for placeholder, value in (
        ("%EMAILADDRESS%", str(address)),
        ("%EMAILLOCALPART%", address.local),
        ("%EMAILDOMAIN%", address.domain),
    ):
        text = text.replace(placeholder, value)
    return text


def _server(fields: dict[str, tuple[str, ...]], address: Address) -> Server | None:
    host = _fill(fields.get("hostname", ("",))[0], address).strip().rstrip(".")
    port = fields.get("port", ("",))[0].strip()
    security = _SECURITY.get(fields.get("socketType", ("",))[0].strip().upper())
    if security is None or not port.isdecimal() or not is_public_host(host):
        return None
    try:
        return Server(to_ascii_domain(host) or host, int(port), security)
    except InvalidServer:
        return None
