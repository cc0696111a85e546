"""The questions discovery asks the DNS and the web, each noted with its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from toolkit.errors import InvalidServer
from toolkit.mail.settings import Security, Server
from toolkit.providers.address import Address
from toolkit.providers.autoconfig import (
    Published,
    autoconfig_urls,
    is_public_host,
    read_autoconfig,
)
from toolkit.providers.catalogue import Catalogue
from toolkit.providers.model import Provider, Status
from toolkit.providers.resolver import Answer, MxRecord, Resolver, SrvRecord
from toolkit.providers.result import Step

__all__ = [
    "Asking",
    "Services",
    "autoconfig_of",
    "behind_filter",
    "own_site",
    "services_of",
    "speaks_exchange",
]

_IMAPS_PORT = 993
_SUBMISSIONS_PORT = 465

#: DKIM selectors of the larger mailbox providers whose target names the provider.
_SELECTORS = ("selector1", "selector2", "fm1", "protonmail", "sig1", "mbo0001", "key1")


@dataclass
class Asking:
    """One discovery in progress: asks, remembers what was asked and whether the DNS failed."""

    resolver: Resolver
    address: Address
    catalogue: Catalogue
    steps: list[Step] = field(default_factory=list)
    failed: bool = False

    def _note(self, method: str, asked: str, answer: Answer[Any], detail: str) -> None:
        # A web server that does not answer says nothing about the domain's mail; the DNS does.
        self.failed = self.failed or (answer.failed and method != "autoconfig")
        self.steps.append(Step(method, asked, str(answer.lookup), detail or answer.detail))

    def mx(self) -> Answer[MxRecord]:
        """The domain's mail exchangers, the best first."""
        answer = self.resolver.mx(self.address.domain)
        shown = ", ".join(f"{r.preference} {r.host or '.'}" for r in answer.values)
        self._note("mx", self.address.domain, answer, shown)
        return answer

    def srv(self, service: str) -> Answer[SrvRecord]:
        """One service of the domain."""
        name = f"{service}.{self.address.domain}"
        answer = self.resolver.srv(name)
        self._note(
            "srv", name, answer, ", ".join(f"{r.target or '.'}:{r.port}" for r in answer.values)
        )
        return answer

    def cname(self, name: str) -> str | None:
        """Where an alias points; None if it is none or nobody knows."""
        answer = self.resolver.cname(name)
        self._note("cname", name, answer, ", ".join(answer.values))
        return answer.values[0] if answer.found else None

    def has_address(self, name: str) -> bool:
        """Whether a name leads to a host."""
        answer = self.resolver.addresses(name)
        self._note("address", name, answer, ", ".join(answer.values[:2]))
        return answer.found

    def fetch(self, url: str) -> bytes | None:
        """A page; None if it is not there or nobody knows."""
        answer = self.resolver.fetch(url)
        self._note("autoconfig", url, answer, f"{len(answer.values[0])} B" if answer.found else "")
        return answer.values[0] if answer.found else None


@dataclass(frozen=True, slots=True)
class Services:
    """What SRV records say: servers best first; ``disabled``: IMAP is expressly not offered."""

    imap: list[Server]
    smtp: list[Server]
    disabled: bool = False


def services_of(asking: Asking) -> Services:
    """The domain's SRV records for IMAP and submission (RFC 6186, RFC 8314, 5.1).

    Implicit TLS wins over STARTTLS whatever the priorities, as RFC 8314 wants. Priorities and
    weights order the servers of one service.
    """
    answers = (asking.srv("_imaps._tcp"), asking.srv("_imap._tcp"))
    records = [record for answer in answers for record in answer.values]
    imap = _servers(answers[0], _IMAPS_PORT, always_ssl=True)
    imap += _servers(answers[1], _IMAPS_PORT, always_ssl=False)
    if not imap:
        denied = any(not record.target for record in records)
        return Services([], [], disabled=denied and not any(a.failed for a in answers))
    smtp = _servers(asking.srv("_submissions._tcp"), _SUBMISSIONS_PORT, always_ssl=True)
    smtp += _servers(asking.srv("_submission._tcp"), _SUBMISSIONS_PORT, always_ssl=False)
    return Services(imap, smtp)


def _servers(answer: Answer[SrvRecord], ssl_port: int, *, always_ssl: bool) -> list[Server]:
    servers: list[Server] = []
    for record in answer.values:
        if not record.target or not is_public_host(record.target):
            continue
        ssl = always_ssl or record.port == ssl_port
        try:
            security = Security.SSL if ssl else Security.STARTTLS
            servers.append(Server(record.target, record.port, security))
        except InvalidServer:
            continue
    return servers


def autoconfig_of(asking: Asking) -> Published | None:
    """What the domain itself publishes over HTTPS; the first place that has something counts."""
    for url in autoconfig_urls(asking.address):
        body = asking.fetch(url)
        published = read_autoconfig(body, asking.address) if body is not None else None
        if published is not None:
            return published
    return None


def own_site(host: str, domain: str) -> bool:
    """Whether a host belongs to the domain's owner: below it, or under one registrable domain."""
    if host == domain or host.endswith(f".{domain}"):
        return True
    if host.rpartition(".")[2] != domain.rpartition(".")[2]:
        return False
    registrable = _registrable(domain)
    return registrable is not None and (host == registrable or host.endswith(f".{registrable}"))


def _registrable(domain: str) -> str | None:
    # Imported late: reading the list of public suffixes takes longer than all the rest, and only
    # a host in a sister domain makes it necessary.
    found: str | None = _public_suffixes().privatesuffix(domain)
    return found


@cache
def _public_suffixes() -> Any:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()


def behind_filter(
    asking: Asking, records: Sequence[MxRecord], *, filtered: bool
) -> Provider | None:
    """Who keeps the mailbox although the best MX does not say so; only by records that prove it.

    Proof is an alias that exists for the mailbox's clients (``autodiscover.``, ``autoconfig.``,
    ``imap.``), the autodiscover service record, a DKIM selector handed over to the provider, or,
    behind a filter, a mail exchanger of the provider itself. SPF is none: it names whoever may
    send for the domain, newsletters and shops included.
    """
    catalogue, domain = asking.catalogue, asking.address.domain
    for label in ("autodiscover", "autoconfig", "imap"):
        target = asking.cname(f"{label}.{domain}")
        if target and (found := catalogue.for_cname(target) or catalogue.for_host(target)):
            return found
    for record in asking.srv("_autodiscover._tcp").values:
        if found := catalogue.for_cname(record.target):
            return found
    for selector in _SELECTORS:
        target = asking.cname(f"{selector}._domainkey.{domain}")
        if target and (found := catalogue.for_dkim(target)):
            return found
    if filtered:
        for other in records[1:]:
            candidate = catalogue.for_mx(other.host)
            if candidate is not None and candidate.status is not Status.GATEWAY:
                return candidate
    return None


def speaks_exchange(asking: Asking) -> bool:
    """Whether an Exchange server of the domain's own is likely: Autodiscover without autoconfig.

    Panels such as Plesk or mailcow publish both names; Exchange knows only its own.
    """
    domain = asking.address.domain
    return asking.has_address(f"autodiscover.{domain}") and not asking.has_address(
        f"autoconfig.{domain}"
    )
