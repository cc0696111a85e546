"""What folder names mean: the lexicon of ``lexicon.yaml``, looked up by normalised name.

Its data is written by people; this module turns it into tables once per process. A pattern such as
``gesendete <items>`` is never spelled out: a name is cut where one of the language's words for
"items" begins or ends, which keeps loading short however rich the vocabulary grows.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from toolkit.errors import KnowledgeFileError
from toolkit.folders.roles import Role
from toolkit.folders.words import normalise, readings
from toolkit.language import Text

__all__ = ["ANY_LANGUAGE", "VIRTUAL", "Dialect", "Lexicon", "Meaning", "Word", "lexicon"]

#: The language of international words (ISO 639-2 "mul").
ANY_LANGUAGE = "mul"
_FILE = Path(__file__).with_name("lexicon.yaml")
# The part of a name that stands for any of the language's words for "items", or for none.
_ITEMS, _ITEMS_OR_NONE = "<items>", "<items?>"
_EITHER = re.compile(r",| or ")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_OPENING = 4  # how many letters decide whether a name can be a pattern with its items at all
_TOKENS = re.compile(r"[^\W_]+")


class Meaning(StrEnum):
    """What a folder name says: a role, a view of other folders, or something else known."""

    INBOX = "inbox"
    SENT = "sent"
    DRAFTS = "drafts"
    TRASH = "trash"
    JUNK = "junk"
    ARCHIVE = "archive"
    OUTBOX = "outbox"
    TEMPLATES = "templates"
    ALL = "all"
    FLAGGED = "flagged"
    IMPORTANT = "important"
    OTHER = "other"

    @property
    def role(self) -> Role | None:
        """The role of the office mailbox, if it is one."""
        return _ROLES.get(self)


_ROLES: Mapping[Meaning, Role] = {Meaning(role.value): role for role in Role}
#: Meanings of folders whose messages all lie in other folders as well.
VIRTUAL = frozenset({Meaning.ALL, Meaning.FLAGGED, Meaning.IMPORTANT})


@dataclass(frozen=True, slots=True)
class Word:
    """What one name means.

    Attributes:
        meanings: one, or several for an ambiguous word, the likeliest first.
        open: an ambiguous word with no likeliest meaning.
        languages: per meaning, the languages in which the name has it.
        repaired: whether the name had to be decoded twice to be read.
    """

    meanings: tuple[Meaning, ...]
    languages: Mapping[Meaning, frozenset[str]]
    repaired: bool = False
    open: bool = False

    @property
    def meaning(self) -> Meaning | None:
        """The meaning of an unambiguous word; None for an ambiguous one."""
        return self.meanings[0] if len(self.meanings) == 1 else None


@dataclass(frozen=True, slots=True)
class Dialect:
    """What one provider or product does otherwise than the words say.

    Attributes:
        names: per role, keys of the names it uses, the preferred first.
        signature: keys that, all together at the top, recognise it.
        container: its own folders lie in a bracketed container; same names outside are labels.
        views: keys of top-level containers whose folders are views of others.
    """

    id: str
    names: Mapping[Role, tuple[str, ...]] = field(default_factory=dict)
    signature: frozenset[str] = frozenset()
    container: bool = False
    views: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The tables of ``lexicon.yaml``, keyed by ``normalise``."""

    exact: Mapping[str, Mapping[Meaning, frozenset[str]]]
    before_items: Mapping[str, tuple[tuple[str, Meaning], ...]]
    after_items: Mapping[str, tuple[tuple[str, Meaning], ...]]
    items: Mapping[str, frozenset[str]]
    openings: frozenset[str]
    ambiguous: Mapping[str, tuple[Meaning, ...]]
    undecided: frozenset[str]
    clients: Mapping[str, str]
    decorations: frozenset[str]
    containers: frozenset[str]
    homes: frozenset[str]
    shared: frozenset[str]
    views: frozenset[str]
    dialects: tuple[Dialect, ...]
    aliases: Mapping[str, Dialect]

    def word(self, name: str) -> Word | None:
        """What a display name means as a whole; None for a name the lexicon does not know."""
        if name.startswith("\\"):
            return None  # a label named after a flag (Gmail allows it) is a user's
        for turn, reading in enumerate(readings(name)):
            key = normalise(reading)
            found = self._meanings(key) if key else None
            if found:
                order = self.ambiguous.get(key)
                meanings = order or tuple(sorted(found, key=list(Meaning).index))
                return Word(meanings, found, repaired=turn > 0, open=key in self.undecided)
        return self._damaged(name) if "\ufffd" in name or "?" in name else None

    def decorated(self, name: str) -> Word | None:
        """What a name means without generic words around its one known word; None if not known.

        ``"Ordner Gesendet"`` and ``"Mail Papierkorb"`` are decorated; ``"Entwürfe Verträge"`` is a
        folder about contracts: what is stripped must be generic, what is left must be known whole.
        """
        tokens = [normalise(token) for token in _TOKENS.findall(name[:200])]
        kept = [t for t in tokens if t and t not in self.decorations and t not in self.items]
        if not kept or len(kept) == len(tokens):
            return None
        key = "".join(kept)
        found = self.exact.get(key)
        if not found or len(found) > 1 or key in self.ambiguous:
            return None
        return Word(tuple(found), found)

    def is_container(self, name: str) -> bool:
        """Whether a component of a path is a bracketed container of a server or client."""
        return "[" in name and name.rstrip().endswith("]") and normalise(name) in self.containers

    def dialect(self, provider: str | None) -> Dialect | None:
        """The dialect of a provider by any of its names; None where there is nothing to know."""
        return self.aliases.get(normalise(provider)) if provider else None

    @staticmethod
    def _damaged(name: str) -> Word | None:
        """A name some migration wrote without the characters it could not (``Entw?rfe``)."""
        key = normalise(name)
        found = _remains()._meanings(key) if len(key) > _OPENING else None  # noqa: SLF001
        if not found or len(found) > 1:
            return None
        return Word(tuple(found), found, repaired=True)

    def _meanings(self, key: str) -> Mapping[Meaning, frozenset[str]] | None:
        found = self.exact.get(key)
        # Nearly every folder of a large mailbox is a user's: its first letters tell.
        openings = self.openings
        cut = (
            list(self._cut(key))
            if key[:_OPENING] in openings
            or key[:3] in openings
            or key[:2] in openings
            or key[:1] in openings
            else ()
        )
        declared = self.ambiguous.get(key)
        if not cut and not declared:
            return found
        merged: dict[Meaning, frozenset[str]] = dict(found or {})
        for language, meaning in cut:
            merged[meaning] = merged.get(meaning, frozenset()) | {language}
        if declared:
            return {meaning: merged.get(meaning, frozenset()) for meaning in declared}
        return merged

    def _cut(self, key: str) -> Iterator[tuple[str, Meaning]]:
        """Every reading of a key as a pattern and one of its language's words for "items"."""
        for at in range(1, len(key)):
            head, tail = key[:at], key[at:]
            for patterns, rest, item in (
                (self.before_items, head, tail),
                (self.after_items, tail, head),
            ):
                languages = self.items.get(item)
                if languages:
                    for language, meaning in patterns.get(rest, ()):
                        if language in languages:
                            yield language, meaning


