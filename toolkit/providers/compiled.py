"""The product's catalogue in the form Python loads fastest, kept where Python keeps its own.

Reading ``providers.yaml`` takes about 130 ms (PyYAML's import, 9,600 nodes, the checks), nearly
half of what a JSON Lines verb has to start in; its compiled form takes 6 ms. As with ``.pyc``
files it lies in ``__pycache__``, is trusted as much as the code beside it, is made anew when the
file or the code that reads it has changed, and is done without where it cannot be written.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

__all__ = ["compiled"]

T = TypeVar("T")

_HERE = Path(__file__).parent


def compiled(path: Path, make: Callable[[], T], kind: type[T]) -> T:
    """What ``make`` makes of a file, from its compiled form if that is up to date.

    Args:
        path: the file it is made from.
        make: reads the file; what it raises is raised.
        kind: what it gives.
    """
    place = _place(path)
    with contextlib.suppress(Exception):  # missing, cut short, from other code: make it anew
        found = pickle.loads(place.read_bytes())  # noqa: S301 - beside our own byte code
        if isinstance(found, kind):
            return found
    made = make()
    if not sys.dont_write_bytecode:
        with contextlib.suppress(OSError, pickle.PicklingError):
            _write(place, pickle.dumps(made, protocol=pickle.HIGHEST_PROTOCOL))
    return made


def _place(path: Path) -> Path:
    """Where the compiled form lies; its name changes with the file and with the code."""
    key = hashlib.sha256(path.read_bytes())
    for module in sorted((*_HERE.glob("*.py"), _HERE.parent / "language.py")):
        stat = module.stat()
        key.update(f"{module.name} {stat.st_mtime_ns} {stat.st_size};".encode())
    key.update(sys.version.encode())
    folder = Path(importlib.util.cache_from_source(__file__)).parent
    return folder / f"{path.stem}.{key.hexdigest()[:24]}.compiled"


def _write(place: Path, data: bytes) -> None:
    """Write beside and move, so that nobody reads half a file; older forms are taken away."""
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = place.with_suffix(f".{os.getpid()}")
    try:
        beside.write_bytes(data)
        beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)
    for old in place.parent.glob(f"{place.name.partition('.')[0]}.*.compiled"):
        if old != place:
            old.unlink(missing_ok=True)
