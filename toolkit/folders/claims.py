"""Which folders could take a role, and which of them does: the second half of a proposal.

The order of trust: a server's flag; a provider's preset or an exact name, on the account's own
level; one known name among generic words. Between equals, message counts decide (an empty "Sent"
beside a full "Gesendete Elemente"), then what the account's other folders are called. A name found
below folders of the owner's never counts: "Projekte/Gesendet" is a project's folder.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from toolkit.folders.lexicon import ANY_LANGUAGE, Lexicon, Meaning, Word
from toolkit.folders.roles import FolderMapping, Role
from toolkit.folders.survey import Level, Place, Survey
from toolkit.folders.words import normalise

__all__ = ["Choice", "Claim", "Source", "choose", "claims_of"]

#: The roles decided here; the inbox is known from the survey.
DECIDED = tuple(role for role in Role if role is not Role.INBOX)
# A folder counts as unused beside another of its role if that one holds this many times more.
_FULLER = 8
_FULL = 3
# A preset may name a folder by its path.
_LEAF = re.compile(r"/|(?<=INBOX)\.")


class Source(StrEnum):
    """What a decision rests on."""

    PERSON = "person"
    PRESET = "preset"
    FLAG = "flag"
    EXACT_NAME = "exact_name"
    DECORATED_NAME = "decorated_name"
    STRUCTURE = "structure"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Claim:
    """One folder that could take a role.

    Attributes:
        source: flag, preset, exact or decorated name, structure.
        twin_only: never the role's folder, but its twin if another is.
        doubtful: an ambiguous word, or a name decoded twice.
    """

    role: Role
    place: Place
    source: Source
    word: Word | None = None
    twin_only: bool = False
    doubtful: bool = False

    @property
    def raw(self) -> bytes:
        """The folder's raw name."""
        return self.place.folder.raw


@dataclass(frozen=True, slots=True)
class Choice:
    """The claim that won a role, what decided, the best other, and the role's twins."""

    claim: Claim
    source: Source
    confidence: float
    runner_up: Claim | None = None
    twins: tuple[Claim, ...] = ()


Claims = dict[Role, list[Claim]]


def claims_of(
    survey: Survey, lexicon: Lexicon, known_names: Mapping[Role, Sequence[str]]
) -> Claims:
    """Every claim of every folder; a folder claims at most one role."""
    presets = _presets(survey, known_names)
    claims: Claims = {role: [] for role in DECIDED}
    open_words: list[Place] = []
    bins = _bins(survey)
    for place in survey.places:
        claim = _flag_claim(place, bins) or _name_claim(place, survey, presets)
        if claim is not None:
            claims[claim.role].append(claim)
        elif _is_open(place):
            open_words.append(place)
    if not any(claims.values()):
        _claim_by_structure(claims, survey, lexicon)
    if any(claim.place.level is Level.HOME for found in claims.values() for claim in found):
        # Below INBOX or in brackets, "Archiv" is a folder of the owner's wherever the account's
        # folders are elsewhere; sent mail, drafts, trash and spam are what clients put there.
        claims[Role.ARCHIVE] = [
            claim
            for claim in claims[Role.ARCHIVE]
            if claim.place.level is Level.HOME or claim.source is Source.FLAG
        ]
    _settle(open_words, claims, survey)
    _claim_decorated(claims, survey, lexicon)
    return claims


def choose(
    claims: Claims, lexicon: Lexicon, survey: Survey, previous: FolderMapping
) -> dict[Role, Choice]:
    """The best claim of each role, if any; nobody's claim is better than a bad one."""
    return _Judge(claims, lexicon, survey, previous).choices()


def _presets(
    survey: Survey, known_names: Mapping[Role, Sequence[str]]
) -> dict[Role, dict[str, int]]:
    presets: dict[Role, dict[str, int]] = {}
    for role in DECIDED:
        given = known_names.get(role, ())
        paths = [given] if isinstance(given, str) else list(given)
        keys = [normalise(_LEAF.split(path)[-1]) for path in paths]
        if survey.dialect is not None:
            keys += survey.dialect.names.get(role, ())
        presets[role] = {key: rank for rank, key in reversed(list(enumerate(keys)))}
    return presets


def _bins(survey: Survey) -> set[str]:
    """The names of trash and spam folders: what lies below them was thrown away."""
    thrown = {Role.TRASH, Role.JUNK}
    return {
        place.leaf
        for place in survey.places
        if place.level is not Level.NESTED
        and (
            not thrown.isdisjoint(place.role_flags)
            or (place.word and place.word.meaning and place.word.meaning.role in thrown)
        )
    }


