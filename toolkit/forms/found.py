"""What the form says about a discovery: where values come from, what to prepare, what to ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from toolkit import render
from toolkit.language import Text
from toolkit.providers.result import Outcome
from toolkit.providers.route import Route

if TYPE_CHECKING:
    from toolkit.providers.result import Discovery
    from toolkit.render import Html

__all__ = ["about_address", "about_servers", "origin", "preparation"]

_ORIGINS: Mapping[Outcome, Text] = {
    Outcome.PRESET: Text(
        "Voreinstellung für {name}, Stand {date}", "preset for {name}, as of {date}"
    ),
    Outcome.SRV: Text("laut DNS der Domain (SRV-Einträge)", "from the domain's DNS (SRV records)"),
    Outcome.AUTOCONFIG: Text(
        "laut Autokonfiguration der Domain", "from the domain's own autoconfiguration"
    ),
    Outcome.MX: Text(
        "{name}, erkannt am Mailserver der Domain (MX), Stand {date}",
        "{name}, recognised by the domain's mail exchanger (MX), as of {date}",
    ),
    Outcome.GATEWAY_RESOLVED: Text(
        "{name}, hinter einem Mailfilter erkannt, Stand {date}",
        "{name}, recognised behind a mail filter, as of {date}",
    ),
}

# Outcomes that concern the address itself are shown below it, the others above the servers.
_ADDRESS: Mapping[Outcome, Text] = {
    Outcome.INVALID: Text("Das ist keine gültige E-Mail-Adresse.", "This is no valid address."),
    Outcome.NOT_EMAIL: Text(
        "Diese Adresse gehört nicht zu einem E-Mail-Postfach.",
        "This address does not belong to an e-mail mailbox.",
    ),
    Outcome.INVALID_DOMAIN: Text(
        "Die Domain {domain} gibt es nicht.", "The domain {domain} does not exist."
    ),
    Outcome.SUGGEST_TYPO: Text(
        "Die Domain {domain} gibt es nicht. Gemeint ist vielleicht {suggest}.",
        "The domain {domain} does not exist. Perhaps {suggest} is meant.",
    ),
    Outcome.NO_MAIL: Text(
        "Die Domain {domain} nimmt keine E-Mails an.", "The domain {domain} accepts no mail."
    ),
}
_SERVERS: Mapping[Outcome, Text] = {
    Outcome.GATEWAY_ASK: Text(
        "Vor dem Postfach steht ein Mailfilter ({name}); wo das Postfach liegt, weiß nur die Kundin oder der Kunde.",
        "A mail filter ({name}) stands before the mailbox; only the customer knows where it is.",
    ),
    Outcome.SELF_HOSTED: Text(
        "{domain} betreibt einen eigenen Mailserver; bitte die Server-Daten dort erfragen.",
        "{domain} runs a mail server of its own; please ask there for the servers.",
    ),
    Outcome.ASK: Text(
        "Der Server hängt bei diesem Anbieter vom Vertrag ab; bitte aus den Unterlagen eintragen.",
        "With this provider the server depends on the contract; please enter it from the papers.",
    ),
    Outcome.SRV_DISABLED: Text(
        "{domain} gibt bekannt, dass es kein IMAP anbietet.",
        "{domain} announces that it offers no IMAP.",
    ),
    Outcome.AUTOCONFIG_REJECTED: Text(
        "{domain} veröffentlicht nur unverschlüsselte Server-Daten; sie werden nicht übernommen.",
        "{domain} publishes unencrypted settings only; they are not used.",
    ),
    Outcome.TEMPORARY_FAILURE: Text(
        "Die Namensauflösung antwortet gerade nicht; bitte die Server-Daten eintragen oder später noch einmal versuchen.",
        "Name resolution does not answer at the moment; please enter the servers or try again later.",
    ),
    Outcome.UNKNOWN: Text(
        "Zu {domain} sind keine Server-Daten bekannt; bitte eintragen.",
        "No servers are known for {domain}; please enter them.",
    ),
}
_CLOSED = frozenset({Outcome.NO_IMAP, Outcome.BRIDGE_ONLY, Outcome.PAID_ONLY, Outcome.DISCONTINUED})
_PREPARE = Text("Vor der ersten Anmeldung bei {name}:", "Before the first login at {name}:")
_CANDIDATES = Text("Mögliche Server (noch nicht geprüft)", "Possible servers (not checked yet)")
_ROUTE = Text("IMAP oder Domain-Integration?", "IMAP or domain integration?")


def origin(found: Discovery) -> Text | None:
    """Where suggested servers come from; None where none were found."""
    if found.imap is None:
        return None
    return _filled(_ORIGINS.get(found.outcome), found)


def about_address(found: Discovery) -> tuple[Html, ...]:
    """What is wrong with the address, if anything."""
    words = _filled(_ADDRESS.get(found.outcome), found)
    if words is None:
        return ()
    return (render.notice("warning", words, _hints(found)),)


def preparation(found: Discovery) -> tuple[Html, ...]:
    """What to know and to do before the password is of any use, shown before it is asked for."""
    provider = found.provider
    if provider is None or found.outcome in _CLOSED or found.outcome in _ADDRESS:
        return ()
    shown = [render.notice("info", provider.hint)]
    if provider.preparation:
        steps = render.steps(provider.preparation)
        heading = _PREPARE.format(name=provider.name)
        shown.append(render.join(render.paragraph(heading), steps))
    return tuple(shown)


def about_servers(found: Discovery) -> tuple[Html, ...]:
    """What to ask for, other ways than IMAP, and what discovery itself noticed."""
    shown = []
    if found.outcome in _CLOSED and found.provider is not None:
        shown.append(render.notice("error", found.provider.hint))
    words = _filled(_SERVERS.get(found.outcome), found)
    if words is not None:
        shown.append(render.notice("info", words, _hints(found)))
    elif found.outcome not in _ADDRESS and (noticed := _hints(found)):
        shown.append(render.notice("warning", noticed))
    if found.candidates and found.imap is None and words is not None:
        servers = [f"{one.protocol.upper()}: {one.server}" for one in found.candidates]
        shown.append(render.details(_CANDIDATES, render.bullets(servers)))
    return (*shown, *_route(found))


def _route(found: Discovery) -> tuple[Html, ...]:
    advice = found.advice
    if advice is None or found.outcome in _ADDRESS:
        return ()
    reasons = render.bullets(advice.reasons)
    if advice.route is Route.IMAP:
        # The preset of a freemail provider raises no question; a firm's own domain does.
        return (render.details(_ROUTE, reasons),) if advice.alternatives else ()
    return (render.notice("warning", render.join(*(f"{one} " for one in advice.reasons))),)


def _hints(found: Discovery) -> Html | None:
    """Hints of the discovery itself; those of the provider are in its own words already."""
    known = set(found.provider.hints) if found.provider else set()
    own = [
        text for slug, text in zip(found.hints, found.hint_texts, strict=True) if slug not in known
    ]
    return render.join(*(f"{one} " for one in own)) if own else None


def _filled(words: Text | None, found: Discovery) -> Text | None:
    if words is None:
        return None
    provider = found.provider
    return words.format(
        name=provider.name if provider else "",
        date=render.moment(provider.last_checked) if provider else "",
        domain=found.domain or "",
        suggest=found.suggest or "",
    )
