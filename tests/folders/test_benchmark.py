"""The benchmark counts what it says it counts."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "map_folders.py"


def test_misses_are_counted_and_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One right role, one missed, one role too many: precision and recall of a half."""
    listing = {
        "id": "made-up",
        "delimiter": "/",
        "folders": [{"name": name} for name in ("INBOX", "Sent", "Trash", "Alt")],
        "truth": {"inbox": "INBOX", "sent": "Sent", "trash": None, "archive": "Alt"},
    }
    names = [{"name": "Gesendet", "role": "sent"}, {"name": "Xyz", "role": "junk"}]
    listings_file, names_file = tmp_path / "listings.jsonl", tmp_path / "names.jsonl"
    listings_file.write_text(json.dumps(listing))
    names_file.write_text("\n".join(map(json.dumps, names)))
    main = runpy.run_path(str(BENCHMARK))["main"]
    assert main([str(listings_file), "--names", str(names_file), "--time", "10"]) == 0
    shown = capsys.readouterr().out
    assert "made-up: trash is None, not 'Trash'" in shown
    assert "made-up: archive is 'Alt', not None" in shown
    assert "precision        0.5000  (1 of 2)" in shown
    assert "recall           0.5000  (1 of 2)" in shown
    assert "unknown: Xyz" in shown
