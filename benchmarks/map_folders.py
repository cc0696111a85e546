"""How often folders are mapped right: precision, recall and accounts, over listings with truth.

    python benchmarks/map_folders.py LISTINGS.jsonl [--names NAMES.jsonl] [--time N]

A listing is a record of ``map-folders`` with ``truth`` (role → name or null) and, where more than
one answer is right, ``acceptable`` (role → list of further answers), ``secondary`` (role → twins)
and ``virtual``. A names file holds ``{"name", "role"}`` rows, scored one by one as the only folder
beside an inbox. Every miss is listed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from toolkit.folders.lexicon import lexicon
from toolkit.folders.proposal import map_folders_record

ROLES = ("sent", "drafts", "trash", "junk", "archive")


def main(argv: list[str] | None = None) -> int:
    """Score the files named on the command line; the exit status is 0."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("listings", type=Path, nargs="?", help="listings with truth, JSON Lines")
    parser.add_argument("--names", type=Path, help="single names with their role, JSON Lines")
    parser.add_argument("--time", type=int, metavar="N", help="map one account of N folders")
    given = parser.parse_args(argv)
    if given.listings:
        score_listings(list(_rows(given.listings)))
    if given.names:
        score_names(list(_rows(given.names)))
    if given.time:
        time_large(given.time)
    return 0


def score_listings(rows: list[dict[str, Any]]) -> None:
    """Precision and recall over the five roles, accounts all right, twins, views."""
    counts: Counter[str] = Counter()
    for row in rows:
        answer = map_folders_record(row)
        missed = list(_misses(row, answer["mapping"], counts))
        counts["accounts"] += 1
        counts["right accounts"] += not missed
        for role, twins in (row.get("secondary") or {}).items():
            also = {*answer["also"].get(role, ()), answer["mapping"][role]}
            counts["twins"] += len(twins)
            counts["twins found"] += len(also & set(twins))
        counts["views"] += 1
        counts["views right"] += answer["virtual"] == (row.get("virtual") or {})
        for miss in missed:
            print(f"  {row['id']}: {miss}")
    given, wanted = counts["proposed"], counts["wanted"]
    print(f"precision        {counts['right'] / max(given, 1):.4f}  ({counts['right']} of {given})")
    print(
        f"recall           {counts['found'] / max(wanted, 1):.4f}  ({counts['found']} of {wanted})"
    )
    for what, right in (
        ("accounts", "right accounts"),
        ("twins", "twins found"),
        ("views", "views right"),
    ):
        print(f"{what:<16} {counts[right]} of {counts[what]}")


def _misses(
    row: Mapping[str, Any], mapping: Mapping[str, str | None], counts: Counter[str]
) -> Iterator[str]:
    if mapping["inbox"] != row["truth"].get("inbox"):
        yield f"inbox is {row['truth'].get('inbox')!r}, not {mapping['inbox']!r}"
    for role in ROLES:
        truth, answer = row["truth"].get(role), mapping[role]
        right = [truth, *(row.get("acceptable") or {}).get(role, ())]
        if answer is not None:
            counts["proposed"] += 1
            counts["right"] += answer in right
        if None not in right:
            counts["wanted"] += 1
            counts["found"] += answer in right
        if answer not in right:
            yield f"{role} is {truth!r}, not {answer!r}"


def score_names(rows: list[dict[str, Any]]) -> None:
    """Names recognised per role, and names given another role than their own."""
    total: Counter[str] = Counter()
    known: Counter[str] = Counter()
    wrong = []
    for row in rows:
        role, name = row["role"], row["name"]
        total[role] += 1
        if role in ROLES or role == "inbox":
            folders = [{"name": name}] + ([{"name": "INBOX"}] if role != "inbox" else [])
            mapping = map_folders_record({"id": 0, "delimiter": "/", "folders": folders})["mapping"]
            assert isinstance(mapping, dict)
            said = next((r for r, folder in mapping.items() if folder == name), None)
        else:
            word = lexicon().word(name.rpartition("/")[2])
            said = word.meanings[0].value if word else None
        known[role] += said == role
        if said not in {None, role} and said in {*ROLES, "inbox"}:
            wrong.append((name, row.get("language"), role, said, *row.get("ambiguous_roles", ())))
        elif said is None:
            print(f"  unknown: {name} ({row.get('language')}, {role})")
    for role, count in total.most_common():
        print(f"{role:<16} {known[role] / count:.3f} of {count}")
    for name, language, role, said, *roles in wrong:
        hint = f", also seen as {', '.join(roles)}" if roles else ""
        print(f"  wrong: {name} ({language}) is {role}, not {said}{hint}")
    sure = sum(not roles for _, _, _, _, *roles in wrong)
    print(f"wrong role       {len(wrong) / max(len(rows), 1):.4f}, unambiguous names {sure}")


def time_large(count: int) -> None:
    """Seconds for one account of many folders."""
    folders = [{"name": "INBOX"}, {"name": "Gesendete Elemente"}, {"name": "Entwürfe"}]
    folders += [
        {"name": f"Mandanten/{n % 997} Müller & Söhne/Akte {n}/Gesendet"} for n in range(count)
    ]
    start = time.perf_counter()
    map_folders_record({"id": 0, "delimiter": "/", "folders": folders})
    print(f"{len(folders)} folders in {time.perf_counter() - start:.2f} s")


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


if __name__ == "__main__":
    sys.exit(main())
