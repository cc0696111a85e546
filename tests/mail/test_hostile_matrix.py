"""The hostile matrix: whatever a server does ends well or in one typed error, in time and in bounds."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from demo.hostile import Matrix, Result
from demo.hostile_client import Outcome
from demo.servers.behaviours import Behaviour, behaviours

ROWS = {row.name: row for row in behaviours()}
#: One or two of each chapter, none that waits for its deadline.
SAMPLE = (
    "greeting-http", "rst-in-body", "literal-name", "literal-5000-digits", "bye-list",
    "uid-duplicate", "uidvalidity-twice", "list-newline", "login-echo", "smtp-endless-ehlo",
    "tls-expired", "starttls-injection",
)  # fmt: skip


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    with Matrix(tmp_path_factory.mktemp("hostile")) as running:
        yield running


def _faults(matrix: Matrix, rows: list[Behaviour]) -> dict[str, str]:
    return {
        f"{result.behaviour.name} × {result.operation}": f"{result.faults}: {result.outcome}"
        for result in matrix.run(rows, jobs=2)
        if result.faults and not result.behaviour.owed
    }


def test_every_behaviour_is_described_once() -> None:
    """At least 80 rows, each with a name of its own, a sentence and a known operation."""
    rows = behaviours()
    assert len(ROWS) == len(rows) >= 80
    assert all(row.does for row in rows)
    assert {word for row in rows for word in row.operations} == {"connect", "list", "sync", "send"}
    assert all(set(row.must) <= set(row.operations) | {"sync"} for row in rows)


def test_a_sample_of_the_matrix_holds(matrix: Matrix) -> None:
    """A few rows of every chapter, with every operation they are meant for."""
    assert _faults(matrix, [ROWS[name] for name in SAMPLE]) == {}


@pytest.mark.slow
def test_the_matrix_holds(matrix: Matrix) -> None:
    """Every fourth row, and all of them where there is time to prove it."""
    step = 1 if os.environ.get("TOOLKIT_PROVE") else 4
    assert _faults(matrix, list(ROWS.values())[::step]) == {}


def test_a_cell_that_does_not_hold_says_why() -> None:
    """Too slow, too big, untyped, wrong in the store, not the outcome it must have."""
    row = Behaviour("x", "does x", (), ("list",), seconds=1, must={"list": "ok"})
    bad = Result(row, "list", Outcome("!KeyError", 3.0, 65.0, "invented: [9]"))
    assert [fault.split(":")[0] for fault in bad.faults] == [
        "not a typed error",
        "3.0 s, allowed are 2.0",
        "memory grew by 65 MiB",
        "invented",
        "!KeyError instead of ok",
    ]
    assert Result(row, "list", Outcome("ok", 1.9, 63.0)).faults == ()
