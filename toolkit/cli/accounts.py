"""``toolkit account …``."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.lines import JsonOption
from toolkit.cli.output import EXIT, print_json, print_rows, print_text
from toolkit.errors import AccessDenied, InvalidAccount
from toolkit.language import Text
from toolkit.mail.settings import Server

if TYPE_CHECKING:
    from pydantic import SecretStr

    from toolkit.accounts.account import Account, AccountDraft
    from toolkit.accounts.users import OfficeUser
    from toolkit.workspace import Workspace

__all__ = ["AccountArgument", "add", "deactivate", "delete", "list_", "reactivate", "show"]


AccountArgument = Annotated[str, typer.Argument(metavar="ID", help="The account's id or address.")]
AsOption = Annotated[
    str | None,
    typer.Option("--as", metavar="USER", help="Act as this user; else as administrator."),
]


def add(
    address: Annotated[str, typer.Argument(help="The e-mail address to connect.")],
    *,
    imap: Annotated[str | None, typer.Option(metavar="HOST:PORT:SECURITY")] = None,
    smtp: Annotated[str | None, typer.Option(metavar="HOST:PORT:SECURITY")] = None,
    username: Annotated[str | None, typer.Option(help="Login name; default: discovered.")] = None,
    smtp_username: Annotated[str | None, typer.Option(help="Login name for sending.")] = None,
    display_name: Annotated[str | None, typer.Option(help="Sender's name recipients see.")] = None,
    owner: Annotated[str, typer.Option(help="The user the account belongs to.")],
    viewer: Annotated[list[str] | None, typer.Option(help="May see its mail; repeatable.")] = None,
    sender: Annotated[list[str] | None, typer.Option(help="May send from it; repeatable.")] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Log in to both servers first.")] = False,
    as_json: JsonOption = False,
) -> int:
    """Save an account; without --imap and --smtp the servers are discovered."""
    from toolkit.onboarding import check_servers, save_account
    from toolkit.workspace import Workspace

    if not password_stdin:
        raise typer.BadParameter(
            "The password is read from standard input.", param_hint="--password-stdin"
        )
    suggested = _draft(address, imap=imap, smtp=smtp, username=username)
    draft = replace(
        suggested,
        smtp_username=smtp_username or suggested.smtp_username,
        display_name=suggested.email if display_name is None else display_name,
        owner=owner,
        viewers=tuple(viewer or ()),
        senders=tuple(sender or ()),
    )
    for problem in draft.problems():
        raise problem
    secret = _password()
    with Workspace.open() as workspace:
        if check:
            check_servers(workspace, draft.settings(), secret)
        account = save_account(workspace, draft, secret, None, create_users=True)
    _print_account(account, as_json=as_json)
    return EXIT.WELL


def list_(*, as_json: JsonOption = False) -> int:
    """All accounts."""
    from toolkit.accounts import book
    from toolkit.workspace import Workspace

    with Workspace.open() as workspace, workspace.store.read() as connection:
        found = book.accounts(connection)
    if as_json:
        print_json({"accounts": [account.as_json() for account in found]})
        return EXIT.WELL
    headings = (
        Text("Id", "Id"), Text("Adresse", "Address"), Text("Eigentümer", "Owner"),
        Text("Server", "Server"), Text("Aktiv", "Active"),
    )  # fmt: skip
    print_rows(
        [str(heading) for heading in headings],
        [(a.id, a.email, a.owner, str(a.servers.imap), a.active) for a in found],
    )
    return EXIT.WELL


def show(account_id: AccountArgument, *, as_json: JsonOption = False) -> int:
    """One account with all its settings."""
    from toolkit.accounts import book
    from toolkit.workspace import Workspace

    with Workspace.open() as workspace, workspace.store.read() as connection:
        account = book.account_by_id(connection, account_id)
    _print_account(account, as_json=as_json)
    return EXIT.WELL


def deactivate(
    account_id: AccountArgument, *, as_user: AsOption = None, as_json: JsonOption = False
) -> int:
    """Stop polling and sending; filed mail stays."""
    return _set_active(account_id, as_user, active=False, as_json=as_json)


def reactivate(
    account_id: AccountArgument, *, as_user: AsOption = None, as_json: JsonOption = False
) -> int:
    """Poll and send again."""
    return _set_active(account_id, as_user, active=True, as_json=as_json)


def delete(
    account_id: AccountArgument, *, as_user: AsOption = None, as_json: JsonOption = False
) -> int:
    """Remove an account with everything stored of it; refused while unprocessed mail remains."""
    from toolkit.onboarding import remove_account
    from toolkit.workspace import Workspace

    with Workspace.open() as workspace:
        account = _changeable(workspace, account_id, as_user)
        remove_account(workspace, account)
    if as_json:
        print_json({"id": account.id, "deleted": True})
    else:
        print_text(Text(f"{account.email} wurde gelöscht.", f"{account.email} was deleted."))
    return EXIT.WELL


def _draft(
    address: str, *, imap: str | None, smtp: str | None, username: str | None
) -> AccountDraft:
    """The address with its servers: those given, the others discovered."""
    from toolkit.accounts.account import AccountDraft
    from toolkit.onboarding import suggest_settings

    given_imap = Server.parse(imap) if imap else None
    given_smtp = Server.parse(smtp) if smtp else None
    # With both servers given nothing is asked; the presets alone still tell the provider.
    found = suggest_settings(address, online=given_imap is None or given_smtp is None)
    if given_imap is None and found.imap is None:
        raise InvalidAccount(
            Text(
                f"Zu „{address}“ ist kein IMAP-Server bekannt ({found.outcome}).",
                f"No IMAP server is known for “{address}” ({found.outcome}).",
            ),
            field="imap.host",
            hint=Text(
                "Die Server mit --imap und --smtp angeben.",
                "Give the servers by --imap and --smtp.",
            ),
        )
    return AccountDraft(
        email=address.strip(),
        username=username or found.login_username or address.strip(),
        smtp_username=None if username else found.smtp_login_username,
        imap=given_imap or found.imap,
        smtp=given_smtp or found.smtp,
        provider=found.provider_id,
    )


def _password() -> SecretStr:
    """The first line of standard input, its line end removed; nothing else is, blanks may belong."""
    from pydantic import SecretStr

    line = sys.stdin.buffer.readline().removesuffix(b"\n").removesuffix(b"\r")
    try:
        return SecretStr(line.decode())
    except UnicodeDecodeError:
        raise InvalidAccount(
            Text("Das Passwort ist nicht in UTF-8.", "The password is not UTF-8."),
            field="password",
        ) from None


def _changeable(workspace: Workspace, account_id: str, as_user: str | None) -> Account:
    """The account, if the acting user may change it."""
    from toolkit.accounts import book
    from toolkit.accounts.rights import Action, may
    from toolkit.accounts.users import ADMINISTRATOR_AT_KEYBOARD

    with workspace.store.read() as connection:
        user: OfficeUser = (
            ADMINISTRATOR_AT_KEYBOARD if as_user is None else book.user_by_name(connection, as_user)
        )
        account = book.account_by_id(connection, account_id)
    ruling = may(user, Action.CHANGE, account)
    if not ruling:
        raise AccessDenied(ruling.because)
    return account


def _set_active(account_id: str, as_user: str | None, *, active: bool, as_json: bool) -> int:
    from toolkit.accounts import book
    from toolkit.workspace import Workspace

    with Workspace.open() as workspace:
        account = _changeable(workspace, account_id, as_user)
        with workspace.store.write() as connection:
            book.set_active(connection, account.id, active=active)
    if as_json:
        print_json({"id": account.id, "active": active})
    else:
        word = Text("aktiv", "active") if active else Text("deaktiviert", "deactivated")
        print_text(f"{account.email}: {word}")
    return EXIT.WELL


def _print_account(account: Account, *, as_json: bool) -> None:
    if as_json:
        print_json(account.as_json())
        return
    servers = account.servers
    print_rows(
        ("", ""),
        [
            (Text("Id", "Id"), account.id),
            (Text("Anzeigename", "Display name"), account.display_name),
            (Text("E-Mail-Adresse", "Address"), account.email),
            (Text("Benutzername", "Username"), servers.username),
            (Text("IMAP-Server", "IMAP server"), str(servers.imap)),
            (Text("SMTP-Server", "SMTP server"), str(servers.smtp)),
            (Text("Einsehbar durch", "Viewers"), account.viewers),
            (Text("Zum Senden nutzbar durch", "Senders"), account.senders),
            (Text("Benutzerzuordnung", "Owner"), account.owner),
            (Text("Aktiv", "Active"), account.active),
        ],
    )
