"""Propose which folder of an account takes which role of the office mailbox, and say why.

::

    proposal = propose_mapping(folders, provider="gmx")
    proposal.mapping[Role.SENT]          # b"Gesendet", or None: better none than a wrong one
    proposal.reasons[Role.SENT].why      # a sentence in German and English

Pure: folders in, a proposal out. ``survey`` places the folders, ``claims`` judges them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from toolkit.folders.claims import Choice, Source, choose, claims_of
from toolkit.folders.lexicon import lexicon
from toolkit.folders.reasons import why_chosen, why_gone, why_inbox, why_none, why_person
from toolkit.folders.record import ListingRecord
from toolkit.folders.roles import FolderMapping, Role
from toolkit.folders.survey import Capabilities, Survey, survey
from toolkit.language import Text
from toolkit.mail.folder import Folder, Namespaces
from toolkit.mail.utf7 import decode_name

__all__ = [
    "Capabilities",
    "Decision",
    "Namespaces",
    "Proposal",
    "Source",
    "map_folders_record",
    "propose_mapping",
]


@dataclass(frozen=True, slots=True)
class Decision:
    """One role's folder or none, what that rests on, how sure it is, and the next best."""

    folder: Folder | None
    source: Source | None
    confidence: float
    runner_up: Folder | None
    why: Text

    def as_json(self) -> dict[str, object]:
        """``{"source", "confidence", "runner_up", "why"}``."""
        return {
            "source": str(self.source) if self.source else None,
            "confidence": self.confidence,
            "runner_up": self.runner_up.name if self.runner_up else None,
            "why": self.why.as_json(),
        }


@dataclass(frozen=True, slots=True)
class Proposal:
    """A mapping to agree on, with its reasons.

    Attributes:
        mapping: role → raw name; a person's earlier choices are among it, and its ``chosen``.
        reasons: a decision for every role.
        virtual: "all", "flagged", "important" → raw name of the view of that kind.
        duplicates: raw names of all views: whoever syncs them syncs every message twice.
        containers: raw names of folders that hold folders only.
        foreign: raw names of other people's folders.
        names: display names, as listed, of the folders mentioned.
    """

    mapping: FolderMapping
    reasons: Mapping[Role, Decision]
    virtual: Mapping[str, bytes] = field(default_factory=dict)
    duplicates: frozenset[bytes] = frozenset()
    containers: tuple[bytes, ...] = ()
    foreign: tuple[bytes, ...] = ()
    names: Mapping[bytes, str] = field(default_factory=dict, repr=False)

    @property
    def twins(self) -> Mapping[Role, tuple[bytes, ...]]:
        """Further folders of a role, client-made doubles."""
        return self.mapping.twins

    def adjusted(self, choices: Mapping[Role, bytes | None]) -> FolderMapping:
        """The mapping after a person's choices; only what differs from the proposal is one."""
        differing = {role: raw for role, raw in choices.items() if raw != self.mapping[role]}
        return self.mapping.with_choices(differing)

    def as_json(self) -> dict[str, object]:
        """``{"mapping", "also", "virtual", "reasons"}``, folders by display name."""
        return {
            "mapping": {
                role.value: decision.folder.name if decision.folder else None
                for role, decision in self.reasons.items()
            },
            "also": {
                role.value: [self.names[raw] for raw in raws] for role, raws in self.twins.items()
            },
            "virtual": {kind: self.names[raw] for kind, raw in self.virtual.items()},
            "reasons": {role.value: d.as_json() for role, d in self.reasons.items()},
        }


