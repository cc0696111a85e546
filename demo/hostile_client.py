"""One cell of the hostile matrix: the toolkit against one server, measured in a process of its own."""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from demo.servers.behaviours.login import PASSWORD, USER
from demo.servers.behaviours.row import MESSAGES
from toolkit.accounts.account import AccountDraft
from toolkit.config import Config
from toolkit.errors import MailError
from toolkit.mail.deadline import Deadline
from toolkit.mail.imap import ImapSession
from toolkit.mail.settings import Server
from toolkit.mail.smtp import SmtpSession
from toolkit.mail.tls import verified_context
from toolkit.onboarding import save_account
from toolkit.sync import stored_messages, sync_account
from toolkit.workspace import Workspace

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from toolkit.sync import SyncReport

__all__ = ["Cell", "Outcome", "prepare_home", "run_cell"]


@dataclass(frozen=True, slots=True)
class Cell:
    """What a child process is to do.

    Attributes:
        operation: connect, list, sync or send.
        server: ``HOST:PORT:SECURITY``.
        seconds: the deadline for all of it.
        ca_file: whom to trust.
        home: a home folder whose database is there already, for sync; copied before use.
        twice: sync once before, and measure the second sync.
        unknowable: UIDs not to judge.
    """

    operation: str
    server: str
    seconds: float
    ca_file: Path
    home: Path
    twice: bool = False
    unknowable: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it.

    Attributes:
        code: ``ok`` or the error's code; ``!`` and a name where something else escaped.
        seconds: how long it took.
        growth: peak memory above what was in use before, MiB.
        wrong: what is wrong with what is stored or said; empty if nothing.
        evidence: the error's words, for people.
    """

    code: str
    seconds: float
    growth: float
    wrong: str = ""
    evidence: str = ""


class _OneSecret:
    """A vault for one process; the real ones are tested elsewhere and take memory by design."""

    def __init__(self) -> None:
        self.kept: dict[Any, SecretStr] = {}

    def put(self, ref: Any, secret: SecretStr) -> None:
        self.kept[ref] = secret

    def get(self, ref: Any) -> SecretStr:
        return self.kept[ref]

    def forget(self, ref: Any) -> None:
        self.kept.pop(ref, None)


def _workspace(home: Path, ca_file: Path) -> Workspace:
    environment = {"TOOLKIT_HOME": str(home), "TOOLKIT_CA_FILE": str(ca_file)}
    workspace = Workspace.open(Config.from_environment(environment))
    workspace.__dict__["vault"] = _OneSecret()
    return workspace


def prepare_home(home: Path, ca_file: Path) -> None:
    """Create and migrate the database once; every cell copies it."""
    home.mkdir(mode=0o700, exist_ok=True)
    _workspace(home, ca_file).close()


def run_cell(cell: Cell, answer: Connection) -> None:
    """Do it and send an `Outcome` as a dict; runs in a process of its own."""
    operation = {"connect": _connect, "list": _list, "sync": _sync, "send": _send}[cell.operation]
    answer.send(asdict(operation(cell)))
    answer.close()


def _measured(work: Callable[[], str]) -> Outcome:
    before = _memory("VmRSS")
    # Linux: forget the peak so far (proc(5), clear_refs).
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    started = time.monotonic()
    code, wrong, evidence = "ok", "", ""
    try:
        wrong = work()
    except MailError as exc:
        code, evidence = exc.code, exc.evidence or str(exc)
        everything = f"{exc} {exc!r} {exc.as_json()} {exc.evidence}"
        if "9f3k" in everything:
            wrong = "the password is in the error"
    except Exception as exc:  # noqa: BLE001 - exactly this must not happen, and is reported
        import traceback

        code, evidence = f"!{type(exc).__name__}", traceback.format_exc(limit=-4)
    took = time.monotonic() - started
    return Outcome(code, took, _memory("VmHWM") - before, wrong, evidence[:2000])


def _memory(what: str) -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(rf"{what}:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1024


def _connect(cell: Cell) -> Outcome:
    return _measured(partial(_session, cell, lambda _: ""))


def _list(cell: Cell) -> Outcome:
    def look(session: ImapSession) -> str:
        session.namespaces()
        folders = session.folders()
        return "a forged folder" if any(f.raw == b"forged" for f in folders) else ""

    return _measured(partial(_session, cell, look))


def _session(cell: Cell, then: Callable[[ImapSession], str]) -> str:
    until = Deadline(cell.seconds)
    with ImapSession.open(
        Server.parse(cell.server), tls=verified_context(cell.ca_file), seconds=cell.seconds
    ) as session:
        session.until = until
        session.login(USER, SecretStr(PASSWORD))
        return then(session)


def _send(cell: Cell) -> Outcome:
    def send() -> str:
        until = Deadline(cell.seconds)
        with SmtpSession.open(
            Server.parse(cell.server), tls=verified_context(cell.ca_file), seconds=cell.seconds
        ) as session:
            session.until = until
            session.login(USER, SecretStr(PASSWORD))
            to = ("one@kanzlei.example", "two@kanzlei.example")
            receipt = session.send(USER, to, MESSAGES[3])
            return "" if len(receipt.refused) < len(to) else "sent to nobody"

    return _measured(send)


def _sync(cell: Cell) -> Outcome:
    home = cell.home.with_name(f"{cell.home.name}-{cell.server.replace(':', '-')}")
    shutil.copytree(cell.home, home)
    try:
        with _workspace(home, cell.ca_file) as workspace:
            server = Server.parse(cell.server)
            draft = AccountDraft(
                email=USER, display_name="K", username=USER, imap=server, smtp=server, owner="M"
            )
            account = save_account(
                workspace, draft, SecretStr(PASSWORD), None, create_users=True
            ).id
            _bound(cell.seconds)
            if cell.twice:
                sync_account(workspace, account, all_folders=True)
            _bound(cell.seconds)
            reports: list[SyncReport] = []

            def sync() -> str:
                report = sync_account(workspace, account, all_folders=True)
                reports.append(report)
                for error in (report.error, *(row.error for row in report.folders)):
                    if error is not None:
                        raise error
                return ""

            outcome = _measured(sync)
            wrong = outcome.wrong or _stored_wrongly(workspace, account, reports, cell)
            return Outcome(outcome.code, outcome.seconds, outcome.growth, wrong, outcome.evidence)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _bound(seconds: float) -> None:
    """Let every session of this process end by one clock, as a caller would who is in a hurry."""
    until = Deadline(seconds)
    whole = _OPEN

    def opened(*given: Any, **named: Any) -> ImapSession:
        session = whole(*given, **{**named, "seconds": seconds})
        session.until = until
        return session

    ImapSession.open = opened  # type: ignore[method-assign,assignment]


_OPEN = ImapSession.open


def _stored_wrongly(
    workspace: Workspace, account: str, reports: list[SyncReport], cell: Cell
) -> str:
    """What is stored and should not be, or is missing although the report is green."""
    truth: Mapping[int, str] = {
        uid: hashlib.sha256(body).hexdigest()
        for uid, body in MESSAGES.items()
        if uid not in cell.unknowable
    }
    rows = [one for one in stored_messages(workspace, account) if one.folder.upper() == "INBOX"]
    stored = {row.uid: row.sha256 for row in rows if row.uid not in cell.unknowable}
    invented = {uid for uid, digest in stored.items() if truth.get(uid) != digest}
    if invented:
        return f"invented: {sorted(invented)}"
    with workspace.store.read() as connection:
        from toolkit.store import schema

        kept = len(connection.execute(schema.contents.select()).all())
    if cell.twice and kept < len(truth):
        return f"contents lost: {kept} of {len(truth)}"
    green = bool(reports) and all(report.ok for report in reports)
    inbox = any(row.folder.upper() == "INBOX" for report in reports for row in report.folders)
    skipped = {uid for report in reports for row in report.folders for uid in row.skipped_uids}
    missing = sorted(truth.keys() - stored.keys() - skipped)
    if green and inbox and missing:
        return f"green, but not here: {missing}"
    return ""


if __name__ == "__main__":
    sys.exit("This is a part of `python -m demo.hostile`.")
