"""From an address to server data, before any password is asked.

The chain, in the order of trust: the provider's preset, SRV records (RFC 6186, RFC 8314), the
domain's own autoconfig file, the mail exchangers, and through a mail filter whatever other record
proves where the mailbox is. Nothing is guessed that a password would be sent to: guesses are
``candidates``, to be probed without credentials.
"""

from __future__ import annotations

from dataclasses import replace

from toolkit.mail.settings import Protocol, Server
from toolkit.providers.address import Address, Rejected, parse_address
from toolkit.providers.candidates import guesses, merge, of_access
from toolkit.providers.catalogue import Catalogue, load_providers
from toolkit.providers.model import Access, Provider, Status, UsernameForm
from toolkit.providers.resolver import Lookup, MxRecord, Resolver
from toolkit.providers.result import Discovery, Outcome
from toolkit.providers.route import advise_route
from toolkit.providers.sources import (
    Asking,
    autoconfig_of,
    behind_filter,
    own_site,
    services_of,
    speaks_exchange,
)
from toolkit.providers.typos import similar_domains

__all__ = ["discover"]

_CLOSED = {
    Status.NO_IMAP: Outcome.NO_IMAP,
    Status.BRIDGE_ONLY: Outcome.BRIDGE_ONLY,
    Status.PAID_ONLY: Outcome.PAID_ONLY,
    Status.DISCONTINUED: Outcome.DISCONTINUED,
    Status.NOT_EMAIL: Outcome.NOT_EMAIL,
}
_ASKING = {
    UsernameForm.ASK: "username",
    UsernameForm.ASK_MAIN_ADDRESS: "username (main address)",
}


def discover(
    address: str, *, resolver: Resolver | None, catalogue: Catalogue | None = None
) -> Discovery:
    """Find the servers and the login name for an address.

    Args:
        address: whatever was typed or pasted.
        resolver: answers DNS and HTTPS questions; None: presets only, nothing is asked.
        catalogue: the known providers; by default the product's own.

    Returns:
        Always a result; its ``outcome`` says what it is worth.

    Raises:
        ProviderFileError: the catalogue itself cannot be read.
    """
    catalogue = load_providers() if catalogue is None else catalogue
    parsed = parse_address(address)
    if isinstance(parsed, Rejected):
        return _rejected(parsed, catalogue)
    provider = catalogue.for_domain(parsed.domain)
    if provider is not None:
        return _preset(parsed, provider)
    if resolver is None:
        return _finish(_plain(Outcome.UNKNOWN, parsed), own_domain=True)
    asking = Asking(resolver, parsed, catalogue)
    found = _look_up(asking)
    return replace(_finish(found, own_domain=True), tried=tuple(asking.steps))


def _rejected(why: Rejected, catalogue: Catalogue) -> Discovery:
    provider = catalogue.get("bea") if why.safe_id else None
    owner = catalogue.for_domain(why.domain) if why.domain else None
    if owner is not None and owner.status is Status.NOT_EMAIL:
        provider = owner
    suggestions = (why.suggest,) if why.suggest else _with_ending(why, catalogue)
    return Discovery(
        Outcome.NOT_EMAIL if provider else Outcome.INVALID,
        domain=why.domain,
        provider=provider,
        suggest=suggestions[0] if suggestions else None,
        suggestions=suggestions,
        hints=(
            *why.hints,
            *(h for h in (provider.hints if provider else ()) if h not in why.hints),
        ),
    )


def _with_ending(why: Rejected, catalogue: Catalogue) -> tuple[str, ...]:
    """``max@gmx`` or ``max@gmxde``: the known domains whose ending was forgotten or glued on."""
    if not why.local or not why.domain or "." in why.domain:
        return ()
    rarity = catalogue.rarity
    meant = [d for d in rarity if why.domain in (d.partition(".")[0], d.replace(".", ""))]
    texts = [f"{why.local}@{d}" for d in sorted(meant, key=lambda d: rarity[d])[:5]]
    return tuple(text for text in texts if isinstance(parse_address(text), Address))


def _plain(outcome: Outcome, address: Address, **values: object) -> Discovery:
    return replace(
        Discovery(outcome, address=str(address), domain=address.domain),
        **values,  # type: ignore[arg-type]
    )


def _finish(found: Discovery, *, own_domain: bool) -> Discovery:
    """Add the route advice, and candidates where a host has still to be found."""
    if found.outcome in {Outcome.TEMPORARY_FAILURE, Outcome.SUGGEST_TYPO, Outcome.INVALID_DOMAIN, Outcome.NO_MAIL}:  # fmt: skip
        return found
    assert found.domain is not None
    candidates = found.candidates
    if found.imap is None and found.outcome in _OPEN:
        candidates = merge(candidates, guesses(found.domain))
    elif found.imap is not None and found.smtp is None:
        sending = (c for c in guesses(found.domain) if c.protocol is Protocol.SMTP)
        candidates = merge(candidates, sending)
    return replace(
        found, candidates=candidates, advice=advise_route(found.provider, own_domain=own_domain)
    )


