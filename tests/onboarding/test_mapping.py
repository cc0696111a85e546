"""Agreeing on a mapping: proposal, wishes, what is refused, what is saved and shown again."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.accounts import book
from toolkit.errors import InvalidMapping, SecretMissing
from toolkit.folders.roles import FolderMapping, Role
from toolkit.mail.answers import parse_list
from toolkit.onboarding import accept_mapping, parse_assignments, saved_mapping
from toolkit.onboarding.mapping import _find
from toolkit.vault.vault import SecretRef

if TYPE_CHECKING:
    from toolkit.accounts.account import Account
    from toolkit.workspace import Workspace


@pytest.fixture
def mapping(workspace: Workspace, saved: Account) -> Callable[[], FolderMapping | None]:
    """What the database keeps."""

    def load() -> FolderMapping | None:
        with workspace.store.read() as connection:
            return book.load_mapping(connection, saved.id)

    return load


def test_assignments_are_role_equals_folder() -> None:
    """Roles in any letters; a folder may hold an equals sign; an empty one means none."""
    assert parse_assignments(["SENT=Gesendet", " trash =A=B", "archive=", "junk= Spam "]) == {
        Role.SENT: "Gesendet",
        Role.TRASH: "A=B",
        Role.ARCHIVE: "",
        Role.JUNK: " Spam ",
    }
    assert parse_assignments([]) == {}


@pytest.mark.parametrize("text", ["", "sent", "=Gesendet", "outbox=Postausgang", "se nt=x"])
def test_other_forms_are_refused_with_the_roles_there_are(text: str) -> None:
    """The error quotes what was given and lists the roles."""
    with pytest.raises(InvalidMapping) as raised:
        parse_assignments([text])
    assert raised.value.field == "mapping"
    assert raised.value.hint is not None
    assert "sent" in raised.value.hint.de


def test_two_wishes_for_one_role_are_refused() -> None:
    """Nobody guesses which of the two was meant."""
    with pytest.raises(InvalidMapping, match="sent"):
        parse_assignments(["sent=Gesendet", "SENT=Archiv"])


@given(st.text(), st.text(st.characters(categories=["L", "Cs", "Cc", "P"])))
def test_any_text_is_an_assignment_or_a_typed_error(role: str, folder: str) -> None:
    """Whatever a shell hands over, lone surrogates of broken bytes included."""
    with contextlib.suppress(InvalidMapping):
        parse_assignments([role, f"{role}={folder}"])
    (wish,) = parse_assignments([f"sent={folder}"]).values()
    with pytest.raises(InvalidMapping):
        _find([], wish)


def test_a_folder_is_found_by_bytes_no_text_can_name() -> None:
    """A raw name that is not UTF-8, as a shell hands it over, finds its folder."""
    folders = parse_list([b'() "/" "Entw\xfcrfe"', b'() "/" "Entwuerfe"'])
    assert _find(folders, os.fsdecode(b"Entw\xfcrfe")) == b"Entw\xfcrfe"


@pytest.mark.dovecot
def test_the_proposal_is_taken_saved_and_shown(
    workspace: Workspace, saved: Account, mapping: Callable[[], FolderMapping | None]
) -> None:
    """Accepting answers and saves every role's folder, by display and by raw name."""
    names = accept_mapping(workspace, saved, accept=True, wishes={})
    assert names == {
        Role.INBOX: "INBOX",
        Role.SENT: "Gesendete Elemente",
        Role.DRAFTS: "Entwürfe",
        Role.TRASH: "Gelöschte Elemente",
        Role.JUNK: "Junk-E-Mail",
        Role.ARCHIVE: "Archiv",
    }
    assert saved_mapping(workspace, saved) == names
    kept = mapping()
    assert kept is not None
    assert kept[Role.DRAFTS] == b"Entw&APw-rfe"
    assert kept.chosen == frozenset()


@pytest.mark.dovecot
def test_wishes_stick_through_later_proposals(
    workspace: Workspace, saved: Account, mapping: Callable[[], FolderMapping | None]
) -> None:
    """A folder set by hand, and a role emptied by hand, survive the next --accept."""
    wishes = parse_assignments(["archive=Akten/Meier gegen Schulze", "junk="])
    names = accept_mapping(workspace, saved, accept=False, wishes=wishes)
    assert (names[Role.ARCHIVE], names[Role.JUNK]) == ("Akten/Meier gegen Schulze", None)
    assert names[Role.SENT] == "Gesendete Elemente"
    again = accept_mapping(workspace, saved, accept=True, wishes={})
    assert again[Role.ARCHIVE] == "Akten/Meier gegen Schulze"
    kept = mapping()
    assert kept is not None
    assert Role.ARCHIVE in kept.chosen
    # The raw name is as good as the one people see.
    raw = accept_mapping(workspace, saved, accept=False, wishes={Role.DRAFTS: "Entw&APw-rfe"})
    assert raw[Role.DRAFTS] == "Entwürfe"


@pytest.mark.dovecot
@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        (["sent=Gesendte Elemente"], "gibt es nicht"),
        (["archive=Gesendete Elemente"], "zwei Rollen"),
        (["archive=Akten/Meier gegen Schulze", "junk=Akten/Meier gegen Schulze"], "zwei Rollen"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    workspace: Workspace,
    saved: Account,
    mapping: Callable[[], FolderMapping | None],
    wishes: list[str],
    words: str,
) -> None:
    """Unknown folders and doubles are named in words; the mapping stays as it was."""
    before = mapping()
    with pytest.raises(InvalidMapping, match=words) as raised:
        accept_mapping(workspace, saved, accept=False, wishes=parse_assignments(wishes))
    assert raised.value.field == "mapping"
    assert mapping() == before


@pytest.mark.dovecot
def test_a_container_takes_no_role(
    workspace: Workspace, saved: Account, mapping: Callable[[], FolderMapping | None]
) -> None:
    """A folder that only holds others cannot hold mail, and the refusal says so."""
    before = mapping()
    with pytest.raises(InvalidMapping, match="nur ein Behälter"):
        accept_mapping(workspace, saved, accept=False, wishes={Role.ARCHIVE: "Akten"})
    assert mapping() == before


@pytest.mark.dovecot
def test_without_a_secret_nothing_is_mapped_but_what_is_saved_is_shown(
    workspace: Workspace, saved: Account
) -> None:
    """Showing asks no server; accepting needs one."""
    workspace.vault.forget(SecretRef(saved.id))
    assert saved_mapping(workspace, saved)[Role.TRASH] == "Gelöschte Elemente"
    with pytest.raises(SecretMissing):
        accept_mapping(workspace, saved, accept=True, wishes={})
