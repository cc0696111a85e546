"""An open office, a saved account on the real Dovecot, and forms to press the buttons of."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import pytest
from pydantic import SecretStr

from toolkit.accounts.account import Account, AccountDraft
from toolkit.folders.proposal import propose_mapping
from toolkit.mail.imap import ImapSession
from toolkit.onboarding import save_account
from toolkit.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from demo.servers.live import LiveMailbox

#: Seconds the form's own thread may take: generous, for a wrong form never ends.
PATIENCE = 60.0


@pytest.fixture
def workspace(home: Path) -> Iterator[Workspace]:
    """An open office in an empty home."""
    with Workspace.open() as opened:
        yield opened


@pytest.fixture
def saved(workspace: Workspace) -> Callable[..., Account]:
    """Save a live mailbox as an account with the proposed mapping; ``port`` replaces IMAP's."""

    def save(mailbox: LiveMailbox, *, port: int | None = None) -> Account:
        secret = SecretStr(mailbox.password)
        with ImapSession.open(mailbox.settings.imap, tls=workspace.tls) as session:
            session.login(mailbox.login, secret)
            mapping = propose_mapping(session.folders()).mapping
        imap = mailbox.settings.imap
        draft = AccountDraft(
            email=mailbox.login,
            display_name="Kanzlei",
            username=mailbox.login,
            imap=imap if port is None else replace(imap, port=port),
            smtp=mailbox.settings.smtp,
            owner="Bernd Bussard",
            viewers=("Anna Amsel",),
        )
        return save_account(workspace, draft, secret, mapping, create_users=True)

    return save


@pytest.fixture
def finish() -> Callable[[Any], None]:
    """Wait until a form's work is done and shown, with what that started."""

    def wait(form: Any) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with form._lock:  # held while a result is being shown
                if not form.work.running:
                    return
            time.sleep(0.01)
        raise AssertionError("the form's work does not end")

    return wait


@pytest.fixture
def text_of() -> Callable[[widgets.Widget], str]:
    """The markup of all visible parts of a form, one after the other."""

    def read(widget: widgets.Widget) -> str:
        if widget.layout.display == "none":
            return ""
        own = widget.value if isinstance(widget, widgets.HTML) else ""
        return own + "".join(read(child) for child in getattr(widget, "children", ()))

    return read
