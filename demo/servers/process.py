"""Start a server as a process of its own, wait until it answers, stop it whatever happens."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

__all__ = ["ServerFailed", "ServerProcess", "answers", "free_port"]

_LAST_BREATH = 0.5  # seconds
_LAST_WORDS = 4000  # characters of the log shown when a server fails


class ServerFailed(RuntimeError):
    """A server did not come up; the message ends with the last lines of its log."""


def free_port(address: str = "127.0.0.1") -> int:
    """A TCP port nobody listens on now; somebody else may take it before you do: retry."""
    with socket.socket() as probe:
        probe.bind((address, 0))
        port: int = probe.getsockname()[1]
        return port


def answers(address: str, port: int) -> bool:
    """Whether something accepts connections there."""
    try:
        with socket.create_connection((address, port), timeout=1):
            return True
    except OSError:
        return False


class ServerProcess:
    """One foreground process and its children, in a process group of their own.

    Attributes:
        log: the file its standard output and error go to.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        user: int | None = None,
        group: int | None = None,
    ) -> None:
        """Start it.

        Args:
            command: program and arguments; never a secret among them.
            log: where its output is kept; appended to.
            environment: the whole environment; None for the caller's.
            folder: its working directory.
            user: uid to run as, where the caller is root; with ``group``.
            group: gid to run as.
        """
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=None if environment is None else dict(environment),
                cwd=folder,
                start_new_session=True,
                user=user,
                group=group,
                extra_groups=None if user is None else [],
            )

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its group."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the first process is alive."""
        return self._process.poll() is None

    def wait_until(self, ready: Callable[[], bool], *, seconds: float = 30) -> None:
        """Return as soon as ``ready()`` is true.

        Raises:
            ServerFailed: the process ended, or was not ready in time; it is stopped then.
        """
        deadline = time.monotonic() + seconds
        pause = 0.01
        while not ready():
            if not self.running:
                raise self._failed(f"ended with status {self._process.returncode}")
            if time.monotonic() > deadline:
                raise self._failed(f"was not ready within {seconds:g} seconds")
            time.sleep(pause)
            pause = min(pause * 1.5, 0.25)

    def stop(self, *, seconds: float = 10) -> None:
        """End it: the first process politely, what is left of the group after that for good.

        May be called twice.
        """
        self._signal(signal.SIGTERM, whole_group=False)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        self._signal(signal.SIGKILL, whole_group=True)
        self._process.wait()
        self._wait_for_group()

    def last_words(self) -> str:
        """The end of the log."""
        return self.log.read_bytes()[-_LAST_WORDS:].decode("utf-8", "replace")

    def _wait_for_group(self) -> None:
        """Give the killed a moment to be gone; where nobody reaps orphans, they stay listed."""
        deadline = time.monotonic() + _LAST_BREATH
        with contextlib.suppress(ProcessLookupError, PermissionError):
            while time.monotonic() < deadline:
                os.killpg(self.pid, 0)
                time.sleep(0.005)

    def _signal(self, number: signal.Signals, *, whole_group: bool) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if whole_group:
                os.killpg(self.pid, number)
            elif self.running:
                self._process.send_signal(number)

    def _failed(self, what: str) -> ServerFailed:
        self.stop(seconds=2)
        return ServerFailed(f"{self._process.args!r} {what}:\n{self.last_words()}")
