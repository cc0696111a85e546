"""The sync form: bring one account up to date, and see what arrived, now and in earlier runs.

::

    from toolkit.forms import sync_report_form

    sync_report_form()
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import ipywidgets as widgets

from toolkit import render
from toolkit.errors import Cancelled
from toolkit.forms.frame import (
    NO_ACCOUNTS,
    account_options,
    button_row,
    choice,
    form_of,
    in_office,
    offer,
    saved_accounts,
)
from toolkit.forms.parts import Slot, Work, any_notice, card, guarded
from toolkit.forms.plots import describe_folders, folder_bars, plot_folders
from toolkit.forms.sync_view import STOPPED, report_table
from toolkit.language import Text
from toolkit.render import Column, Html
from toolkit.sync.history import SyncRun, runs

if TYPE_CHECKING:
    from datetime import datetime

    from toolkit.progress import ProgressCallback
    from toolkit.sync import SyncReport
    from toolkit.workspace import Workspace

__all__ = ["SyncReportForm", "show_history", "show_report", "sync_report_form"]

WHICH = Text("Welches Konto?", "Which account?")
ACCOUNT = Text("E-Mail-Konto", "Mail account")
SYNC = Text("Jetzt synchronisieren", "Sync now")
REPORT = Text("Letzter Abgleich", "Latest sync")
HISTORY = Text("Verlauf", "History")
NEVER = Text("Dieses Konto wurde noch nie abgeglichen.", "This account has never been synced.")
PRESS = Text("„Jetzt synchronisieren“ holt alles.", "“Sync now” fetches everything.")
PLOT = Text("Nachrichten je Ordner", "Messages per folder")
WHEN = Text("Abgeschlossen am {when}.", "Finished on {when}.")
_OK = Text("vollständig", "complete")
_NOT_OK = Text("unvollständig", "incomplete")


class SyncReportForm:
    """The form with its state; ``view`` is the widget to display.

    Args:
        workspace: the open office; its accounts are offered.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.RLock()
        self.account = choice(ACCOUNT)
        self.message = Slot()
        self.report = Slot()
        self.history = Slot()
        self.work = Work(self._lock, self._failed, self._changed)
        self._sync = widgets.Button(description=str(SYNC), button_style="primary")
        safe = partial(guarded, self._failed)
        self._sync.on_click(safe(lambda _button: self.start()))
        row = button_row(self._sync)
        self._which = card(WHICH, self.account, row)
        self._report_card = card(REPORT, self.report)
        self._history_card = card(HISTORY, self.history)
        self.view = form_of(
            self._which, self.work.view, self.message, self._report_card, self._history_card
        )
        accounts = saved_accounts(workspace)
        offer(self.account, account_options(accounts))
        self.account.observe(safe(lambda _change: self._picked()), names="value")
        if accounts:
            self._picked()
        else:
            self.message.show(NO_ACCOUNTS)
            for part in (self._which, self._report_card, self._history_card):
                part.layout.display = "none"

    def start(self) -> None:
        """Sync the chosen account ("Jetzt synchronisieren")."""
        account_id = self.account.value
        if self.work.running or not account_id:
            return
        self.message.clear()

        def job(progress: ProgressCallback, cancel: threading.Event) -> SyncReport:
            from toolkit.sync import sync_account

            return sync_account(self._workspace, account_id, progress=progress, cancel=cancel)

        self.work.start(job, self._done, abandon=False)

    def _done(self, report: SyncReport) -> None:
        """The run is in the history by now; a stopped one is said to be stopped."""
        if isinstance(report.error, Cancelled):
            self.message.show(render.notice("info", STOPPED))
        self._draw(report)

    def _picked(self) -> None:
        self.message.clear()
        self._draw()

    def _draw(self, report: SyncReport | None = None) -> None:
        """What is known of the chosen account.

        Args:
            report: of the run just finished; its errors say more than what was recorded of them.
        """
        earlier = runs(self._workspace, self.account.value)
        shown: list[Html] = []
        if earlier:
            when = WHEN.format(when=render.moment(earlier[0].finished_at))
            shown = [render.paragraph(when), *show_report(report or earlier[0].report)]
            self.history.show(show_history(earlier))
        elif report is not None:
            shown = [*show_report(report)]
        else:
            shown = [render.notice("info", NEVER, PRESS)]
        self.report.show(*shown)
        self._history_card.layout.display = "" if earlier else "none"

    def _failed(self, error: BaseException) -> None:
        with self._lock:
            self.message.show(any_notice(error))

    def _changed(self) -> None:
        self._sync.disabled = self.account.disabled = self.work.running


def show_report(report: SyncReport) -> tuple[Html, ...]:
    """A sync's verdict and table, and its folders as a plot if there is anything in them."""
    bars = folder_bars(report.folders)
    shown = report_table(report)
    if not bars:
        return shown
    return (*shown, render.figure(plot_folders(bars), describe_folders(bars), PLOT))


def show_history(earlier: Sequence[SyncRun]) -> Html:
    """Earlier runs as a table, newest first."""
    vanished = any(run.totals.vanished for run in earlier)
    columns = [
        Column("when", Text("Zeitpunkt", "Time"), show=_in_one_line),
        Column("outcome", Text("Ergebnis", "Outcome")),
        Column("on_server", Text("Auf dem Server", "On server")),
        Column("new", Text("Neu", "New")),
        *([Column("vanished", Text("Verschwunden", "Vanished"))] if vanished else []),
        Column("failed", Text("Fehlgeschlagen", "Failed")),
        Column("bytes", Text("Geholt", "Fetched"), show=render.size),
        Column("seconds", Text("Dauer", "Time taken"), show=render.duration),
    ]
    rows = [
        {
            "when": run.finished_at,
            "outcome": render.badge("success", _OK) if run.ok else render.badge("error", _NOT_OK),
            "on_server": run.totals.on_server,
            "new": run.totals.new,
            "vanished": run.totals.vanished,
            "failed": run.totals.failed,
            "bytes": run.totals.bytes,
            "seconds": run.report.seconds,
        }
        for run in earlier
    ]
    return render.table(rows, columns, caption=Text("Frühere Abgleiche", "Earlier syncs"))


def _in_one_line(when: datetime) -> str:
    return render.moment(when).replace(" ", "\u00a0")


def sync_report_form() -> widgets.Widget:
    """The form to sync an account and see what arrived, for the last line of a cell."""
    return in_office(lambda workspace: SyncReportForm(workspace).view)
