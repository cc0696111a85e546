"""The resolver that asks the network: dnspython for the DNS, httpcore for HTTPS.

Nothing is cached and nothing written to disk. All questions of one resolver share one deadline;
when it is over, every further answer is a failure, never absence.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urljoin, urlsplit

from toolkit.mail.deadline import Deadline
from toolkit.providers.resolver import Answer, Lookup, MxRecord, SrvRecord
from toolkit.providers.sources import own_site

if TYPE_CHECKING:
    import dns.rdata
    import dns.resolver

__all__ = ["LiveResolver"]

T = TypeVar("T")

MAX_REDIRECTS = 3
_OK = 200
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: The page is not there, as opposed to: the server cannot say now.
_NOT_THERE = frozenset({400, 401, 403, 404, 405, 406, 410, 421, 451})


class LiveResolver:
    """Asks the DNS and the web, for one discovery.

    Args:
        seconds: the deadline over all questions together.
        per_question: the most one question may take.
        nameservers: whom to ask; by default those of the system.
        dns_port: their port.
        https_port: the port of HTTPS; another one than 443 is for tests.
        ca_file: PEM bundle trusted beside the system's certification authorities.
        allow_private: also fetch from addresses that are not public; for tests.
    """

    def __init__(
        self,
        *,
        seconds: float = 12.0,
        per_question: float = 4.0,
        nameservers: Sequence[str] | None = None,
        dns_port: int = 53,
        https_port: int = 443,
        ca_file: Path | None = None,
        allow_private: bool = False,
    ) -> None:
        self._deadline = Deadline(seconds)
        self._per_question = per_question
        self._nameservers = nameservers
        self._dns_port = dns_port
        self._https_port = https_port
        self._ca_file = ca_file
        self._allow_private = allow_private
        self._dns: dns.resolver.Resolver | None = None

    def mx(self, domain: str) -> Answer[MxRecord]:
        """The mail exchangers, the best first."""
        answer = self._ask(domain, "MX", lambda r: MxRecord(r.preference, _text(r.exchange)))
        return Answer(answer.lookup, tuple(sorted(answer.values)), answer.detail)

    def srv(self, name: str) -> Answer[SrvRecord]:
        """The records of one service, the best first."""
        answer = self._ask(
            name, "SRV", lambda r: SrvRecord(r.priority, r.weight, r.port, _text(r.target))
        )
        ordered = sorted(answer.values, key=lambda record: record.order)
        return Answer(answer.lookup, tuple(ordered), answer.detail)

    def cname(self, name: str) -> Answer[str]:
        """Where an alias points."""
        return self._ask(name, "CNAME", lambda r: _text(r.target))

    def txt(self, name: str) -> Answer[str]:
        """Text records."""
        return self._ask(name, "TXT", lambda r: b"".join(r.strings).decode("utf-8", "replace"))

    def addresses(self, name: str) -> Answer[str]:
        """IPv4 addresses, then IPv6."""
        v4 = self._ask(name, "A", lambda r: str(r.address))
        if v4.lookup is Lookup.NXDOMAIN:
            return v4
        v6 = self._ask(name, "AAAA", lambda r: str(r.address))
        if v4.found or v6.found:
            return Answer.of((*v4.values, *v6.values))
        return v4 if v4.failed else v6

    def fetch(self, url: str) -> Answer[bytes]:
        """The body at an https URL.

        Redirects are followed to https only and only within the registrable domain the request
        started in; a body above 256 KiB is a failure.
        """
        start = urlsplit(url).hostname or ""
        for _ in range(MAX_REDIRECTS + 1):
            parts = urlsplit(url)
            host = parts.hostname or ""
            if parts.scheme != "https":
                return _refused(f"redirected to {parts.scheme}")
            if not own_site(host, start):
                return _refused(f"redirected to {host}")
            found = self.addresses(host)
            if not found.found:
                return Answer(found.lookup, detail=found.detail or f"{host} has no address")
            address = next((a for a in found.values if self._may_connect(a)), None)
            if address is None:
                return _refused(f"{host} leads to an address that is not public")
            answer, location = self._get(url, address)
            if not location:
                return answer
            url = urljoin(url, location)
        return _refused("too many redirects")

    def _may_connect(self, address: str) -> bool:
        return self._allow_private or ipaddress.ip_address(address).is_global

    def _get(self, url: str, address: str) -> tuple[Answer[bytes], str]:
        """One request to the address that was checked; the answer, or where it redirects to."""
        from toolkit.providers.https import HttpsFailed, get

        left = min(self._deadline.remaining(), self._per_question)
        if left <= 0:
            return Answer(Lookup.FAILED, detail="deadline"), ""
        try:
            status, location, body = get(
                url, address=address, port=self._https_port, ca_file=self._ca_file, seconds=left
            )
        except HttpsFailed as exc:
            return Answer(Lookup.FAILED, detail=str(exc)[:200]), ""
        if status in _REDIRECTS and location:
            return Answer(Lookup.ABSENT), location
        if status == _OK:
            return Answer(Lookup.ANSWER, (body,)), ""
        lookup = Lookup.ABSENT if status in _NOT_THERE else Lookup.FAILED
        return Answer(lookup, detail=f"HTTP {status}"), ""

    def _ask(self, name: str, kind: str, read: Callable[[Any], T]) -> Answer[T]:
        import dns.exception
        import dns.resolver

        left = min(self._deadline.remaining(), self._per_question)
        if left <= 0:
            return Answer(Lookup.FAILED, detail="deadline")
        try:
            answer = self._resolver().resolve(
                f"{name}.", kind, lifetime=left, raise_on_no_answer=False
            )
        except dns.resolver.NXDOMAIN:
            return Answer(Lookup.NXDOMAIN)
        except (dns.exception.DNSException, OSError, UnicodeError, ValueError) as exc:
            return Answer(Lookup.FAILED, detail=f"{type(exc).__name__}: {exc}"[:200])
        if answer.rrset is None:
            return Answer(Lookup.ABSENT)
        return Answer.of([read(record) for record in answer.rrset])

    def _resolver(self) -> dns.resolver.Resolver:
        import dns.resolver

        if self._dns is None:
            self._dns = dns.resolver.Resolver(configure=self._nameservers is None)
            self._dns.cache = None
            self._dns.port = self._dns_port
            if self._nameservers is not None:
                self._dns.nameservers = list(self._nameservers)
        return self._dns


def _text(name: Any) -> str:
    return str(name.to_text(omit_final_dot=True)).lower().rstrip(".")


def _refused(why: str) -> Answer[bytes]:
    return Answer(Lookup.FAILED, detail=f"refused: {why}")
