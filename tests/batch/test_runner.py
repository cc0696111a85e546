"""A batch runs a notebook per account; whatever one does, the others have their rows."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from pydantic import SecretStr

from demo.mailboxes import ACCOUNTS, Fault
from demo.server import start_demo_servers
from toolkit.accounts import book
from toolkit.accounts.account import AccountDraft
from toolkit.batch import BatchAccount, choose_accounts, run_batch, runner
from toolkit.batch.overview import read_overview
from toolkit.batch.result import read_result, write_result
from toolkit.errors import InputError
from toolkit.onboarding import save_account
from toolkit.workspace import Workspace

if TYPE_CHECKING:
    from toolkit.progress import Progress

ONE, TWO, THREE = (BatchAccount(f"k{n}", f"k{n}@kanzlei.example") for n in (1, 2, 3))
UNKNOWN = BatchAccount("=fremd", "=fremd", known=False)

Execute = Callable[[str, Path, Path], None]


@pytest.fixture
def executes(monkeypatch: pytest.MonkeyPatch) -> Callable[[Execute], None]:
    """Puts something in papermill's place, for what has nothing to do with kernels."""

    def use(execute: Execute) -> None:
        monkeypatch.setattr(runner, "_execute", execute)

    return use


def well(_account: str, executed: Path, result: Path) -> None:
    """A notebook that runs through and finds all well."""
    nbformat.write(nbformat.v4.new_notebook(), executed)
    write_result(result, {"ok": True, "stage": "fetch", "verdict": {"de": "Gut.", "en": "Well."}})


def test_rows_come_in_the_order_given_and_progress_counts(
    home: Path, tmp_path: Path, executes: Callable[[Execute], None]
) -> None:
    """Each account once, however many jobs and however often it is named."""
    executes(well)
    told: list[Progress] = []
    given = [THREE, UNKNOWN, ONE, THREE, TWO]
    overview = run_batch(given, tmp_path / "neu" / "out", jobs=3, progress=told.append)
    assert [row.id for row in overview.rows] == ["k3", "=fremd", "k1", "k2"]
    assert [(p.done, p.total) for p in told] == [(n, 4) for n in (1, 2, 3, 4)]
    assert {row.id: row.cause for row in overview.rows if not row.ok} == {
        "=fremd": "account-not-found"
    }
    assert [row.page for row in overview.rows] == ["k3.html", "", "k1.html", "k2.html"]
    names = {path.name for path in overview.html.parent.iterdir()}
    files = {f"{id_}.{end}" for id_ in ("k1", "k2", "k3") for end in ("ipynb", "html", "json")}
    assert names == files | {"overview.html", "overview.csv", "overview.json"}


def test_what_breaks_becomes_a_row_and_nothing_else(
    home: Path, tmp_path: Path, executes: Callable[[Execute], None]
) -> None:
    """A raise before, during and after the notebook: kept as evidence, the others are well."""

    def execute(account: str, executed: Path, result: Path) -> None:
        if account == "k1":
            raise RuntimeError("Kernel \x1b[31mtot\x1b[0m <script>")
        if account == "k2":
            executed.write_text("kein Notebook", encoding="utf-8")
            raise MemoryError
        well(account, executed, result)

    executes(execute)
    overview = run_batch([ONE, TWO, THREE], tmp_path / "out")
    first, second, third = overview.rows
    assert (first.cause, second.cause) == ("notebook-failed", "notebook-failed")
    assert "RuntimeError: Kernel" in first.message
    assert "MemoryError" in second.message
    assert second.page == ""
    assert third.ok
    assert "<script>" not in overview.html.read_text(encoding="utf-8")


def test_a_result_counts_even_if_the_page_cannot_be_made(
    home: Path, tmp_path: Path, executes: Callable[[Execute], None]
) -> None:
    """The row is the diagnosis; a page that fails costs only the link."""

    def execute(account: str, executed: Path, result: Path) -> None:
        well(account, executed, result)
        executed.write_text("kein Notebook", encoding="utf-8")

    executes(execute)
    (row,) = run_batch([ONE], tmp_path / "out").rows
    assert (row.ok, row.page) == (True, "")


