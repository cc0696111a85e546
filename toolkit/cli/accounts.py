"""``toolkit account …``."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from toolkit.cli.lines import json_option
from toolkit.cli.output import EXIT, print_json, print_rows, print_text
from toolkit.errors import AccessDenied, InvalidAccount
from toolkit.language import Text
from toolkit.mail.settings import Server

if TYPE_CHECKING:
    from pydantic import SecretStr

    from toolkit.accounts.account import Account, AccountDraft
    from toolkit.accounts.users import OfficeUser
    from toolkit.workspace import Workspace

__all__ = ["account_argument", "add", "deactivate", "delete", "list_", "reactivate", "show"]


account_argument = click.argument("account_id", metavar="ID")
_as_option = click.option(
    "--as", "as_user", metavar="USER", help="Act as this user; else as administrator."
)


@click.command()
@click.argument("address")
@click.option("--imap", metavar="HOST:PORT:SECURITY", help="Default: discovered.")
@click.option("--smtp", metavar="HOST:PORT:SECURITY", help="Default: discovered.")
@click.option("--username", help="Login name; default: discovered.")
@click.option("--smtp-username", help="Login name for sending, where it is another.")
@click.option("--display-name", help="Sender's name recipients see; default: the address.")
@click.option("--owner", required=True, help="The user the account belongs to.")
@click.option("--viewer", "viewers", multiple=True, help="May see its mail; repeatable.")
@click.option("--sender", "senders", multiple=True, help="May send from it; repeatable.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--check", is_flag=True, help="Log in to both servers first.")
@json_option
def add(
    *,
    address: str,
    imap: str | None,
    smtp: str | None,
    username: str | None,
    smtp_username: str | None,
    display_name: str | None,
    owner: str,
    viewers: tuple[str, ...],
    senders: tuple[str, ...],
    password_stdin: bool,
    check: bool,
    as_json: bool,
) -> int:
    """Save an account; without --imap and --smtp the servers are discovered."""
    from toolkit.onboarding import check_servers, save_account
    from toolkit.workspace import Workspace

    if not password_stdin:
        raise click.UsageError(
            "The password is read from standard input: pass it there and add --password-stdin."
        )
    suggested = _draft(address, imap=imap, smtp=smtp, username=username)
    draft = replace(
        suggested,
        smtp_username=smtp_username or suggested.smtp_username,
        display_name=suggested.email if display_name is None else display_name,
        owner=owner,
        viewers=viewers,
        senders=senders,
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


@click.command("list")
@json_option
def list_(*, as_json: bool) -> int:
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


@click.command()
@account_argument
@json_option
def show(account_id: str, *, as_json: bool) -> int:
    """One account with all its settings."""
    from toolkit.accounts import book
    from toolkit.workspace import Workspace

    with Workspace.open() as workspace, workspace.store.read() as connection:
        account = book.account_by_id(connection, account_id)
    _print_account(account, as_json=as_json)
    return EXIT.WELL


@click.command()
@account_argument
@_as_option
@json_option
def deactivate(account_id: str, as_user: str | None, *, as_json: bool) -> int:
    """Stop polling and sending; filed mail stays."""
    return _set_active(account_id, as_user, active=False, as_json=as_json)


@click.command()
@account_argument
@_as_option
@json_option
def reactivate(account_id: str, as_user: str | None, *, as_json: bool) -> int:
    """Poll and send again."""
    return _set_active(account_id, as_user, active=True, as_json=as_json)


@click.command()
@account_argument
@_as_option
@json_option
def delete(account_id: str, as_user: str | None, *, as_json: bool) -> int:
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