def _flag_claim(place: Place, bins: set[str]) -> Claim | None:
    """A folder with flags of several roles takes the first of them only, a view none."""
    roles = [role for role in place.role_flags if role is not Role.INBOX]
    if not roles or place.is_view or (place.level is Level.NESTED and place.path[0] in bins):
        return None
    return Claim(roles[0], place, Source.FLAG, place.word)


def _name_claim(
    place: Place, survey: Survey, presets: Mapping[Role, Mapping[str, int]]
) -> Claim | None:
    if place.flagged or place.level is Level.NESTED:
        return None
    outside = survey.contained and place.level is not Level.CONTAINER
    key = normalise(place.leaf)
    for preset, keys in presets.items():
        if key in keys:
            return Claim(preset, place, Source.PRESET, place.word, twin_only=outside)
    word = place.word
    role = word.meaning.role if word and word.meaning else None
    if word is None or role is None or role is Role.INBOX:
        return None
    return Claim(role, place, Source.EXACT_NAME, word, twin_only=outside, doubtful=word.repaired)


def _is_open(place: Place) -> bool:
    return (
        place.word is not None
        and len(place.word.meanings) > 1
        and not place.flagged
        and place.level is not Level.NESTED
    )


def _claim_by_structure(claims: Claims, survey: Survey, lexicon: Lexicon) -> None:
    """Where the top has no role at all, the one directory that holds a whole mailbox is home."""
    containers = {folder.name for folder in survey.containers}
    below: dict[str, list[Claim]] = {}
    for place in survey.places:
        if place.level is not Level.NESTED or len(place.path) != 2 or place.flagged:  # noqa: PLR2004
            continue
        top = place.path[0]
        role = place.word.meaning.role if place.word and place.word.meaning else None
        usable = top in containers or normalise(top) in lexicon.homes
        if usable and role is not None and role is not Role.INBOX:
            below.setdefault(top, []).append(Claim(role, place, Source.STRUCTURE, place.word))
    whole = [found for found in below.values() if len({c.role for c in found} - {Role.ARCHIVE}) > 1]
    if len(whole) == 1:
        for claim in whole[0]:
            claims[claim.role].append(claim)


def _settle(places: Sequence[Place], claims: Claims, survey: Survey) -> None:
    """Decide ambiguous words by what else the account has, the surest first."""
    spoken = _languages(claims)
    for place in places:
        assert place.word is not None
        meanings = place.word.meanings
        missing = [m for m in meanings if (role := m.role) and not _taken(claims[role])]
        role = None
        if len(missing) == 1 and len([m for m in meanings if m.role]) > 1:
            role = missing[0].role  # the other one has its folder already
        elif missing:
            native = [m for m in meanings if spoken & place.word.languages[m]]
            if len(native) == 1:
                role = native[0].role
            elif not place.word.open:
                role = meanings[0].role
        if role is not None:
            outside = survey.contained and place.level is not Level.CONTAINER
            claims[role].append(
                Claim(role, place, Source.EXACT_NAME, place.word, twin_only=outside, doubtful=True)
            )


def _taken(claims: Sequence[Claim]) -> bool:
    return any(not claim.twin_only for claim in claims)


def _languages(claims: Claims) -> set[str]:
    """The languages the account's unambiguous names are in: those most roles share."""
    votes: Counter[str] = Counter()
    for role, found in claims.items():
        votes.update({lang for c in found for lang in _spoken(c, role)})
    top = max(votes.values(), default=0)
    return {language for language, count in votes.items() if count == top}


def _spoken(claim: Claim, role: Role) -> frozenset[str]:
    if claim.word is None:
        return frozenset()
    return claim.word.languages.get(Meaning(role.value), frozenset()) - {ANY_LANGUAGE}


def _claim_decorated(claims: Claims, survey: Survey, lexicon: Lexicon) -> None:
    """Fill a role nobody claims if exactly one folder's name decorates a name of the role."""
    empty = {role for role, found in claims.items() if not _taken(found)}
    if not empty or survey.contained:
        return
    found: dict[Role, list[Claim]] = {}
    for place in survey.places:
        if place.level > Level.INBOX or place.flagged or place.word is not None:
            continue
        word = lexicon.decorated(place.leaf)
        role = word.meaning.role if word and word.meaning else None
        if role in empty:
            assert role is not None
            found.setdefault(role, []).append(Claim(role, place, Source.DECORATED_NAME, word))
    for role, ones in found.items():
        if len(ones) == 1:
            claims[role] += ones


