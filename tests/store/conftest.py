"""A fresh SQLite database in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from toolkit.store.store import Store


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Where the test's database is going to be."""
    return f"sqlite:///{tmp_path / 'toolkit.db'}"


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[Store]:
    """The test's database, new and migrated."""
    opened = Store.open(url, lock_folder=tmp_path)
    yield opened
    opened.close()
