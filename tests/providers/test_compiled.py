"""The compiled form of the catalogue: never needed, never stale."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import pytest

from toolkit.providers.compiled import compiled


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place of its own for byte code, written to."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "cache"))
    return tmp_path / "cache"


def forms(cache: Path) -> list[Path]:
    """The compiled forms there are."""
    return sorted(cache.rglob("*.compiled"))


def test_the_second_reading_makes_nothing(tmp_path: Path, cache: Path) -> None:
    """The same file is read once, then loaded; a changed one is read again, the old form gone."""
    file = tmp_path / "list.yaml"
    file.write_text("a", encoding="utf-8")
    made: list[str] = []

    def make() -> str:
        made.append(file.read_text("utf-8"))
        return made[-1] * 2

    assert [compiled(file, make, str) for _ in range(3)] == ["aa"] * 3
    assert made == ["a"]
    (first,) = forms(cache)
    file.write_text("b", encoding="utf-8")
    assert [compiled(file, make, str) for _ in range(2)] == ["bb"] * 2
    (second,) = forms(cache)
    assert first != second
    assert made == ["a", "b"]


@pytest.mark.parametrize("damage", [b"", b"\x80", pickle.dumps(5), pickle.dumps("x")[:-2]])
def test_a_damaged_form_is_made_anew(tmp_path: Path, cache: Path, damage: bytes) -> None:
    """A form cut short, or of something else, is passed over and replaced."""
    file = tmp_path / "list.yaml"
    file.write_text("a", encoding="utf-8")
    compiled(file, lambda: "aa", str)
    (form,) = forms(cache)
    form.write_bytes(damage)
    assert compiled(file, lambda: "aa", str) == "aa"
    assert pickle.loads(form.read_bytes()) == "aa"


def test_nothing_is_written_where_python_must_not(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without byte code, or in a place that cannot be written, the file is read every time."""
    file = tmp_path / "list.yaml"
    file.write_text("a", encoding="utf-8")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert compiled(file, lambda: "aa", str) == "aa"
    assert forms(cache) == []
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    cache.write_text("a file where a folder is wanted", encoding="utf-8")
    assert compiled(file, lambda: "aa", str) == "aa"


def test_an_error_is_passed_on(tmp_path: Path, cache: Path) -> None:
    """What reading raises is raised, and nothing is kept."""
    file = tmp_path / "list.yaml"
    file.write_text("a", encoding="utf-8")

    def fails() -> str:
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        compiled(file, fails, str)
    assert forms(cache) == []
