"""The runs that were: every finished sync's report, as it was recorded, newest first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from toolkit.errors import StoreError, ToolkitError
from toolkit.folders.roles import Role
from toolkit.language import Text
from toolkit.store import schema as s
from toolkit.sync.report import FolderResult, SyncReport

if TYPE_CHECKING:
    from toolkit.workspace import Workspace

__all__ = ["SyncRun", "SyncTotals", "report_from_json", "runs"]

#: As many runs as a person looks through.
MOST_RUNS = 50


@dataclass(frozen=True, slots=True)
class SyncTotals:
    """The sums over a run's folders: ``on_server = new + already_here + skipped + failed``.

    ``bytes`` are octets of content fetched.
    """

    folders: int
    on_server: int
    new: int
    already_here: int
    changed: int
    vanished: int
    skipped: int
    failed: int
    bytes: int


@dataclass(frozen=True, slots=True)
class SyncRun:
    """One finished sync of an account; ``finished_at`` is in UTC and knows it."""

    id: int
    finished_at: datetime
    ok: bool
    report: SyncReport

    @property
    def totals(self) -> SyncTotals:
        """The sums over the folders."""
        rows = self.report.folders
        return SyncTotals(
            folders=len(rows),
            on_server=sum(row.on_server for row in rows),
            new=sum(row.new for row in rows),
            already_here=sum(row.already_here for row in rows),
            changed=sum(row.changed for row in rows),
            vanished=sum(row.vanished for row in rows),
            skipped=sum(row.skipped for row in rows),
            failed=sum(row.failed for row in rows),
            bytes=sum(row.bytes for row in rows),
        )


def runs(workspace: Workspace, account_id: str, *, limit: int = MOST_RUNS) -> tuple[SyncRun, ...]:
    """The finished syncs of an account, newest first, at most ``limit`` of them.

    A run that never reached the server left no record. An unknown account has no runs.

    Raises:
        StoreError: the database cannot be read, or a record in it is damaged.
    """
    query = (
        sa.select(s.sync_runs)
        .where(s.sync_runs.c.account_id == account_id)
        .order_by(s.sync_runs.c.finished_at.desc(), s.sync_runs.c.id.desc())
        .limit(limit)
    )
    with workspace.store.read() as connection:
        rows = connection.execute(query).all()
    return tuple(_run(row.id, row.finished_at, row.ok, row.report) for row in rows)


def report_from_json(value: Mapping[str, Any]) -> SyncReport:
    """The inverse of `SyncReport.as_json`.

    Errors come back as a bare `ToolkitError`: their words and evidence, without their class.

    Raises:
        KeyError, TypeError, ValueError: it is no report, or a row of it does not add up.
    """
    return SyncReport(
        account_id=str(value["id"]),
        email=str(value["email"]),
        folders=tuple(_folder(row) for row in value["folders"]),
        seconds=float(value["seconds"]),
        error=_error(value.get("error")),
        dry_run=bool(value.get("dry_run", False)),
        differences=tuple(str(one) for one in value.get("differences", ())),
    )


def _run(run_id: int, finished_at: datetime, ok: object, report: str) -> SyncRun:
    # SQLite gives back naive times, all of them UTC.
    when = finished_at if finished_at.tzinfo else finished_at.replace(tzinfo=UTC)
    try:
        return SyncRun(run_id, when.astimezone(UTC), bool(ok), report_from_json(json.loads(report)))
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise StoreError(
            Text(
                f"Der Bericht des Abgleichs Nr. {run_id} ist beschädigt.",
                f"The report of sync no. {run_id} is damaged.",
            ),
            hint=Text(
                "Ein neuer Abgleich gelingt trotzdem; die Datenbank bitte aus der Sicherung prüfen.",
                "A new sync works all the same; please check the database against its backup.",
            ),
            evidence=f"{type(exc).__name__}: {exc}",
        ) from exc


def _folder(row: Mapping[str, Any]) -> FolderResult:
    counts = {
        key: int(row[key])
        for key in (
            "on_server", "new", "already_here", "changed", "vanished", "skipped", "failed", "bytes"
        )
    }  # fmt: skip
    accounted = sum(counts[key] for key in ("new", "already_here", "skipped", "failed"))
    if counts["on_server"] != accounted:
        raise ValueError(f"{counts['on_server']} != {accounted}")
    return FolderResult(
        folder=str(row["folder"]),
        role=None if row["role"] is None else Role(row["role"]),
        seconds=float(row["seconds"]),
        error=_error(row.get("error")),
        skipped_uids=tuple(int(uid) for uid in row.get("skipped_uids", ())),
        failed_uids=tuple(int(uid) for uid in row.get("failed_uids", ())),
        **counts,
    )


def _error(value: Mapping[str, Any] | None) -> ToolkitError | None:
    if value is None:
        return None
    message, hint = str(value["message"]), value.get("hint")
    return ToolkitError(
        Text(message, message),
        hint=None if hint is None else Text(str(hint["de"]), str(hint["en"])),
        field=str(value.get("field", "")),
        evidence=str(value.get("evidence", "")),
    )