#: Where the usual names are worth a probe. Not ``ASK``: that provider's servers have other names.
_OPEN = {
    Outcome.GATEWAY_ASK,
    Outcome.SELF_HOSTED,
    Outcome.AUTOCONFIG_REJECTED,
    Outcome.UNKNOWN,
}


def _preset(address: Address, provider: Provider) -> Discovery:
    return _finish(
        _from_provider(
            Outcome.PRESET, address, provider, provider.access_for(address.domain), mx=None
        ),
        own_domain=provider.id in {"microsoft365", "google-workspace"},
    )


def _from_provider(
    outcome: Outcome, address: Address, provider: Provider, access: Access, *, mx: str | None
) -> Discovery:
    """What a provider's entry says about this mailbox."""
    hints = tuple(
        hint
        for hint in provider.hints
        if hint != "login_is_local_part" or access.username is UsernameForm.LOCALPART
    )
    found = _plain(outcome, address, provider=provider, hints=hints)
    if provider.status in _CLOSED:
        return replace(found, outcome=_CLOSED[provider.status])
    imap = [s for t in access.imap if (s := t.fill(domain=address.domain, mx=mx))]
    smtp = [s for t in access.smtp if (s := t.fill(domain=address.domain, mx=mx))]
    if not imap:
        return replace(
            found,
            outcome=Outcome.ASK,
            ask_user_for=("imap_host", *_asked(access.username)),
            candidates=of_access(imap, smtp),
        )
    return _with_login(
        replace(
            found,
            imap=imap[0],
            smtp=smtp[0] if smtp else None,
            candidates=of_access(imap, smtp),
        ),
        address,
        provider,
        access,
    )


def _asked(form: UsernameForm) -> tuple[str, ...]:
    return (_ASKING[form],) if form in _ASKING else ()


def _login(form: UsernameForm, address: Address, provider: Provider) -> str | None:
    if form in _ASKING:
        return None
    local = address.untagged if provider.plus_addressing else address.local
    return local if form is UsernameForm.LOCALPART else f"{local}@{address.domain}"


def _with_login(
    found: Discovery, address: Address, provider: Provider, access: Access
) -> Discovery:
    imap = _login(access.username, address, provider)
    smtp = _login(access.smtp_username, address, provider)
    return replace(
        found,
        login_username=imap,
        smtp_login_username=smtp if smtp != imap else None,
        ask_user_for=_asked(access.username),
    )


def _look_up(asking: Asking) -> Discovery:
    """The chain for a domain that is nobody's we know."""
    address = asking.address
    mx = asking.mx()
    if mx.lookup is Lookup.NXDOMAIN:
        return _no_such_domain(address, asking.catalogue)
    records = [record for record in mx.values if record.host]
    null_mx = mx.found and not records
    for step in (_by_srv, _by_autoconfig):
        found = step(asking)
        if found is not None:
            return found
    if null_mx:
        return _plain(Outcome.NO_MAIL, address, hints=("does_not_accept_mail",))
    if mx.failed:
        return _plain(Outcome.TEMPORARY_FAILURE, address, hints=("dns_failed",))
    return _by_mx(asking, records) if records else _without_mx(asking)


def _no_such_domain(address: Address, catalogue: Catalogue) -> Discovery:
    similar = tuple(
        f"{address.local}@{d}" for d in similar_domains(address.domain, catalogue.rarity)
    )
    if not similar:
        return _plain(Outcome.INVALID_DOMAIN, address)
    return _plain(Outcome.SUGGEST_TYPO, address, suggest=similar[0], suggestions=similar)


def _by_srv(asking: Asking) -> Discovery | None:
    services = services_of(asking)
    if services.disabled:
        return _plain(Outcome.SRV_DISABLED, asking.address, hints=("no_imap_announced",))
    if not services.imap:
        return None
    return _named(Outcome.SRV, asking, services.imap, services.smtp, hints=())


def _by_autoconfig(asking: Asking) -> Discovery | None:
    published = autoconfig_of(asking)
    if published is None:
        return None
    hints = ("insecure_settings",) if published.insecure else ()
    if not published.imap:
        if not published.insecure:
            return None
        return _plain(
            Outcome.AUTOCONFIG_REJECTED,
            asking.address,
            hints=hints,
            ask_user_for=("imap_host",),
            candidates=of_access([], [server for server, _ in published.smtp]),
        )
    if published.oauth2:
        hints = (*hints, "oauth2" if published.password else "oauth2_only")
    found = _named(
        Outcome.AUTOCONFIG,
        asking,
        [server for server, _ in published.imap],
        [server for server, _ in published.smtp],
        hints=hints,
    )
    imap_login = published.imap[0][1]
    if found.ask_user_for or not imap_login:
        return found
    smtp_login = (published.smtp[0][1] if published.smtp else "") or imap_login
    return replace(
        found,
        login_username=imap_login,
        smtp_login_username=smtp_login if smtp_login != imap_login else None,
    )