def test_what_an_earlier_run_left_is_not_this_ones(
    home: Path, tmp_path: Path, executes: Callable[[Execute], None]
) -> None:
    """A notebook that does not start shows neither the old result nor the old page."""
    executes(well)
    assert run_batch([ONE], tmp_path / "out").ok

    def execute(_account: str, _executed: Path, _result: Path) -> None:
        raise OSError("kein Kernel")

    executes(execute)
    (row,) = run_batch([ONE], tmp_path / "out").rows
    assert (row.ok, row.page) == (False, "")
    assert not (tmp_path / "out" / "k1.html").exists()


def test_cancelling_leaves_rows_that_say_so(
    home: Path, tmp_path: Path, executes: Callable[[Execute], None]
) -> None:
    """What runs is finished, what waits is not begun, and the overview holds both."""
    begun: list[str] = []
    cancel = threading.Event()

    def execute(account: str, executed: Path, result: Path) -> None:
        begun.append(account)
        cancel.set()
        well(account, executed, result)

    executes(execute)
    overview = run_batch([ONE, TWO, THREE], tmp_path / "out", jobs=1, cancel=cancel)
    assert begun == ["k1"]
    assert [row.cause for row in overview.rows] == ["", "cancelled", "cancelled"]
    assert [row.ok for row in overview.rows] == [True, False, False]
    assert "2 wurden nicht geprüft" in overview.verdict.de
    assert read_overview(tmp_path / "out") == overview.rows


def test_an_earlier_run_is_read_before_anything_starts(
    home: Path, tmp_path: Path, executes: Callable[[Execute], None]
) -> None:
    """A wrong --since is told at once; the same folder may be compared with and written to."""

    def never(*_: Any) -> None:
        pytest.fail("a notebook was started")

    executes(never)
    with pytest.raises(InputError, match="keine Übersicht"):
        run_batch([ONE], tmp_path / "out", since=tmp_path)
    executes(well)
    run_batch([ONE], tmp_path / "out")
    again = run_batch([ONE, TWO], tmp_path / "out", since=tmp_path / "out")
    assert [row.change for row in again.rows] == ["", "neu dabei"]


def test_a_result_is_whole_or_not_there(tmp_path: Path) -> None:
    """A value JSON cannot hold leaves the file as it was and no half one beside it."""
    path = tmp_path / "k1.json"
    write_result(path, {"ok": True})
    with pytest.raises(TypeError):
        write_result(path, {"ok": True, "x": object()})
    assert read_result(path) == {"ok": True}
    assert list(tmp_path.iterdir()) == [path]
    path.write_text('{"ok": tr', encoding="utf-8")
    assert read_result(path) is None
    path.write_text("[1]", encoding="utf-8")
    assert read_result(path) is None


BROKEN = """
import os
from pathlib import Path
from toolkit.batch.result import write_result
if account_id == "k1":
    raise RuntimeError("die Zelle ist kaputt")
if account_id == "k2":
    os._exit(9)
write_result(Path(result), {"ok": True, "stage": "fetch"})
"""


@pytest.mark.slow
def test_a_broken_notebook_and_a_dead_kernel_stop_nobody(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real kernels: one cell raises, one kernel dies, one runs through; all three have a row."""
    source = tmp_path / "kaputt.ipynb"
    book_ = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "", "language": "python"}}
    )
    parameters = nbformat.v4.new_code_cell(
        'account_id = ""\nresult = ""', metadata={"tags": ["parameters"]}
    )
    book_.cells = [parameters, nbformat.v4.new_code_cell(BROKEN)]
    nbformat.write(book_, source)
    monkeypatch.setattr(runner, "notebook", lambda _name: source)
    overview = run_batch([ONE, TWO, THREE], tmp_path / "out", jobs=2)
    raised, died, through = overview.rows
    assert (raised.cause, died.cause) == ("notebook-failed", "notebook-failed")
    assert "die Zelle ist kaputt" in raised.message
    assert "DeadKernelError" in died.message
    assert through.ok
    # The page shows how far the notebook came.
    assert "die Zelle ist kaputt" in (tmp_path / "out" / raised.page).read_text(encoding="utf-8")
    assert died.page == "k2.html"


class Loads(HTMLParser):
    """What a page would load or run."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "iframe", "link"} or any(
            name == "src" and not (value or "").startswith("data:") for name, value in attrs
        ):
            self.found.append(tag)


