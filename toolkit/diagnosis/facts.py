"""The facts that follow from a failure's fields, as words the catalogue's signs ask for. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from toolkit.diagnosis.causes import Catalogue, Provider
from toolkit.diagnosis.failure import SECURITY_WORDS, Failure
from toolkit.diagnosis.phrases import MAX_TEXT, normalise
from toolkit.errors import Stage

__all__ = ["Facts", "facts_of"]

IMPLICIT_TLS: Final = frozenset({993, 995, 465})
STARTTLS: Final = frozenset({143, 110, 587, 25, 2525})
_IMAP_PORTS: Final = frozenset({143, 993})
_SMTP_PORTS: Final = frozenset({25, 465, 587, 2525})
_MAIL_PORTS: Final = _IMAP_PORTS | _SMTP_PORTS | {110, 995, 1143, 1025, 1993}
#: Stages at which a port says more of the protocol than the stage does.
_BEFORE_LOGIN: Final = frozenset({Stage.TCP, Stage.TLS, Stage.STARTTLS})
_FAST_MS: Final = 50

_ENHANCED = re.compile(r"(?<![\w.])([245]\.\d{1,3}\.\d{1,3})(?![\w]|\.\d)")
_REPLY = re.compile(r"(?<![\w.:/])([245]\d\d)(?=[\s\-:,;'\"\])#]|$)")
_CODE = re.compile(r"\[([A-Za-z][A-Za-z0-9/-]{2,30})(?=[\]\s])")
_PORT = re.compile(r"(?:port\s|:|,|\[)\s?(\d{2,5})(?![\d.:])", re.IGNORECASE)
_IPV6 = re.compile(
    r"(?<![\w:])(?=[0-9a-f:]*[0-9a-f]{3}[0-9a-f:]*)[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){3,7}",
    re.IGNORECASE,
)
_IPV6_LOOPBACK = re.compile(r"(?<![\w:])::1(?![\w])|\[::1\]")
_LOOPBACK_IN_TEXT = re.compile(r"(?<![\w.])(?:127\.0\.0\.1|localhost)(?![\w.])")
# The names a certificate carries, as error texts list them.
_CERTIFIED = re.compile(
    r"(?:\bcn ?=|\bdns:|valid for|issued to|certificate for) ?[`'\"<]?\*?\.?([a-z0-9.-]{4,253})"
)
_ELAPSED = re.compile(r"\bafter (\d{1,6}) ?ms\b")
_OWNED = re.compile(
    r"<([^<>\s]{3,254})>: sender address rejected: not owned by (?:auth )?user (\S{3,254})"
)
# A tagged or untagged BAD (RFC 9051, 7.1.3): the server could not parse the command.
_SAYS_BAD = re.compile(
    r"(?:^|[\s>:*(\[])(?:^|[a-z]{0,8}\d+\s+|\*\s*|error:\s*|response:\s*|server:\s*|\]:\s*(?:\d+\s+)?)bad\b"
    r"(?! (?:credential|user|pass|login|request|cert|gateway|record|mac|auth))"
)
_FLAGS = re.compile(r"\bflags:\s*[\[(]([^\])]{0,300})[\])]")
_STANDARD_FLAGS: Final = frozenset(
    {"\\seen", "\\answered", "\\flagged", "\\deleted", "\\draft", "\\recent"}
)
_TWICE_ENCODED = re.compile(r"&-[a-z0-9+,]{3,}-")
_ENCODED_NAME = re.compile(r"&[a-z0-9+,]{3,}-")
_NAMED_USER = re.compile(
    r"\b(?:user ?name|user|login)\s*(?:=|:|is)?\s*[\"'<\[(]([^\s\"'<>\[\]()@]{2,60})[\"'>\])]"
)
_ODD_HOST = re.compile(r"""[\s"'`,;<>(){}|\\/@%=]|://|\.\.|:\d{2,5}$|\.$|^\.""")
_LOOKUP_OF_URL = re.compile(
    r"(?:enotfound|eai_again|getaddrinfo|resolve|lookup|gethostbyname|unknown ?host(?:exception)?:?|connect to)"
    r"[\w\s:(),'\"]{0,30}?https?://"
)
_PLACEHOLDER = re.compile(r"(?:^|\.)(?:example\.(?:com|org|net|de)|yourdomain\.\w+|domain\.tld)$")
_PRIVATE = re.compile(
    r"^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|fd[0-9a-f]{2}:|fe80:)|\.(?:local|lan|internal|intern|home|test)$"
)
_HOST_IN_TEXT = re.compile(r"(?<![\w.@-])[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,6}(?![\w-])")
_IP = re.compile(r"^\d{1,3}(?:\.\d{1,3}){3}$|^[0-9a-f:]*:[0-9a-f:.]*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Facts:
    """What signs are compared with: the text made comparable, and sets of words by condition."""

    text: str
    codes: frozenset[str]
    statuses: frozenset[str]
    typed: str
    words: Mapping[str, frozenset[str]]


def facts_of(failure: Failure, known: Catalogue) -> Facts:
    """Everything that follows from a failure's fields, as words signs can ask for."""
    raw = failure.error[:MAX_TEXT] + failure.error[MAX_TEXT:][-MAX_TEXT:]
    text = normalise(failure.error)
    lowered = " ".join(raw.lower().split())
    host = failure.host.strip().lower().rstrip(".")
    port = failure.port or _port_in(raw)
    security = SECURITY_WORDS.get(failure.security.strip().lower(), "")
    named = _by_name(failure.provider, known)
    hosting = _by_host(host, known)
    providers = _labels(failure, named, hosting, lowered, known)
    mechanism = failure.mechanism.strip().upper()
    facts = {
        *_host_facts(failure.host, host),
        *_port_facts(failure.stage, port, security),
        *_text_facts(lowered),
    }
    if named and hosting and not related(named, hosting):
        facts.add("host-of-another-provider")
    if mechanism in {"XOAUTH2", "OAUTHBEARER", "OAUTH2"}:
        facts.add("oauth")
    if hosting and "public" in hosting.traits:
        facts.add("known-host")
        if any(_by_host(name, known) is None for name in _CERTIFIED.findall(lowered)[:20]):
            facts.add("foreign-certificate")
    return Facts(
        text=text,
        codes=frozenset(code.upper() for code in _CODE.findall(raw)),
        statuses=_statuses(raw),
        typed=failure.typed,
        words={
            "stage": frozenset({str(failure.stage)}),
            "provider": providers,
            "fact": frozenset(facts),
            "port": frozenset({str(port)} if port else ()),
            "security": frozenset({security} if security else ()),
            "mechanism": frozenset({mechanism} if mechanism else ()),
            "username": _username_words(failure.username_form),
        },
    )


def _labels(
    failure: Failure,
    named: Provider | None,
    hosting: Provider | None,
    lowered: str,
    known: Catalogue,
) -> frozenset[str]:
    labels: set[str] = set()
    if named:
        labels |= named.labels
    # A service's own name says more than its host: Outlook.com lives on a host of Microsoft 365.
    if hosting and not (named and "public" in named.traits and related(named, hosting)):
        labels |= hosting.labels
    if not labels:
        # Neither the name nor the host is known, but texts often name the server they came from.
        mentioned = _mentioned(lowered, known)
        labels |= mentioned.labels if mentioned else frozenset()
    given = failure.provider.strip().casefold()
    if given and not named:
        labels.add(given)
    if not labels:
        labels.add("unknown")
    return frozenset(labels)


def _mentioned(lowered: str, known: Catalogue) -> Provider | None:
    """The provider whose host, or whose unmistakable words, an error text contains."""
    for host in _HOST_IN_TEXT.findall(lowered)[:40]:
        provider = _by_host(host, known)
        if provider:
            return provider
    for provider in known.providers.values():
        if any(mark in lowered for mark in provider.marks):
            return provider
    return None


def _by_name(name: str, known: Catalogue) -> Provider | None:
    wanted = _squeeze(name)
    if not wanted:
        return None
    for provider in known.providers.values():
        if any(_squeeze(candidate) == wanted for candidate in provider.names):
            return provider
    return _by_host(name.strip().lower(), known) if "." in name else None


def _squeeze(name: str) -> str:
    return re.sub(r"[\s_\-.]+", "", name.casefold())


def _by_host(host: str, known: Catalogue) -> Provider | None:
    """The provider whose host suffix is the longest that fits."""
    best: tuple[int, Provider] | None = None
    for provider in known.providers.values():
        for suffix in provider.hosts:
            fits = host == suffix or host.endswith(f".{suffix}")
            if fits and (best is None or len(suffix) > best[0]):
                best = (len(suffix), provider)
    return best[1] if best else None


def related(one: Provider, other: Provider) -> bool:
    """Whether two entries are one house, or one of them is a server product, not a service."""
    if "public" not in one.traits or "public" not in other.traits:
        return True
    families = {t for t in one.traits & other.traits if t.startswith("house-")}
    return one.id == other.id or bool(families)


def _host_facts(given: str, host: str) -> set[str]:
    facts = set()
    if given and given.strip("[]") and _ODD_HOST.search(given.strip("[]")) and not _IP.match(host):
        facts.add("host-odd")
    if not host:
        return facts
    bare = host.strip("[]")
    if bare in {"localhost", "::1", "host.docker.internal"} or bare.startswith("127."):
        facts |= {"host-loopback", "host-own"}
    elif _PRIVATE.search(bare) or ("." not in bare and ":" not in bare):
        facts |= {"host-private", "host-own"}
    if _IP.match(bare):
        facts.add("host-ip")
    if _PLACEHOLDER.search(bare):
        facts.add("host-placeholder")
    first = bare.split(".")[0]
    if first.startswith("pop"):
        facts.add("host-pop")
    elif first.startswith(("smtp", "mx", "relay", "asmtp")):
        facts.add("host-smtp")
    elif first.startswith("imap"):
        facts.add("host-imap")
    return facts


def _port_facts(stage: Stage, port: int | None, security: str) -> set[str]:
    smtp = stage.startswith("smtp") or (port in _SMTP_PORTS - {25} and stage in _BEFORE_LOGIN)
    facts = {"smtp" if smtp else "imap"}
    if port is None:
        return facts
    if (port in IMPLICIT_TLS and security in {"starttls", "none"}) or (
        port in STARTTLS and security == "ssl"
    ):
        facts.add("mismatch")
    if port in IMPLICIT_TLS and security in {"starttls", "none"}:
        facts.add("tls-port-without-tls")
    if port in STARTTLS and security == "ssl":
        facts.add("tls-on-starttls-port")
    if security and "mismatch" not in facts and port in IMPLICIT_TLS | STARTTLS:
        facts.add("port-fits")
    if port not in (_SMTP_PORTS if smtp else _IMAP_PORTS) and port in _MAIL_PORTS - {
        1143,
        1025,
        1993,
    }:
        facts.add("port-of-another-protocol")
    if port not in _MAIL_PORTS:
        facts.add("port-unusual")
    return facts


def _text_facts(lowered: str) -> set[str]:
    facts = set()
    if _IPV6.search(lowered):
        facts.add("ipv6-in-text")
    if _IPV6_LOOPBACK.search(lowered):
        facts.add("ipv6-loopback")
    elapsed = _ELAPSED.search(lowered)
    if elapsed and int(elapsed[1]) <= _FAST_MS:
        facts.add("failed-at-once")
    if _LOOPBACK_IN_TEXT.search(lowered):
        facts.add("loopback-in-text")
    owned = _OWNED.search(lowered)
    if owned and owned[1].strip("<>.;,\"'") == owned[2].strip("<>.;,\"'"):
        facts.add("sender-is-user")
    if _LOOKUP_OF_URL.search(lowered):
        facts.add("host-odd")
    return facts | _protocol_facts(lowered)


def _protocol_facts(lowered: str) -> set[str]:
    """What of the dialogue with the server an error text shows."""
    facts = set()
    if _SAYS_BAD.search(lowered):
        facts.add("says-bad")
    flags = _FLAGS.search(lowered)
    if flags and set(flags[1].split()) - _STANDARD_FLAGS:
        facts.add("unusual-flags")
    if _TWICE_ENCODED.search(lowered):
        facts.add("name-encoded-twice")
    if _ENCODED_NAME.search(lowered) or any(c.isalpha() and not c.isascii() for c in lowered):
        facts.add("name-not-ascii")
    user = _NAMED_USER.search(lowered)
    if user and user[1].strip("*x.") and "\\" not in user[1]:
        facts.add("bare-username")
    return facts


def _port_in(raw: str) -> int | None:
    """The first mail port an error text names, as in ``imap.example.com:993`` or ``port 993``."""
    return next((int(n) for n in _PORT.findall(raw) if int(n) in _MAIL_PORTS), None)


def _statuses(raw: str) -> frozenset[str]:
    """SMTP reply codes and enhanced status codes (RFC 5321, 4.2; RFC 3463)."""
    return frozenset({*_ENHANCED.findall(raw), *_REPLY.findall(raw)})


def _username_words(form: str) -> frozenset[str]:
    words = form.strip().lower()
    if not words:
        return frozenset()
    found = {words}
    if "local" in words:
        found.add("local-part")
    if "mail" in words or "full" in words or "@" in words or "upn" in words:
        found.add("full-address")
    if "\\" in words or "domain" in words:
        found.add("domain-user")
    if "alias" in words:
        found.add("alias")
    if "shared" in words:
        found.add("shared")
    return frozenset(found)
