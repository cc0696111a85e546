"""The hostile matrix: every behaviour × connect, list, sync, send, as a table.

::

    python -m demo.hostile                    all of it
    python -m demo.hostile --only flood       the rows whose name holds a word
    python -m demo.hostile --jobs 2 --json    more at once; one JSON line a cell

A cell holds if it ends in success or in one typed error, within its deadline plus a second, with
memory growth of at most 64 MiB, and with nothing lost or invented in the store.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Self

from demo.hostile_client import Cell, Outcome, prepare_home, run_cell
from demo.servers.bad_certificates import shown_context
from demo.servers.behaviours import Behaviour, Shown, behaviours
from demo.servers.scripted import ScriptedServer
from toolkit.mail.settings import Security, Server

if TYPE_CHECKING:
    import ssl

__all__ = ["MAX_GROWTH", "Matrix", "Result", "main"]

#: MiB.
MAX_GROWTH = 64
#: A child that is not back by then hangs, in seconds beyond its deadline.
_PATIENCE = 10


@dataclass(frozen=True, slots=True)
class Result:
    """One cell of the table."""

    behaviour: Behaviour
    operation: str
    outcome: Outcome

    @property
    def faults(self) -> tuple[str, ...]:
        """Why the cell does not hold; empty if it does."""
        outcome, must = self.outcome, self.behaviour.must.get(self.operation)
        limit = self.behaviour.seconds + 1
        return tuple(
            words
            for broken, words in (
                (outcome.code.startswith("!"), f"not a typed error: {outcome.code}"),
                (outcome.seconds > limit, f"{outcome.seconds:.1f} s, allowed are {limit:.1f}"),
                (outcome.growth > MAX_GROWTH, f"memory grew by {outcome.growth:.0f} MiB"),
                (bool(outcome.wrong), outcome.wrong),
                (must not in (None, outcome.code), f"{outcome.code} instead of {must}"),
            )
            if broken
        )

    def as_json(self) -> dict[str, object]:
        """The cell as ``--json`` prints it."""
        return {
            "behaviour": self.behaviour.name,
            "operation": self.operation,
            **asdict(self.outcome),
            "faults": list(self.faults),
        }


class Matrix:
    """Servers in this process, the toolkit in a child per cell."""

    def __init__(self, folder: Path) -> None:
        import trustme

        self._ca = trustme.CA(organization_name="Toolkit-Prüfstelle", key_type=trustme.KeyType.RSA)
        self._ca_file = folder / "ca.pem"
        self._ca.cert_pem.write_to_path(str(self._ca_file))
        self._home = folder / "home"
        prepare_home(self._home, self._ca_file)
        self._contexts: dict[Shown, ssl.SSLContext] = {}
        self._lock = Lock()
        # Children come out of a process without threads that has everything imported already.
        self._processes = multiprocessing.get_context("forkserver")
        self._processes.set_forkserver_preload(["demo.hostile_client", "toolkit.mail.imap"])

    def run(self, rows: Sequence[Behaviour], *, jobs: int = 1) -> Iterator[Result]:
        """The cells of these rows, in order, so many at once."""
        cells = [(row, operation) for row in rows for operation in row.operations]
        with ThreadPoolExecutor(jobs) as pool:
            yield from pool.map(lambda cell: self.cell(*cell), cells)

    def cell(self, row: Behaviour, operation: str) -> Result:
        """One behaviour and one operation."""
        with ScriptedServer(
            row.script,
            context=self._context(row.shown) if row.encrypted else None,
            implicit_tls=row.security is Security.SSL,
            again=row.again,
        ) as server:
            cell = Cell(
                operation,
                str(Server("127.0.0.1", server.port, row.security)),
                row.seconds,
                self._ca_file,
                self._home,
                twice=row.again is not None,
                unknowable=row.unknowable,
            )
            return Result(row, operation, self._child(cell))

    def _child(self, cell: Cell) -> Outcome:
        here, there = self._processes.Pipe(duplex=False)
        child = self._processes.Process(target=run_cell, args=(cell, there))
        child.start()
        there.close()
        patience = cell.seconds * (2 if cell.twice else 1) + _PATIENCE
        try:
            if here.poll(patience):
                return Outcome(**here.recv())
            return Outcome("!hang", patience, 0.0)
        except EOFError:
            return Outcome("!died", 0.0, 0.0)
        finally:
            here.close()
            if child.is_alive() and not child.join(2) and child.is_alive():
                child.kill()
            child.join()
            child.close()

    def _context(self, shown: Shown) -> ssl.SSLContext:
        with self._lock:
            if shown not in self._contexts:
                self._contexts[shown] = shown_context(self._ca, shown)
            return self._contexts[shown]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._contexts.clear()


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 if a cell does not hold."""
    parser = argparse.ArgumentParser(prog="python -m demo.hostile", description=__doc__)
    parser.add_argument("--only", metavar="NAME", action="append", help="rows whose name holds it")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="cells at once")
    parser.add_argument("--json", action="store_true", help="one JSON line a cell")
    wanted = parser.parse_args(arguments)
    rows = [
        row for row in behaviours() if not wanted.only or any(w in row.name for w in wanted.only)
    ]
    failed: list[Result] = []
    owed: list[Result] = []
    cells = 0
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder, Matrix(Path(folder)) as matrix:
        for result in matrix.run(rows, jobs=wanted.jobs):
            cells += 1
            if result.faults:
                (owed if result.behaviour.owed else failed).append(result)
            print(json.dumps(result.as_json()) if wanted.json else _line(result), flush=True)
    if not wanted.json:
        print(
            f"\n{len(rows)} behaviours, {cells} cells, {len(failed)} that do not hold, "
            f"{len(owed)} owed"
        )
    return 1 if failed else 0


def _line(result: Result) -> str:
    outcome = result.outcome
    return (
        f"{result.behaviour.name:28} {result.operation:8} {outcome.code:26} "
        f"{outcome.seconds:6.2f} s {outcome.growth:6.1f} MiB  {'; '.join(result.faults)}"
        f"{' (owed: ' + result.behaviour.owed + ')' if result.faults and result.behaviour.owed else ''}"
    ).rstrip()


if __name__ == "__main__":
    sys.exit(main())
