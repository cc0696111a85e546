"""How often one may try to log in: providers lock out who fails too often, and so do we first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from toolkit.errors import LoginBudgetSpent, Stage
from toolkit.language import Text
from toolkit.mail.settings import Protocol, Server

__all__ = ["LoginBudget"]

_STAGE = {Protocol.IMAP: Stage.AUTH, Protocol.SMTP: Stage.SMTP_AUTH}


class LoginBudget:
    """Counts attempts by protocol, host and login name; for many threads at once.

    ::

        budget = LoginBudget()                       # two a run
        session.login(username, secret, budget=budget)

    An attempt counts from just before anything is sent, whatever becomes of it, until one
    succeeds or the window has passed. ``forget`` it when a person typed another password.
    """

    def __init__(
        self,
        limit: int = 2,
        *,
        seconds: float = 3600.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Allow ``limit`` attempts within ``seconds``.

        Raises:
            ValueError: the limit is below one.
        """
        if limit < 1:
            raise ValueError("limit < 1")
        self.limit = limit
        self.seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._attempts: dict[tuple[Protocol, str, str], list[float]] = {}

    def spend(self, protocol: Protocol, server: Server, username: str) -> None:
        """Count an attempt that is about to be made.

        Raises:
            LoginBudgetSpent: there were too many; nothing must be sent.
        """
        key, now = self._key(protocol, server, username), self._clock()
        with self._lock:
            recent = [when for when in self._attempts.get(key, ()) if now - when < self.seconds]
            if len(recent) >= self.limit:
                wait = self.seconds - (now - recent[0])
                raise self._spent(protocol, server, wait)
            self._attempts[key] = [*recent, now]

    def left(self, protocol: Protocol, server: Server, username: str) -> int:
        """How many attempts may be made now."""
        key, now = self._key(protocol, server, username), self._clock()
        with self._lock:
            recent = [when for when in self._attempts.get(key, ()) if now - when < self.seconds]
        return self.limit - len(recent)

    def forget(self, protocol: Protocol, server: Server, username: str) -> None:
        """An attempt succeeded, or a person gave another password: begin anew."""
        with self._lock:
            self._attempts.pop(self._key(protocol, server, username), None)

    @staticmethod
    def _key(protocol: Protocol, server: Server, username: str) -> tuple[Protocol, str, str]:
        # Another port or spelling of the name is still the account that would be locked.
        return protocol, server.host, username.strip().casefold()

    def _spent(self, protocol: Protocol, server: Server, wait: float) -> LoginBudgetSpent:
        minutes = max(1, round(wait / 60))
        return LoginBudgetSpent(
            Text(
                f"Bei {server.host} wurde schon {self.limit}-mal vergeblich versucht, sich anzumelden.",
                f"{self.limit} attempts to log in at {server.host} have failed already.",
            ),
            stage=_STAGE[protocol],
            tried=str(server),
            field="password",
            evidence=f"{self.limit} attempts within {self.seconds:.0f} s",
            hint=Text(
                f"Damit der Anbieter das Konto nicht sperrt, wird nichts gesendet. Passwort prüfen und neu eingeben oder in {minutes} Minuten noch einmal versuchen.",
                f"So that the provider does not lock the account, nothing is sent. Check and re-enter the password, or try again in {minutes} minutes.",
            ),
        )
