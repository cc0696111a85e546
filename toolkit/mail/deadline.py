"""One wall clock for a piece of work: a server that drips bytes cannot stretch it."""

from __future__ import annotations

import time

from toolkit.errors import DeadlineExceeded, Stage
from toolkit.language import Text

__all__ = ["Deadline"]


class Deadline:
    """So many seconds from now, whatever the other side does meanwhile."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left; 0 when over."""
        return max(0.0, self._end - time.monotonic())

    def within(self, seconds: float) -> Deadline:
        """The clock for a part of the work: so many seconds from now, but no longer than this."""
        return self if self.remaining() < seconds else Deadline(seconds)

    def check(self, stage: Stage, tried: str) -> float:
        """Seconds left, for a socket's next time-out.

        Raises:
            DeadlineExceeded: none are left.
        """
        left = self.remaining()
        if left <= 0:
            raise exceeded(stage, tried, self.seconds)
        return left


def exceeded(stage: Stage, tried: str, seconds: float) -> DeadlineExceeded:
    """The error for a clock that ran out."""
    return DeadlineExceeded(
        Text(
            f"{tried} hat innerhalb von {seconds:.0f} Sekunden nicht geantwortet.",
            f"{tried} did not answer within {seconds:.0f} seconds.",
        ),
        stage=stage,
        tried=tried,
        hint=Text(
            "Später noch einmal versuchen; antwortet der Server nie, Servername und Port prüfen.",
            "Try again later; if the server never answers, check host and port.",
        ),
    )
