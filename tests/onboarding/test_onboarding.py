"""Connecting an account on a real Dovecot: what is wrong is named by its field, and stays unsaved."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from demo.servers.certificates import OTHER_HOST, issue
from demo.servers.scripted import ScriptedServer
from demo.servers.scripts import GMAIL_APP_PASSWORD_IMAP, SILENT, imap
from toolkit.accounts import book
from toolkit.accounts.account import Account, AccountDraft
from toolkit.accounts.users import OfficeUser
from toolkit.errors import (
    AccountInUse,
    Cancelled,
    CertificateHostMismatch,
    ConnectRefused,
    HostNotFound,
    InvalidAccount,
    LoginRefused,
    MailError,
    SecretMissing,
    StarttlsFailed,
    StoreError,
    TlsWrongProtocol,
    ToolkitError,
    UserNotFound,
    VaultError,
)
from toolkit.folders.roles import FolderMapping, Role
from toolkit.mail.settings import Security, Server
from toolkit.onboarding import (
    check_servers,
    list_folders,
    load_folders,
    office_users,
    remove_account,
    save_account,
    suggest_settings,
)
from toolkit.sync import sync_account
from toolkit.vault.vault import SecretRef

if TYPE_CHECKING:
    import trustme

    from demo.servers.live import LiveMailbox
    from toolkit.progress import Progress
    from toolkit.workspace import Workspace

pytestmark = pytest.mark.dovecot

Kept = Callable[[], tuple[int, int, int]]


@pytest.fixture
def refusing() -> Iterator[int]:
    """A port that is ours and accepts nobody."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def test_loading_folders_proposes_roles_and_saves_nothing(
    workspace: Workspace, draft: AccountDraft, secret: SecretStr, kept: Kept
) -> None:
    """The first connection brings every folder with its messages, a mapping, three steps told."""
    steps: list[Progress] = []
    listing = load_folders(workspace, draft, secret, progress=steps.append)
    counted = {folder.name: folder.messages for folder in listing.folders}
    assert counted["INBOX"] == 5
    assert counted["Akten/Meier gegen Schulze"] == 2
    assert {role: raw.decode() for role, raw in listing.proposal.mapping} == {
        Role.INBOX: "INBOX",
        Role.SENT: "Gesendete Elemente",
        Role.DRAFTS: "Entw&APw-rfe",
        Role.TRASH: "Gel&APY-schte Elemente",
        Role.JUNK: "Junk-E-Mail",
        Role.ARCHIVE: "Archiv",
    }
    assert [(step.done, step.total) for step in steps] == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert kept() == (0, 0, 0)


def test_loading_needs_neither_name_nor_owner(
    workspace: Workspace, draft: AccountDraft, secret: SecretStr
) -> None:
    """What only saving needs may still be empty when the folders are loaded."""
    assert load_folders(workspace, replace(draft, display_name="", owner=""), secret).folders


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": " "}, "email"),
        ({"email": "anwalt.kanzlei.example"}, "email"),
        ({"username": ""}, "username"),
        ({"username": "anwalt\r\nA1 LOGOUT"}, "username"),
        ({"smtp_username": "a\x00b"}, "smtp_username"),
        ({"imap": None}, "imap.host"),
        ({"smtp": None}, "smtp.host"),
    ],
)
def test_a_missing_field_is_named_before_anything_connects(
    workspace: Workspace,
    draft: AccountDraft,
    secret: SecretStr,
    kept: Kept,
    changes: dict[str, object],
    field: str,
) -> None:
    """Loading and saving name the same field, with a hint; nothing is saved."""
    wrong = replace(draft, **changes)  # type: ignore[arg-type]
    with pytest.raises(InvalidAccount) as loading:
        load_folders(workspace, wrong, secret)
    with pytest.raises(InvalidAccount) as saving:
        save_account(workspace, wrong, secret, None, create_users=True)
    assert (loading.value.field, saving.value.field) == (field, field)
    assert saving.value.hint is not None
    assert kept() == (0, 0, 0)


@pytest.mark.parametrize(("changes", "field"), [({"display_name": ""}, "display_name"),
                                                ({"owner": " "}, "owner")])  # fmt: skip
def test_saving_needs_a_name_and_an_owner(
    workspace: Workspace,
    draft: AccountDraft,
    secret: SecretStr,
    kept: Kept,
    changes: dict[str, str],
    field: str,
) -> None:
    """The two fields only an account needs are mandatory when it is saved."""
    with pytest.raises(InvalidAccount) as raised:
        save_account(workspace, replace(draft, **changes), secret, None, create_users=True)  # type: ignore[arg-type]
    assert raised.value.field == field
    assert kept() == (0, 0, 0)


