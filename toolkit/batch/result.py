"""What an executed notebook hands back: one small file beside it, whole or not there."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.errors import InvalidAccount
from toolkit.language import Text
from toolkit.workspace import Workspace

if TYPE_CHECKING:
    from toolkit.diagnosis.findings import Diagnosis

__all__ = ["diagnose_for_report", "read_result", "write_result"]


def diagnose_for_report(account_id: str, result: str = "") -> Diagnosis:
    """Diagnose a saved account from a notebook; the password stays between vault and server.

    Args:
        account_id: the account's id.
        result: path of the file the overview reads; empty writes none.

    Raises:
        InvalidAccount: no account was named.
        AccountNotFound: no account has that id.
    """
    from toolkit.accounts import book
    from toolkit.diagnosis.probe import diagnose_account

    if not account_id:
        raise InvalidAccount(
            Text("Es wurde kein Konto angegeben.", "No account was named."), field="account_id"
        )
    with Workspace.open() as workspace:
        with workspace.store.read() as connection:
            account = book.account_by_id(connection, account_id)
        diagnosis = diagnose_account(workspace, account)
    if result:
        write_result(Path(result), diagnosis.as_json())
    return diagnosis


def write_result(path: Path, content: dict[str, object]) -> None:
    """Write JSON so that a reader sees all of it or nothing."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".new")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            json.dump(content, file, ensure_ascii=False, indent=1)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read_result(path: Path) -> dict[str, object] | None:
    """What was written there; None if the notebook did not get so far."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