class _Judge:
    """Picks one claim a role; what is decided early (one claim, counts) helps what is left."""

    def __init__(
        self, claims: Claims, lexicon: Lexicon, survey: Survey, previous: FolderMapping
    ) -> None:
        self.claims = claims
        self.lexicon = lexicon
        self.survey = survey
        self.previous = previous
        self.tongues: Counter[str] = Counter()
        self.brought: Counter[str] = Counter()

    def choices(self) -> dict[Role, Choice]:
        left: dict[Role, tuple[list[Claim], bool]] = {}
        for role in DECIDED:
            tier = self._tier(self.claims[role])
            if not tier:
                continue
            alive = _used(tier)
            left[role] = (alive, len(alive) < len(tier))
            if len(alive) == 1:
                self.tongues.update(_spoken(alive[0], role))
                client = self.lexicon.clients.get(normalise(alive[0].place.leaf))
                if client:
                    self.brought[client] += 1
        return {
            role: self._choice(role, alive, counted=counted)
            for role, (alive, counted) in left.items()
        }

    def _tier(self, claims: Sequence[Claim]) -> list[Claim]:
        """The claims of the best kind there is."""
        able = [claim for claim in claims if not claim.twin_only]
        flagged = [c for c in able if c.source is Source.FLAG]
        near = [c for c in flagged if c.place.level is not Level.NESTED]
        if near:
            return near
        if flagged:
            shallow = min(len(c.place.path) for c in flagged)
            flagged = [c for c in flagged if len(c.place.path) == shallow]
            if len(flagged) == 1:
                return flagged
        named = [c for c in able if c.source is not Source.FLAG]
        decorated = [c for c in named if c.source is Source.DECORATED_NAME]
        sure = [c for c in named if c not in decorated and not c.doubtful]
        return sure or [c for c in named if c not in decorated] or decorated

    def _choice(self, role: Role, alive: list[Claim], *, counted: bool) -> Choice:
        ranked = sorted(alive, key=lambda claim: self._rank(role, claim))
        best = ranked[0]
        others = [c for c in self.claims[role] if c is not best]
        others.sort(key=lambda c: (c not in ranked, c.source is Source.DECORATED_NAME, c.raw))
        others.sort(key=lambda c: ranked.index(c) if c in ranked else len(ranked))
        twins = tuple(
            c
            for c in others
            if c.source is not Source.DECORATED_NAME and c.place.level is not Level.NESTED
        )
        by_count = counted and best.source is not Source.FLAG
        return Choice(
            claim=best,
            source=Source.COUNT if by_count else best.source,
            confidence=_confidence(best, rivals=len(ranked) - 1, counted=counted),
            runner_up=others[0] if others else None,
            twins=tuple(sorted(twins, key=lambda c: c.raw)),
        )

    def _rank(self, role: Role, claim: Claim) -> tuple[object, ...]:
        """Smaller is better; the raw name last, so that no order of the listing matters."""
        key = normalise(claim.place.leaf)
        client = self.lexicon.clients.get(key)
        shared = max((self.tongues[lang] for lang in _spoken(claim, role)), default=0)
        if claim.word and ANY_LANGUAGE in claim.word.languages.get(Meaning(role.value), ()):
            shared = max(self.tongues.values(), default=0)
        brought = 0 if client is None else -1 if self.brought[client] else 1
        return (
            claim.raw != self.previous[role],
            claim.place.level,
            claim.source is not Source.PRESET,
            -shared if claim.source is not Source.FLAG else 0,
            brought,
            key != role.value,
            len(claim.place.leaf),
            claim.raw,
        )


def _used(claims: list[Claim]) -> list[Claim]:
    """Without folders that are empty, or nearly, beside a full one of the same level."""
    kept: list[Claim] = []
    for claim in claims:
        own = claim.place.folder.messages
        fuller = [
            other.place.folder.messages or 0
            for other in claims
            if other.place.level == claim.place.level
            or (own == 0 and other.place.level is Level.INBOX)
        ]
        most = max(fuller, default=0)
        if own is None or most < _FULL or own * _FULLER >= most:
            kept.append(claim)
    return kept


def _confidence(claim: Claim, *, rivals: int, counted: bool) -> float:
    base = {
        Source.FLAG: 0.99,
        Source.PRESET: 0.97,
        Source.EXACT_NAME: 0.96,
        Source.STRUCTURE: 0.85,
        Source.DECORATED_NAME: 0.75,
    }[claim.source]
    if claim.place.level is Level.NESTED and claim.source is Source.FLAG:
        base -= 0.1
    if claim.doubtful:
        base -= 0.2
    if claim.place.level is Level.INBOX:
        base -= 0.03
    if rivals:
        base -= 0.06 if claim.source is Source.FLAG else 0.16
    elif counted:
        base -= 0.06
    return round(base, 2)
