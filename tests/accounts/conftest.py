"""A fresh database with two users."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from toolkit.accounts import book
from toolkit.accounts.users import OfficeRole, OfficeUser
from toolkit.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A migrated SQLite database; the users Anna and Bernd are in it."""
    opened = Store.open(f"sqlite:///{tmp_path / 'toolkit.db'}", lock_folder=tmp_path)
    with opened.write() as connection:
        book.add_user(connection, OfficeUser("Anna", OfficeRole.ADMINISTRATOR))
        book.add_user(connection, OfficeUser("Bernd"))
    yield opened
    opened.close()