def test_an_empty_password_is_the_password_field(
    workspace: Workspace, draft: AccountDraft, kept: Kept
) -> None:
    """Neither a connection nor an account comes about without a password."""
    for attempt in (
        lambda: load_folders(workspace, draft, SecretStr("")),
        lambda: save_account(workspace, draft, SecretStr(""), None, create_users=True),
    ):
        with pytest.raises(InvalidAccount) as raised:
            attempt()
        assert raised.value.field == "password"
    assert kept() == (0, 0, 0)


def test_what_a_server_refuses_names_the_field_to_look_at(
    workspace: Workspace,
    draft: AccountDraft,
    secret: SecretStr,
    kept: Kept,
    live_mailbox: LiveMailbox,
    refusing: int,
    ca: trustme.CA,
    tmp_path: Path,
) -> None:
    """Wrong host, port, security, certificate and password each point at their own field."""
    server = live_mailbox.server
    strange = ScriptedServer(
        GMAIL_APP_PASSWORD_IMAP, context=issue(ca, OTHER_HOST).server_context(tmp_path)
    )
    plain = ScriptedServer(imap(capability=b"IMAP4rev1", login=b"{tag} OK in\r\n"))
    cases: list[tuple[Server, str, type[MailError], str]] = [
        (Server("imap.kanzlei.invalid", 993, Security.SSL), "x", HostNotFound, "imap.host"),
        (Server("127.0.0.1", refusing, Security.SSL), "x", ConnectRefused, "imap.port"),
        (
            replace(server.imap_starttls, security=Security.SSL),
            "x",
            TlsWrongProtocol,
            "imap.port",
        ),
        (
            Server("127.0.0.1", plain.port, Security.STARTTLS),
            "x",
            StarttlsFailed,
            "imap.security",
        ),
        (Server("127.0.0.1", strange.port, Security.SSL), "x", CertificateHostMismatch, "imap.host"),
        (server.imap, "falsch", LoginRefused, "password"),
    ]  # fmt: skip
    with strange, plain:
        for place, password, kind, field in cases:
            with pytest.raises(kind) as raised:
                load_folders(workspace, replace(draft, imap=place), SecretStr(password))
            assert raised.value.field == field, kind
            assert raised.value.hint is not None
    assert not [line for line in strange.received + plain.received if b"LOGIN" in line]
    assert kept() == (0, 0, 0)


def test_checking_both_servers_names_the_one_that_fails(
    workspace: Workspace, draft: AccountDraft, secret: SecretStr, refusing: int
) -> None:
    """With a good IMAP server and a dead one for sending, the SMTP port is the field."""
    check_servers(workspace, draft.settings(), secret)
    dead = replace(draft, smtp=Server("127.0.0.1", refusing, Security.SSL))
    with pytest.raises(ConnectRefused) as raised:
        check_servers(workspace, dead.settings(), secret)
    assert raised.value.field == "smtp.port"
    with pytest.raises(LoginRefused):
        check_servers(workspace, replace(draft, smtp_username="wer").settings(), secret)


def test_loading_stops_when_told(
    workspace: Workspace, draft: AccountDraft, secret: SecretStr
) -> None:
    """A cancelled load raises `Cancelled` at its next step and has not logged in."""
    cancel = threading.Event()
    cancel.set()
    with ScriptedServer(SILENT) as silent, pytest.raises(Cancelled):
        load_folders(
            workspace,
            replace(draft, imap=Server("127.0.0.1", silent.port, Security.SSL)),
            secret,
            cancel=cancel,
        )
    assert silent.received == []


def test_a_saved_account_is_whole(
    workspace: Workspace, saved: Account, secret: SecretStr, draft: AccountDraft
) -> None:
    """Account, users, mapping and secret are there, the secret in the vault only."""
    with workspace.store.read() as connection:
        assert book.account_by_id(connection, saved.id) == saved
        mapping = book.load_mapping(connection, saved.id)
    assert {user.name for user in office_users(workspace)} == {"Anna Amsel", "Bernd Bussard"}
    assert mapping is not None
    assert mapping[Role.SENT] == b"Gesendete Elemente"
    assert workspace.vault.get(SecretRef(saved.id)) == secret
    assert (saved.email, saved.servers) == (draft.email, draft.settings())
    # What is asked of a saved account afterwards is answered from what was saved.
    assert list_folders(workspace, saved).proposal.mapping[Role.SENT] == b"Gesendete Elemente"


