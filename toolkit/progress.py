"""How long work tells what it is doing, and how a person stops it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from toolkit.errors import Cancelled
from toolkit.language import Text

__all__ = ["Progress", "ProgressCallback", "check_cancelled"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a piece of work is; ``total`` is 0 while it is not known."""

    done: int
    total: int
    what: Text


ProgressCallback = Callable[[Progress], None]


def check_cancelled(cancel: threading.Event | None) -> None:
    """Stop here if a person asked for it.

    Raises:
        Cancelled: the event is set.
    """
    if cancel is not None and cancel.is_set():
        raise Cancelled(Text("Abgebrochen.", "Cancelled."))