def _named(
    outcome: Outcome,
    asking: Asking,
    imap: list[Server],
    smtp: list[Server],
    *,
    hints: tuple[str, ...],
) -> Discovery:
    """Servers the domain itself named; if they are a known provider's, with what is known of it."""
    address = asking.address
    provider = asking.catalogue.for_host(imap[0].host)
    if provider is None and not own_site(imap[0].host, address.domain):
        hints = (*hints, "server_outside_domain")
    found = _plain(
        outcome,
        address,
        imap=imap[0],
        smtp=smtp[0] if smtp else None,
        candidates=of_access(imap, smtp),
        hints=hints,
        login_username=str(address),
    )
    if provider is None:
        return found
    if found.smtp is None and provider.own_domain_access.smtp:
        found = replace(
            found, smtp=provider.own_domain_access.smtp[0].fill(domain=address.domain, mx=None)
        )
    known = replace(
        found, provider=provider, hints=(*hints, *(h for h in provider.hints if h not in hints))
    )
    return _with_login(known, address, provider, provider.own_domain_access)


def _by_mx(asking: Asking, records: list[MxRecord]) -> Discovery:
    address, catalogue = asking.address, asking.catalogue
    best = records[0]
    provider = catalogue.for_mx(best.host)
    own = provider is None and own_site(best.host, address.domain)
    if own and (alias := asking.cname(best.host)):
        provider = catalogue.for_mx(alias)
        best, own = (MxRecord(best.preference, alias), False) if provider else (best, own)
    if provider is not None and provider.status is not Status.GATEWAY:
        return _from_provider(
            Outcome.MX, address, provider, provider.access_through(best.host), mx=best.host
        )
    keeper = behind_filter(asking, records, filtered=provider is not None)
    if keeper is not None:
        return _from_provider(
            Outcome.GATEWAY_RESOLVED, address, keeper, keeper.own_domain_access, mx=None
        )
    if provider is not None:
        return _ask_behind(asking, provider)
    if own:
        return _self_hosted(asking, best.host)
    return _from_elsewhere(asking, records)


def _ask_behind(asking: Asking, gateway: Provider) -> Discovery:
    exchange = asking.catalogue.get("exchange-onprem") if speaks_exchange(asking) else None
    return _plain(
        Outcome.GATEWAY_ASK,
        asking.address,
        provider=gateway,
        hints=(*gateway.hints, *(exchange.hints if exchange else ())),
        ask_user_for=("imap_host",),
    )


def _self_hosted(asking: Asking, host: str | None) -> Discovery:
    address = asking.address
    found = _plain(
        Outcome.SELF_HOSTED,
        address,
        ask_user_for=("imap_host",),
        candidates=guesses(address.domain, first=host),
    )
    exchange = asking.catalogue.get("exchange-onprem")
    if exchange is not None and speaks_exchange(asking):
        return replace(
            found,
            provider=exchange,
            hints=exchange.hints,
            ask_user_for=("imap_host", "username"),
        )
    return found


def _from_elsewhere(asking: Asking, records: list[MxRecord]) -> Discovery:
    """The best exchanger is a stranger's: only a weaker sign may be left."""
    address = asking.address
    for record in records[1:]:
        provider = asking.catalogue.for_mx(record.host)
        if provider is not None and provider.status is Status.OK:
            access = provider.own_domain_access
            known = _from_provider(Outcome.ASK, address, provider, access, mx=record.host)
            return replace(
                known, imap=None, smtp=None, login_username=None, smtp_login_username=None,
                ask_user_for=("imap_host", "username"),
            )  # fmt: skip
    if asking.has_address(f"imap.{address.domain}") or asking.has_address(f"mail.{address.domain}"):
        return _self_hosted(asking, None)
    if asking.failed:
        return _plain(Outcome.TEMPORARY_FAILURE, address, hints=("dns_failed",))
    return _plain(Outcome.UNKNOWN, address, ask_user_for=("imap_host",))


def _without_mx(asking: Asking) -> Discovery:
    """No MX: the domain's own address takes the mail (RFC 5321, 5.1), or nothing does."""
    address = asking.address
    if asking.has_address(address.domain):
        return _self_hosted(asking, None)
    if asking.failed:
        return _plain(Outcome.TEMPORARY_FAILURE, address, hints=("dns_failed",))
    return _plain(Outcome.NO_MAIL, address, hints=("does_not_accept_mail",))