def test_unknown_users_are_refused_unless_they_may_be_created(
    workspace: Workspace, draft: AccountDraft, secret: SecretStr, kept: Kept
) -> None:
    """An unknown owner, viewer or sender ends the save with the name; nothing is left behind."""
    with workspace.store.write() as connection:
        for name in ("Anna Amsel", "Bernd Bussard"):
            book.add_user(connection, OfficeUser(name))
    for changes in ({"owner": "Fremd"}, {"viewers": ("Anna Amsel", "Fremd")}, {"senders": ("Fremd",)}):  # fmt: skip
        with pytest.raises(UserNotFound, match="Fremd") as raised:
            save_account(workspace, replace(draft, **changes), secret, None)
        assert raised.value.field == "user"
        assert kept() == (0, 2, 0)
    save_account(workspace, replace(draft, viewers=("Fremd",)), secret, None, create_users=True)
    assert kept() == (1, 3, 1)


@pytest.mark.parametrize("change", [str, str.upper, lambda address: f"  {address} "])
def test_an_address_is_connected_once(
    workspace: Workspace,
    saved: Account,
    draft: AccountDraft,
    secret: SecretStr,
    kept: Kept,
    change: Callable[[str], str],
) -> None:
    """The same address in other letters is refused, and the account there keeps its secret."""
    before = kept()
    again = replace(draft, email=change(draft.email), owner="Neu")
    with pytest.raises(InvalidAccount) as raised:
        save_account(workspace, again, SecretStr("anderes"), None, create_users=True)
    assert raised.value.field == "email"
    assert kept() == before
    assert workspace.vault.get(SecretRef(saved.id)) == secret


@pytest.mark.parametrize("table", ["users", "accounts", "viewers", "mapped_folders"])
def test_a_database_that_fails_half_way_leaves_nothing(
    workspace: Workspace, draft: AccountDraft, secret: SecretStr, kept: Kept, table: str
) -> None:
    """Whichever table refuses its row: no account, no user, and the secret is taken back."""
    with workspace.store.write() as connection:
        connection.execute(
            sa.text(
                f"CREATE TRIGGER full BEFORE INSERT ON {table}"
                " BEGIN SELECT RAISE(ABORT, 'Datenträger voll'); END"
            )
        )
    mapping = FolderMapping({Role.INBOX: b"INBOX"})
    with pytest.raises(StoreError, match="Datenträger voll"):
        save_account(workspace, draft, secret, mapping, create_users=True)
    assert kept() == (0, 0, 0)


def test_a_vault_that_refuses_leaves_nothing(
    workspace: Workspace,
    draft: AccountDraft,
    secret: SecretStr,
    kept: Kept,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without its secret in the vault no account is saved; the refusal is typed."""
    from toolkit.vault import file_vault

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(file_vault, "_replace", full)
    with pytest.raises(VaultError):
        save_account(workspace, draft, secret, None, create_users=True)
    assert kept() == (0, 0, 0)


def test_an_account_without_a_secret_says_so(workspace: Workspace, saved: Account) -> None:
    """Its folders cannot be listed, and the field is the password."""
    workspace.vault.forget(SecretRef(saved.id))
    with pytest.raises(SecretMissing) as raised:
        list_folders(workspace, saved)
    assert raised.value.field == "password"


def test_removing_spares_unprocessed_mail_and_forgets_the_secret(
    workspace: Workspace, saved: Account, live_mailbox: LiveMailbox, kept: Kept
) -> None:
    """Refused with the number while the inbox holds mail; afterwards row, mail and secret are gone."""
    sync_account(workspace, saved.id)
    with pytest.raises(AccountInUse, match="5 unbearbeitete") as raised:
        remove_account(workspace, saved)
    assert raised.value.hint is not None
    assert "deaktivieren" in raised.value.hint.de
    assert kept() == (1, 2, 1)
    live_mailbox.server.expunge(live_mailbox.login, "INBOX", range(1, 6))
    sync_account(workspace, saved.id)
    remove_account(workspace, saved)
    assert kept() == (0, 2, 0)
    with workspace.store.read() as connection:
        for table in ("folders", "messages", "contents", "mapped_folders", "viewers", "sync_runs"):
            assert connection.scalar(sa.text(f"SELECT count(*) FROM {table}")) == 0, table


def test_no_error_repeats_the_password(workspace: Workspace, draft: AccountDraft) -> None:
    """Message, hint, evidence and repr of a refused login hold nothing of what was typed."""
    with pytest.raises(ToolkitError) as raised:
        load_folders(workspace, draft, SecretStr("Kanarie-3f1"))
    error = raised.value
    assert "Kanarie" not in f"{error!r} {error} {error.as_json()} {error.hint}"


def test_servers_are_suggested_without_a_network() -> None:
    """A known provider's address is enough offline; an unknown one suggests nothing."""
    found = suggest_settings("ra.vogt@gmx.de", online=False)
    assert found.imap is not None
    assert found.imap.port == 993
    assert suggest_settings("info@kanzlei.example", online=False).imap is None
