"""Agree on a folder mapping: take the proposal, set single roles by hand, save."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from toolkit.accounts import book
from toolkit.accounts.account import Account
from toolkit.errors import InvalidMapping
from toolkit.folders.roles import FolderMapping, Role
from toolkit.language import Text
from toolkit.mail.folder import Folder
from toolkit.mail.utf7 import decode_name
from toolkit.onboarding.onboarding import list_folders
from toolkit.workspace import Workspace

__all__ = ["accept_mapping", "parse_assignments", "saved_mapping"]


def parse_assignments(given: Sequence[str]) -> dict[Role, str]:
    """``ROLE=FOLDER`` texts as wishes; an empty folder means: none.

    Raises:
        InvalidMapping: a text has another form, the role does not exist, or it is given twice.
    """
    wishes: dict[Role, str] = {}
    for text in given:
        role, equals, folder = text.partition("=")
        if not equals or role.strip().lower() not in set(Role):
            raise InvalidMapping(
                Text(
                    f"„{text}“ hat nicht die Form ROLLE=ORDNER.",
                    f"“{text}” does not have the form ROLE=FOLDER.",
                ),
                field="mapping",
                hint=Text(f"Rollen sind: {', '.join(Role)}.", f"Roles are: {', '.join(Role)}."),
            )
        named = Role(role.strip().lower())
        if named in wishes:
            raise InvalidMapping(
                Text(
                    f"Die Rolle „{named}“ ist zweimal angegeben.",
                    f"The role “{named}” is given twice.",
                ),
                field="mapping",
            )
        wishes[named] = folder
    return wishes


def accept_mapping(
    workspace: Workspace, account: Account, *, accept: bool, wishes: Mapping[Role, str]
) -> dict[Role, str | None]:
    """Load the folders, take the proposal if asked, apply the wishes, save.

    Returns:
        Every role with the display name of its folder or None.

    Raises:
        InvalidMapping: a wished folder does not exist, holds no mail, or is wished for twice.
        MailError: the server could not be reached or refused.
    """
    with workspace.store.read() as connection:
        saved = book.load_mapping(connection, account.id) or FolderMapping()
    listing = list_folders(workspace, account)
    base = listing.proposal.mapping if accept else saved
    chosen = {role: _find(listing.folders, name) for role, name in wishes.items() if name}
    mapping = base.with_choices({role: chosen.get(role) for role in wishes})
    _refuse_doubles(mapping)
    with workspace.store.write() as connection:
        book.save_mapping(connection, account.id, mapping)
    names = {folder.raw: folder.name for folder in listing.folders}
    return _named(mapping, names)


def saved_mapping(workspace: Workspace, account: Account) -> dict[Role, str | None]:
    """Every role with the display name of its saved folder or None; asks no server."""
    with workspace.store.read() as connection:
        mapping = book.load_mapping(connection, account.id) or FolderMapping()
    return _named(mapping, {})


def _named(mapping: FolderMapping, names: Mapping[bytes, str]) -> dict[Role, str | None]:
    return {
        role: None if (raw := mapping[role]) is None else names.get(raw) or decode_name(raw)
        for role in Role
    }


def _find(folders: Sequence[Folder], name: str) -> bytes:
    """The raw name of the folder a person means: by display name, else by raw name."""
    # Bytes a shell could not decode come as lone surrogates, and are the raw name's own.
    raw = name.encode("utf-8", "surrogateescape" if _from_bytes(name) else "replace")
    found = [f for f in folders if f.name == name] or [f for f in folders if f.raw == raw]
    if not found:
        raise InvalidMapping(
            Text(f"Den Ordner „{name}“ gibt es nicht.", f"There is no folder “{name}”."),
            field="mapping",
            hint=Text(
                "Ordner: " + ", ".join(f.name for f in folders[:20]),
                "Folders: " + ", ".join(f.name for f in folders[:20]),
            ),
        )
    if not found[0].selectable:
        raise InvalidMapping(
            Text(
                f"„{name}“ ist nur ein Behälter für andere Ordner und kann keine E-Mails enthalten.",
                f"“{name}” only contains other folders and cannot hold mail.",
            ),
            field="mapping",
        )
    return found[0].raw


def _from_bytes(name: str) -> bool:
    """Whether every surrogate in a text stands for a byte (PEP 383)."""
    return all("\udc80" <= c <= "\udcff" for c in name if "\ud800" <= c <= "\udfff")


def _refuse_doubles(mapping: FolderMapping) -> None:
    seen: dict[bytes, Role] = {}
    for role, raw in mapping:
        if raw in seen:
            name = decode_name(raw)
            raise InvalidMapping(
                Text(
                    f"„{name}“ ist zwei Rollen zugewiesen: {seen[raw]} und {role}.",
                    f"“{name}” is mapped to two roles: {seen[raw]} and {role}.",
                ),
                field="mapping",
            )
        seen[raw] = role
