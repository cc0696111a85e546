"""All known providers, read from ``providers.yaml`` and found by domain, MX host or name."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.errors import ProviderFileError
from toolkit.language import Text
from toolkit.providers.compiled import compiled
from toolkit.providers.model import Access, DomainException, Provider, Status, UsernameForm
from toolkit.resources import providers_file

if TYPE_CHECKING:
    from toolkit.providers.nodes import Problem

__all__ = ["Catalogue", "find_problems", "load_providers", "stale"]


#: The file starts with so many providers met every week; a provider's first domains are its main.
_USUAL, _MAIN = 20, 3


def _suffixes(name: str) -> Iterator[str]:
    """The name itself, then each name above it: ``a.b.c``, ``b.c``, ``c``."""
    while name:
        yield name
        _, _, name = name.partition(".")


def _fold(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())


@dataclass(frozen=True)
class Catalogue:
    """The providers in the order of the file: the most usual for German law firms first."""

    providers: tuple[Provider, ...]
    source: str = field(default="", compare=False)

    def __iter__(self) -> Iterator[Provider]:
        return iter(self.providers)

    def __len__(self) -> int:
        return len(self.providers)

    def __getitem__(self, id_: str) -> Provider:
        return self._by_id[id_]

    def get(self, id_: str) -> Provider | None:
        """The provider with that id."""
        return self._by_id.get(id_)

    @cached_property
    def _by_id(self) -> dict[str, Provider]:
        return {provider.id: provider for provider in self.providers}

    @cached_property
    def domains(self) -> Mapping[str, Provider]:
        """Every domain that is exactly a provider's, in the order of the file."""
        return {domain: provider for provider in self for domain in provider.domains}

    @cached_property
    def rarity(self) -> Mapping[str, float]:
        """Domain → how seldom it is met, from 0 for the first domains of the first providers."""
        return {
            domain: min(place // _USUAL, 2) / 2
            + (0.0 if nth < _MAIN else 2.0)
            + nth / 1_000  # among equals, the order of the file
            + place / 10_000
            for place, provider in enumerate(self)
            for nth, domain in enumerate(provider.domains)
        }

    @cached_property
    def _domain_suffixes(self) -> dict[str, Provider]:
        return {name: provider for provider in self for name in provider.domain_suffixes}

    @cached_property
    def _mx(self) -> dict[str, Provider]:
        return {name: provider for provider in self for name in provider.mx}

    @cached_property
    def _cnames(self) -> dict[str, Provider]:
        return {name: provider for provider in self for name in provider.cnames}

    @cached_property
    def _dkim(self) -> dict[str, Provider]:
        return {name: provider for provider in self for name in provider.dkim_cnames}

    @cached_property
    def _hosts(self) -> dict[str, Provider]:
        hosts: dict[str, Provider] = {}
        for provider in self:
            accesses = (provider.access, provider.own_domain_access)
            for access in (*accesses, *(e.access for e in provider.exceptions)):
                for server in (*access.imap, *access.smtp):
                    if server.fixed:
                        hosts.setdefault(server.host, provider)
        return hosts

    @cached_property
    def _names(self) -> dict[str, str]:
        names: dict[str, str] = {}
        for provider in self:  # ids win over aliases, those over names and domains
            names[_fold(provider.id)] = provider.id
        for group in ("aliases", "name", "domains"):
            for provider in self:
                given = getattr(provider, group)
                for name in (given,) if isinstance(given, str) else given:
                    names.setdefault(_fold(name), provider.id)
        return names

    def for_domain(self, domain: str) -> Provider | None:
        """The provider whose own the domain is: exactly, or below one of its suffixes."""
        if domain in self.domains:
            return self.domains[domain]
        return self._lowest(self._domain_suffixes, domain)

    def for_mx(self, host: str) -> Provider | None:
        """The provider a mail exchanger belongs to; the longest match at a label boundary."""
        return self._lowest(self._mx, host)

    def for_cname(self, host: str) -> Provider | None:
        """The provider an ``autodiscover.`` or ``autoconfig.`` alias points to."""
        return self._lowest(self._cnames, host)

    def for_dkim(self, host: str) -> Provider | None:
        """The provider a DKIM selector's alias points to."""
        return self._lowest(self._dkim, host)

    def for_host(self, host: str) -> Provider | None:
        """The provider one of whose IMAP or SMTP servers has exactly that name."""
        return self._hosts.get(host)

    def resolve_alias(self, name: str) -> str | None:
        """The id behind a usual name: ``office365``, ``Exchange Online``, ``gmx.de``; None: unknown."""
        return self._names.get(_fold(name))

    @staticmethod
    def _lowest(table: Mapping[str, Provider], name: str) -> Provider | None:
        return next((table[suffix] for suffix in _suffixes(name) if suffix in table), None)


def load_providers(path: Path | None = None) -> Catalogue:
    """The catalogue in a file, by default the product's own; read once, then remembered.

    Raises:
        ProviderFileError: the file is missing or wrong; the message lists every mistake with
            file, line and key, and what to do about it.
    """
    own = providers_file()
    path = path or own
    try:
        stat = path.stat()
    except OSError:
        raise ProviderFileError(
            Text(f"{path}: Die Datei fehlt.", f"{path}: the file is missing."),
            hint=Text("Den Pfad prüfen.", "Check the path."),
            field=str(path),
        ) from None
    return _load(path, stat.st_mtime_ns, stat.st_size, own=path == own)


@lru_cache(maxsize=4)
def _load(path: Path, _changed: int, _size: int, *, own: bool) -> Catalogue:
    return compiled(path, lambda: _parse(path), Catalogue) if own else _parse(path)


def _parse(path: Path) -> Catalogue:
    from toolkit.providers.nodes import Problem

    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        line = path.read_bytes().count(b"\n", 0, error.start) + 1
        problems = [
            Problem(
                line,
                "",
                Text("Die Datei ist nicht in UTF-8 gespeichert.", "The file is not UTF-8."),
                Text("Als UTF-8 speichern.", "Save it as UTF-8."),
            )
        ]
    else:
        providers, problems = _read(text)
        if not problems:
            return Catalogue(tuple(providers), str(path))
    texts = [problem.within(path.name) for problem in problems]
    raise ProviderFileError(
        Text("\n".join(t.de for t in texts), "\n".join(t.en for t in texts)),
        hint=Text(
            f"{path} berichtigen; alle Fehler der Datei stehen oben.",
            f"Correct {path}; every mistake in the file is listed above.",
        ),
        field=problems[0].key,
    )


def find_problems(path: Path) -> tuple[Problem, ...]:
    """Every mistake in a file, as ``Problem`` values with line and key; empty if it is sound."""
    return tuple(_read(path.read_text("utf-8", errors="replace"))[1])


def _read(text: str) -> tuple[list[Provider], list[Problem]]:
    from toolkit.providers.checks import check_all, check_entry
    from toolkit.providers.fields import Reader
    from toolkit.providers.nodes import Syntax, read_items
    from toolkit.providers.schema import ENTRY

    try:
        document = read_items(text)
    except Syntax as error:
        return [], [error.problem]
    reader = Reader()
    providers: list[Provider] = []
    if document.kind != "list":
        reader.report(
            document,
            "",
            "Die Datei muss eine Liste von Anbietern sein.",
            "The file has to be a list of providers.",
            advice=Text("Jeden Anbieter mit „- id: …“ beginnen.", "Start each with “- id: …”."),
        )
    for item in document:
        before = len(reader.problems)
        fields = reader.fields(item, ENTRY)
        if len(reader.problems) == before:
            provider = _provider(fields, item.line)
            check_entry(reader, item, provider)
            providers.append(provider)
    check_all(reader, document, providers)
    return providers, sorted(reader.problems, key=lambda problem: problem.line)


#: Keys of the file that are called otherwise in the program.
_ATTRIBUTES = {"steps": "preparation", "folders": "folder_names"}


def _provider(fields: dict[str, Any], line: int) -> Provider:
    access = _access(fields, Access())
    own_domain = fields.pop("own_domain", {})
    # A login that is the local part of the provider's own domain is not so for other domains.
    form = UsernameForm.EMAIL if access.username is UsernameForm.LOCALPART else access.username
    fallback = Access(access.imap, access.smtp, form, form)
    own_domain_access = _access(own_domain, fallback)
    exceptions = fields.pop("exceptions", ())
    for name in ("imap", "smtp", "username"):
        fields.pop(name, None)
    return Provider(
        **{_ATTRIBUTES.get(key, key): value for key, value in fields.items()},
        access=access,
        own_domain_access=own_domain_access,
        exceptions=tuple(
            DomainException(
                _access(entry, access if "domains" in entry else own_domain_access),
                entry.get("domains", ()),
                entry.get("mx", ()),
            )
            for entry in exceptions
        ),
        line=line,
    )


def _access(fields: Mapping[str, Any], fallback: Access) -> Access:
    forms = fields.get("username", (fallback.username, fallback.smtp_username))
    return Access(
        fields.get("imap", fallback.imap), fields.get("smtp", fallback.smtp), forms[0], forms[1]
    )


def stale(catalogue: Catalogue, today: dt.date, *, days: int = 365) -> tuple[Provider, ...]:
    """The providers nobody went over for so many days; closed ones left out."""
    limit = today - dt.timedelta(days=days)
    return tuple(
        provider
        for provider in catalogue
        if provider.last_checked < limit and provider.status is not Status.DISCONTINUED
    )
