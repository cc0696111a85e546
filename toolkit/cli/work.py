"""The commands that work on accounts: folders, mapping, sync, messages, diagnose, batch."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolkit.cli.accounts import account_argument
from toolkit.cli.lines import json_option
from toolkit.cli.output import EXIT, print_json, print_rows, print_text, say_error
from toolkit.errors import MailError, ToolkitError
from toolkit.language import Text

if TYPE_CHECKING:
    from toolkit.progress import Progress
    from toolkit.sync.report import SyncReport

__all__ = ["batch", "diagnose", "folders", "mapping", "messages", "sync"]


@click.command()
@account_argument
@json_option
def folders(account_id: str, *, as_json: bool) -> int:
    """Connect, list the folders and propose their roles."""
    from toolkit.accounts import book
    from toolkit.folders.roles import ROLE_NAMES
    from toolkit.onboarding import list_folders
    from toolkit.workspace import Workspace

    with Workspace.open() as workspace:
        with workspace.store.read() as connection:
            account = book.account_by_id(connection, account_id)
        listing = list_folders(workspace, account)
    if as_json:
        print_json({"id": account.id, **listing.as_json()})
        return EXIT.WELL
    role_of = listing.proposal.mapping.role_of
    rows = [
        (
            folder.name,
            folder.messages,
            str(ROLE_NAMES[role]) if (role := role_of(folder.raw)) else "",
        )
        for folder in listing.folders
    ]
    headings = (
        Text("Ordner", "Folder"),
        Text("Nachrichten", "Messages"),
        Text("Vorschlag", "Proposal"),
    )
    print_rows([str(h) for h in headings], rows, account.email)
    return EXIT.WELL


@click.command()
@account_argument
@click.option("--accept", is_flag=True, help="Take the proposal.")
@click.option(
    "--set",
    "assign",
    multiple=True,
    metavar="ROLE=FOLDER",
    help="Map a role, repeatable; an empty FOLDER unmaps it.",
)
@json_option
def mapping(account_id: str, assign: tuple[str, ...], *, accept: bool, as_json: bool) -> int:
    """Save which folder takes which role; without an option, show what is saved."""
    from toolkit.accounts import book
    from toolkit.onboarding import accept_mapping, parse_assignments, saved_mapping
    from toolkit.workspace import Workspace

    wishes = parse_assignments(assign)
    with Workspace.open() as workspace:
        with workspace.store.read() as connection:
            account = book.account_by_id(connection, account_id)
        if accept or wishes:
            names = accept_mapping(workspace, account, accept=accept, wishes=wishes)
        else:
            names = saved_mapping(workspace, account)
    if as_json:
        print_json({"id": account.id, "mapping": {str(role): name for role, name in names.items()}})
        return EXIT.WELL
    from toolkit.folders.roles import ROLE_NAMES

    headings = (Text("Kanzleipostfach", "Office mailbox"), Text("Ordner", "Folder"))
    print_rows(
        [str(h) for h in headings],
        [(str(ROLE_NAMES[role]), name) for role, name in names.items()],
        account.email,
    )
    return EXIT.WELL


@click.command()
@click.argument("account_ids", metavar="ID…", nargs=-1, required=True)
@click.option("--all-folders", is_flag=True, help="Every folder, not only the mapped ones.")
@click.option("--verify", is_flag=True, help="Then compare all that is stored with the server.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@json_option
def sync(
    account_ids: tuple[str, ...], *, all_folders: bool, verify: bool, dry_run: bool, as_json: bool
) -> int:
    """Fetch what is new and tabulate it."""
    from toolkit.accounts import book
    from toolkit.sync.report import SyncReport
    from toolkit.sync.sync import sync_account
    from toolkit.workspace import Workspace

    reports: list[SyncReport] = []
    with Workspace.open() as workspace, _cancelled_by_signal() as cancel:
        with workspace.store.read() as connection:
            accounts = [book.account_by_id(connection, given) for given in account_ids]
        for account in accounts:
            try:
                report = sync_account(
                    workspace,
                    account.id,
                    all_folders=all_folders,
                    dry_run=dry_run,
                    verify=verify,
                    progress=None if as_json else _show_progress,
                    cancel=cancel,
                )
            except ToolkitError as error:
                report = SyncReport(account.id, account.email, error=error)
            reports.append(report)
            if not as_json:
                _print_report(report)
    if as_json:
        print_json(
            {"ok": all(r.ok for r in reports), "accounts": [report.as_json() for report in reports]}
        )
    if cancel.is_set():
        return EXIT.CANCELLED
    if len(reports) == 1 and reports[0].error is not None and not reports[0].folders:
        return EXIT.of(reports[0].error, ["sync"])
    if any(isinstance(r.error, MailError) and not r.folders for r in reports):
        return EXIT.UNREACHED
    return EXIT.WELL if all(report.ok for report in reports) else EXIT.FOUND


@click.command()
@account_argument
@click.option("--folder", help="Only this folder, by its name.")
@json_option
def messages(account_id: str, folder: str | None, *, as_json: bool) -> int:
    """What is stored of an account; with --json one object a line."""
    from toolkit.sync.sync import stored_messages
    from toolkit.workspace import Workspace

    with Workspace.open() as workspace:
        found = stored_messages(workspace, account_id, folder)
    if as_json:
        for message in found:
            print_json(message.as_json())
        return EXIT.WELL
    headings = (
        Text("Ordner", "Folder"), Text("UID", "UID"), Text("Größe", "Size"),
        Text("Datum", "Date"), Text("Merkmale", "Flags"), Text("SHA-256", "SHA-256"),
    )  # fmt: skip
    print_rows(
        [str(h) for h in headings],
        [
            (m.folder, m.uid, m.size, m.internaldate and m.internaldate.isoformat(" ", "minutes"),
             " ".join(m.flags), m.sha256[:12])
            for m in found
        ],
    )  # fmt: skip
    return EXIT.WELL


@click.command()
@click.argument("subject", metavar="ID|ADDRESS")
@json_option
def diagnose(subject: str, *, as_json: bool) -> int:
    """Which stage fails, and the likely causes."""
    from toolkit.diagnosis.findings import STAGE_NAMES
    from toolkit.diagnosis.probe import diagnose as run
    from toolkit.workspace import Workspace

    with Workspace.open() as workspace:
        diagnosis = run(workspace, subject)
    status = EXIT.WELL if diagnosis.ok else EXIT.FOUND
    if as_json:
        print_json(diagnosis.as_json())
        return status
    marks = {"ok": "✓", "failed": "✗", "skipped": "·"}
    headings = (
        "",
        "",
        Text("Stufe", "Stage"),
        Text("Sekunden", "Seconds"),
        Text("Befund", "Finding"),
    )
    print_rows(
        [str(h) for h in headings],
        [
            (
                marks[f.outcome],
                f.protocol.upper(),
                str(STAGE_NAMES[f.stage]),
                f.seconds,
                f.evidence[:120],
            )
            for f in diagnosis.findings
        ],
        diagnosis.subject,
    )
    print_text(diagnosis.verdict)
    if diagnosis.causes:
        causes = (
            Text("Ursache", "Cause"),
            Text("Sicherheit", "Confidence"),
            Text("Was zu tun ist", "What to do"),
        )
        print_rows(
            [str(h) for h in causes],
            [(str(c.name), f"{c.confidence:.0%}", str(c.remedy)) for c in diagnosis.causes[:3]],
        )
    return status


@click.command()
@click.option("--all", "everything", is_flag=True, help="Every active account.")
@click.option(
    "--file",
    metavar="CSV",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Accounts by id or address.",
)
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Where the reports go.",
)
@click.option(
    "--jobs", type=click.IntRange(min=1), default=2, show_default=True, help="Notebooks at a time."
)
@click.option(
    "--since",
    metavar="DIR",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Compare with an earlier run.",
)
@json_option
def batch(
    *,
    everything: bool,
    file: Path | None,
    out: Path,
    jobs: int,
    since: Path | None,
    as_json: bool,
) -> int:
    """One executed diagnostic notebook per account, and an overview."""
    from toolkit.batch import choose_accounts, run_batch
    from toolkit.workspace import Workspace

    if everything == (file is not None):
        raise click.UsageError("Exactly one of --all and --file CSV is needed.")
    with Workspace.open() as workspace, _cancelled_by_signal() as cancel:
        overview = run_batch(
            choose_accounts(workspace, file),
            out,
            jobs=jobs,
            since=since,
            progress=None if as_json else _show_progress,
            cancel=cancel,
        )
    if as_json:
        print_json(overview.as_json())
    else:
        headings = (
            Text("Adresse", "Address"), Text("Stufe", "Stage"), Text("Ursache", "Cause"),
            Text("Sekunden", "Seconds"),
        )  # fmt: skip
        print_rows(
            [str(h) for h in headings],
            [(row.email, row.stage, row.cause_name, row.seconds) for row in overview.rows],
        )
        print_text(overview.verdict)
        print(overview.html)
    if cancel.is_set():
        return EXIT.CANCELLED
    return EXIT.WELL if overview.ok else EXIT.FOUND


def _print_report(report: SyncReport) -> None:
    if report.folders:
        frame = report.frame()
        print_rows(list(frame.columns), frame.itertuples(index=False), report.email)
    print_text(report.verdict)
    errors = [row.error for row in report.folders if row.error is not None]
    for error in dict.fromkeys([*([report.error] if report.error else []), *errors]):
        say_error(error, as_json=False)


def _show_progress(progress: Progress) -> None:
    """One line on standard error that overwrites itself; nothing where nobody watches."""
    if sys.stderr.isatty():
        total = f"/{progress.total}" if progress.total else ""
        what = "".join(c for c in str(progress.what) if c.isprintable())[:60]
        print(f"\r\x1b[K{progress.done}{total}  {what}", end="", file=sys.stderr, flush=True)


@contextmanager
def _cancelled_by_signal() -> Iterator[threading.Event]:
    """Ctrl-C and SIGTERM set the event; a second one interrupts the hard way."""
    cancel = threading.Event()

    def stop(_number: int, _frame: object) -> None:
        if cancel.is_set():
            raise KeyboardInterrupt
        cancel.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield cancel
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
