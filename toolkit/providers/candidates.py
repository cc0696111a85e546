"""Servers worth probing, without credentials, where nothing names them."""

from __future__ import annotations

from collections.abc import Iterable

from toolkit.errors import InvalidServer
from toolkit.mail.settings import Protocol, Security, Server
from toolkit.providers.result import Candidate

__all__ = ["guesses", "merge", "of_access"]

# Implicit TLS before STARTTLS, the usual names before the unusual.
_IMAP = ((993, Security.SSL), (143, Security.STARTTLS))
_SMTP = ((465, Security.SSL), (587, Security.STARTTLS))


def guesses(domain: str, *, first: str | None = None) -> tuple[Candidate, ...]:
    """``imap.``, ``mail.``, the domain itself (``smtp.`` for sending), after a host known better."""
    found: list[Candidate] = []
    for protocol, usual, ports in ((Protocol.IMAP, "imap", _IMAP), (Protocol.SMTP, "smtp", _SMTP)):
        hosts = (*((first,) if first else ()), f"{usual}.{domain}", f"mail.{domain}", domain)
        for port, security in ports:
            for host in dict.fromkeys(hosts):
                try:
                    found.append(Candidate(protocol, Server(host, port, security)))
                except InvalidServer:  # a domain so long that no host fits in front of it
                    continue
    return tuple(found)


def of_access(imap: Iterable[Server], smtp: Iterable[Server]) -> tuple[Candidate, ...]:
    """Servers somebody named."""
    return (
        *(Candidate(Protocol.IMAP, server) for server in imap),
        *(Candidate(Protocol.SMTP, server) for server in smtp),
    )


def merge(*groups: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """All of them, each once, the first mention keeping its place."""
    return tuple(dict.fromkeys(candidate for group in groups for candidate in group))
