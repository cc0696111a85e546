"""One account's sync: connect, compare folder by folder, fetch what is missing, report.

Each batch of messages commits with its rows in one transaction, and what is stored is asked anew
at every start: a run that was killed anywhere leaves a prefix, and the next run continues from it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from toolkit.accounts import book
from toolkit.accounts.account import Account
from toolkit.errors import (
    AccountBusy,
    Cancelled,
    CommandRefused,
    ConnectionLost,
    DeadlineExceeded,
    InvalidMapping,
    LimitExceeded,
    MailError,
    Stage,
    StoreError,
    SyncError,
    ToolkitError,
)
from toolkit.folders.proposal import propose_mapping
from toolkit.folders.roles import FolderMapping, Role
from toolkit.language import Text
from toolkit.mail.folder import Folder
from toolkit.progress import Progress, ProgressCallback, check_cancelled
from toolkit.sync.ledger import Ledger, StoredMessage
from toolkit.sync.report import FolderResult, SyncReport
from toolkit.sync.transfer import FolderTransfer
from toolkit.vault.vault import SecretRef
from toolkit.workspace import Workspace

if TYPE_CHECKING:
    from toolkit.mail.imap import ImapSession

__all__ = ["stored_messages", "sync_account"]

# After one of these the connection is of no use to the folders that follow.
_FATAL = (ConnectionLost, DeadlineExceeded, LimitExceeded)


def sync_account(
    workspace: Workspace,
    account_id: str,
    *,
    all_folders: bool = False,
    dry_run: bool = False,
    verify: bool = False,
    progress: ProgressCallback | None = None,
    cancel: threading.Event | None = None,
) -> SyncReport:
    """Bring the store up to date with one account's folders.

    Args:
        workspace: the open office.
        account_id: the account's id.
        all_folders: every selectable folder but the virtual ones, instead of the mapped ones
            and their twins.
        dry_run: only report what would be fetched; store nothing.
        verify: afterwards compare everything stored with the server: UIDs, flags, content.
        progress: told about every batch.
        cancel: set to stop after the batch at hand; what is stored stays.

    Returns:
        The report; a folder or message that failed is a row in it, not an exception.

    Raises:
        AccountNotFound: no account has that id.
        InvalidMapping: no folders were mapped yet (and not ``all_folders``).
        AccountBusy: another sync of the account is running.
        MailError: connecting or logging in failed.
        SecretMissing, VaultError: the password cannot be had.
    """
    with workspace.store.read() as connection:
        account = book.account_by_id(connection, account_id)
        mapping = book.load_mapping(connection, account.id)
    _check_ready(account, mapping, all_folders=all_folders)
    with ExitStack() as held:
        try:
            held.enter_context(FileLock(workspace.lock_file(f"sync-{account.id}"), timeout=0))
        except Timeout as exc:
            raise _busy(account) from exc
        run = _Run(
            workspace=workspace,
            account=account,
            mapping=mapping or FolderMapping(),
            all_folders=all_folders,
            dry_run=dry_run,
            verify=verify,
            progress=progress,
            cancel=cancel,
        )
        return run.go()


def stored_messages(
    workspace: Workspace, account_id: str, folder: str | None = None
) -> Sequence[StoredMessage]:
    """What is stored of an account, by folder and UID; ``folder`` is a display name.

    Raises:
        AccountNotFound: no account has that id.
    """
    with workspace.store.read() as connection:
        account = book.account_by_id(connection, account_id)
    return tuple(Ledger(workspace.store, account.id).messages(folder))


@dataclass
class _Run:
    """The state of one sync; lives only inside `sync_account`."""

    workspace: Workspace
    account: Account
    mapping: FolderMapping
    all_folders: bool
    dry_run: bool
    verify: bool
    progress: ProgressCallback | None
    cancel: threading.Event | None
    rows: list[FolderResult] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)

    def go(self) -> SyncReport:
        from toolkit.mail.imap import ImapSession

        self.ledger = Ledger(self.workspace.store, self.account.id)
        secret = self.workspace.vault.get(SecretRef(self.account.id))
        servers = self.account.servers
        started = time.monotonic()
        failure: ToolkitError | None = None
        self._tell(
            0,
            0,
            Text(f"Verbinde mit {servers.imap.host} …", f"Connecting to {servers.imap.host} …"),
        )
        with ImapSession.open(servers.imap, tls=self.workspace.tls) as session:
            session.login(servers.username, secret)
            folders = session.folders(counts=False)
            try:
                for folder in self._chosen(folders):
                    if folder.selectable:
                        self._folder(session, folder)
                    else:
                        self.rows.append(self._missing(folder))
            except Cancelled as exc:
                failure = exc
            except (*_FATAL, StoreError) as exc:
                failure = exc
        report = SyncReport(
            account_id=self.account.id,
            email=self.account.email,
            folders=tuple(self.rows),
            seconds=time.monotonic() - started,
            error=failure,
            dry_run=self.dry_run,
            differences=tuple(self.differences),
        )
        if not self.dry_run and not isinstance(failure, StoreError):
            self.ledger.add_run(ok=report.ok, report=report.as_json())
        return report

    def _chosen(self, listed: Sequence[Folder]) -> list[Folder]:
        r"""The folders to sync, inbox first; a mapped one that is gone comes as \NonExistent."""
        if self.all_folders:
            twice = propose_mapping(listed).duplicates
            return [f for f in listed if f.selectable and f.raw not in twice]
        by_raw = {folder.raw: folder for folder in listed}
        wanted: list[bytes] = []
        for role in Role:
            own = self.mapping[role]
            wanted += [raw for raw in (own, *self.mapping.twins.get(role, ())) if raw is not None]
        from toolkit.mail.utf7 import decode_name

        return [
            by_raw.get(raw) or Folder(raw, decode_name(raw), flags=("\\NonExistent",))
            for raw in dict.fromkeys(wanted)
        ]

    def _folder(self, session: ImapSession, folder: Folder) -> None:
        """One folder; whatever happens ends in a row, and what ends the connection goes on up."""
        name = Text(folder.name, folder.name)
        work = FolderTransfer(
            session=session,
            ledger=self.ledger,
            folder=folder,
            role=self.mapping.role_of(folder.raw),
            tell=lambda done, total: self._tell(done, total, name),
            dry_run=self.dry_run,
            verify=self.verify,
            differences=self.differences,
        )
        try:
            work.go()
        except Cancelled:
            self.rows.append(work.result(None))
            raise
        except (MailError, StoreError, SyncError) as exc:
            self.rows.append(work.result(exc))
            if isinstance(exc, (*_FATAL, StoreError)):
                raise
        else:
            self.rows.append(work.result(None))

    def _missing(self, folder: Folder) -> FolderResult:
        return FolderResult(
            folder=folder.name,
            role=self.mapping.role_of(folder.raw),
            error=CommandRefused(
                Text(
                    f"Den Ordner „{folder.name}“ gibt es auf dem Server nicht mehr.",
                    f"The folder “{folder.name}” no longer exists on the server.",
                ),
                stage=Stage.LIST,
                tried=str(self.account.servers.imap),
                response_code="NONEXISTENT",
                hint=Text("Die Ordner neu laden und zuweisen.", "Load and map the folders again."),
            ),
        )

    def _tell(self, done: int, total: int, what: Text) -> None:
        if self.progress is not None:
            self.progress(Progress(done, total, what))
        check_cancelled(self.cancel)


def _check_ready(account: Account, mapping: FolderMapping | None, *, all_folders: bool) -> None:
    if not account.active:
        raise SyncError(
            Text(
                f"Das Konto {account.email} ist deaktiviert und wird nicht abgerufen.",
                f"The account {account.email} is deactivated and not polled.",
            ),
            hint=Text("Das Konto zuerst reaktivieren.", "Reactivate the account first."),
        )
    if mapping is None and not all_folders:
        raise InvalidMapping(
            Text(
                f"Für das Konto {account.email} sind noch keine Ordner zugewiesen.",
                f"No folders are mapped for account {account.email} yet.",
            ),
            field="mapping",
            hint=Text(
                f"Zuerst „toolkit mapping {account.id} --accept“ ausführen oder --all-folders angeben.",
                f"Run “toolkit mapping {account.id} --accept” first, or pass --all-folders.",
            ),
        )


def _busy(account: Account) -> AccountBusy:
    return AccountBusy(
        Text(
            f"Das Konto {account.email} wird gerade schon synchronisiert.",
            f"The account {account.email} is being synced already.",
        ),
        hint=Text("Warten, bis der andere Lauf fertig ist.", "Wait until the other run is done."),
    )
