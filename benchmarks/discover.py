"""How right discovery is on a JSON Lines file of cases: ``python benchmarks/discover.py FILE``.

A case has ``input`` (or ``address``), ``dns`` and ``expected``; only the keys expected are
compared, ``hints`` must be included, a key that must not be is listed in ``must_not`` for people.
Prints one line per miss, then the accuracy; the exit status is 1 if anything was missed.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from pathlib import Path

from toolkit.errors import ToolkitError
from toolkit.providers.discovery import discover_record


def differences(expected: dict[str, object], answer: dict[str, object]) -> list[str]:
    """What an answer has otherwise than expected."""
    found = []
    for key, wanted in expected.items():
        got = answer.get(key)
        if key == "must_not":
            continue
        if key == "hints":
            assert isinstance(wanted, list)
            assert isinstance(got, list)
            if missing := [hint for hint in wanted if hint not in got]:
                found.append(f"hints lack {missing}, are {got}")
        elif got != wanted:
            found.append(f"{key}: wanted {wanted!r}, got {got!r}")
    return found


def main(path: Path) -> int:
    """Run every case of a file."""
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    started = time.perf_counter()
    for line in path.read_text("utf-8").splitlines():
        case = json.loads(line)
        category = case.get("category", "")
        total[category] += 1
        try:
            answer = discover_record({**case, "address": case.get("address", case.get("input"))})
        except ToolkitError as error:
            print(f"{case.get('id')} {category}: {error.code}: {error}")
            continue
        misses = differences(case["expected"], answer)
        right[category] += not misses
        for miss in misses:
            print(f"{case.get('id')} {category} {case.get('input')!r}: {miss}")
    seconds = time.perf_counter() - started
    for category in total:
        print(f"{category or 'cases'}: {right[category]}/{total[category]}")
    print(f"{right.total()}/{total.total()} exactly right in {seconds:.2f} s")
    return 0 if right.total() == total.total() else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
