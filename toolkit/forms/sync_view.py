"""After saving: the first sync, its progress, and what arrived as a table."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import ipywidgets as widgets

from toolkit import render
from toolkit.accounts.account import Account
from toolkit.errors import Cancelled
from toolkit.forms.parts import Slot, Work, any_notice, card, error_notice, guarded
from toolkit.language import Text
from toolkit.progress import ProgressCallback
from toolkit.render import Column, Html

if TYPE_CHECKING:
    from toolkit.sync import SyncReport
    from toolkit.workspace import Workspace

__all__ = ["SyncView", "report_table"]

TOTAL = Text("Summe", "Total")
_SHOWN = {"bytes": render.size, "seconds": render.duration}
_HEADINGS = {"bytes": Text("Größe", "Size"), "seconds": Text("Dauer", "Time")}

HEADING = Text("Erster Abgleich", "First sync")
AGAIN = Text("Erneut synchronisieren", "Sync again")
SAVED = Text("{email} ist gespeichert (Konto {id}).", "{email} is saved (account {id}).")
STOPPED = Text(
    "Abgebrochen. Was schon da ist, bleibt; der nächste Abgleich setzt dort fort.",
    "Cancelled. What has arrived stays; the next sync continues there.",
)
NEVER_POLLED = Text(
    "Niemand sieht dieses Konto und niemand sendet von ihm: Es wird deshalb nicht von selbst abgerufen.",
    "Nobody sees this account and nobody sends from it: it is therefore not polled by itself.",
)


class SyncView:
    """The last part of the form; hidden until an account is saved.

    Args:
        workspace: the open office.
        lock: held while the form changes.
    """

    def __init__(self, workspace: Workspace, lock: threading.RLock) -> None:
        self._workspace = workspace
        self._account: Account | None = None
        self._saved = Slot()
        self._result = Slot()
        self.work = Work(lock, self._failed, self._changed)
        self._again = widgets.Button(description=str(AGAIN), layout=widgets.Layout(display="none"))
        self._again.on_click(guarded(self._failed, lambda _button: self.start()))
        buttons = widgets.HBox([self._again])
        buttons.add_class("tk-buttons")
        self.view = card(HEADING, self._saved, self.work.view, self._result, buttons)
        self.view.layout.display = "none"

    def open(self, account: Account) -> None:
        """Show that the account is saved, and start its first sync."""
        self._account = account
        words = SAVED.format(email=account.email, id=account.id)
        notices = [render.notice("success", words)]
        if not account.polled:
            notices.append(render.notice("warning", NEVER_POLLED))
        self._saved.show(*notices)
        self._result.clear()
        self.view.layout.display = ""
        self.start()

    def close(self) -> None:
        """Hide everything again, for the next account."""
        self._account = None
        self.view.layout.display = "none"

    def start(self) -> None:
        """Sync the account that was saved."""
        account = self._account
        if account is None:
            return

        def job(progress: ProgressCallback, cancel: threading.Event) -> SyncReport:
            from toolkit.sync import sync_account

            return sync_account(self._workspace, account.id, progress=progress, cancel=cancel)

        self._result.clear()
        self.work.start(job, self._show, abandon=False)

    def _show(self, report: SyncReport) -> None:
        self._result.show(*report_table(report))

    def _failed(self, error: BaseException) -> None:
        """The account stays saved whatever happens here."""
        if isinstance(error, Cancelled):
            self._result.show(render.notice("info", STOPPED))
        else:
            self._result.show(any_notice(error))

    def _changed(self) -> None:
        self._again.layout.display = "none" if self.work.running else ""


def report_table(report: SyncReport) -> tuple[Html, ...]:
    """A sync's verdict, its table with the sums, and what went wrong folder by folder."""
    from toolkit.sync.report import COLUMNS

    rows = report.folders
    # These two are no part of the reckoning "on server = new + already here + skipped + failed".
    idle = {key for key in ("changed", "vanished") if not any(getattr(row, key) for row in rows)}
    columns = [
        Column(str(heading), _HEADINGS.get(key, heading), show=_SHOWN.get(key))
        for key, heading in COLUMNS.items()
        if key not in idle
    ]
    sums: dict[str, object] = {
        str(heading): sum(getattr(row, key) for row in rows)
        for key, heading in COLUMNS.items()
        if key not in ("folder", "role", "seconds")
    }
    sums |= {str(COLUMNS["folder"]): str(TOTAL), str(COLUMNS["seconds"]): report.seconds}
    verdict = render.notice("success" if report.ok else "warning", report.verdict)
    errors = [
        render.section(render.plain(row.folder), error_notice(row.error), level=4)
        for row in rows
        if row.error is not None
    ]
    return (verdict, render.table(report.frame(), columns, total=sums), *errors)
