"""Which accounts a batch runs over: all active ones, or those a CSV file names."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from toolkit.accounts import book
from toolkit.errors import InputError
from toolkit.language import Text
from toolkit.workspace import Workspace

__all__ = ["BatchAccount", "choose_accounts"]

#: Headings a column of accounts may have, in the order they are looked for.
_HEADINGS = (
    "id", "account", "konto", "email", "e-mail", "address", "adresse", "e-mail-adresse",
    "mailadresse",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BatchAccount:
    """One account of a batch; ``known`` is False for a line of the file nobody has saved."""

    id: str
    email: str
    known: bool = True


def choose_accounts(workspace: Workspace, file: Path | None = None) -> tuple[BatchAccount, ...]:
    """All active accounts, or the ones a CSV file names by id or address, in its order.

    A file may name a deactivated account: whoever writes it down wants to know. Addresses are
    compared in any letters, and an account named twice is one.

    Raises:
        InputError: the file cannot be read, or has no column that names accounts.
    """
    names = None if file is None else _names(file)
    with workspace.store.read() as connection:
        saved = book.accounts(connection)
    if names is None:
        return tuple(BatchAccount(one.id, one.email) for one in saved if one.active)
    known = {one.email.casefold(): BatchAccount(one.id, one.email) for one in saved}
    known |= {one.id: BatchAccount(one.id, one.email) for one in saved}
    chosen: dict[str, BatchAccount] = {}
    for name in names:
        one = known.get(name) or known.get(name.casefold())
        one = one or BatchAccount(name, name, known=False)
        chosen.setdefault(one.id, one)
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
    first = content.partition("\n")[0]
    separator = next((one for one in (";", "\t") if one in first), ",")
    try:
        # Not by lines: a quoted cell may hold line ends.
        rows = list(csv.reader(io.StringIO(content, newline=""), delimiter=separator))
    except csv.Error as exc:
        raise InputError(
            Text(f"{file} ist keine lesbare CSV-Datei: {exc}", f"{file} is no readable CSV: {exc}"),
            field="file",
        ) from exc
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