def propose_mapping(
    folders: Sequence[Folder],
    *,
    provider: str | None = None,
    capabilities: Capabilities | None = None,
    previous: FolderMapping | None = None,
    known_names: Mapping[Role, Sequence[str]] | None = None,
) -> Proposal:
    """Propose a folder, or none, for every role.

    Args:
        folders: what LIST (and STATUS) answered, in any order.
        provider: the provider or product, by any of its names; unknown ones are ignored.
        capabilities: what the server announced; None if it was not asked.
        previous: the saved mapping. What a person chose stands until its folder is gone; what was
            proposed before is kept where nothing better has turned up.
        known_names: what the provider's preset calls its folders.
    """
    words = lexicon()
    saved = previous or FolderMapping()
    found = survey(folders, lexicon=words, provider=provider, capabilities=capabilities)
    listed = {folder.raw: folder for folder in folders}
    by_hand = {
        role: listed[raw] if raw is not None else None
        for role in saved.chosen
        if (raw := saved[role]) is None or (raw in listed and listed[raw].selectable)
    }
    free = _without(found, {folder.raw for folder in by_hand.values() if folder is not None})
    choices = choose(claims_of(free, words, known_names or {}), words, free, saved)
    decisions = {}
    twins: dict[Role, tuple[bytes, ...]] = {}
    for role in Role:
        choice = choices.get(role)
        if role in by_hand:
            decisions[role] = _by_hand(by_hand[role], choice)
        elif role is Role.INBOX:
            decisions[role] = _inbox(free)
        else:
            decisions[role] = _chosen(role, choice)
        gone = saved[role] if role in saved.chosen and role not in by_hand else None
        if gone is not None:
            decisions[role] = _after(decisions[role], gone)
        if choice is not None and decisions[role].folder is not None:
            claims = choice.twins if role not in by_hand else (choice.claim, *choice.twins)
            twins[role] = tuple(sorted(claim.raw for claim in claims))
    twins = {role: raws for role, raws in twins.items() if raws}
    virtual = {
        kind: min(rows, key=lambda f: (len(f.path), f.raw)).raw
        for kind, rows in found.views.items()
        if kind != "other"
    }
    mentioned = {*virtual.values(), *(raw for raws in twins.values() for raw in raws)}
    return Proposal(
        mapping=FolderMapping(
            folders={role: d.folder.raw for role, d in decisions.items() if d.folder is not None},
            chosen=frozenset(by_hand),
            twins=twins,
        ),
        reasons=decisions,
        virtual=virtual,
        duplicates=frozenset(folder.raw for rows in found.views.values() for folder in rows),
        containers=tuple(folder.raw for folder in found.containers),
        foreign=tuple(folder.raw for folder in found.foreign),
        names={raw: listed[raw].name for raw in mentioned},
    )


def map_folders_record(record: Mapping[str, object]) -> dict[str, object]:
    """Answer one line of ``map-folders``.

    Raises:
        InputError: the record is no folder listing; ``field`` names the part.
    """
    listing = ListingRecord.from_json(record)
    proposal = propose_mapping(
        listing.folders, provider=listing.provider, capabilities=listing.capabilities
    )
    return {"id": record.get("id"), **proposal.as_json()}


def _without(found: Survey, taken: set[bytes]) -> Survey:
    """The survey without folders a person gave to a role: they cannot take another."""
    if not taken:
        return found
    inbox = found.inbox if found.inbox and found.inbox.folder.raw not in taken else None
    places = tuple(place for place in found.places if place.folder.raw not in taken)
    return replace(found, places=places, inbox=inbox)


def _by_hand(folder: Folder | None, choice: Choice | None) -> Decision:
    return Decision(
        folder=folder,
        source=Source.PERSON,
        confidence=1.0,
        runner_up=choice.claim.place.folder if choice else None,
        why=why_person(folder.name if folder else None),
    )


def _inbox(found: Survey) -> Decision:
    place = found.inbox
    if place is None:
        return Decision(None, None, 0.0, None, why_inbox("", found=False))
    source = Source.FLAG if place.role_flags else Source.EXACT_NAME
    why = why_inbox(place.folder.name, found=True)
    return Decision(place.folder, source, 0.99, None, why)


def _chosen(role: Role, choice: Choice | None) -> Decision:
    if choice is None:
        return Decision(None, None, 0.0, None, why_none(role))
    return Decision(
        folder=choice.claim.place.folder,
        source=choice.source,
        confidence=choice.confidence,
        runner_up=choice.runner_up.place.folder if choice.runner_up else None,
        why=why_chosen(role, choice),
    )


def _after(decision: Decision, gone: bytes) -> Decision:
    """A proposal in place of a choice whose folder is gone: less sure, for a person to confirm."""
    return replace(
        decision,
        confidence=round(decision.confidence / 2, 2),
        why=why_gone(decode_name(gone), decision.why),
    )
