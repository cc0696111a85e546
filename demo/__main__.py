"""``make demo``: a day in the life of the toolkit, on a mail server of its own.

Starts the servers, onboards every mailbox, syncs the good ones, diagnoses all of them in a batch,
and prints a table. The last line is the path of the HTML overview.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from demo.server import ServedAccount, start_demo_servers
from toolkit import formats
from toolkit.accounts.account import Account, AccountDraft
from toolkit.batch import BatchAccount, Overview, run_batch
from toolkit.cli.output import print_rows, print_text
from toolkit.errors import ToolkitError
from toolkit.language import Text
from toolkit.onboarding import load_folders, save_account
from toolkit.sync import SyncReport, sync_account
from toolkit.workspace import Workspace

if TYPE_CHECKING:
    from toolkit.progress import Progress

#: Where the demonstration's results stay; made anew each time.
RESULTS = Path(__file__).parent.parent / "demo-home"


def main() -> int:
    """Run the demonstration; 0 if every mailbox behaved as its story says."""
    arguments = _arguments()
    started = time.monotonic()
    _fresh_home(arguments.home)
    with tempfile.TemporaryDirectory(prefix="toolkit-demo-") as scratch:
        _say(Text("Starte die Mailserver …", "Starting the mail servers …"))
        with start_demo_servers(Path(scratch), kind=arguments.server) as servers:
            os.environ["TOOLKIT_CA_FILE"] = str(servers.ca_file)
            with Workspace.open() as workspace:
                onboarded = [
                    (one, *_onboard(workspace, one, servers.password(one.account.address)))
                    for one in servers.accounts
                ]
                reports = {
                    account.id: _sync(workspace, account)
                    for _, account, complaint in onboarded
                    if complaint is None
                }
                chosen = [BatchAccount(account.id, account.email) for _, account, _ in onboarded]
                overview = run_batch(chosen, RESULTS / "batch", jobs=2, progress=_progress)
    _print_results(onboarded, reports, overview)
    seconds = formats.number(time.monotonic() - started, 1)
    _say(Text(f"Fertig nach {seconds} Sekunden. Die Übersicht:", f"Done after {seconds} seconds."))
    print(overview.html, flush=True)
    as_told = all(row.ok == (one.account.fault == "none") for row, (one, *_) in
                  zip(overview.rows, onboarded, strict=True))  # fmt: skip
    return 0 if as_told else 1


def _onboard(
    workspace: Workspace, served: ServedAccount, password: str
) -> tuple[Account, ToolkitError | None]:
    """Steps 4 to 8 of the help page.

    A mailbox that cannot be reached is saved all the same, so that the batch has something to
    diagnose; the form would not save it.
    """
    told, settings = served.account, served.settings
    draft = AccountDraft(
        email=told.address,
        display_name=told.display_name,
        username=settings.username,
        imap=settings.imap,
        smtp=settings.smtp,
        owner=told.owner,
        viewers=told.viewers,
        senders=told.senders,
        provider="gmail" if told.fault == "app-password" else None,
    )
    secret = SecretStr(password)
    complaint: ToolkitError | None = None
    mapping = None
    try:
        mapping = load_folders(workspace, draft, secret).proposal.mapping
    except ToolkitError as error:
        complaint = error
    _say(Text(f"  {told.address}: {told.story.de}", f"  {told.address}: {told.story.en}"))
    return save_account(workspace, draft, secret, mapping, create_users=True), complaint


def _sync(workspace: Workspace, account: Account) -> SyncReport:
    _say(Text(f"  Synchronisiere {account.email} …", f"  Syncing {account.email} …"))
    return sync_account(workspace, account.id)


def _print_results(
    onboarded: list[tuple[ServedAccount, Account, ToolkitError | None]],
    reports: dict[str, SyncReport],
    overview: Overview,
) -> None:
    found = {row.id: row for row in overview.rows}
    headings = (
        Text("Konto", "Account"), Text("Einbindung", "Onboarding"),
        Text("Nachrichten", "Messages"), Text("Diagnose", "Diagnosis"),
    )  # fmt: skip
    rows = []
    for _, account, complaint in onboarded:
        report = reports.get(account.id)
        row = found[account.id]
        rows.append(
            (
                account.email,
                str(
                    Text("Ordner zugewiesen", "folders mapped") if complaint is None else complaint
                ),
                sum(folder.new for folder in report.folders) if report is not None else None,
                str(Text("in Ordnung", "well")) if row.ok else row.cause_name,
            )
        )
    print()
    print_rows([str(heading) for heading in headings], rows)
    print_text(overview.verdict)


def _fresh_home(home: Path | None) -> None:
    """An empty office of the demonstration's own, whatever the environment says."""
    shutil.rmtree(RESULTS, ignore_errors=True)
    place = home or RESULTS / "home"
    place.mkdir(parents=True, mode=0o700, exist_ok=True)
    key_file = RESULTS / "vault.key"
    RESULTS.mkdir(exist_ok=True)
    key_file.touch(mode=0o600)
    key_file.write_text(secrets.token_urlsafe(32), encoding="ascii")
    os.environ.pop("TOOLKIT_DATABASE_URL", None)
    os.environ |= {
        "TOOLKIT_HOME": str(place),
        "TOOLKIT_VAULT": "file",
        "TOOLKIT_VAULT_KEY_FILE": str(key_file),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--server", choices=("embedded", "dovecot"), default="embedded")
    parser.add_argument("--home", type=Path, help="TOOLKIT_HOME of the demonstration")
    return parser.parse_args()


def _progress(progress: Progress) -> None:
    what = Text(f"  Diagnose {progress.done} von {progress.total}: {progress.what}",
                f"  Diagnosis {progress.done} of {progress.total}: {progress.what}")  # fmt: skip
    _say(what)


def _say(words: Text) -> None:
    print_text(words)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
