"""Which way a mailbox should be connected: IMAP, domain integration, Exchange, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from toolkit.language import Text
from toolkit.providers.model import Provider, Status

__all__ = ["Route", "RouteAdvice", "advise_route"]


class Route(StrEnum):
    """The ways a mailbox can come into the product."""

    IMAP = "imap"
    DOMAIN_INTEGRATION = "domain_integration"
    EXCHANGE = "exchange"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class RouteAdvice:
    """The advised way, why, and what else is possible."""

    route: Route
    reasons: tuple[Text, ...]
    alternatives: tuple[Route, ...] = ()


_EXCHANGE_IDS = frozenset({"microsoft365", "exchange-onprem", "exchange-hosted"})

_EXCHANGE_ACCOUNT = Text(
    "Es ist ein Exchange-Konto; es wird über den Exchange-Weg eingebunden, nicht über IMAP.",
    "It is an Exchange account; it is connected the Exchange way, not over IMAP.",
)
_FOREIGN_DOMAIN = Text(
    "Die Domain gehört dem Anbieter, nicht der Kanzlei; IMAP ist der vorgesehene Weg.",
    "The domain belongs to the provider, not to the firm; IMAP is the way meant for it.",
)
_OWN_DOMAIN = Text(
    "IMAP passt, wenn nicht alle Adressen der Domain eingebunden werden sollen.",
    "IMAP fits where not all addresses of the domain are to be connected.",
)
_INTEGRATION = Text(
    "Gehört die Domain der Kanzlei, bringt die Domain-Integration zusätzlich Kalender, Kontakte, die Anmeldung mit der eigenen Adresse, das Outlook-Add-in und schnelleres Laden. Danach sind IMAP-Konten dieser Domain zu deaktivieren.",
    "If the firm owns the domain, domain integration adds calendars, contacts, sign-in with the own address, the Outlook add-in and faster loading. IMAP accounts of that domain are to be deactivated afterwards.",
)
_JIMDO = Text(
    "Solange die Domain bei Jimdo liegt, ist eine Domain-Integration nicht möglich.",
    "Domain integration is impossible while the domain is hosted at Jimdo.",
)
_NO_IMAP_OWN = Text(
    "Beim jetzigen Anbieter ist IMAP nicht möglich; mit der Domain-Integration zieht die Post der eigenen Domain um.",
    "IMAP is impossible with the present provider; domain integration moves the own domain's mail.",
)
_NO_IMAP = Text(
    "Dieses Postfach lässt sich nicht über IMAP einbinden.",
    "This mailbox cannot be connected over IMAP.",
)
_UNPROVEN = Text(
    "Wo das Postfach liegt, ist noch nicht bekannt; IMAP ist der übliche Weg, bis etwas anderes feststeht.",
    "Where the mailbox is, is not known yet; IMAP is the usual way until something else is proven.",
)


def advise_route(
    provider: Provider | None, *, own_domain: bool, at_jimdo: bool = False
) -> RouteAdvice:
    """The advised route for one mailbox.

    Args:
        provider: who keeps the mailbox, as far as known.
        own_domain: the domain is not one of the provider's own, so probably the firm's.
        at_jimdo: the domain is registered or hosted at Jimdo.
    """
    integration = (Route.DOMAIN_INTEGRATION,) if own_domain and not at_jimdo else ()
    jimdo = (_JIMDO,) if own_domain and at_jimdo else ()
    if provider is not None and provider.id in _EXCHANGE_IDS:
        return RouteAdvice(Route.EXCHANGE, (_EXCHANGE_ACCOUNT, *jimdo), integration)
    if provider is not None and provider.status not in {Status.OK, Status.GATEWAY}:
        movable = integration and provider.status is not Status.NOT_EMAIL
        if movable:
            return RouteAdvice(Route.DOMAIN_INTEGRATION, (provider.hint, _NO_IMAP_OWN))
        return RouteAdvice(Route.UNSUPPORTED, (provider.hint, _NO_IMAP, *jimdo))
    if not own_domain:
        return RouteAdvice(Route.IMAP, (_FOREIGN_DOMAIN,))
    known = provider is not None and provider.status is Status.OK
    reasons = (_OWN_DOMAIN if known else _UNPROVEN, *(jimdo or (_INTEGRATION,)))
    return RouteAdvice(Route.IMAP, reasons, integration)
