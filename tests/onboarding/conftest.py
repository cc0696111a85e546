"""An open office, and what a person would type to connect a live mailbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from toolkit.accounts import book
from toolkit.accounts.account import Account, AccountDraft
from toolkit.onboarding import load_folders, save_account
from toolkit.vault.file_vault import FileVault
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
def draft(live_mailbox: LiveMailbox) -> AccountDraft:
    """The form filled in without a mistake."""
    return AccountDraft(
        email=live_mailbox.login,
        display_name="Kanzlei Amsel",
        username=live_mailbox.login,
        imap=live_mailbox.settings.imap,
        smtp=live_mailbox.settings.smtp,
        owner="Bernd Bussard",
        viewers=("Anna Amsel", "Bernd Bussard"),
        senders=("Bernd Bussard",),
    )


@pytest.fixture
def secret(live_mailbox: LiveMailbox) -> SecretStr:
    """The mailbox's password."""
    return SecretStr(live_mailbox.password)


@pytest.fixture
def saved(workspace: Workspace, draft: AccountDraft, secret: SecretStr) -> Account:
    """The account saved with the mapping proposed."""
    mapping = load_folders(workspace, draft, secret).proposal.mapping
    return save_account(workspace, draft, secret, mapping, create_users=True)


@pytest.fixture
def kept(workspace: Workspace) -> Callable[[], tuple[int, int, int]]:
    """Counts the accounts, office users and secrets the office keeps."""

    def count() -> tuple[int, int, int]:
        vault = workspace.vault
        assert isinstance(vault, FileVault)
        with workspace.store.read() as connection:
            return len(book.accounts(connection)), len(book.users(connection)), len(vault._load())

    return count
