"""Sync against a real Dovecot: what is stored equals what the server's own tool says it has."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from demo.servers.content import letters
from toolkit.accounts import book
from toolkit.errors import AccountBusy, InvalidMapping, LoginRefused, SyncError
from toolkit.folders.roles import Role
from toolkit.sync import SyncReport, stored_messages, sync_account

if TYPE_CHECKING:
    from demo.servers.live import LiveMailbox
    from toolkit.accounts.account import Account
    from toolkit.progress import Progress
    from toolkit.workspace import Workspace

Save = Callable[["LiveMailbox"], "Account"]


def _here(workspace: Workspace, account: Account, folder: str) -> dict[int, tuple[str, set[str]]]:
    return {
        message.uid: (message.sha256, set(message.flags))
        for message in stored_messages(workspace, account.id, folder)
    }


def _there(mailbox: LiveMailbox, folder: str) -> dict[int, tuple[str, set[str]]]:
    return {
        message.uid: (message.sha256, set(message.flags) - {"\\Recent"})
        for message in mailbox.stored(folder)
    }


def _row(report: SyncReport, folder: str) -> dict[str, object]:
    (row,) = [row.as_json() for row in report.folders if row.folder == folder]
    return row


def test_a_first_sync_stores_every_mapped_message_byte_for_byte(
    workspace: Workspace, saved: Save, live_mailbox: LiveMailbox
) -> None:
    """UIDs, SHA-256 and flags are the server's own; folders without a role are left alone."""
    account = saved(live_mailbox)
    report = sync_account(workspace, account.id)
    assert report.ok
    assert {row.folder: row.new for row in report.folders} == {
        "INBOX": 5,
        "Gesendete Elemente": 3,
        "Entwürfe": 1,
        "Gelöschte Elemente": 2,
        "Junk-E-Mail": 0,
        "Archiv": 4,
    }
    for row in report.folders:
        assert _here(workspace, account, row.folder) == _there(live_mailbox, row.folder)
    assert not [m for m in stored_messages(workspace, account.id) if m.folder.startswith("Akten")]
    assert report.verdict.de == "Vollständig: alle 15 Nachrichten aus 6 Ordnern sind da."


def test_a_second_sync_brings_only_the_difference(
    workspace: Workspace, saved: Save, live_mailbox: LiveMailbox
) -> None:
    """New, changed and expunged messages are counted as such, and the result is equal again."""
    account = saved(live_mailbox)
    sync_account(workspace, account.id)
    live_mailbox.fill("INBOX", letters(2, seed=9))
    live_mailbox.server.set_flags(live_mailbox.login, "INBOX", [1], ["\\Flagged"])
    live_mailbox.server.expunge(live_mailbox.login, "INBOX", [2, 3])
    report = sync_account(workspace, account.id)
    row = _row(report, "INBOX")
    assert (row["on_server"], row["new"], row["already_here"]) == (5, 2, 3)
    assert (row["changed"], row["vanished"], row["failed"]) == (1, 2, 0)
    assert _here(workspace, account, "INBOX") == _there(live_mailbox, "INBOX")


def test_a_sync_of_an_unchanged_account_fetches_nothing(
    workspace: Workspace, saved: Save, live_mailbox: LiveMailbox
) -> None:
    """Nothing new, nothing changed, no octet of content."""
    account = saved(live_mailbox)
    sync_account(workspace, account.id)
    again = sync_account(workspace, account.id)
    assert again.ok
    assert {(row.new, row.changed, row.vanished, row.bytes) for row in again.folders} == {
        (0, 0, 0, 0)
    }


def test_all_folders_includes_those_without_a_role_and_no_containers(
    workspace: Workspace, saved: Save, live_mailbox: LiveMailbox
) -> None:
    """`all_folders` takes every selectable folder, whatever it is called."""
    account = saved(live_mailbox)
    report = sync_account(workspace, account.id, all_folders=True)
    names = {row.folder for row in report.folders}
    assert names == set(live_mailbox.status())
    (files,) = [row for row in report.folders if row.folder.startswith("Akten/")]
    assert (files.role, files.new) == (None, 2)


def test_a_dry_run_says_what_would_be_fetched_and_stores_nothing(
    workspace: Workspace, saved: Save, live_mailbox: LiveMailbox
) -> None:
    """The counts are the real ones; the store stays empty."""
    account = saved(live_mailbox)
    report = sync_account(workspace, account.id, dry_run=True)
    assert sum(row.new for row in report.folders) == 15
    assert "15 von 15" in report.verdict.de
    assert stored_messages(workspace, account.id) == ()


def test_a_new_uidvalidity_starts_over_and_attributes_nothing_wrongly(
    workspace: Workspace, saved: Save, live_mailbox: LiveMailbox
) -> None:
    """After the server renumbers, all is fetched anew under the new numbers; old rows are not shown."""
    account = saved(live_mailbox)
    sync_account(workspace, account.id)
    live_mailbox.server.set_uidvalidity(live_mailbox.login, "INBOX", 4711)
    report = sync_account(workspace, account.id)
    assert _row(report, "INBOX")["new"] == 5
    assert _here(workspace, account, "INBOX") == _there(live_mailbox, "INBOX")


