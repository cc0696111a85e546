"""One folder's transfer: compare, fetch in batches, store each batch whole, verify on request."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from toolkit.errors import (
    CommandRefused,
    ConnectionLost,
    DeadlineExceeded,
    ProtocolViolation,
    Stage,
    ToolkitError,
)
from toolkit.folders.roles import Role
from toolkit.language import Text
from toolkit.mail.answers import Envelope
from toolkit.mail.folder import Folder
from toolkit.sync.ledger import Ledger
from toolkit.sync.plan import FolderPlan, batches, plan_folder
from toolkit.sync.report import FolderResult

if TYPE_CHECKING:
    from toolkit.mail.imap import ImapSession

__all__ = ["MAX_MESSAGE", "FolderTransfer"]

#: Larger messages are skipped, in octets: a batch lives in memory as a whole.
MAX_MESSAGE = 100 * 1024 * 1024
#: A batch: what is committed together.
BATCH_OCTETS = 8 * 1024 * 1024
BATCH_MESSAGES = 200
#: A chunk: what is asked for together; the UIDs of more would make the command too long.
FETCH_OCTETS = 64 * 1024 * 1024
FETCH_MESSAGES = 600
#: How many messages' flags and sizes are asked for at once.
ENVELOPES = 5000


@dataclass
class FolderTransfer:
    """One folder of a run: what the server has, what was planned, what was done.

    Attributes:
        tell: told how many of how many messages are stored; raises `Cancelled` to stop.
        differences: where `verify` writes what it finds, one sentence each.
    """

    session: ImapSession
    ledger: Ledger
    folder: Folder
    role: Role | None
    tell: Callable[[int, int], None]
    dry_run: bool = False
    verify: bool = False
    differences: list[str] = field(default_factory=list)
    remote: dict[int, Envelope] = field(default_factory=dict)
    plan: FolderPlan | None = None
    new: int = 0
    octets: int = 0
    failures: dict[int, ToolkitError] = field(default_factory=dict)
    expunged: int = 0
    exists: int = 0
    started: float = field(default_factory=time.monotonic)

    def go(self) -> None:
        """Bring the store up to date with the folder.

        Raises:
            MailError, StoreError, Cancelled: `result` still tells how far it got.
        """
        state = self.session.examine(self.folder.raw)
        self.exists = state.exists
        known = self.ledger.find_folder(self.folder.raw, state.uidvalidity)
        local = {} if known is None else self.ledger.flags(known)
        self._survey(local)
        self.plan = plan = plan_folder(self.remote, local, max_size=MAX_MESSAGE)
        if self.dry_run:
            self.new = len(plan.fetch)
            return
        folder_id = self.ledger.open_folder(self.folder.raw, self.folder.name, state.uidvalidity)
        self.ledger.apply_changes(folder_id, plan.changed, plan.vanished)
        for chunk in batches(plan.fetch, self.remote, octets=FETCH_OCTETS, count=FETCH_MESSAGES):
            self.tell(self.new, len(plan.fetch))
            self._fetch(folder_id, chunk)
        self.tell(self.new, len(plan.fetch))
        if self.verify:
            self._verify_stored(folder_id)

    def _survey(self, local: Mapping[int, str]) -> None:
        """What the server has; a server that contradicts itself makes nothing vanish.

        Raises:
            ProtocolViolation: it counts messages and names none.
        """
        uids = self.session.uids() if self.exists else ()
        if self.exists and not uids:
            self.exists = self.session.examine(self.folder.raw).exists  # emptied just now?
            if self.exists:
                raise _unnamed(self.folder, self.exists)
        remote: dict[int, Envelope] = {}
        for start in range(0, len(uids), ENVELOPES):
            self.tell(0, len(uids))
            remote.update(self.session.envelopes(uids[start : start + ENVELOPES]))
        if unseen := set(uids) - remote.keys():
            # Named, but not described: expunged meanwhile, or held back. What is still named is
            # asked for all the same, and keeps the flags it had.
            for uid in unseen.intersection(self.session.uids()):
                remote[uid] = Envelope(uid, tuple(local.get(uid, "").split()))
        self.remote = remote

    def _fetch(self, folder_id: int, chunk: Sequence[int]) -> None:
        """Fetch and store a chunk; what the server refuses of it, message by message."""
        missing = set(chunk)
        try:
            missing -= self._store_stream(folder_id, chunk)
        except CommandRefused as exc:
            if len(chunk) == 1:
                self.failures[chunk[0]] = exc
                return
            # What came before the refusal is stored; the rest is asked for one by one.
            known = self.ledger.flags(folder_id)
            for uid in chunk:
                if uid not in known:
                    self._fetch(folder_id, (uid,))
            return
        if not missing:
            return
        # Expunged since we looked, or held back by the server? Only the latter is a failure.
        still_there = set(self.session.uids())
        for uid in sorted(missing):
            if uid in still_there:
                self.failures[uid] = _held_back(self.folder, uid)
            else:
                self.expunged += 1

    def _store_stream(self, folder_id: int, chunk: Sequence[int]) -> set[int]:
        """Store messages as they come in, a batch at a time; the UIDs that came.

        What is already here when the stream breaks off is stored all the same.
        """
        came: set[int] = set()
        waiting: dict[int, bytes] = {}
        weight = 0

        def store() -> None:
            nonlocal weight
            if waiting:
                self.ledger.add_messages(folder_id, waiting, self.remote)
                self.new += len(waiting)
                self.octets += weight
                came.update(waiting)
                waiting.clear()
                weight = 0
                self.tell(self.new, len(self.plan.fetch) if self.plan else 0)

        octets = sum(self.remote[uid].size or 0 for uid in chunk)
        try:
            for message in self.session.messages(chunk, octets=octets):
                assert message.uid is not None
                waiting[message.uid] = message.content()
                weight += len(waiting[message.uid])
                if weight >= BATCH_OCTETS or len(waiting) >= BATCH_MESSAGES:
                    store()
        except (CommandRefused, ConnectionLost, DeadlineExceeded):
            store()
            raise
        store()
        return came

    def _verify_stored(self, folder_id: int) -> None:
        """Compare all that is stored with the server: UIDs, flags, and every content's hash."""
        stored = {message.uid: message for message in self.ledger.messages(folder_id=folder_id)}
        uids = self.session.uids()
        there: dict[int, Envelope] = {}
        for start in range(0, len(uids), ENVELOPES):
            there.update(self.session.envelopes(uids[start : start + ENVELOPES]))
        report = self.differences.append
        for uid in sorted(there.keys() ^ stored.keys()):
            if uid not in (self.failures.keys() | set(self.plan.too_large if self.plan else ())):
                report(
                    f"{self.folder.name}: UID {uid}: {'not stored' if uid in there else 'not on server'}"
                )
        both = sorted(there.keys() & stored.keys())
        for chunk in batches(both, there, octets=FETCH_OCTETS, count=FETCH_MESSAGES):
            self.tell(self.new, self.new)
            for message in self.session.messages(chunk):
                uid = message.uid or 0
                if hashlib.sha256(message.content()).hexdigest() != stored[uid].sha256:
                    report(f"{self.folder.name}: UID {uid}: content differs")
                if there[uid].flags != stored[uid].flags:
                    report(f"{self.folder.name}: UID {uid}: flags differ")

    def result(self, error: ToolkitError | None) -> FolderResult:
        """The folder's row: what was done, and why it ended if it did not go through."""
        plan = self.plan
        if plan is None:  # nothing is known but, perhaps, how many there are
            return FolderResult(
                folder=self.folder.name,
                role=self.role,
                on_server=self.exists,
                failed=self.exists,
                seconds=time.monotonic() - self.started,
                error=error,
            )
        on_server = len(self.remote) - self.expunged
        skipped = len(plan.too_large)
        failed = on_server - self.new - plan.already_here - skipped
        reason = error or next(iter(self.failures.values()), None)
        return FolderResult(
            folder=self.folder.name,
            role=self.role,
            on_server=on_server,
            new=self.new,
            already_here=plan.already_here,
            changed=len(plan.changed),
            vanished=len(plan.vanished),
            skipped=skipped,
            failed=failed,
            bytes=self.octets,
            seconds=time.monotonic() - self.started,
            error=reason,
            skipped_uids=plan.too_large,
            failed_uids=tuple(sorted(self.failures)),
        )


def _held_back(folder: Folder, uid: int) -> CommandRefused:
    return CommandRefused(
        Text(
            f"Der Server gibt die Nachricht {uid} in „{folder.name}“ nicht heraus.",
            f"The server does not hand out message {uid} in “{folder.name}”.",
        ),
        stage=Stage.FETCH,
        hint=Text(
            "Die Nachricht im Webmail öffnen; ist sie beschädigt, dort löschen oder verschieben.",
            "Open the message in webmail; if it is damaged, delete or move it there.",
        ),
    )


def _unnamed(folder: Folder, exists: int) -> ProtocolViolation:
    return ProtocolViolation(
        Text(
            f"Der Server zählt {exists} Nachrichten in „{folder.name}“, nennt aber keine.",
            f"The server counts {exists} messages in “{folder.name}” but names none.",
        ),
        stage=Stage.FETCH,
        hint=Text(
            "Später noch einmal versuchen; bleibt es so, den Anbieter fragen.",
            "Try again later; if it stays like this, ask the provider.",
        ),
    )
