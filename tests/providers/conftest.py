"""What the providers' tests share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from toolkit.providers import Catalogue, Discovery, Snapshot, discover, load_providers


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """The product's own providers."""
    return load_providers()


@pytest.fixture(scope="session")
def look_up() -> Callable[..., Discovery]:
    """Discover ``info@<domain>`` with a snapshot given as keywords."""

    def run(domain: str = "kanzlei.example", **dns: Any) -> Discovery:
        return discover(f"info@{domain}", resolver=Snapshot.from_json(domain, dns))

    return run
