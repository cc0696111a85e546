"""What an entry's fields must not say together, and entries must not say beside each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from toolkit.language import Text
from toolkit.mail.settings import Security
from toolkit.providers.fields import Reader
from toolkit.providers.model import Mechanism, Provider, Status
from toolkit.providers.nodes import Item

__all__ = ["check_all", "check_entry"]

#: Told: key, the problem in German and in English, what to do.
_Report = Callable[[str, str, str, Text], None]

#: Hints that ask the customer to do something before the first login.
_PREPARED = {"enable_imap", "app_password", "separate_mail_password", "enable_smtp"}


def check_entry(reader: Reader, item: Item, provider: Provider) -> None:
    """Contradictions within one entry."""
    lines = {key.text: key for key, _ in item.pairs}

    def report(key: str, de: str, en: str, advice: Text) -> None:
        reader.report(lines.get(key, item), f"{provider.id}.{key}", de, en, advice=advice)

    _check_reach(provider, report)
    _check_words(provider, report)
    late = [server.security is Security.STARTTLS for server in provider.access.imap]
    if late != sorted(late):
        report(
            "imap",
            "STARTTLS steht vor einem Server mit sofortigem TLS.",
            "STARTTLS stands before a server with implicit TLS.",
            Text("Server mit ssl zuerst nennen.", "Name the servers with ssl first."),
        )


def _check_reach(provider: Provider, report: _Report) -> None:
    has_imap = bool(provider.access.imap or provider.own_domain_access.imap)
    if provider.status is Status.OK and has_imap == provider.ask_host:
        report(
            "ask_host" if has_imap else "imap",
            "Ein erreichbarer Anbieter braucht entweder IMAP-Server oder „ask_host: true“.",
            "A reachable provider needs either IMAP servers or “ask_host: true”.",
            Text("Eines von beiden angeben.", "Give one of the two."),
        )
    if provider.status not in {Status.OK, Status.PAID_ONLY} and has_imap:
        report(
            "imap",
            f"Zum Status „{provider.status}“ gehören keine IMAP-Server.",
            f"Status “{provider.status}” has no IMAP servers.",
            Text("Status oder Server berichtigen.", "Correct the status or the servers."),
        )
    if provider.status is Status.GATEWAY and (provider.domains or not provider.mx):
        report(
            "mx",
            "Ein Filterdienst wird nur an seinen MX-Hosts erkannt.",
            "A filtering service is recognised by its mail exchangers only.",
            Text("MX-Hosts angeben, keine Domains.", "Give mail exchangers, no domains."),
        )
    for exception in provider.exceptions:
        if bool(exception.domains) == bool(exception.mx):
            report(
                "exceptions",
                "Eine Ausnahme gilt entweder für Domains oder für MX-Hosts.",
                "An exception is for domains or for mail exchangers.",
                Text("„domains“ oder „mx“ angeben.", "Give “domains” or “mx”."),
            )
    inside = {domain for exception in provider.exceptions for domain in exception.domains}
    if stray := sorted(inside - set(provider.domains)):
        report(
            "exceptions",
            f"{', '.join(stray)} steht nicht unter „domains“.",
            f"{', '.join(stray)} is not among “domains”.",
            Text("Dort ergänzen.", "Add it there."),
        )


def _check_words(provider: Provider, report: _Report) -> None:
    if "oauth2_only" in provider.hints and set(provider.mechanisms) != {Mechanism.OAUTH2}:
        report(
            "mechanisms",
            "„oauth2_only“ verträgt sich nicht mit anderen Anmeldeverfahren.",
            "“oauth2_only” contradicts other login mechanisms.",
            Text("„mechanisms: [oauth2]“ setzen.", "Set “mechanisms: [oauth2]”."),
        )
    if (
        provider.status is Status.OK
        and _PREPARED & set(provider.hints)
        and not provider.preparation
    ):
        report(
            "steps",
            "Ein Hinweis verlangt Vorbereitung, aber kein Schritt sagt, wie.",
            "A hint asks for preparation, but no step says how.",
            Text("Unter „steps“ beschreiben.", "Describe it under “steps”."),
        )


def check_all(reader: Reader, document: Item, providers: Sequence[Provider]) -> None:
    """Duplicates between entries: an id, a domain or a mail exchanger claimed twice."""
    _unique(reader, document, "id", ((p, (p.id,)) for p in providers))
    _unique(reader, document, "domains", ((p, (*p.domains, *p.domain_suffixes)) for p in providers))
    for key in ("mx", "cnames", "dkim_cnames"):
        _unique(reader, document, key, ((p, getattr(p, key)) for p in providers))


def _unique(
    reader: Reader,
    document: Item,
    key: str,
    claims: Iterable[tuple[Provider, Iterable[str]]],
) -> None:
    owner: dict[str, Provider] = {}
    entries = {item.line: item for item in document}
    for provider, values in claims:
        for value in values:
            other = owner.setdefault(value, provider)
            if other is provider:
                continue
            item = entries[provider.line]
            place = next((v for k, v in item.pairs if k.text == key), item)
            place = next((child for child in place if child.text == value), place)
            reader.report(
                place,
                f"{provider.id}.{key}",
                f"„{value}“ gehört schon zu „{other.id}“ (Zeile {other.line}).",
                f"“{value}” already belongs to “{other.id}” (line {other.line}).",
                advice=Text("An einer der beiden Stellen löschen.", "Delete one of the two."),
            )
