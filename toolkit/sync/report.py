"""What a sync found and did: rows that reconcile, a verdict in words, a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from toolkit.errors import ToolkitError
from toolkit.folders.roles import ROLE_NAMES, Role
from toolkit.language import Text

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FolderResult", "SyncReport"]


@dataclass(frozen=True, slots=True)
class FolderResult:
    """One folder: ``on_server = new + already_here + skipped + failed``, always.

    Attributes:
        folder: display name.
        skipped: messages left out on purpose; ``skipped_uids`` says which.
        failed: messages the server has and we could not get; ``failed_uids`` says which.
        error: why the folder as a whole, or some of its messages, failed; None if nothing did.
        bytes: octets of content fetched.
        seconds: time spent on this folder.
    """

    folder: str
    role: Role | None = None
    on_server: int = 0
    new: int = 0
    already_here: int = 0
    changed: int = 0
    vanished: int = 0
    skipped: int = 0
    failed: int = 0
    bytes: int = 0
    seconds: float = 0.0
    error: ToolkitError | None = None
    skipped_uids: tuple[int, ...] = ()
    failed_uids: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        accounted = self.new + self.already_here + self.skipped + self.failed
        assert self.on_server == accounted, f"{self.folder}: {self.on_server} != {accounted}"

    @property
    def ok(self) -> bool:
        """Whether everything of this folder that should be here is."""
        return self.error is None and self.failed == 0

    def as_json(self) -> dict[str, object]:
        """The row as ``toolkit sync --json`` gives it."""
        row: dict[str, object] = {
            "folder": self.folder,
            "role": None if self.role is None else str(self.role),
            "on_server": self.on_server,
            "new": self.new,
            "already_here": self.already_here,
            "changed": self.changed,
            "vanished": self.vanished,
            "skipped": self.skipped,
            "failed": self.failed,
            "bytes": self.bytes,
            "seconds": round(self.seconds, 3),
        }
        if self.error is not None:
            row["error"] = self.error.as_json()
        if self.failed_uids:
            row["failed_uids"] = list(self.failed_uids)
        if self.skipped_uids:
            row["skipped_uids"] = list(self.skipped_uids)
        return row


#: The table's columns: key → heading.
COLUMNS: Mapping[str, Text] = {
    "folder": Text("Ordner", "Folder"),
    "role": Text("Kanzleipostfach", "Office mailbox"),
    "on_server": Text("Auf dem Server", "On server"),
    "new": Text("Neu", "New"),
    "already_here": Text("Schon da", "Already here"),
    "changed": Text("Geändert", "Changed"),
    "vanished": Text("Verschwunden", "Vanished"),
    "skipped": Text("Ausgelassen", "Skipped"),
    "failed": Text("Fehlgeschlagen", "Failed"),
    "bytes": Text("Bytes", "Bytes"),
    "seconds": Text("Sekunden", "Seconds"),
}


@dataclass(frozen=True, slots=True)
class SyncReport:
    """One account's sync. ``seconds`` runs from connecting to the last commit."""

    account_id: str
    email: str
    folders: tuple[FolderResult, ...] = ()
    seconds: float = 0.0
    error: ToolkitError | None = None
    dry_run: bool = False
    differences: tuple[str, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Green only if every folder is."""
        return self.error is None and not self.differences and all(row.ok for row in self.folders)

    @property
    def verdict(self) -> Text:
        """The result in one sentence."""
        on_server = sum(row.on_server for row in self.folders)
        if self.error is not None and not self.folders:
            return Text(
                f"Nicht synchronisiert: {self.error.message.de}",
                f"Not synced: {self.error.message.en}",
            )
        if self.dry_run:
            new = sum(row.new for row in self.folders)
            return Text(
                f"Probelauf: {_de(new)} von {_de(on_server)} Nachrichten würden geholt.",
                f"Dry run: {new:,} of {on_server:,} messages would be fetched.",
            )
        if self.ok and any(row.skipped for row in self.folders):
            skipped = sum(row.skipped for row in self.folders)
            return Text(
                f"Fertig: {_de(on_server - skipped)} von {_de(on_server)} Nachrichten sind da, {_de(skipped)} wurden ausgelassen.",
                f"Done: {on_server - skipped:,} of {on_server:,} messages are here, {skipped:,} were skipped.",
            )
        if self.ok:
            return Text(
                f"Vollständig: alle {_de(on_server)} Nachrichten aus {len(self.folders)} Ordnern sind da.",
                f"Complete: all {on_server:,} messages of {len(self.folders)} folders are here.",
            )
        failed = sum(row.failed for row in self.folders)
        bad = [row.folder for row in self.folders if not row.ok]
        return Text(
            f"Unvollständig: {_de(failed)} von {_de(on_server)} Nachrichten fehlen ({', '.join(bad) or '–'})."
            + (f" {self.error.message.de}" if self.error else "")
            + (f" Abweichungen: {len(self.differences)}." if self.differences else ""),
            f"Incomplete: {failed:,} of {on_server:,} messages are missing ({', '.join(bad) or '–'})."
            + (f" {self.error.message.en}" if self.error else "")
            + (f" Differences: {len(self.differences)}." if self.differences else ""),
        )

    def as_json(self) -> dict[str, object]:
        """The account's part of what ``toolkit sync --json`` prints."""
        answer: dict[str, object] = {
            "id": self.account_id,
            "email": self.email,
            "ok": self.ok,
            "seconds": round(self.seconds, 3),
            "verdict": self.verdict.as_json(),
            "folders": [row.as_json() for row in self.folders],
        }
        if self.error is not None:
            answer["error"] = self.error.as_json()
        if self.dry_run:
            answer["dry_run"] = True
        if self.differences:
            answer["differences"] = list(self.differences)
        return answer

    def frame(self) -> pd.DataFrame:
        """The rows as a DataFrame with a column a key of `COLUMNS`, headings in the reader's language."""
        import pandas as pd

        rows = [
            {
                str(heading): (str(ROLE_NAMES[row.role]) if row.role else "")
                if key == "role"
                else getattr(row, key)
                for key, heading in COLUMNS.items()
            }
            for row in self.folders
        ]
        return pd.DataFrame(rows, columns=[str(heading) for heading in COLUMNS.values()])


def _de(number: int) -> str:
    return f"{number:,}".replace(",", ".")
