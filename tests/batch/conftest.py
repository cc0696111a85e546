"""An open office, and a batch's rows as plain data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from toolkit.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def workspace(home: Path) -> Iterator[Workspace]:
    """An open office in an empty home."""
    with Workspace.open() as opened:
        yield opened