@pytest.mark.slow
def test_the_demonstrations_accounts_from_csv_to_overview(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Good, broken, deactivated and unknown lines: rows, stages, causes, pages, and no secret."""
    wanted = [one for one in ACCOUNTS if one.fault in {Fault.NONE, Fault.WRONG_PASSWORD,
                                                       Fault.WRONG_PORT, Fault.OTHER_HOST}]  # fmt: skip
    good, off, *broken = [wanted[0], wanted[1], *wanted[3:]]
    out = tmp_path / "out"
    with start_demo_servers(tmp_path / "server", accounts=(good, off, *broken)) as servers:
        monkeypatch.setenv("TOOLKIT_CA_FILE", str(servers.ca_file))
        with Workspace.open() as workspace:
            ids = {}
            for served in servers.accounts:
                one, settings = served.account, served.settings
                draft = AccountDraft(
                    email=one.address, display_name=one.display_name, username=settings.username,
                    imap=settings.imap, smtp=settings.smtp, owner=one.owner,
                )  # fmt: skip
                secret = SecretStr(servers.password(one.address))
                saved = save_account(workspace, draft, secret, None, create_users=True)
                ids[one.address] = saved.id
            with workspace.store.write() as connection:
                book.set_active(connection, ids[off.address], active=False)
            assert {one.email for one in choose_accounts(workspace)} == {
                one.address for one in (good, *broken)
            }
            file = tmp_path / "konten.csv"
            lines = [*(one.address for one in broken), ids[good.address], off.address, "=1+1@x.de"]
            file.write_text("\ufeffE-Mail;Notiz\r\n" + ";x\r\n".join(lines), encoding="utf-8")
            overview = run_batch(choose_accounts(workspace, file), out, jobs=2)
        passwords = [servers.password(one.address) for one in (good, off, *broken)]

    rows = {row.email: row for row in overview.rows}
    assert [row.email for row in overview.rows] == [
        *(one.address for one in broken), good.address, off.address, "=1+1@x.de",
    ]  # fmt: skip
    found = {one.fault: rows[one.address] for one in broken}
    assert {fault: row.stage for fault, row in found.items()} == {
        Fault.WRONG_PASSWORD: "auth",
        Fault.WRONG_PORT: "tcp",
        Fault.OTHER_HOST: "tls",
    }
    assert found[Fault.WRONG_PASSWORD].cause == "wrong-password"
    assert found[Fault.OTHER_HOST].cause.startswith("tls-")
    for row in found.values():
        assert row.cause
        assert row.remedy
        assert row.confidence is not None
        assert not row.ok
    assert rows[good.address].ok
    assert rows[off.address].ok
    assert rows["=1+1@x.de"].cause == "account-not-found"
    assert ';"\'=1+1@x.de";' in overview.csv.read_text("utf-8-sig") or (
        ";'=1+1@x.de;" in overview.csv.read_text("utf-8-sig")
    )
    page = overview.html.read_text(encoding="utf-8")
    for row in overview.rows:
        if row.page:
            assert f'href="./{row.page}"' in page
            assert Loads((out / row.page).read_text(encoding="utf-8")).found == []

    # Parameters and metadata of what was executed: an id and a path, nothing else.
    for address, account_id in ids.items():
        executed = json.loads((out / f"{account_id}.ipynb").read_text(encoding="utf-8"))
        told = executed["metadata"]["papermill"]
        assert told["parameters"] == {
            "account_id": account_id,
            "result": str(out / f"{account_id}.json"),
        }
        assert told["environment_variables"] == {}
        assert "widgets" not in executed["metadata"]
        assert address in json.dumps(executed, ensure_ascii=False)
    for path in out.iterdir():
        content = path.read_bytes()
        assert not [one for one in passwords if one.encode() in content], path
