"""The sync form without a browser, against a real Dovecot."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from demo.servers.content import letters
from demo.servers.process import free_port
from toolkit.errors import Cancelled
from toolkit.forms import sync_report_form
from toolkit.forms.sync_report import SyncReportForm
from toolkit.language import Text
from toolkit.sync import SyncReport

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from demo.servers.live import LiveMailbox
    from toolkit.accounts.account import Account
    from toolkit.workspace import Workspace

Finish = Callable[[Any], None]
Read = Callable[[widgets.Widget], str]
Save = Callable[..., "Account"]


def test_a_sync_shows_verdict_table_plot_and_history(
    workspace: Workspace, saved: Save, live_mailbox: LiveMailbox, finish: Finish, text_of: Read
) -> None:
    """Two syncs: the table is the latest one's, the history has both, newest first."""
    saved(live_mailbox)
    form = SyncReportForm(workspace)
    assert "noch nie abgeglichen" in text_of(form.view)
    form.start()
    finish(form)
    assert "Vollständig: alle 15 Nachrichten aus 6 Ordnern sind da." in form.report.value
    assert "Gesendete Elemente" in form.report.value
    assert 'src="data:image/svg+xml;base64,' in form.report.value
    live_mailbox.fill("INBOX", letters(2, seed=21))
    form.start()
    finish(form)
    assert "alle 17 Nachrichten" in form.report.value
    rows = re.findall(r"<tr>(.*?)</tr>", form.history.value)[1:]
    new = [re.findall(r"<bdi>(.*?)</bdi>", row)[3] for row in rows]
    assert new == ["2", "15"]
    assert live_mailbox.password not in text_of(form.view)


def test_earlier_runs_are_there_when_the_notebook_is_opened_again(
    workspace: Workspace,
    saved: Save,
    live_mailbox: LiveMailbox,
    make_mailbox: Callable[..., LiveMailbox],
    finish: Finish,
) -> None:
    """What was recorded is shown without a server, for the account that is chosen."""
    account = saved(live_mailbox)
    other = saved(make_mailbox({"INBOX": letters(1, seed=22)}))
    form = SyncReportForm(workspace)
    form.account.value = account.id
    form.start()
    finish(form)
    again = SyncReportForm(workspace)
    again.account.value = account.id
    assert "alle 15 Nachrichten" in again.report.value
    assert "Abgeschlossen am" in again.report.value
    again.account.value = other.id
    assert "noch nie abgeglichen" in again.report.value
    assert again._history_card.layout.display == "none"


def test_a_server_out_of_reach_is_a_message(
    workspace: Workspace, saved: Save, live_mailbox: LiveMailbox, finish: Finish
) -> None:
    """The error stands above, and what is known of earlier runs stays."""
    saved(live_mailbox, port=free_port())
    form = SyncReportForm(workspace)
    form.start()
    finish(form)
    assert "tk-error" in form.message.value
    assert "Port" in form.message.value
    assert "noch nie abgeglichen" in form.report.value
    assert not form._sync.disabled


def test_a_stopped_sync_says_that_it_goes_on_later(
    workspace: Workspace,
    saved: Save,
    live_mailbox: LiveMailbox,
    finish: Finish,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Abbrechen waits for the batch at hand; meanwhile no other account can be chosen."""
    account = saved(live_mailbox)
    going = threading.Event()

    def slow(_workspace: object, account_id: str, *, cancel: threading.Event, **_: Any) -> Any:
        going.set()
        assert cancel.wait(30)
        stopped = Cancelled(Text("Abgebrochen.", "Cancelled."))
        return SyncReport(account_id, account.email, error=stopped)

    monkeypatch.setattr("toolkit.sync.sync_account", slow)
    form = SyncReportForm(workspace)
    form.start()
    assert going.wait(30)
    assert form.account.disabled
    form.work.stop()
    finish(form)
    assert "der nächste Abgleich setzt dort fort" in form.message.value
    assert not form.account.disabled


def test_an_empty_office_is_told_where_to_begin(home: Path, text_of: Read) -> None:
    """Without an account there is nothing to press."""
    shown = text_of(sync_report_form())
    assert "noch kein E-Mail-Konto eingerichtet" in shown
    assert "onboarding.ipynb" in shown
    assert "Welches Konto?" not in shown
