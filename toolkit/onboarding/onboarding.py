"""Connect an account: suggest servers, load folders, save with the mapping agreed on."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.accounts import book
from toolkit.accounts.account import Account, AccountDraft
from toolkit.accounts.users import OfficeUser
from toolkit.errors import AccountInUse, InvalidAccount
from toolkit.folders.proposal import Proposal, propose_mapping
from toolkit.folders.roles import FolderMapping
from toolkit.folders.survey import Capabilities
from toolkit.language import Text
from toolkit.mail.folder import Folder
from toolkit.mail.settings import ServerSettings
from toolkit.progress import Progress, ProgressCallback, check_cancelled
from toolkit.providers.catalogue import load_providers
from toolkit.providers.discovery import Discovery, discover
from toolkit.vault.vault import SecretRef
from toolkit.workspace import Workspace

if TYPE_CHECKING:
    from pydantic import SecretStr

    from toolkit.mail.imap import ImapSession

__all__ = [
    "FolderListing",
    "check_servers",
    "list_folders",
    "load_folders",
    "office_users",
    "remove_account",
    "save_account",
    "suggest_settings",
]


@dataclass(frozen=True, slots=True)
class FolderListing:
    """What "IMAP-Ordner laden" brings: the account's folders and a proposal for their roles."""

    folders: tuple[Folder, ...]
    proposal: Proposal

    def as_json(self) -> dict[str, object]:
        """``{"folders", "mapping", "also", "virtual", "reasons"}``, as ``toolkit folders`` answers."""
        rows = [
            {
                "name": folder.name,
                "raw": folder.raw.decode("utf-8", "backslashreplace"),
                "flags": list(folder.flags),
                "delimiter": folder.delimiter,
                "messages": folder.messages,
                "unseen": folder.unseen,
            }
            for folder in self.folders
        ]
        return {"folders": rows, **self.proposal.as_json()}


def suggest_settings(address: str, *, online: bool = True) -> Discovery:
    """Server data for an address; no password is involved.

    Args:
        address: what the customer typed.
        online: ask DNS and the provider's autoconfig; False answers from presets alone.
    """
    if not online:
        return discover(address, resolver=None)
    from toolkit.providers.live import LiveResolver

    return discover(address, resolver=LiveResolver())


def office_users(workspace: Workspace) -> tuple[OfficeUser, ...]:
    """Whom the form offers as viewers, senders and owner."""
    with workspace.store.read() as connection:
        return book.users(connection)


def load_folders(
    workspace: Workspace,
    draft: AccountDraft,
    secret: SecretStr,
    *,
    progress: ProgressCallback | None = None,
    cancel: threading.Event | None = None,
) -> FolderListing:
    """The first connection: log in, list the folders, propose their roles. Saves nothing.

    Raises:
        InvalidAccount: a field needed for connecting is missing; ``field`` names it.
        MailError: the server could not be reached or refused; ``field`` names the one to look at.
        Cancelled: a person stopped it.
    """
    for problem in draft.connection_problems():
        raise problem
    return _listing(
        workspace, draft.settings(), secret, draft.provider, None, progress=progress, cancel=cancel
    )


def list_folders(workspace: Workspace, account: Account) -> FolderListing:
    """The folders of a saved account, proposed with regard to the mapping it has.

    Raises:
        SecretMissing: no password is kept for it.
        MailError: the server could not be reached or refused.
    """
    with workspace.store.read() as connection:
        saved = book.load_mapping(connection, account.id)
    secret = workspace.vault.get(SecretRef(account.id))
    return _listing(workspace, account.servers, secret, account.provider, saved)


def check_servers(workspace: Workspace, settings: ServerSettings, secret: SecretStr) -> None:
    """Log in to both servers and leave again.

    Raises:
        MailError: the first of the two that failed.
    """
    from toolkit.mail.imap import ImapSession
    from toolkit.mail.smtp import SmtpSession

    with ImapSession.open(settings.imap, tls=workspace.tls) as imap:
        imap.login(settings.username, secret)
    with SmtpSession.open(settings.smtp, tls=workspace.tls) as smtp:
        smtp.login(settings.smtp_username or settings.username, secret)


