"""The office mailbox's form without a browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from toolkit.accounts import book
from toolkit.accounts.users import OfficeUser
from toolkit.folders.roles import Role
from toolkit.forms import office_mailbox_form
from toolkit.forms.office_mailbox import OfficeMailboxForm, show_view
from toolkit.mailbox.view import MailRow, OfficeMailbox
from toolkit.sync import sync_account

if TYPE_CHECKING:
    from pathlib import Path

    from demo.servers.live import LiveMailbox
    from toolkit.accounts.account import Account
    from toolkit.workspace import Workspace

Finish = Callable[[Any], None]
Read = Callable[[widgets.Widget], str]


def test_a_viewer_sees_the_mail_of_each_folder_and_why(
    workspace: Workspace, saved: Callable[..., Account], live_mailbox: LiveMailbox, finish: Finish
) -> None:
    """Choosing a folder shows its messages, with dates and the reason for the account."""
    account = saved(live_mailbox)
    sync_account(workspace, account.id)
    form = OfficeMailboxForm(workspace)
    finish(form)
    assert form.user.value == "Anna Amsel"
    assert form.mail.value.count("<tr>") == 1 + 5
    assert "Posteingang von Anna Amsel: 5 Nachrichten aus 1 Konto<" in form.mail.value
    assert "Warum diese Konten?" in form.mail.value
    form.role.value = str(Role.SENT)
    finish(form)
    assert form.mail.value.count("<tr>") == 1 + 3
    assert account.email in form.mail.value


def test_who_is_no_viewer_sees_nothing_and_reads_why(
    workspace: Workspace,
    saved: Callable[..., Account],
    live_mailbox: LiveMailbox,
    finish: Finish,
) -> None:
    """The owner who is not entered as a viewer gets an explanation instead of an empty table."""
    account = saved(live_mailbox)
    sync_account(workspace, account.id)
    form = OfficeMailboxForm(workspace)
    form.user.value = "Bernd Bussard"
    finish(form)
    assert "Bernd Bussard ist bei keinem Konto" in form.mail.value
    assert form.mail.value.count("<tr>") <= 2


def test_a_choice_made_while_loading_is_not_lost(workspace: Workspace, finish: Finish) -> None:
    """However fast somebody clicks, what is shown in the end is what is chosen."""
    with workspace.store.write() as connection:
        for name in ("Anna Amsel", "Bernd Bussard", "Carla <b>"):
            book.add_user(connection, OfficeUser(name))
    form = OfficeMailboxForm(workspace)
    for name in ("Bernd Bussard", "Anna Amsel", "Carla <b>"):
        form.user.value = name
    finish(form)
    assert "Carla &lt;b&gt; ist bei keinem Konto" in form.mail.value


def mailbox(rows: int, total: int, accounts: int = 1) -> OfficeMailbox:
    row = MailRow("a@b.example", "INBOX", datetime.now(UTC), "<b>", "<script>", unread=True)
    some: Any = ("account",) * accounts
    return OfficeMailbox(OfficeUser("Anna"), Role.INBOX, (row,) * rows, total, some, ())


def test_a_cut_list_says_so() -> None:
    """More messages than shown, none at all, and all of them are told apart."""
    cut, empty, whole = (
        "".join(map(str, show_view(one)))
        for one in (mailbox(2, 1234), mailbox(0, 0), mailbox(2, 2))
    )
    assert "die neuesten 2 von 1.234 Nachrichten" in cut
    assert "In „Posteingang“ liegt nichts" in empty
    assert "neuesten" not in whole
    assert "&lt;script&gt;" in whole
    assert "<script" not in whole


def test_an_office_without_users_is_told_where_to_begin(home: Path, text_of: Read) -> None:
    """Nothing can be chosen before there is somebody."""
    shown = text_of(office_mailbox_form())
    assert "Es gibt noch keine Benutzer." in shown
    assert "Wessen Kanzleipostfach?" not in shown
