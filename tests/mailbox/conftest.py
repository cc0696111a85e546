"""An open office whose database can be filled by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from toolkit.accounts import book
from toolkit.accounts.account import Account
from toolkit.folders.roles import FolderMapping, Role
from toolkit.mail.settings import Server, ServerSettings
from toolkit.mail.utf7 import decode_name
from toolkit.store import schema as s
from toolkit.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SERVERS = ServerSettings(
    Server.parse("imap.kanzlei.example:993:ssl"), Server.parse("smtp.kanzlei.example:465:ssl"), "a"
)
#: Every account's folders: an inbox, sent mail with a twin a program made, one without a role.
MAPPING = FolderMapping(
    {Role.INBOX: b"INBOX", Role.SENT: b"Gesendet"}, twins={Role.SENT: (b"Sent",)}
)


@dataclass(frozen=True)
class Office:
    """The office, and shorthands to fill it as a sync would."""

    workspace: Workspace

    def account(self, name: str, *, owner: str = "Amt", **grants: tuple[str, ...]) -> Account:
        """Save an account of that name with the mapping above."""
        made = Account(name, f"{name}@kanzlei.example", name, SERVERS, owner)
        account = replace(
            made, viewers=grants.get("viewers", ()), senders=grants.get("senders", ())
        )
        with self.workspace.store.write() as connection:
            book.ensure_users(connection, [owner, *account.viewers, *account.senders])
            book.add_account(connection, account)
            book.save_mapping(connection, name, MAPPING)
        return account

    def folder(
        self, account: str, raw: bytes, *, uidvalidity: int = 1, current: bool = True
    ) -> int:
        """A folder as a sync keeps it; its key."""
        row = {"account_id": account, "raw": raw, "name": decode_name(raw)}
        with self.workspace.store.write() as connection:
            done = connection.execute(
                s.folders.insert().values(**row, uidvalidity=uidvalidity, current=current)
            )
            return int(done.inserted_primary_key[0])  # type: ignore[index]

    def deliver(
        self,
        folder: int,
        uid: int,
        raw: bytes,
        *,
        date: datetime | None = NOON,
        flags: str = "",
        gone: bool = False,
    ) -> None:
        """One message in a folder."""
        digest = hashlib.sha256(raw).digest()
        with self.workspace.store.write() as connection:
            if not connection.execute(s.contents.select().filter_by(sha256=digest)).first():
                connection.execute(
                    s.contents.insert().values(sha256=digest, size=len(raw), raw=raw)
                )
            connection.execute(
                s.messages.insert().values(
                    folder_id=folder,
                    uid=uid,
                    sha256=digest,
                    size=len(raw),
                    flags=flags,
                    internaldate=date,
                    vanished_at=NOON if gone else None,
                )
            )


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    """An empty office."""
    with Workspace.open() as workspace:
        yield Office(workspace)
