"""The fields of a provider's entry: one table, from which entries are read and the JSON Schema made.

A table of our own rather than pydantic models: importing pydantic takes 90 to 115 ms here, of the
300 ms a JSON Lines verb has in total, and its errors do not know the line of a nested key.
"""

from __future__ import annotations

from collections.abc import Mapping

from toolkit.folders.roles import Role
from toolkit.language import Text
from toolkit.providers.fields import (
    BOTH,
    NAME,
    SERVER,
    SLUG,
    URL,
    Field,
    both_languages,
    choice,
    date_of,
    flag,
    folder_names,
    listed,
    number,
    object_schema,
    pattern,
    server,
    table_of,
    text,
    username_forms,
)
from toolkit.providers.hints import PROVIDER_HINTS
from toolkit.providers.model import Mechanism, Segment, SentFiling, Status, UsernameForm

__all__ = ["ACCESS", "ENTRY", "json_schema"]

_HOST = pattern(NAME, "gmx.net", "ein Name in Kleinbuchstaben", "a name in lower case")
_SERVERS = Field(server, Text("", ""), {"type": "string", "pattern": f"^{SERVER}$"})
_TEXTS = Field(both_languages, Text("", ""), object_schema(BOTH))
_HINT = Field(
    lambda reader, item, key: reader.choice(item, key, tuple(PROVIDER_HINTS)),
    Text("", ""),
    {"enum": list(PROVIDER_HINTS)},
)
_FORMS = {"enum": [str(form) for form in UsernameForm]}

#: Where the servers are and what login name they take.
ACCESS: Mapping[str, Field] = {
    "imap": listed(
        _SERVERS,
        "IMAP-Server als host:port:ssl|starttls, der beste zuerst; {mx} und {domain} werden eingesetzt",
        "IMAP servers as host:port:ssl|starttls, best first; {mx} and {domain} are filled in",
    ),
    "smtp": listed(_SERVERS, "SMTP-Server, ebenso", "SMTP servers, likewise"),
    "username": Field(
        username_forms,
        Text("Form des Benutzernamens", "form of the user name, or one each for imap and smtp"),
        {
            "anyOf": [
                _FORMS,
                {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {"imap": _FORMS, "smtp": _FORMS},
                },
            ]
        },
    ),
}

#: Every key of an entry.
ENTRY: Mapping[str, Field] = {
    "id": pattern(SLUG, "t-online", "die feste Kennung", "the stable slug", required=True),
    "name": text("der Name für Menschen", "the name for people", required=True),
    "country": pattern(
        r"[A-Z]{2,3}", "DE", "Land, INT: weltweit", "country, INT: world-wide", required=True
    ),
    "segment": choice(Segment, "die Art des Anbieters", "kind of provider", required=True),
    "status": choice(Status, "ob IMAP möglich ist", "whether IMAP is possible", required=True),
    "aliases": listed(text("", ""), "andere übliche Namen", "other usual names"),
    "domains": listed(_HOST, "eigene Domains, genau", "own domains, exactly"),
    "domain_suffixes": listed(_HOST, "alles darunter", "domains below which all names are its own"),
    "mx": listed(_HOST, "MX-Hosts, samt allem darunter", "mail exchangers and all below them"),
    "cnames": listed(
        _HOST, "Ziele von autodiscover/autoconfig", "targets of autodiscover/autoconfig aliases"
    ),
    "dkim_cnames": listed(_HOST, "Ziele von DKIM-Selektoren", "targets of DKIM selector aliases"),
    **ACCESS,
    "own_domain": table_of(
        ACCESS, "Abweichungen für Kundendomains", "what differs for customers' own domains"
    ),
    "exceptions": listed(
        table_of(
            {
                "domains": listed(_HOST, "welche eigenen Domains", "which own domains"),
                "mx": listed(_HOST, "oder welche MX-Hosts", "or which mail exchangers"),
                **ACCESS,
            },
            "eigene Domains mit anderen Angaben",
            "own domains that differ",
        ),
        "eigene Domains mit anderen Angaben",
        "own domains that differ",
    ),
    "ask_host": Field(
        flag,
        Text("Server hängt vom Vertrag ab", "servers depend on the contract"),
        {"type": "boolean"},
    ),
    "plus_addressing": Field(
        flag,
        Text("name+zusatz@ gehört zu name@", "name+tag@ belongs to name@"),
        {"type": "boolean"},
    ),
    "mechanisms": listed(choice(Mechanism, "", ""), "Anmeldeverfahren", "login mechanisms"),
    "hints": listed(_HINT, "Hinweise", "hint slugs"),
    "connections": Field(
        number,
        Text("Verbindungen zugleich", "connections at once"),
        {"type": "integer", "minimum": 1},
    ),
    "files_sent": choice(SentFiling, "legt Gesendetes selbst ab", "whether it files sent mail"),
    "folders": Field(
        folder_names,
        Text("Ordnernamen je Rolle", "special folders' names by role"),
        {
            "type": "object",
            "additionalProperties": False,
            "properties": {str(role): {} for role in Role},
        },
    ),
    "hint": Field(
        both_languages,
        Text("was Kunden wissen müssen", "what customers must know"),
        object_schema(BOTH),
        required=True,
    ),
    "steps": listed(_TEXTS, "Vorbereitung, Schritt für Schritt", "preparation, step by step"),
    "help_url": pattern(
        URL, "https://hilfe.gmx.net/", "die Hilfeseite des Anbieters", "the provider's help page"
    ),
    "source": text("worauf der Eintrag beruht", "what the entry rests on", required=True),
    "last_checked": Field(
        date_of,
        Text("zuletzt geprüft am", "last checked on"),
        {"type": "string", "format": "date"},
        required=True,
    ),
}


def json_schema() -> dict[str, object]:
    """The JSON Schema of ``providers.yaml``, for completion in editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Mail providers",
        "type": "array",
        "items": object_schema(ENTRY),
    }
