"""The book of accounts: office users, accounts and folder mappings in the database.

Every function takes the connection of a transaction (`Store.read`, `Store.write`), so that what
belongs together commits together.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import sqlalchemy as sa

from toolkit.accounts.account import Account
from toolkit.accounts.users import OfficeRole, OfficeUser
from toolkit.errors import AccountNotFound, InvalidAccount, UserNotFound
from toolkit.folders.roles import FolderMapping, Role
from toolkit.language import Text
from toolkit.mail.settings import Server, ServerSettings
from toolkit.store import schema as s

__all__ = [
    "account_by_id",
    "accounts",
    "add_account",
    "add_user",
    "delete_account",
    "ensure_users",
    "load_mapping",
    "save_mapping",
    "set_active",
    "unprocessed",
    "user_by_name",
    "users",
]


def users(connection: sa.Connection) -> tuple[OfficeUser, ...]:
    """All office users, by name."""
    rows = connection.execute(sa.select(s.users).order_by(s.users.c.name))
    return tuple(OfficeUser(row.name, OfficeRole(row.role)) for row in rows)


def user_by_name(connection: sa.Connection, name: str) -> OfficeUser:
    """One office user.

    Raises:
        UserNotFound: there is none of that name.
    """
    row = connection.execute(sa.select(s.users).where(s.users.c.name == name)).first()
    if row is None:
        raise UserNotFound(
            Text(f"Es gibt keinen Benutzer „{name}“.", f"There is no user “{name}”."),
            field="user",
            hint=Text(
                "„toolkit user list“ zeigt alle Benutzer.", "“toolkit user list” shows all users."
            ),
        )
    return OfficeUser(row.name, OfficeRole(row.role))


def add_user(connection: sa.Connection, user: OfficeUser) -> None:
    """Add an office user, or give an existing one another role.

    Raises:
        InvalidAccount: the name is empty.
    """
    if not user.name.strip():
        raise InvalidAccount(
            Text("Der Name des Benutzers fehlt.", "The user's name is missing."), field="user"
        )
    changed = connection.execute(
        s.users.update().where(s.users.c.name == user.name).values(role=str(user.role))
    )
    if not changed.rowcount:
        connection.execute(s.users.insert().values(name=user.name, role=str(user.role)))


def ensure_users(connection: sa.Connection, names: Iterable[str]) -> None:
    """Create the users that do not exist yet, as ordinary users."""
    known = {user.name for user in users(connection)}
    for name in dict.fromkeys(names):
        if name not in known:
            add_user(connection, OfficeUser(name))


def accounts(connection: sa.Connection) -> tuple[Account, ...]:
    """All accounts, by address."""
    rows = connection.execute(sa.select(s.accounts).order_by(s.accounts.c.email)).all()
    seeing, sending = _grants(connection, s.viewers), _grants(connection, s.senders)
    return tuple(_account(row, seeing, sending) for row in rows)


def account_by_id(connection: sa.Connection, account_id: str) -> Account:
    """One account, by its id or its exact address.

    Raises:
        AccountNotFound: there is none.
    """
    row = connection.execute(
        sa.select(s.accounts).where(
            (s.accounts.c.id == account_id) | (s.accounts.c.email == account_id)
        )
    ).first()
    if row is None:
        raise AccountNotFound(
            Text(f"Es gibt kein Konto „{account_id}“.", f"There is no account “{account_id}”."),
            field="account",
            hint=Text(
                "„toolkit account list“ zeigt alle Konten.",
                "“toolkit account list” shows all accounts.",
            ),
        )
    return _account(
        row, _grants(connection, s.viewers, row.id), _grants(connection, s.senders, row.id)
    )


def add_account(connection: sa.Connection, account: Account) -> None:
    """Save a new account; its users must exist.

    Raises:
        InvalidAccount: the address is already connected.
    """
    taken = _connected_as(connection, account.email)
    if taken is not None:
        raise InvalidAccount(
            Text(
                f"{account.email} ist bereits eingebunden (Konto {taken}).",
                f"{account.email} is already connected (account {taken}).",
            ),
            field="email",
            hint=Text(
                "Das bestehende Konto bearbeiten oder zuerst löschen.",
                "Edit the existing account or delete it first.",
            ),
        )
    connection.execute(
        s.accounts.insert().values(
            id=account.id,
            email=account.email,
            display_name=account.display_name,
            username=account.servers.username,
            smtp_username=account.servers.smtp_username,
            imap=str(account.servers.imap),
            smtp=str(account.servers.smtp),
            owner=account.owner,
            active=account.active,
            provider=account.provider,
            created_at=datetime.now(UTC),
        )
    )
    for table, names in ((s.viewers, account.viewers), (s.senders, account.senders)):
        for name in dict.fromkeys(names):
            connection.execute(table.insert().values(account_id=account.id, user_name=name))


def set_active(connection: sa.Connection, account_id: str, *, active: bool) -> None:
    """Deactivate or reactivate an account; acts at once."""
    connection.execute(
        s.accounts.update().where(s.accounts.c.id == account_id).values(active=active)
    )


def unprocessed(connection: sa.Connection, account_id: str) -> int:
    """How many stored messages of the account still lie in its inbox, neither filed nor assigned."""
    inbox = sa.select(s.mapped_folders.c.raw).where(
        (s.mapped_folders.c.account_id == account_id) & (s.mapped_folders.c.role == str(Role.INBOX))
    )
    count = connection.scalar(
        sa.select(sa.func.count())
        .select_from(s.messages.join(s.folders, s.folders.c.id == s.messages.c.folder_id))
        .where(
            (s.folders.c.account_id == account_id)
            & s.folders.c.current
            & s.folders.c.raw.in_(inbox)
            & s.messages.c.vanished_at.is_(None)
        )
    )
    return int(count or 0)


def delete_account(connection: sa.Connection, account_id: str) -> None:
    """Remove an account with everything stored for it; contents nobody else refers to go too."""
    connection.execute(s.accounts.delete().where(s.accounts.c.id == account_id))
    connection.execute(
        s.contents.delete().where(~sa.exists().where(s.messages.c.sha256 == s.contents.c.sha256))
    )


def load_mapping(connection: sa.Connection, account_id: str) -> FolderMapping | None:
    """The saved folder mapping; None until one was agreed on."""
    mapped_at = connection.scalar(
        sa.select(s.accounts.c.mapped_at).where(s.accounts.c.id == account_id)
    )
    if mapped_at is None:
        return None
    rows = connection.execute(
        sa.select(s.mapped_folders)
        .where(s.mapped_folders.c.account_id == account_id)
        .order_by(s.mapped_folders.c.role, s.mapped_folders.c.position)
    ).all()
    twins: dict[Role, tuple[bytes, ...]] = {}
    for row in rows:
        if row.position > 0:
            twins[Role(row.role)] = (*twins.get(Role(row.role), ()), bytes(row.raw))
    return FolderMapping(
        folders={Role(row.role): bytes(row.raw) for row in rows if row.position == 0},
        chosen=frozenset(Role(row.role) for row in rows if row.position == 0 and row.chosen),
        twins=twins,
    )


def save_mapping(connection: sa.Connection, account_id: str, mapping: FolderMapping) -> None:
    """Replace the folder mapping of an account."""
    connection.execute(s.mapped_folders.delete().where(s.mapped_folders.c.account_id == account_id))
    rows = [
        {"role": str(role), "position": 0, "raw": raw, "chosen": role in mapping.chosen}
        for role, raw in mapping
    ] + [
        {"role": str(role), "position": position, "raw": raw, "chosen": False}
        for role, twins in mapping.twins.items()
        for position, raw in enumerate(twins, start=1)
    ]
    if rows:
        connection.execute(
            s.mapped_folders.insert(), [{"account_id": account_id, **row} for row in rows]
        )
    connection.execute(
        s.accounts.update().where(s.accounts.c.id == account_id).values(mapped_at=datetime.now(UTC))
    )


def _connected_as(connection: sa.Connection, email: str) -> str | None:
    """The id of the account that has this address, in whatever case."""
    query = sa.select(s.accounts.c.id, s.accounts.c.email)
    if email.isascii():  # SQLite's lower() knows no other letters
        query = query.where(sa.func.lower(s.accounts.c.email) == email.lower())
    for row in connection.execute(query):
        if row.email.casefold() == email.casefold():
            return str(row.id)
    return None


def _grants(
    connection: sa.Connection, table: sa.Table, account_id: str | None = None
) -> dict[str, list[str]]:
    query = sa.select(table).order_by(table.c.user_name)
    if account_id is not None:
        query = query.where(table.c.account_id == account_id)
    grants: dict[str, list[str]] = {}
    for row in connection.execute(query):
        grants.setdefault(row.account_id, []).append(row.user_name)
    return grants


def _account(
    row: sa.Row[tuple[object, ...]], seeing: dict[str, list[str]], sending: dict[str, list[str]]
) -> Account:
    values = row._mapping  # noqa: SLF001 - the documented way to read a row by column name
    account_id = str(values["id"])
    return Account(
        id=account_id,
        email=str(values["email"]),
        display_name=str(values["display_name"]),
        servers=ServerSettings(
            imap=Server.parse(str(values["imap"])),
            smtp=Server.parse(str(values["smtp"])),
            username=str(values["username"]),
            smtp_username=values["smtp_username"],
        ),
        owner=str(values["owner"]),
        viewers=tuple(seeing.get(account_id, ())),
        senders=tuple(sending.get(account_id, ())),
        active=bool(values["active"]),
        provider=values["provider"],
    )