def test_a_mapped_folder_that_is_gone_is_a_row_and_never_green(
    workspace: Workspace, saved: Save, live_mailbox: LiveMailbox
) -> None:
    """The other folders are synced all the same; the report names the missing one."""
    account = saved(live_mailbox)
    with workspace.store.write() as connection:
        mapping = book.load_mapping(connection, account.id)
        assert mapping is not None
        book.save_mapping(
            connection, account.id, mapping.with_choices({Role.ARCHIVE: b"Gibt es nicht"})
        )
    report = sync_account(workspace, account.id)
    assert not report.ok
    assert [row.folder for row in report.folders if not row.ok] == ["Gibt es nicht"]
    assert _row(report, "INBOX")["new"] == 5


def test_verify_finds_nothing_after_a_sync_and_names_what_was_altered(
    workspace: Workspace, saved: Save, live_mailbox: LiveMailbox
) -> None:
    """Every stored content is compared by hash; one altered row is reported with its UID."""
    import sqlalchemy as sa

    from toolkit.store import schema as s

    account = saved(live_mailbox)
    assert sync_account(workspace, account.id, verify=True).ok
    digest = bytes.fromhex(stored_messages(workspace, account.id, "INBOX")[0].sha256)
    other = bytes.fromhex(stored_messages(workspace, account.id, "INBOX")[1].sha256)
    with workspace.store.write() as connection:
        connection.execute(
            sa.update(s.messages).where(s.messages.c.sha256 == digest).values(sha256=other)
        )
    report = sync_account(workspace, account.id, verify=True)
    assert not report.ok
    assert report.differences == ("INBOX: UID 1: content differs",)


def test_a_cancelled_sync_keeps_what_it_has_and_the_next_one_continues(
    workspace: Workspace, saved: Save, make_mailbox: Callable[..., LiveMailbox]
) -> None:
    """Cancelled after the first batch: 200 messages are stored, the next run brings the rest."""
    mailbox = make_mailbox({"INBOX": list(letters(450, seed=3))})
    account = saved(mailbox)
    cancel = threading.Event()

    def after_first_batch(progress: Progress) -> None:
        if progress.done:
            cancel.set()

    report = sync_account(workspace, account.id, progress=after_first_batch, cancel=cancel)
    assert not report.ok
    assert report.error is not None
    assert report.error.code == "cancelled"
    assert len(stored_messages(workspace, account.id)) == 200
    again = sync_account(workspace, account.id)
    assert (_row(again, "INBOX")["already_here"], _row(again, "INBOX")["new"]) == (200, 250)
    assert _here(workspace, account, "INBOX") == _there(mailbox, "INBOX")


def test_two_syncs_of_one_account_exclude_each_other(
    workspace: Workspace, saved: Save, live_mailbox: LiveMailbox
) -> None:
    """The second is told at once that the account is busy."""
    account = saved(live_mailbox)
    refused: list[AccountBusy] = []

    def try_again(_: Progress) -> None:
        with pytest.raises(AccountBusy) as caught:
            sync_account(workspace, account.id)
        refused.append(caught.value)

    assert sync_account(workspace, account.id, progress=try_again).ok
    assert refused


def test_what_keeps_a_sync_from_starting_is_a_typed_error(
    workspace: Workspace, saved: Save, live_mailbox: LiveMailbox
) -> None:
    """No mapping, a deactivated account, a changed password: each says so in its own class."""
    import sqlalchemy as sa

    from toolkit.store import schema as s

    account = saved(live_mailbox)
    with workspace.store.write() as connection:
        connection.execute(sa.update(s.accounts).values(mapped_at=None))
    with pytest.raises(InvalidMapping):
        sync_account(workspace, account.id)
    with workspace.store.write() as connection:
        book.set_active(connection, account.id, active=False)
    with pytest.raises(SyncError):
        sync_account(workspace, account.id, all_folders=True)
    with workspace.store.write() as connection:
        book.set_active(connection, account.id, active=True)
    from pydantic import SecretStr

    from toolkit.vault.vault import SecretRef

    workspace.vault.put(SecretRef(account.id), SecretStr("falsch"))
    with pytest.raises(LoginRefused):
        sync_account(workspace, account.id, all_folders=True)


_KILLED = """
import os, sys
from toolkit.workspace import Workspace
from toolkit.sync import sync_account, transfer
transfer.BATCH_MESSAGES = 20
def tell(progress):
    print(progress.done, flush=True)
with Workspace.open() as workspace:
    sync_account(workspace, sys.argv[1], progress=tell)
"""


@pytest.mark.slow
def test_a_killed_sync_continues_without_loss_or_duplicate(
    workspace: Workspace, saved: Save, make_mailbox: Callable[..., LiveMailbox]
) -> None:
    """SIGKILL between and within batches, ten times: the end equals the server, message by message."""
    mailbox = make_mailbox({"INBOX": list(letters(600, seed=5))})
    account = saved(mailbox)
    for kill in range(10):
        process = subprocess.Popen(
            [sys.executable, "-c", _KILLED, account.id], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                if int(line) >= 20 * (kill % 3 + 1):
                    time.sleep(0.003 * kill)  # somewhere inside the batch that follows
                    process.send_signal(signal.SIGKILL)
                    break
        process.wait()
        here = _here(workspace, account, "INBOX")
        there = _there(mailbox, "INBOX")
        assert here.items() <= there.items()
    report = sync_account(workspace, account.id, verify=True)
    assert report.ok
    row = _row(report, "INBOX")
    assert row["on_server"] == 600
    assert _here(workspace, account, "INBOX") == _there(mailbox, "INBOX")
    assert len(stored_messages(workspace, account.id)) == 600
