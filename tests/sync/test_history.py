"""The runs that were, read back from a real database."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from demo.servers.content import letters
from toolkit.errors import CommandRefused, Stage, StoreError
from toolkit.folders.roles import Role
from toolkit.language import Text
from toolkit.store import schema as s
from toolkit.sync import FolderResult, SyncReport, sync_account
from toolkit.sync.history import SyncRun, SyncTotals, report_from_json, runs

if TYPE_CHECKING:
    from demo.servers.live import LiveMailbox
    from toolkit.accounts.account import Account
    from toolkit.workspace import Workspace

_ROW = FolderResult("a", on_server=2, new=2).as_json()
FOUR_IS_NOT_TWO = {**SyncReport("x", "").as_json(), "folders": [{**_ROW, "on_server": 4}]}

Save = Callable[["LiveMailbox"], "Account"]


def test_every_sync_is_remembered_newest_first(
    workspace: Workspace, saved: Save, live_mailbox: LiveMailbox
) -> None:
    """Two syncs are two runs whose sums are those of their reports, with a time that knows its zone."""
    account = saved(live_mailbox)
    assert runs(workspace, account.id) == ()
    before = datetime.now(UTC)
    first = sync_account(workspace, account.id)
    live_mailbox.fill("INBOX", letters(2, seed=11))
    sync_account(workspace, account.id)
    later, earlier = runs(workspace, account.id)
    assert (earlier.totals.new, later.totals.new, later.totals.already_here) == (15, 2, 15)
    assert earlier.report.folders == tuple(
        report_from_json(first.as_json()).folders
    )  # but for seconds, which are rounded
    assert before - timedelta(seconds=1) < earlier.finished_at <= later.finished_at
    assert later.finished_at.tzinfo is UTC
    assert earlier.ok
    assert later.report.verdict.de == "Vollständig: alle 17 Nachrichten aus 6 Ordnern sind da."
    assert later.totals.folders == 6
    assert runs(workspace, account.id, limit=1) == (later,)


def test_an_unknown_account_has_no_runs(workspace: Workspace) -> None:
    """Nothing is raised for an account nobody has."""
    assert runs(workspace, "nobody") == ()


def test_a_report_survives_the_way_through_json() -> None:
    """Counts, roles, UIDs, differences and the words of errors come back as they were."""
    error = CommandRefused(
        Text("Abgelehnt.", "Refused."),
        stage=Stage.FETCH,
        hint=Text("Im Webmail öffnen.", "Open it in webmail."),
        evidence="NO [SERVERBUG] <b>",
    )
    row = FolderResult(
        "Rechnungen & <Akten>", Role.INBOX, on_server=10, new=4, already_here=3, changed=1,
        vanished=2, skipped=1, failed=2, bytes=1234, seconds=0.25, error=error,
        skipped_uids=(7,), failed_uids=(8, 9),
    )  # fmt: skip
    report = SyncReport(
        "id", "a@b.example", (row, FolderResult("leer")), 1.5, differences=("INBOX: UID 1",)
    )
    back = report_from_json(json.loads(json.dumps(report.as_json())))
    (again, empty) = back.folders
    assert back.as_json() | {"folders": []} == report.as_json() | {"folders": []}
    assert empty == FolderResult("leer")
    assert again.error is not None
    assert again.error.hint == error.hint
    assert (str(again.error), again.error.evidence) == ("Abgelehnt.", "NO [SERVERBUG] <b>")
    as_row, was = again.as_json(), row.as_json()
    del as_row["error"], was["error"]
    assert as_row == was
    assert not back.ok


def test_sums_are_over_all_folders() -> None:
    """Each total is a column's sum."""
    rows = tuple(
        FolderResult(name, on_server=n, new=1, already_here=n - 1, changed=1, bytes=10)
        for name, n in (("a", 3), ("b", 5))
    )
    report = SyncReport("id", "a@b.example", rows)
    totals = SyncRun(1, datetime.now(UTC), ok=True, report=report).totals
    assert totals == SyncTotals(2, 8, 2, 6, 2, 0, 0, 0, 20)


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "null",
        "[]",
        '{"id": "x"}',
        '{"id": "x", "email": "", "seconds": 0, "folders": [{"folder": "a"}]}',
        json.dumps(FOUR_IS_NOT_TWO),
    ],
)
def test_a_damaged_record_is_one_typed_error(
    workspace: Workspace, saved: Save, live_mailbox: LiveMailbox, damage: str
) -> None:
    """Cut short, of another kind, or a row that does not add up."""
    account = saved(live_mailbox)
    with workspace.store.write() as connection:
        connection.execute(
            s.sync_runs.insert().values(
                account_id=account.id, finished_at=datetime.now(UTC), ok=True, report=damage
            )
        )
    with pytest.raises(StoreError, match="beschädigt"):
        runs(workspace, account.id)
