"""The kinds of fields an entry can have: how a value is read, complained about, described."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from toolkit.errors import InvalidServer
from toolkit.folders.roles import Role
from toolkit.language import Text
from toolkit.mail.settings import Security, Server
from toolkit.providers.model import ServerTemplate, UsernameForm
from toolkit.providers.nodes import Item, Problem

__all__ = [
    "BOTH",
    "NAME",
    "SERVER",
    "SLUG",
    "URL",
    "Field",
    "Reader",
    "both_languages",
    "choice",
    "date_of",
    "flag",
    "folder_names",
    "listed",
    "number",
    "object_schema",
    "pattern",
    "server",
    "table_of",
    "text",
    "username_forms",
]

SLUG = r"[a-z0-9]+(?:[.-][a-z0-9]+)*"
NAME = r"(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))+"
SERVER = r"[a-z0-9_.{}-]+:[0-9]{1,5}:(?:ssl|starttls)"
URL = r"https?://[^\s]+"

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")


class Reader:
    """Reads fields and collects every problem instead of stopping at the first."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def report(self, item: Item, key: str, de: str, en: str, *, advice: Text) -> None:
        """Note one problem at an item."""
        self.problems.append(Problem(item.line, key, Text(de, en), advice))

    def fields(
        self, item: Item, table: Mapping[str, Field], *, above: str = ""
    ) -> dict[str, object]:
        """A mapping's values by key; what is wrong is reported and left out."""
        if item.kind != "mapping":
            self.report(
                item,
                above,
                "Hier werden Angaben der Form „Schlüssel: Wert“ erwartet.",
                "Entries of the form “key: value” are expected here.",
                advice=Text(
                    f"Erlaubt sind: {', '.join(table)}.", f"Allowed are: {', '.join(table)}."
                ),
            )
            return {}
        found: dict[str, object] = {}
        seen: dict[str, int] = {}
        for key_item, value in item.pairs:
            name = key_item.text
            path = f"{above}.{name}" if above else name
            if name in seen:
                self.report(
                    key_item,
                    path,
                    f"Der Schlüssel steht schon in Zeile {seen[name]}.",
                    f"The key already stands in line {seen[name]}.",
                    advice=Text("Eine der beiden Zeilen löschen.", "Delete one of the two lines."),
                )
                continue
            seen[name] = key_item.line
            if name not in table:
                self._unknown(key_item, path, table)
                continue
            before = len(self.problems)
            read = table[name].read(self, value, path)
            if len(self.problems) == before:
                found[name] = read
        for name, spec in table.items():
            if spec.required and name not in seen:
                self.report(
                    item,
                    f"{above}.{name}" if above else name,
                    "Die Angabe fehlt.",
                    "The entry is missing.",
                    advice=Text(f"Eintragen: {spec.about.de}", f"Add it: {spec.about.en}"),
                )
        return found

    def _unknown(self, item: Item, path: str, table: Mapping[str, Field]) -> None:
        close = difflib.get_close_matches(item.text, table, n=1)
        advice = (
            Text(f"Gemeint ist wohl „{close[0]}“.", f"“{close[0]}” is probably meant.")
            if close
            else Text(f"Erlaubt sind: {', '.join(table)}.", f"Allowed are: {', '.join(table)}.")
        )
        self.report(
            item,
            path,
            "Diesen Schlüssel gibt es nicht.",
            "There is no such key.",
            advice=advice,
        )

    def text(self, item: Item, key: str) -> str:
        """A text that is not empty."""
        if item.kind == "text" and item.text.strip():
            return item.text.strip()
        self.report(
            item,
            key,
            "Hier wird ein Text erwartet.",
            "A text is expected here.",
            advice=Text("Einen Text eintragen.", "Enter a text."),
        )
        return ""

    def matching(self, item: Item, key: str, pattern: str, example: str) -> str:
        """A text of a certain form."""
        value = self.text(item, key)
        if value and not re.fullmatch(pattern, value):
            self.report(
                item,
                key,
                f"„{value}“ hat nicht die erwartete Form.",
                f"“{value}” does not have the form expected.",
                advice=Text(f"Zum Beispiel: {example}", f"For example: {example}"),
            )
        return value

    def choice(self, item: Item, key: str, choices: tuple[str, ...]) -> str:
        """One of a few words."""
        value = self.text(item, key)
        if value and value not in choices:
            allowed = ", ".join(choices)
            advice = Text(f"Erlaubt sind: {allowed}.", f"Allowed are: {allowed}.")
            if close := difflib.get_close_matches(value, choices, n=1):
                advice = Text(
                    f"Gemeint ist wohl „{close[0]}“. {advice.de}",
                    f"“{close[0]}” is probably meant. {advice.en}",
                )
            self.report(
                item,
                key,
                f"„{value}“ ist hier nicht vorgesehen.",
                f"“{value}” is not provided for here.",
                advice=advice,
            )
        return value

    def each(self, item: Item, key: str, read: Callable[[Item, str], T]) -> tuple[T, ...]:
        """A list, each element read alike."""
        if item.kind != "list":
            self.report(
                item,
                key,
                "Hier wird eine Liste erwartet.",
                "A list is expected here.",
                advice=Text(
                    "In eckige Klammern setzen: [a, b].", "Put it in square brackets: [a, b]."
                ),
            )
            return ()
        values = tuple(read(child, f"{key}[{n}]") for n, child in enumerate(item, 1))
        for n, value in enumerate(values):
            if value in values[:n]:
                self.report(
                    item.items[n],
                    f"{key}[{n + 1}]",
                    "Der Wert steht schon in dieser Liste.",
                    "The value is already in this list.",
                    advice=Text("Einmal genügt.", "Once is enough."),
                )
        return values


