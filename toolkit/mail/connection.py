"""From a server's name to a connected socket: look-up and TCP, with typed failures."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from contextlib import suppress

from toolkit.errors import (
    ConnectFailed,
    ConnectRefused,
    ConnectTimeout,
    HostNotFound,
    MailError,
    NameLookupFailed,
    NetworkUnreachable,
    Stage,
)
from toolkit.language import Text
from toolkit.mail.deadline import Deadline
from toolkit.mail.settings import Server

__all__ = ["CONNECT_SECONDS", "StageWatch", "connect", "look_up"]

#: Told about each stage as it is entered; how a diagnosis times them.
StageWatch = Callable[[Stage], None]

#: One address may take this long to answer before the next is tried, in seconds.
CONNECT_SECONDS = 15.0

_UNREACHABLE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}

Address = tuple[socket.AddressFamily, tuple[object, ...]]


def look_up(server: Server) -> tuple[Address, ...]:
    """The server's addresses, in the order the system prefers them (RFC 6724).

    Raises:
        HostNotFound: the name does not exist.
        NameLookupFailed: the resolver gave no answer.
    """
    try:
        found = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        raise _look_up_error(exc, server) from exc
    if not found:
        raise _look_up_error(socket.gaierror(socket.EAI_NONAME, "no addresses"), server)
    return tuple((family, address) for family, _, _, _, address in found)


def connect(
    server: Server, deadline: Deadline, on_stage: StageWatch = lambda _: None
) -> socket.socket:
    """A TCP connection to the first of the server's addresses that answers.

    Raises:
        NameLookupFailed: the name could not be looked up.
        ConnectFailed: no address answered; the first address's reason, all of them as evidence.
        DeadlineExceeded: the clock ran out.
    """
    failures: list[tuple[str, OSError]] = []
    on_stage(Stage.DNS)
    addresses = look_up(server)
    on_stage(Stage.TCP)
    for family, address in addresses:
        seconds = min(CONNECT_SECONDS, deadline.check(Stage.TCP, str(server)))
        try:
            return _connected(family, address, seconds)
        except OSError as exc:
            failures.append((str(address[0]), exc))
    raise _connect_error(failures, server)


def _connected(
    family: socket.AddressFamily, address: tuple[object, ...], seconds: float
) -> socket.socket:
    candidate = socket.socket(family, socket.SOCK_STREAM)
    try:
        candidate.settimeout(seconds)
        candidate.connect(address)
    except OSError:
        candidate.close()
        raise
    with suppress(OSError):  # reset since; the first read will tell
        candidate.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return candidate


def _look_up_error(exc: Exception, server: Server) -> MailError:
    absent = isinstance(exc, UnicodeError) or getattr(exc, "errno", None) in (
        socket.EAI_NONAME,
        getattr(socket, "EAI_NODATA", socket.EAI_NONAME),
    )
    if absent:
        return HostNotFound(
            Text(
                f"Den Server „{server.host}“ gibt es nicht.",
                f"There is no server “{server.host}”.",
            ),
            stage=Stage.DNS,
            tried=str(server),
            field="host",
            evidence=str(exc),
            hint=Text(
                "Den Servernamen auf Tippfehler prüfen.", "Check the host name for misspellings."
            ),
        )
    return NameLookupFailed(
        Text(
            f"Der Name „{server.host}“ ließ sich nicht auflösen.",
            f"The name “{server.host}” could not be looked up.",
        ),
        stage=Stage.DNS,
        tried=str(server),
        field="host",
        evidence=str(exc),
        hint=Text(
            "Besteht eine Internetverbindung? Das sagt nichts darüber, ob es den Server gibt.",
            "Is there an Internet connection? This says nothing about whether the server exists.",
        ),
    )


def _connect_error(failures: list[tuple[str, OSError]], server: Server) -> ConnectFailed:
    _, first = failures[0]
    kind: type[ConnectFailed] = ConnectFailed
    field = "host"
    message = Text(
        f"Keine Verbindung zu {server.host}, Port {server.port}.",
        f"No connection to {server.host}, port {server.port}.",
    )
    hint = Text("Servername und Port prüfen.", "Check host and port.")
    if isinstance(first, ConnectionRefusedError):
        kind, field = ConnectRefused, "port"
        message = Text(
            f"{server.host} nimmt auf Port {server.port} keine Verbindung an.",
            f"{server.host} does not accept connections on port {server.port}.",
        )
        hint = Text(
            "Den Port prüfen: üblich sind 993 (IMAP mit SSL/TLS) und 465 oder 587 (SMTP).",
            "Check the port: 993 (IMAP with SSL/TLS) and 465 or 587 (SMTP) are usual.",
        )
    elif isinstance(first, TimeoutError) or first.errno == errno.ETIMEDOUT:
        kind = ConnectTimeout
        message = Text(
            f"{server.host} antwortet auf Port {server.port} nicht.",
            f"{server.host} does not answer on port {server.port}.",
        )
        hint = Text(
            "Servername und Port prüfen; sind sie richtig, sperrt wohl eine Firewall den Port.",
            "Check host and port; if they are right, a firewall probably blocks the port.",
        )
    elif first.errno in _UNREACHABLE:
        kind = NetworkUnreachable
        hint = Text(
            "Kein Weg dorthin: Netzwerk, VPN oder IPv6 dieses Rechners prüfen.",
            "No route: check this computer's network, VPN or IPv6.",
        )
    return kind(
        message,
        stage=Stage.TCP,
        tried=str(server),
        field=field,
        evidence="; ".join(f"{address}: {exc}" for address, exc in failures),
        hint=hint,
    )
