"""Which accounts a batch runs over."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolkit.accounts import book
from toolkit.accounts.account import Account
from toolkit.batch import BatchAccount, choose_accounts
from toolkit.errors import InputError
from toolkit.mail.settings import Server, ServerSettings
from toolkit.workspace import Workspace

SERVERS = ServerSettings(
    Server.parse("imap.kanzlei.example:993:ssl"), Server.parse("smtp.kanzlei.example:465:ssl"), "a"
)
ANNA = BatchAccount("a1", "anna@kanzlei.example")
BERND = BatchAccount("b2", "Bernd@kanzlei.example")
OFF = BatchAccount("c3", "aus@kanzlei.example")


@pytest.fixture
def office(workspace: Workspace) -> Workspace:
    """Two active accounts and a deactivated one."""
    with workspace.store.write() as connection:
        book.ensure_users(connection, ["Amt"])
        for one in (ANNA, BERND, OFF):
            account = Account(one.id, one.email, "K", SERVERS, "Amt", active=one is not OFF)
            book.add_account(connection, account)
    return workspace


@pytest.fixture
def chosen(office: Workspace, tmp_path: Path) -> object:
    """The accounts a file with this content names."""

    def choose(content: str | bytes) -> tuple[BatchAccount, ...]:
        file = tmp_path / "konten.csv"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return choose_accounts(office, file)

    return choose


def unknown(name: str) -> BatchAccount:
    return BatchAccount(name, name, known=False)


def test_without_a_file_all_active_accounts_are_chosen(office: Workspace) -> None:
    """Deactivated ones are left out."""
    assert set(choose_accounts(office)) == {ANNA, BERND}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("email\nanna@kanzlei.example\n", [ANNA]),
        ("id\nb2\na1\n", [BERND, ANNA]),
        ("Name;E-Mail-Adresse\nAnna;anna@kanzlei.example\n", [ANNA]),
        ("name,EMAIL\r\nAnna,anna@kanzlei.example\r\n", [ANNA]),
        ("name\tkonto\nBernd\tb2\n", [BERND]),
        ("\ufeffid;email\r\na1;anders@kanzlei.example\r\n", [ANNA]),
        ('"email";"Notiz"\n"ANNA@Kanzlei.Example";"zwei\nZeilen; mit Semikolon"\nb2;\n', [ANNA, BERND]),
        ("email;x;y\n  bernd@kanzlei.example \n\n;;\n", [BERND]),
        ("Notiz;email\nnur eine Zelle\nx;b2\n", [BERND]),
        ("email\nanna@kanzlei.example\na1\nANNA@kanzlei.example\n", [ANNA]),
        ("email\nfremd@kanzlei.example\naus@kanzlei.example\n", [unknown("fremd@kanzlei.example"), OFF]),
        ("email\n=cmd|'/c calc'!A1\n../../etc/passwd\n", [unknown("=cmd|'/c calc'!A1"), unknown("../../etc/passwd")]),
        ("email\n", []),
        ("", []),
    ],
)  # fmt: skip
def test_a_file_names_accounts_in_its_order(
    chosen: object, content: str, expected: list[BatchAccount]
) -> None:
    """By id or address in any letters, however a spreadsheet separates; unknown lines stay, marked."""
    assert callable(chosen)
    assert list(chosen(content)) == expected


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("Name;Ort\nAnna;Köln\n", "Zeile 1: keine Spalte"),
        ("anna@kanzlei.example\n", "Zeile 1: keine Spalte"),
        ("email\nmüller@kanzlei.example\n".encode("latin-1"), "lässt sich nicht lesen"),
        ("email\n" + "x" * 200_000, "keine lesbare CSV-Datei"),
    ],
)
def test_a_file_that_names_nobody_is_refused(
    chosen: object, content: str | bytes, words: str
) -> None:
    """The error names the file and what is wrong with it; the field is the file."""
    assert callable(chosen)
    with pytest.raises(InputError, match=words) as raised:
        chosen(content)
    assert raised.value.field == "file"
    assert "konten.csv" in str(raised.value)


def test_a_missing_file_is_an_input_error(office: Workspace, tmp_path: Path) -> None:
    """Not a bare OSError."""
    with pytest.raises(InputError) as raised:
        choose_accounts(office, tmp_path / "fehlt.csv")
    assert raised.value.field == "file"