def save_account(
    workspace: Workspace,
    draft: AccountDraft,
    secret: SecretStr,
    mapping: FolderMapping | None,
    *,
    create_users: bool = False,
) -> Account:
    """Save a new account with its mapping; the secret goes into the vault.

    The secret is stored first and taken back if the account cannot be: a vault entry nobody names
    is harmless, an account without a password is not.

    Raises:
        InvalidAccount: a mandatory field is missing, or the address is connected already.
        UserNotFound: owner, viewer or sender is unknown and ``create_users`` is off.
    """
    account = draft.account()
    if not secret.get_secret_value():
        raise _no_password()
    ref = SecretRef(account.id)
    workspace.vault.put(ref, secret)
    try:
        with workspace.store.write() as connection:
            names = (account.owner, *account.viewers, *account.senders)
            if create_users:
                book.ensure_users(connection, names)
            for name in names:
                book.user_by_name(connection, name)
            book.add_account(connection, account)
            if mapping is not None:
                book.save_mapping(connection, account.id, mapping)
    except BaseException:
        workspace.vault.forget(ref)
        raise
    return account


def remove_account(workspace: Workspace, account: Account) -> None:
    """Delete an account, all that is stored of it, and its secret.

    Raises:
        AccountInUse: unprocessed mail of it remains; says how much, and the way out.
    """
    with workspace.store.write() as connection:
        left = book.unprocessed(connection, account.id)
        if left:
            raise AccountInUse(
                Text(
                    f"{account.email} kann nicht gelöscht werden: {left} unbearbeitete Nachrichten liegen noch im Posteingang.",
                    f"{account.email} cannot be deleted: {left} unprocessed messages are still in the inbox.",
                ),
                hint=Text(
                    f"Die Nachrichten verakten oder zuweisen; oder das Konto deaktivieren: „toolkit account deactivate {account.id}“.",
                    f"File or assign the messages; or deactivate the account: “toolkit account deactivate {account.id}”.",
                ),
            )
        book.delete_account(connection, account.id)
    workspace.vault.forget(SecretRef(account.id))


def _listing(
    workspace: Workspace,
    settings: ServerSettings,
    secret: SecretStr,
    provider: str | None,
    saved: FolderMapping | None,
    *,
    progress: ProgressCallback | None = None,
    cancel: threading.Event | None = None,
) -> FolderListing:
    from toolkit.mail.imap import ImapSession

    def step(done: int, de: str, en: str) -> None:
        check_cancelled(cancel)
        if progress is not None:
            progress(Progress(done, 3, Text(de, en)))

    if not secret.get_secret_value():
        raise _no_password()
    host = settings.imap.host
    step(0, f"Verbinde mit {host} …", f"Connecting to {host} …")
    with ImapSession.open(settings.imap, tls=workspace.tls) as session:
        step(1, "Melde an …", "Logging in …")
        session.login(settings.username, secret)
        step(2, "Lade Ordner …", "Loading folders …")
        listing = _propose(session, provider, saved)
        step(3, "Fertig.", "Done.")
        return listing


def _propose(
    session: ImapSession, provider: str | None, saved: FolderMapping | None
) -> FolderListing:
    folders = session.folders()
    preset = load_providers().get(provider) if provider else None
    proposal = propose_mapping(
        folders,
        provider=provider,
        capabilities=Capabilities(
            special_use="SPECIAL-USE" in session.capabilities,
            xlist="XLIST" in session.capabilities,
            namespaces=session.namespaces(),
        ),
        previous=saved,
        known_names=preset.folder_names if preset is not None else None,
    )
    return FolderListing(folders, proposal)


def _no_password() -> InvalidAccount:
    return InvalidAccount(
        Text("Passwort fehlt.", "The password is missing."),
        field="password",
        hint=Text("Dieses Feld ist ein Pflichtfeld.", "This field is mandatory."),
    )
