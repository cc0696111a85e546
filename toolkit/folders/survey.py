r"""Where every folder of an account is, and what its flags and its name say.

The first half of a proposal: one pass over the folders, no decisions. A folder's *place* is its
level in the account's own tree, after the prefixes that servers, namespaces and clients put before
it (``INBOX.``, ``[Gmail]/``, a personal namespace) are taken away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from toolkit.folders.lexicon import VIRTUAL, Dialect, Lexicon, Meaning, Word
from toolkit.folders.roles import Role
from toolkit.folders.words import normalise
from toolkit.mail.folder import Folder, Namespaces

__all__ = ["Capabilities", "Level", "Namespaces", "Place", "Survey", "survey"]

# RFC 6154 attributes, those of XLIST (\Inbox, \Spam, \AllMail, \Starred) and variants seen at
# providers; compared without case and backslash.
_FLAGS: Mapping[str, Meaning] = {
    "inbox": Meaning.INBOX,
    "sent": Meaning.SENT,
    "sentmail": Meaning.SENT,
    "drafts": Meaning.DRAFTS,
    "draft": Meaning.DRAFTS,
    "trash": Meaning.TRASH,
    "bin": Meaning.TRASH,
    "junk": Meaning.JUNK,
    "spam": Meaning.JUNK,
    "bulk": Meaning.JUNK,
    "archive": Meaning.ARCHIVE,
    "all": Meaning.ALL,
    "allmail": Meaning.ALL,
    "flagged": Meaning.FLAGGED,
    "starred": Meaning.FLAGGED,
    "important": Meaning.IMPORTANT,
    "templates": Meaning.TEMPLATES,
    "outbox": Meaning.OUTBOX,
    "scheduled": Meaning.OUTBOX,
    "snoozed": Meaning.OTHER,
    "memos": Meaning.OTHER,
    "notes": Meaning.OTHER,
}
_INBOX = "INBOX"
_MAX_NAMESPACES = 50


@dataclass(frozen=True, slots=True)
class Capabilities:
    r"""What a server announced; only the namespaces matter here.

    Flags are believed whether or not SPECIAL-USE or XLIST was announced: Exchange Online, Yahoo,
    iCloud and QQ send them unannounced.
    """

    special_use: bool = False
    xlist: bool = False
    namespaces: Namespaces | None = None


class Level(IntEnum):
    """How close to the top of the account a folder is, the closest first."""

    HOME = 0  #: at the top, or directly below the personal namespace
    INBOX = 1  #: directly below INBOX where the account's home is elsewhere
    CONTAINER = 2  #: in a bracketed container such as [Gmail]
    NESTED = 3  #: below a folder of its owner's


@dataclass(frozen=True, slots=True)
class Place:
    """One folder, placed and read.

    Attributes:
        path: components below the prefixes that were taken away.
        flagged: what its flags say, roles and views, in the order of ``Meaning``.
        word: what its name says; None if nothing.
        foreign: it belongs to other people.
        selectable: it holds messages.
    """

    folder: Folder
    level: Level
    path: tuple[str, ...]
    flagged: tuple[Meaning, ...]
    word: Word | None
    foreign: bool = False
    selectable: bool = True

    @property
    def leaf(self) -> str:
        """The last component of the display name."""
        return self.path[-1] if self.path else ""

    @property
    def role_flags(self) -> tuple[Role, ...]:
        """The roles its flags give it."""
        if not self.flagged:
            return ()
        return tuple(role for meaning in self.flagged if (role := meaning.role))

    @property
    def is_view(self) -> bool:
        """Whether its flags call it a view of other folders."""
        return not VIRTUAL.isdisjoint(self.flagged)


@dataclass(frozen=True, slots=True)
class Survey:
    """An account's folders, placed.

    Attributes:
        places: every selectable folder but other people's, ordered by raw name.
        inbox: the folder that is the inbox.
        views: what lies elsewhere too: kind ("all", "flagged", "important", "other") → folders.
        containers: folders that hold folders only.
        foreign: folders of other people.
        contained: the provider keeps its own folders in a container; the same names outside it
            are labels somebody made.
        dialect: the provider's or product's peculiarities, if any.
    """

    places: tuple[Place, ...] = ()
    inbox: Place | None = None
    views: Mapping[str, tuple[Folder, ...]] = field(default_factory=dict)
    containers: tuple[Folder, ...] = ()
    foreign: tuple[Folder, ...] = ()
    contained: bool = False
    dialect: Dialect | None = None


def survey(
    folders: Sequence[Folder],
    *,
    lexicon: Lexicon,
    provider: str | None = None,
    capabilities: Capabilities | None = None,
) -> Survey:
    """Place and read every folder. Linear in their number; their order does not matter."""
    unique = {folder.raw: folder for folder in sorted(folders, key=_order)}
    reader = _Reader(lexicon, capabilities, _guessed_delimiter(unique.values()))
    placed = [reader.place(folder) for folder in unique.values()]
    dialect = lexicon.dialect(provider) or _recognised(placed, lexicon)
    contained = _contained(placed, dialect)
    inbox = _inbox(placed)
    views = _views(placed, lexicon, dialect, contained=contained)
    viewed = {folder.raw for found in views.values() for folder in found}
    mounted = _mounted(placed)
    own = []
    foreign = []
    for place in placed:
        if place.foreign or (place.level is Level.NESTED and place.path[:-1] in mounted):
            foreign.append(place.folder)
        elif place.selectable and place.folder.raw not in viewed and place is not inbox:
            own.append(place)
    return Survey(
        places=tuple(own),
        inbox=inbox,
        views=views,
        containers=tuple(p.folder for p in placed if not p.selectable and p is not inbox),
        foreign=tuple(foreign),
        contained=contained,
        dialect=dialect,
    )


class _Reader:
    """Takes prefixes away and reads flags and leaf."""

    def __init__(
        self, lexicon: Lexicon, capabilities: Capabilities | None, delimiter: str | None
    ) -> None:
        self.lexicon = lexicon
        self.delimiter = delimiter
        self.words: dict[str, Word | None] = {}
        self.shared: dict[str, bool] = {}
        spaces = capabilities.namespaces if capabilities else None
        # The longest prefix wins; of two equal ones, the personal.
        self.prefixes = sorted(
            (
                (prefix, kind)
                for kind, prefixes in (
                    (False, spaces.personal if spaces else ()),
                    (True, (*spaces.other, *spaces.shared) if spaces else ()),
                )
                for prefix in prefixes[:_MAX_NAMESPACES]
            ),
            key=lambda pair: (-len(pair[0]), pair[1]),
        )

    def place(self, folder: Folder) -> Place:
        delimiter = folder.delimiter or self.delimiter
        prefix, foreign = self._namespace(folder.name, delimiter)
        rest = folder.name[len(prefix) :]
        path = tuple(rest.split(delimiter)) if delimiter else (rest,)
        while len(path) > 1 and not path[-1]:
            path = path[:-1]  # containers listed as "Gmail/"
        foreign = foreign or (len(path) > 1 and self._is_shared(path[0]))
        path, level = self._below(path)
        return Place(
            folder=folder,
            level=level,
            path=path,
            flagged=_flagged(folder),
            word=None if foreign else self._word(path[-1]),
            foreign=foreign,
            selectable=not folder.flags or folder.selectable,
        )

    # One name occurs below many parents: each is looked up once.

    def _word(self, leaf: str) -> Word | None:
        if leaf not in self.words:
            self.words[leaf] = self.lexicon.word(leaf)
        return self.words[leaf]

    def _is_shared(self, top: str) -> bool:
        if top not in self.shared:
            self.shared[top] = normalise(top) in self.lexicon.shared
        return self.shared[top]

    def _namespace(self, name: str, delimiter: str | None) -> tuple[str, bool]:
        if name.upper() == _INBOX:
            return "", False
        for prefix, foreign in self.prefixes:
            bare = prefix.rstrip(delimiter) if delimiter else prefix
            if name == bare and prefix:
                return "", foreign
            if name.startswith(prefix) or (
                prefix[: len(_INBOX)].upper() == _INBOX
                and name[: len(prefix)].upper() == prefix.upper()
            ):
                return prefix, foreign
        return "", False

    def _below(self, path: tuple[str, ...]) -> tuple[tuple[str, ...], Level]:
        level = Level.HOME
        while len(path) > 1 and path[0].upper() == _INBOX:
            path, level = path[1:], Level.INBOX
        if len(path) > 1 and self.lexicon.is_container(path[0]):
            path, level = path[1:], Level.CONTAINER
        return path, Level.NESTED if len(path) > 1 else level


def _order(folder: Folder) -> tuple[bytes, int]:
    # Of one raw name listed twice, the row with more flags counts.
    return folder.raw, len(folder.flags)


def _guessed_delimiter(folders: Iterable[Folder]) -> str | None:
    """The delimiter of names listed with NIL though they plainly have one (``INBOX.Sent``)."""
    for folder in folders:
        if folder.delimiter is not None:
            return None
        name = folder.name
        if name[: len(_INBOX)].upper() == _INBOX and name[len(_INBOX) : len(_INBOX) + 1] in {
            ".",
            "/",
            "\\",
        }:
            return str(name[len(_INBOX)])
    return None


def _flagged(folder: Folder) -> tuple[Meaning, ...]:
    if not folder.flags:
        return ()
    found = {m for f in folder.flags if (m := _FLAGS.get(f.lstrip("\\$").lower())) is not None}
    return tuple(sorted(found, key=list(Meaning).index)) if found else ()


def _recognised(placed: Sequence[Place], lexicon: Lexicon) -> Dialect | None:
    """The dialect whose signature of top-level names is all there."""
    signatures = [dialect for dialect in lexicon.dialects if dialect.signature]
    names = {normalise(p.leaf) for p in placed if p.level is Level.HOME}
    return next((d for d in signatures if d.signature <= names), None)


def _contained(placed: Sequence[Place], dialect: Dialect | None) -> bool:
    """Whether the account's own folders live in a bracketed container.

    A tree copied from Gmail to another server keeps the brackets but not the flags; there the
    folders outside count.
    """
    inside = [p for p in placed if p.level is Level.CONTAINER]
    if inside and dialect is not None and dialect.container:
        return True
    outside = [p for p in placed if p.level < Level.CONTAINER and not p.foreign]
    if any(p.flagged for p in inside):
        return not any(p.role_flags for p in outside if p.flagged != (Meaning.INBOX,))
    return len(_roles_told(inside)) > 1 and not _roles_told(outside)


def _roles_told(placed: Sequence[Place]) -> set[Role]:
    """The roles that flags and unambiguous names give, but for the inbox."""
    told = {role for place in placed for role in place.role_flags}
    for place in placed:
        if place.word and place.word.meaning and (role := place.word.meaning.role):
            told.add(role)
    return told - {Role.INBOX}


def _inbox(placed: Sequence[Place]) -> Place | None:
    """The inbox: the name RFC 3501 reserves, else the flag XLIST gives, else a localized name."""
    # INBOX exists by definition: shown as \Noselect it is still the inbox (Courier's LSUB does so).
    reserved = [p for p in placed if p.folder.name.upper() == _INBOX]
    if reserved:
        return min(reserved, key=lambda p: (p.folder.name != _INBOX, p.folder.raw))
    usable = [p for p in placed if p.selectable and not p.foreign]
    flagged = [p for p in usable if Meaning.INBOX in p.flagged]
    if flagged:
        return min(flagged, key=lambda p: (p.level, len(p.path), p.folder.raw))
    named = [
        p
        for p in usable
        if p.level is Level.HOME and p.word and p.word.meaning is Meaning.INBOX and not p.flagged
    ]
    return named[0] if len(named) == 1 else None


def _views(
    placed: Sequence[Place], lexicon: Lexicon, dialect: Dialect | None, *, contained: bool
) -> dict[str, tuple[Folder, ...]]:
    r"""Folders whose messages lie elsewhere too.

    By flag anywhere; by name only inside a provider's own container, because "Wichtig" or
    "Starred" outside it is an ordinary folder; and everything in a container of views.
    """
    names = lexicon.views | (dialect.views if dialect else frozenset())
    tops = {
        normalise(p.leaf)
        for p in placed
        if p.level is Level.HOME and not p.selectable and normalise(p.leaf) in names
    }
    found: dict[str, list[Folder]] = {}
    for place in placed:
        if not place.selectable or place.foreign:
            continue
        kind = next((m for m in place.flagged if m in VIRTUAL), None)
        if kind is None and contained and place.level is Level.CONTAINER and place.word:
            kind = place.word.meaning if place.word.meaning in VIRTUAL else None
        if kind is not None:
            found.setdefault(kind.value, []).append(place.folder)
        elif tops and place.level is Level.NESTED and normalise(place.path[0]) in tops:
            found.setdefault("other", []).append(place.folder)
    return {kind: tuple(rows) for kind, rows in found.items()}


def _mounted(placed: Sequence[Place]) -> set[tuple[str, ...]]:
    """Parents that hold a whole mailbox beside the account's own: somebody else's, mounted here.

    Told by two or more roles that the account has itself.
    """
    own: set[Role] = set()
    below: dict[tuple[str, ...], set[Role]] = {}
    for place in placed:
        if not (place.flagged or place.word) or place.foreign:
            continue
        roles = _roles_told((place,)) - {Role.ARCHIVE}
        if place.level is Level.NESTED:
            below.setdefault(place.path[:-1], set()).update(roles)
        else:
            own |= roles
    return {parent for parent, roles in below.items() if len(roles & own) > 1}
