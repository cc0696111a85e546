"""How often `explain` names the right cause first, or among its first three.

    python benchmarks/explain.py FILE [--leave-one-group-out] [--misses]

FILE holds one JSON object a line: the record of `explain` with its error in ``raw`` (or
``error``), plus ``true_cause``, optionally ``also_seen_for_this_message`` (causes equally right)
and ``group`` (cases that share a wording).
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.diagnosis.explain import Failure, RankedCause, explain

_BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.01)


@dataclass(frozen=True, slots=True)
class Case:
    """One labelled failure and the answer given for it."""

    row: Mapping[str, Any]
    answer: tuple[RankedCause, ...]

    @property
    def right(self) -> frozenset[str]:
        """The causes that count as right."""
        return frozenset({self.row["true_cause"], *self.row.get("also_seen_for_this_message", ())})

    def within(self, first: int) -> bool:
        """Whether a right cause is among the first so many."""
        return any(cause.cause in self.right for cause in self.answer[:first])


def read(path: Path) -> list[Case]:
    """The cases of a file, answered."""
    cases = []
    for line in path.read_text("utf-8").splitlines():
        if not line.strip():
            continue
        row = json.loads(line)
        record = {**row, "error": row.get("error", row.get("raw"))}
        cases.append(Case(row, explain(Failure.from_record(record))))
    return cases


def rates(cases: Iterable[Case]) -> tuple[float, float]:
    """The shares right at first and within three."""
    listed = list(cases)
    count = max(len(listed), 1)
    return sum(c.within(1) for c in listed) / count, sum(c.within(3) for c in listed) / count


def calibration(cases: Iterable[Case]) -> list[tuple[str, int, float, float]]:
    """Rows of (confidence bin, answers, mean confidence, share right) of the first causes."""
    rows = []
    listed = [case for case in cases if case.answer]
    for low, high in itertools.pairwise(_BINS):
        inside = [case for case in listed if low <= case.answer[0].confidence < high]
        if inside:
            mean = sum(case.answer[0].confidence for case in inside) / len(inside)
            right = sum(case.within(1) for case in inside) / len(inside)
            rows.append((f"{low:.1f}-{min(high, 1):.1f}", len(inside), mean, right))
    return rows


def report(cases: list[Case], *, by_group: bool, misses: bool) -> None:
    """Print everything."""
    first, third = rates(cases)
    print(f"{len(cases)} cases: first {first:.1%}, within three {third:.1%}")
    if by_group:
        groups: dict[str, list[Case]] = defaultdict(list)
        for case in cases:
            groups[str(case.row.get("group", case.row.get("id")))].append(case)
        by = [rates(group) for group in groups.values()]
        print(
            f"leave one group out ({len(groups)} groups): first {first:.1%}, within three {third:.1%}; "
            f"mean over groups {sum(b[0] for b in by) / len(by):.1%} / {sum(b[1] for b in by) / len(by):.1%}"
        )
        print(
            "  no parameter of the model is fitted to the cases (weights are set by hand from the\n"
            "  sources the catalogue names), so leaving a group out changes nothing: this equals the\n"
            "  plain run. What the author of a catalogue has seen cannot be left out by a program;\n"
            "  only cases never shown measure that."
        )
    print("calibration of the first cause: confidence, answers, mean confidence, right")
    for name, count, mean, right in calibration(cases):
        print(f"  {name}  {count:4d}  {mean:.2f}  {right:.2f}")
    missed = [case for case in cases if not case.within(1)]
    print(f"not first: {len(missed)}, not within three: {sum(not c.within(3) for c in missed)}")
    if misses:
        for case in missed:
            row = case.row
            given = ", ".join(f"{c.cause} {c.confidence:.2f}" for c in case.answer[:4])
            text = " ".join(str(row.get("error", row.get("raw"))).split())[:110]
            mark = " " if case.within(3) else "!"
            print(
                f"{mark} {row.get('id')} {row['stage']} {row.get('provider')} {row.get('port')} "
                f"{row.get('security')}: {text}\n      want {'/'.join(sorted(case.right))}; got {given}"
            )


def main() -> int:
    """Read the arguments, print the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("file", type=Path)
    parser.add_argument("--leave-one-group-out", action="store_true")
    parser.add_argument("--misses", action="store_true", help="list the cases not right at first")
    arguments = parser.parse_args()
    report(read(arguments.file), by_group=arguments.leave_one_group_out, misses=arguments.misses)
    return 0


if __name__ == "__main__":
    sys.exit(main())
