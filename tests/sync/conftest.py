"""A saved account on the real Dovecot, ready to be synced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

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


@pytest.fixture
def workspace(home: Path) -> Iterator[Workspace]:
    """An open office in an empty home."""
    with Workspace.open() as opened:
        yield opened


@pytest.fixture
def saved(workspace: Workspace) -> Callable[[LiveMailbox], Account]:
    """Save a live mailbox as an account with the proposed mapping."""

    def save(mailbox: LiveMailbox) -> Account:
        secret = SecretStr(mailbox.password)
        with ImapSession.open(mailbox.settings.imap, tls=workspace.tls) as session:
            session.login(mailbox.login, secret)
            mapping = propose_mapping(session.folders()).mapping
        draft = AccountDraft(
            email=mailbox.login,
            display_name="Kanzlei",
            username=mailbox.login,
            imap=mailbox.settings.imap,
            smtp=mailbox.settings.smtp,
            owner="Müller",
            viewers=("Müller",),
        )
        return save_account(workspace, draft, secret, mapping, create_users=True)

    return save