@functools.cache
def lexicon() -> Lexicon:
    """The product's lexicon; read once.

    Raises:
        KnowledgeFileError: the file does not have the form its header describes.
    """
    return _Builder(_tree()).build()


@functools.cache
def _remains() -> Lexicon:
    """The lexicon of names without their characters outside ASCII; read only when needed."""
    return _Builder(_tree(), lossy=True).build()


def _tree() -> Mapping[str, Mapping[str, object]]:
    import yaml

    # Read as strings, so that Norwegian ("no") and a folder named "yes" stay what they are.
    tree = yaml.load(_FILE.read_bytes(), Loader=yaml.CBaseLoader)  # noqa: S506 - no tags resolved
    if not isinstance(tree, dict):
        raise _wrong("languages")
    return tree


class _Builder:
    """Turns the file's text into tables."""

    def __init__(self, tree: Mapping[str, Mapping[str, object]], *, lossy: bool = False) -> None:
        self.tree = tree
        self.lossy = lossy
        self.exact: dict[str, dict[Meaning, set[str]]] = {}
        self.before: dict[str, list[tuple[str, Meaning]]] = {}
        self.after: dict[str, list[tuple[str, Meaning]]] = {}
        self.items: dict[str, set[str]] = {}

    def build(self) -> Lexicon:
        for language, entries in self.tree["languages"].items():
            self._language(language, entries)
        dialects = {
            name: self._dialect(name, entries) for name, entries in self.tree["dialects"].items()
        }
        aliases = {
            key: dialects[name]
            for name, entries in self.tree["dialects"].items()
            for key in _keys(entries.get("is", ""))  # type: ignore[attr-defined]
        }
        clients = {
            key: client for client, names in self.tree["clients"].items() for key in _keys(names)
        }
        settled = {word: str(meanings) for word, meanings in self.tree["ambiguous"].items()}
        ambiguous = {
            normalise(word): tuple(Meaning(m.strip()) for m in _EITHER.split(meanings))
            for word, meanings in settled.items()
        }
        return Lexicon(
            exact={
                key: {meaning: frozenset(languages) for meaning, languages in found.items()}
                for key, found in self.exact.items()
            },
            before_items={key: tuple(found) for key, found in self.before.items()},
            after_items={key: tuple(found) for key, found in self.after.items()},
            items={key: frozenset(languages) for key, languages in self.items.items()},
            openings=frozenset(key[:_OPENING] for key in (*self.before, *self.items)),
            ambiguous=ambiguous,
            undecided=frozenset(
                normalise(w) for w, meanings in settled.items() if " or " in meanings
            ),
            clients=clients,
            decorations=frozenset(_keys(self.tree["decorations"])),
            containers=frozenset(_keys(self.tree["containers"])),
            homes=frozenset(_keys(self.tree["homes"])),
            shared=frozenset(_keys(self.tree["shared"])),
            views=frozenset(_keys(self.tree["views"])),
            dialects=tuple(dialects.values()),
            aliases=aliases,
        )

    def _language(self, language: str, entries: object) -> None:
        if not isinstance(entries, dict):
            raise _wrong(f"languages.{language}")
        for item in map(self._key, _names(entries.get("items", ""))):
            self.items.setdefault(item, set()).add(language)
        for slug, names in entries.items():
            if slug == "items":
                continue
            try:
                meaning = Meaning(slug)
            except ValueError:
                raise _wrong(f"languages.{language}.{slug}") from None
            for name in _names(names):
                self._name(language, meaning, name)

    def _name(self, language: str, meaning: Meaning, name: str) -> None:
        for placeholder in (_ITEMS_OR_NONE, _ITEMS):
            if placeholder not in name:
                continue
            head, _, tail = name.partition(placeholder)
            rest = self._key(head or tail)
            if self.lossy and not rest:
                return
            if (head and tail) or not rest:
                raise _wrong(f"languages.{language}.{meaning}: {name}")
            table = self.before if head else self.after
            table.setdefault(rest, []).append((language, meaning))
            if placeholder == _ITEMS_OR_NONE:
                self._add(language, meaning, rest)
            elif language == "de" and head:
                spelt = normalise(head.translate(_UMLAUTS))
                if spelt != rest:
                    table.setdefault(spelt, []).append((language, meaning))
            return
        self._add(language, meaning, self._key(name))
        if language == "de":
            self._add(language, meaning, normalise(name.translate(_UMLAUTS)))

    def _add(self, language: str, meaning: Meaning, key: str) -> None:
        if key:
            self.exact.setdefault(key, {}).setdefault(meaning, set()).add(language)

    def _key(self, name: str) -> str:
        if self.lossy:
            name = name.encode("ascii", "ignore").decode("ascii")
        return normalise(name)

    @staticmethod
    def _dialect(name: str, entries: object) -> Dialect:
        if not isinstance(entries, dict):
            raise _wrong(f"dialects.{name}")
        return Dialect(
            id=name,
            names={role: _keys(entries[role]) for role in Role if role in entries},
            signature=frozenset(_keys(entries.get("when", ""))),
            container=entries.get("container") == "yes",
            views=frozenset(_keys(entries.get("views", ""))),
        )


def _names(text: object) -> Iterator[str]:
    if not isinstance(text, str):
        raise _wrong(repr(text))
    return (name.strip() for name in text.split(",") if name.strip())


def _keys(text: object) -> tuple[str, ...]:
    return tuple(normalise(name) for name in _names(text))


def _wrong(where: str) -> KnowledgeFileError:
    return KnowledgeFileError(
        Text(
            f"{_FILE.name}: {where} hat nicht die beschriebene Form.",
            f"{_FILE.name}: {where} does not have the form described.",
        )
    )
