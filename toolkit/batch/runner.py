"""Run the diagnostic notebook once per account, several at a time; one failure stops no other.

The notebooks' parameters are an account id and paths. A kernel opens the vault itself, so no
secret passes through papermill, which would write it into the notebook, its metadata and its
widget state.
"""

from __future__ import annotations

import asyncio
import threading
import time
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

from toolkit.batch.choose import BatchAccount
from toolkit.batch.export import export_html
from toolkit.batch.overview import (
    CANCELLED,
    Overview,
    Row,
    failed_row,
    read_overview,
    row_from_result,
    write_overview,
)
from toolkit.batch.result import read_result
from toolkit.language import Text
from toolkit.progress import Progress, ProgressCallback
from toolkit.resources import notebook

__all__ = ["NOTEBOOK_SECONDS", "run_batch"]

#: One notebook's clock; the probe inside has its own, shorter one.
NOTEBOOK_SECONDS = 180

#: Kept out of the kernel: a history database would keep every cell's source.
_KERNEL_ARGUMENTS = ["--HistoryManager.enabled=False"]


def run_batch(
    accounts: Sequence[BatchAccount],
    out: Path,
    *,
    jobs: int = 2,
    since: Path | None = None,
    progress: ProgressCallback | None = None,
    cancel: threading.Event | None = None,
) -> Overview:
    """Execute ``notebooks/diagnose_account.ipynb`` per account and write the overview.

    Args:
        accounts: which accounts; every kernel opens the office its environment describes.
        out: folder for notebooks, their HTML, ``overview.html``, ``overview.csv``.
        jobs: how many notebooks at a time.
        since: folder of an earlier run to compare with.
        progress: told after every account.
        cancel: set to start no further notebook; what is done is in the overview.

    Returns:
        The overview, one row an account in the order given, each once; those not started after a
        cancel are rows that say so.

    Raises:
        InputError: ``since`` holds no overview; told before anything runs.
    """
    before = None if since is None else read_overview(since)
    out = out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    # Two kernels writing the same files would spoil both.
    once = tuple({account.id: account for account in accounts}.values())
    rows: dict[str, Row] = {}
    stop = cancel or threading.Event()
    with ThreadPoolExecutor(jobs, thread_name_prefix="notebook") as pool:
        running: dict[Future[Row], BatchAccount] = {
            pool.submit(_run_one, account, out, stop): account for account in once
        }
        while running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                account = running.pop(future)
                rows[account.id] = future.result()
                if progress is not None:
                    what = Text(account.email, account.email)
                    progress(Progress(len(rows), len(once), what))
    ordered = tuple(rows[account.id] for account in once)
    return write_overview(out, ordered, before=before)


def _run_one(account: BatchAccount, out: Path, stop: threading.Event) -> Row:
    """One account's notebook, its HTML and its row; whatever goes wrong becomes the row."""
    if stop.is_set():
        return failed_row(account, CANCELLED, Text("Abgebrochen.", "Cancelled."))
    if not account.known:
        return failed_row(
            account,
            "account-not-found",
            Text("Das Konto ist nicht gespeichert.", "The account is not saved."),
        )
    started = time.monotonic()
    executed, result = out / f"{account.id}.ipynb", out / f"{account.id}.json"
    page, trouble = None, ""
    try:
        for stale in (executed, executed.with_suffix(".html"), result):
            stale.unlink(missing_ok=True)  # what an earlier run left is not this one's
        try:
            _execute(account.id, executed, result)
        finally:
            page = _export(executed) if executed.exists() else None
    except Exception as exc:  # noqa: BLE001 - kernels die in many ways; the others go on
        trouble = f"{type(exc).__name__}: {exc}"[-500:]
    seconds = time.monotonic() - started
    content = read_result(result)
    if content is not None:
        return row_from_result(account, content, seconds=seconds, page=page)
    return failed_row(
        account,
        "notebook-failed",
        Text("Das Notebook ist nicht durchgelaufen.", "The notebook did not run through."),
        evidence=trouble,
        seconds=seconds,
        page=page,
    )


def _execute(account_id: str, executed: Path, result: Path) -> None:
    import papermill

    with _event_loop(), warnings.catch_warnings():
        # papermill stamps times without a zone, which Python has deprecated.
        warnings.simplefilter("ignore", DeprecationWarning)
        papermill.execute_notebook(
            notebook("diagnose_account"),
            executed,
            parameters={"account_id": account_id, "result": str(result)},
            kernel_name="python3",
            progress_bar=False,
            log_output=False,
            start_timeout=60,
            execution_timeout=NOTEBOOK_SECONDS,
            # Passed on to nbclient; when the last cell is done, the kernel has nothing left to do.
            kernel_manager_class="toolkit.batch.kernels.PrivateKernelManager",
            shutdown_kernel="immediate",
            extra_arguments=_KERNEL_ARGUMENTS,
            store_widget_state=False,
        )


@contextmanager
def _event_loop() -> Iterator[None]:
    """The event loop nbclient leaves to a thread, closed: its sockets are not the collector's job."""
    from jupyter_core.utils import ensure_event_loop

    loop = ensure_event_loop()
    try:
        yield
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def _export(executed: Path) -> Path | None:
    try:
        return export_html(executed, executed.with_suffix(".html"))
    except Exception:  # noqa: BLE001 - a page that cannot be made loses nobody the row
        return None
