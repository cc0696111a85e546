"""The folders of the office mailbox, which every account's folders are mapped to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from toolkit.language import Text

__all__ = ["ROLE_NAMES", "FolderMapping", "Role"]


class Role(StrEnum):
    """What a folder is for; the six folders of the Kanzleipostfach."""

    INBOX = "inbox"
    SENT = "sent"
    DRAFTS = "drafts"
    TRASH = "trash"
    JUNK = "junk"
    ARCHIVE = "archive"


#: What the office mailbox calls them.
ROLE_NAMES: Mapping[Role, Text] = {
    Role.INBOX: Text("Posteingang", "Inbox"),
    Role.SENT: Text("Gesendet", "Sent"),
    Role.DRAFTS: Text("Entwürfe", "Drafts"),
    Role.TRASH: Text("Papierkorb", "Trash"),
    Role.JUNK: Text("Spam", "Junk"),
    Role.ARCHIVE: Text("Archiv", "Archive"),
}


@dataclass(frozen=True, slots=True)
class FolderMapping:
    """Role → folder, by the folder's raw name; what the engineer and the customer agreed on.

    ``chosen`` are the roles a person set by hand: they stick until their folder is gone.
    ``twins`` are further folders of a role (client-made doubles), synced but never written to.
    """

    folders: Mapping[Role, bytes] = field(default_factory=dict)
    chosen: frozenset[Role] = frozenset()
    twins: Mapping[Role, tuple[bytes, ...]] = field(default_factory=dict)

    def __getitem__(self, role: Role) -> bytes | None:
        return self.folders.get(role)

    def __iter__(self) -> Iterator[tuple[Role, bytes]]:
        """Pairs of role and raw folder name, in the order of the office mailbox."""
        return ((role, self.folders[role]) for role in Role if role in self.folders)

    def with_choices(self, choices: Mapping[Role, bytes | None]) -> FolderMapping:
        """The same mapping but for the roles a person decided on; None leaves a role empty.

        A folder chosen for a role is no other role's twin any more.
        """
        taken = {raw for raw in choices.values() if raw is not None}
        folders = {role: raw for role, raw in self.folders.items() if role not in choices}
        folders |= {role: raw for role, raw in choices.items() if raw is not None}
        twins = {
            role: kept
            for role, raws in self.twins.items()
            if (kept := tuple(raw for raw in raws if raw not in taken))
        }
        return FolderMapping(folders, self.chosen | frozenset(choices), twins)

    def role_of(self, raw: bytes) -> Role | None:
        """The role a folder has, as the mapped folder or as a twin; None for all others."""
        for role in Role:
            if self.folders.get(role) == raw or raw in self.twins.get(role, ()):
                return role
        return None
