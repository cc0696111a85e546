"""Where a mailbox's servers are and how they are secured: frozen values, no I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from toolkit.errors import InvalidServer
from toolkit.language import Text

__all__ = ["Protocol", "Security", "Server", "ServerSettings"]

# A host name after IDNA, in lower case: labels of letters, digits, hyphens, underscores.
_HOST = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*\Z"
)
_PORT = re.compile(r"[0-9]{1,5}\Z")
MAX_PORT = 65535


class Protocol(StrEnum):
    """The two protocols an account needs."""

    IMAP = "imap"
    SMTP = "smtp"


class Security(StrEnum):
    """How a connection is secured; there is no clear-text choice, by design."""

    SSL = "ssl"  #: implicit TLS from the first byte (RFC 8314)
    STARTTLS = "starttls"  #: upgraded by STARTTLS before anything else


@dataclass(frozen=True, slots=True)
class Server:
    """One server: host, port, security. Built only from checked parts.

    Raises:
        InvalidServer: host, port or security is unusable; ``field`` names which.
    """

    host: str
    port: int
    security: Security

    def __post_init__(self) -> None:
        # The dot that ends an absolute name is in no certificate.
        host = self.host.strip().lower().removesuffix(".")
        if not (_HOST.match(host) or _is_ipv6(host)):
            raise InvalidServer(
                Text(
                    f"„{self.host}“ ist kein Servername.",
                    f"“{self.host}” is not a host name.",
                ),
                field="host",
                hint=Text(
                    "Nur den Namen des Servers eintragen, zum Beispiel imap.beispiel.de, ohne „https://“ und ohne Leerzeichen.",
                    "Enter the server's name only, for example imap.example.com, without “https://” or blanks.",
                ),
            )
        if not 1 <= self.port <= MAX_PORT:
            raise InvalidServer(
                Text(f"{self.port} ist kein Port.", f"{self.port} is not a port."),
                field="port",
                hint=Text("Ports liegen zwischen 1 und 65535.", "Ports lie between 1 and 65535."),
            )
        if self.security not in set(Security):
            raise InvalidServer(
                Text(
                    f"„{self.security}“ ist keine Art der Verschlüsselung.",
                    f"“{self.security}” is not a kind of security.",
                ),
                field="security",
                hint=Text("Erlaubt sind: ssl, starttls.", "Allowed are: ssl, starttls."),
            )
        object.__setattr__(self, "host", host)
        object.__setattr__(self, "security", Security(self.security))

    @classmethod
    def parse(cls, text: str) -> Server:
        """Read ``HOST:PORT:SECURITY``, the form the command line uses.

        Raises:
            InvalidServer: the text has another form.
        """
        host, _, rest = text.strip().rpartition(":")
        host, _, port = host.rpartition(":")
        if not host or not _PORT.match(port) or rest.lower() not in set(Security):
            raise InvalidServer(
                Text(
                    f"„{text}“ hat nicht die Form HOST:PORT:SECURITY.",
                    f"“{text}” does not have the form HOST:PORT:SECURITY.",
                ),
                hint=Text(
                    "Zum Beispiel imap.gmx.net:993:ssl; SECURITY ist ssl oder starttls.",
                    "For example imap.gmx.net:993:ssl; SECURITY is ssl or starttls.",
                ),
            )
        return cls(host.strip("[]"), int(port), Security(rest.lower()))

    def __str__(self) -> str:
        return f"{self.host}:{self.port}:{self.security}"

    def as_json(self) -> dict[str, str | int]:
        """``{"host", "port", "security"}``."""
        return {"host": self.host, "port": self.port, "security": str(self.security)}


def _is_ipv6(host: str) -> bool:
    if ":" not in host:
        return False
    import ipaddress

    try:
        address = ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return address.scope_id is None  # an interface of this computer says nothing elsewhere


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Everything needed to reach one mailbox, but for its secret.

    ``smtp_username`` is None where it is the IMAP login name (it differs at iCloud).
    """

    imap: Server
    smtp: Server
    username: str
    smtp_username: str | None = None

    def login_name(self, protocol: Protocol) -> str:
        """The login name for one of the two protocols."""
        if protocol is Protocol.SMTP and self.smtp_username:
            return self.smtp_username
        return self.username

    def with_imap(self, server: Server) -> ServerSettings:
        """The same settings with another IMAP server."""
        return replace(self, imap=server)
