"""The filing folder is found wherever it is, by its exact name."""

from __future__ import annotations

import pytest

from toolkit.folders.filing import find_filing_folder, new_filing_folder
from toolkit.folders.survey import Capabilities
from toolkit.mail.folder import Folder, Namespaces


def listing(*names: str, delimiter: str = "/") -> list[Folder]:
    return [Folder(name.encode(), name, delimiter) for name in ("INBOX", *names)]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["Actaport"], "Actaport"),
        (["INBOX/Actaport"], "INBOX/Actaport"),
        (["Kanzlei/2024/Actaport"], "Kanzlei/2024/Actaport"),
        (["Alt/Actaport", "Actaport"], "Actaport"),
        (["actaport", "ACTAPORT", "Actaport alt", "Actaport/Unterordner"], None),
        (["Papierkorb/Actaport"], None),
        (["Shared/anna/Actaport"], None),
        ([], None),
    ],
)
def test_by_exact_name(names: list[str], found: str | None) -> None:
    """The nearest folder of exactly that name counts; lookalikes and deleted ones do not."""
    folder = find_filing_folder(listing(*names))
    assert (folder.name if folder else None) == found


def test_a_container_cannot_take_mail() -> None:
    """A folder that holds folders only is not found."""
    assert find_filing_folder([Folder(b"Actaport", "Actaport", flags=("\\Noselect",))]) is None


def test_below_a_trash_the_server_flags() -> None:
    """A trash folder of another name is one by its flag."""
    listed = [Folder(b"Weg", "Weg", flags=("\\Trash",)), *listing("Weg/Actaport")]
    assert find_filing_folder(listed) is None


@pytest.mark.parametrize(
    ("listed", "personal", "raw"),
    [
        (listing("Gesendet"), None, b"Actaport"),
        (listing(), None, b"Actaport"),
        (listing("INBOX.Sent", "INBOX.Trash", delimiter="."), None, b"INBOX.Actaport"),
        (listing("INBOX.Sent", "user", delimiter="."), ("INBOX.",), b"INBOX.Actaport"),
        (listing("Gesendet"), ("",), b"Actaport"),
    ],
)
def test_where_a_missing_one_is_created(
    listed: list[Folder], personal: tuple[str, ...] | None, raw: bytes
) -> None:
    """A missing folder is created at the top of the account's own folders."""
    spaces = Namespaces(personal) if personal else None
    assert new_filing_folder(listed, capabilities=Capabilities(namespaces=spaces)) == raw
