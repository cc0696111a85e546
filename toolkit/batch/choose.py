"""Which accounts a batch runs over: all active ones, or those a CSV file names."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from toolkit.accounts import book
from toolkit.errors import AccountNotFound, InputError
from toolkit.language import Text
from toolkit.workspace import Workspace

__all__ = ["BatchAccount", "choose_accounts"]

#: Headings a column of accounts may have, in the order they are looked for.
_HEADINGS = ("id", "account", "konto", "email", "address", "adresse", "e-mail")


@dataclass(frozen=True, slots=True)
class BatchAccount:
    """One account of a batch; ``known`` is False for a line of the file nobody has saved."""

    id: str
    email: str
    known: bool = True


def choose_accounts(workspace: Workspace, file: Path | None = None) -> tuple[BatchAccount, ...]:
    """All active accounts, or the ones a CSV file names by id or address, in its order.

    Raises:
        InputError: the file cannot be read, or has no column that names accounts.
    """
    with workspace.store.read() as connection:
        if file is None:
            return tuple(
                BatchAccount(account.id, account.email)
                for account in book.accounts(connection)
                if account.active
            )
        chosen: dict[str, BatchAccount] = {}
        for name in _names(file):
            try:
                account = book.account_by_id(connection, name)
            except AccountNotFound:
                chosen.setdefault(name, BatchAccount(name, name, known=False))
            else:
                chosen.setdefault(account.id, BatchAccount(account.id, account.email))
    return tuple(chosen.values())


def _names(file: Path) -> list[str]:
    try:
        content = file.read_text(encoding="utf-8-sig")  # Excel puts a byte order mark in front
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(
            Text(f"{file} lässt sich nicht lesen: {exc}", f"{file} cannot be read: {exc}"),
            field="file",
            hint=Text("Eine CSV-Datei in UTF-8 angeben.", "Give a CSV file in UTF-8."),
        ) from exc
    separator = ";" if content.partition("\n")[0].count(";") else ","
    rows = list(csv.reader(content.splitlines(), delimiter=separator))
    if not rows:
        return []
    head = [cell.strip().lower() for cell in rows[0]]
    column = next((head.index(heading) for heading in _HEADINGS if heading in head), None)
    if column is None:
        raise InputError(
            Text(
                f"{file}, Zeile 1: keine Spalte heißt id oder email.",
                f"{file}, line 1: no column is called id or email.",
            ),
            field="file",
            hint=Text(
                "Die erste Zeile muss die Spalten benennen.",
                "The first line must name the columns.",
            ),
        )
    return [row[column].strip() for row in rows[1:] if len(row) > column and row[column].strip()]
