"""What is stored of an account: folder rows, message rows, contents. One transaction a call."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import sqlalchemy as sa

from toolkit.mail.answers import Envelope
from toolkit.store import schema as s
from toolkit.store.store import Store

__all__ = ["Ledger", "StoredMessage"]

# SQLite binds at most 32,766 values a statement; far below, so that any build copes.
_MANY = 500

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """One stored message, as ``toolkit messages`` lists it."""

    folder: str
    uid: int
    sha256: str
    flags: tuple[str, ...]
    size: int
    internaldate: datetime | None

    def as_json(self) -> dict[str, object]:
        """The line of ``toolkit messages --json``."""
        return {
            "folder": self.folder,
            "uid": self.uid,
            "sha256": self.sha256,
            "flags": list(self.flags),
            "size": self.size,
            "internaldate": None if self.internaldate is None else self.internaldate.isoformat(),
        }


class Ledger:
    """The sync's view of the store, for one account."""

    def __init__(self, store: Store, account_id: str) -> None:
        self._store = store
        self._account_id = account_id

    def open_folder(self, raw: bytes, name: str, uidvalidity: int) -> int:
        """The id of the row for a folder under this UIDVALIDITY, made if it is new.

        A new UIDVALIDITY begins a new row; messages under the old one are kept but no longer
        current, since their UIDs mean nothing any more (RFC 3501, 2.3.1.1).
        """
        mine = (s.folders.c.account_id == self._account_id) & (s.folders.c.raw == raw)
        with self._store.write() as connection:
            connection.execute(
                s.folders.update()
                .where(mine & (s.folders.c.uidvalidity != uidvalidity))
                .values(current=False)
            )
            found = connection.scalar(
                sa.select(s.folders.c.id).where(mine & (s.folders.c.uidvalidity == uidvalidity))
            )
            if found is not None:
                connection.execute(
                    s.folders.update()
                    .where(s.folders.c.id == found)
                    .values(current=True, name=name)
                )
                return int(found)
            added = connection.execute(
                s.folders.insert().values(
                    account_id=self._account_id,
                    raw=raw,
                    name=name,
                    uidvalidity=uidvalidity,
                    current=True,
                )
            )
            (folder_id,) = added.inserted_primary_key or (0,)
            return int(folder_id)

    def find_folder(self, raw: bytes, uidvalidity: int) -> int | None:
        """The id of that row if there is one; for looking without writing."""
        with self._store.read() as connection:
            found = connection.scalar(
                sa.select(s.folders.c.id).where(
                    (s.folders.c.account_id == self._account_id)
                    & (s.folders.c.raw == raw)
                    & (s.folders.c.uidvalidity == uidvalidity)
                )
            )
        return None if found is None else int(found)

    def flags(self, folder_id: int) -> dict[int, str]:
        """UID → flags of the stored messages the server still had."""
        with self._store.read() as connection:
            rows = connection.execute(
                sa.select(s.messages.c.uid, s.messages.c.flags).where(
                    (s.messages.c.folder_id == folder_id) & s.messages.c.vanished_at.is_(None)
                )
            )
            return {row.uid: row.flags for row in rows}

    def add_messages(
        self, folder_id: int, bodies: Mapping[int, bytes], envelopes: Mapping[int, Envelope]
    ) -> None:
        """Store contents and their rows, all of them or none; what is there stays as it is."""
        digests = {uid: hashlib.sha256(body).digest() for uid, body in bodies.items()}
        with self._store.write() as connection:
            self._add_contents(connection, {digests[uid]: body for uid, body in bodies.items()})
            rows = [
                {
                    "folder_id": folder_id,
                    "uid": uid,
                    "sha256": digests[uid],
                    "size": len(body),
                    "flags": " ".join(envelopes[uid].flags),
                    "internaldate": _utc(envelopes[uid].internaldate),
                    "vanished_at": None,
                }
                for uid, body in bodies.items()
            ]
            # A message that vanished and is back (a server's hiccup) has its row already.
            uids = list(bodies)
            connection.execute(
                s.messages.delete().where(
                    (s.messages.c.folder_id == folder_id) & s.messages.c.uid.in_(uids)
                )
            )
            connection.execute(s.messages.insert(), rows)

    def apply_changes(
        self, folder_id: int, changed: Mapping[int, str], vanished: Sequence[int]
    ) -> None:
        """Record changed flags and vanished messages, and that the folder was looked at."""
        now = datetime.now(UTC)
        in_folder = s.messages.c.folder_id == folder_id
        with self._store.write() as connection:
            if changed:
                connection.execute(
                    s.messages.update()
                    .where(in_folder & (s.messages.c.uid == sa.bindparam("of_uid")))
                    .values(flags=sa.bindparam("new_flags")),
                    [{"of_uid": uid, "new_flags": flags} for uid, flags in changed.items()],
                )
            for part in _parts(vanished):
                connection.execute(
                    s.messages.update()
                    .where(in_folder & s.messages.c.uid.in_(part))
                    .values(vanished_at=now)
                )
            connection.execute(
                s.folders.update().where(s.folders.c.id == folder_id).values(synced_at=now)
            )

    def add_run(self, *, ok: bool, report: Mapping[str, object]) -> None:
        """Keep a finished run's report for the history."""
        with self._store.write() as connection:
            connection.execute(
                s.sync_runs.insert().values(
                    account_id=self._account_id,
                    finished_at=datetime.now(UTC),
                    ok=ok,
                    report=json.dumps(report, ensure_ascii=False),
                )
            )

    def messages(
        self, folder: str | None = None, *, folder_id: int | None = None
    ) -> Iterator[StoredMessage]:
        """The stored messages the server still had, by folder and UID; of all folders or of one."""
        query = (
            sa.select(s.folders.c.name, s.messages)
            .join(s.folders, s.folders.c.id == s.messages.c.folder_id)
            .where(
                (s.folders.c.account_id == self._account_id)
                & s.folders.c.current
                & s.messages.c.vanished_at.is_(None)
            )
            .order_by(s.folders.c.name, s.messages.c.uid)
        )
        if folder is not None:
            query = query.where(s.folders.c.name == folder)
        if folder_id is not None:
            query = query.where(s.folders.c.id == folder_id)
        with self._store.read() as connection:
            for row in connection.execute(query):
                yield StoredMessage(
                    folder=row.name,
                    uid=row.uid,
                    sha256=bytes(row.sha256).hex(),
                    flags=tuple(row.flags.split()),
                    size=row.size,
                    internaldate=_aware(row.internaldate),
                )

    @staticmethod
    def _add_contents(connection: sa.Connection, contents: Mapping[bytes, bytes]) -> None:
        known: set[bytes] = set()
        for part in _parts(list(contents)):
            rows = connection.execute(
                sa.select(s.contents.c.sha256).where(s.contents.c.sha256.in_(part))
            )
            known.update(bytes(row.sha256) for row in rows)
        new = [
            {"sha256": digest, "size": len(body), "raw": body}
            for digest, body in contents.items()
            if digest not in known
        ]
        if new:
            connection.execute(s.contents.insert(), new)


def _parts(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), _MANY):
        yield items[start : start + _MANY]


def _aware(moment: datetime | None) -> datetime | None:
    """With its zone: SQLite gives back naive times, all of them UTC."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _utc(moment: datetime | None) -> datetime | None:
    """In UTC: SQLite keeps no zone, so all of them must be the same."""
    return None if moment is None else moment.astimezone(UTC)
