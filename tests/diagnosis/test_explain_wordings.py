"""Real servers' and libraries' wordings get a right cause first.

``test_explain_wordings.jsonl`` holds one failure a line, written from the sources of the servers,
from RFCs and from public threads: `benchmarks/explain.py` reads it, too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from toolkit.diagnosis.explain import Failure, explain

_FILE = Path(__file__).with_suffix(".jsonl")
_CASES = [json.loads(line) for line in _FILE.read_text("utf-8").splitlines()]


def _right(case: Mapping[str, Any]) -> set[str]:
    return {case["true_cause"], *case.get("also_seen_for_this_message", ())}


@pytest.mark.parametrize("case", _CASES, ids=[case["id"] for case in _CASES])
def test_right_cause_is_among_the_first_three(case: Mapping[str, Any]) -> None:
    """A known wording has a right cause within the first three."""
    answer = [cause.cause for cause in explain(Failure.from_record(case))]
    assert _right(case) & set(answer[:3]), answer


def test_right_cause_is_first_nearly_always() -> None:
    """At least 98 of 100 known wordings have a right cause first."""
    wrong = [
        case["id"]
        for case in _CASES
        if explain(Failure.from_record(case))[0].cause not in _right(case)
    ]
    assert len(wrong) <= 0.02 * len(_CASES), wrong