@dataclass(frozen=True, slots=True)
class Field:
    """One key: how its value is read, what it is for, its JSON Schema."""

    read: Callable[[Reader, Item, str], object]
    about: Text
    schema: Mapping[str, object]
    required: bool = False


def date_of(reader: Reader, item: Item, key: str) -> dt.date | None:
    """A calendar day, ISO 8601."""
    value = reader.text(item, key)
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        if value:
            reader.report(
                item,
                key,
                f"„{value}“ ist kein Datum.",
                f"“{value}” is not a date.",
                advice=Text("Zum Beispiel: 2026-11-24.", "For example: 2026-11-24."),
            )
        return None


def number(reader: Reader, item: Item, key: str) -> int:
    """A small positive number."""
    value = reader.matching(item, key, r"[1-9][0-9]{0,3}", "15")
    return int(value) if value.isdecimal() else 0


def flag(reader: Reader, item: Item, key: str) -> bool:
    """``true`` or ``false``."""
    return reader.choice(item, key, ("true", "false")) == "true"


def both_languages(reader: Reader, item: Item, key: str) -> Text:
    """A sentence in German and English."""
    found = reader.fields(item, BOTH, above=key)
    return Text(str(found.get("de", "")), str(found.get("en", "")))


def server(reader: Reader, item: Item, key: str) -> ServerTemplate | None:
    """``host:port:security``; the host may hold ``{mx}`` or ``{domain}``."""
    value = reader.matching(item, key, SERVER, "imap.gmx.net:993:ssl")
    try:
        # Filled in for the sake of the check alone.
        Server.parse(value.replace("{mx}", "mx.example").replace("{domain}", "example.org"))
    except InvalidServer as error:
        if value and re.fullmatch(SERVER, value):
            advice = error.hint or error.message
            reader.report(item, key, error.message.de, error.message.en, advice=advice)
        return None
    host, port, security = value.rsplit(":", 2)
    return ServerTemplate(host, int(port), Security(security))


def username_forms(reader: Reader, item: Item, key: str) -> tuple[UsernameForm, UsernameForm]:
    """One form for both protocols, or ``{imap: …, smtp: …}``."""
    forms = tuple(UsernameForm)
    if item.kind == "mapping":
        table = {name: choice(UsernameForm, "", "") for name in ("imap", "smtp")}
        found = reader.fields(item, table, above=key)
        imap = found.get("imap", UsernameForm.EMAIL)
        smtp = found.get("smtp", imap)
        assert isinstance(imap, UsernameForm)
        assert isinstance(smtp, UsernameForm)
        return imap, smtp
    value = reader.choice(item, key, forms)
    form = UsernameForm(value) if value in forms else UsernameForm.EMAIL
    return form, form


def folder_names(reader: Reader, item: Item, key: str) -> dict[Role, tuple[str, ...]]:
    """Role → the folder's name, or a list of its names by language."""
    table = {str(role): _NAMES for role in Role}
    found = reader.fields(item, table, above=key)
    return {Role(name): value for name, value in found.items() if isinstance(value, tuple)}


def _one_or_more(reader: Reader, item: Item, key: str) -> tuple[str, ...]:
    return reader.each(item, key, reader.text) if item.kind == "list" else (reader.text(item, key),)


def text(de: str, en: str, *, required: bool = False) -> Field:
    """The field of a text."""
    return Field(Reader.text, Text(de, en), {"type": "string", "minLength": 1}, required)


def pattern(form: str, example: str, de: str, en: str, *, required: bool = False) -> Field:
    """The field of a text of a certain form."""
    return Field(
        lambda reader, item, key: reader.matching(item, key, form, example),
        Text(de, en),
        {"type": "string", "pattern": f"^(?:{form})$"},
        required,
    )


def choice(kind: type[E], de: str, en: str, *, required: bool = False) -> Field:
    """The field of one word of an enumeration."""
    choices = tuple(kind)

    def read(reader: Reader, item: Item, key: str) -> E | None:
        value = reader.choice(item, key, choices)
        return kind(value) if value in choices else None

    return Field(read, Text(de, en), {"enum": [str(value) for value in choices]}, required)


def listed(field: Field, de: str, en: str) -> Field:
    """The field of a list of another field’s values, none twice."""
    return Field(
        lambda reader, item, key: reader.each(item, key, lambda i, k: field.read(reader, i, k)),
        Text(de, en),
        {"type": "array", "items": field.schema, "uniqueItems": True},
    )


def table_of(table: Mapping[str, Field], de: str, en: str) -> Field:
    """The field of a mapping with fields of its own."""
    return Field(
        lambda reader, item, key: reader.fields(item, table, above=key),
        Text(de, en),
        object_schema(table),
    )


def object_schema(table: Mapping[str, Field]) -> dict[str, object]:
    """The JSON Schema of a mapping."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [name for name, field in table.items() if field.required],
        "properties": {
            name: {**field.schema, "description": field.about.en} for name, field in table.items()
        },
    }


BOTH: Mapping[str, Field] = {
    "de": text("der Satz auf Deutsch", "the sentence in German", required=True),
    "en": text("der Satz auf Englisch", "the sentence in English", required=True),
}

_NAMES = Field(
    _one_or_more,
    Text("Name des Ordners, wie IMAP ihn zeigt", "the folder's name as shown over IMAP"),
    {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
)
