"""Finds one password wherever it may have been written: in files, processes, logs, tracebacks.

::

    canary = Canary.new(logins=["anna@kanzlei.example"])
    with ProcessWatch(canary) as watch:
        use(canary.secret)
    assert not canary.found_below(home)
    assert not watch.hits
"""

from __future__ import annotations

import base64
import html
import json
import logging
import quopri
import secrets
import string
import threading
import traceback
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self
from urllib.parse import quote, quote_plus

from pydantic import SecretStr

__all__ = ["Canary", "LogWatch", "ProcessWatch", "told"]

_LETTERS = string.ascii_letters + string.digits


class Canary:
    """A password nobody else has, and every form it could be found in.

    Its middle is plain letters and digits, which most ways of writing leave as they are; umlaut,
    quote and percent sign around it are what they escape. Nothing here shows it when printed.
    """

    def __init__(self, password: str, logins: Sequence[str] = ()) -> None:
        """Prepare the patterns.

        Args:
            password: the password itself.
            logins: the login names it is used with, for SASL PLAIN (RFC 4616).
        """
        self.secret = SecretStr(password)
        middle = max(password.split("%"), key=len)
        spelled = {
            "NFC": unicodedata.normalize("NFC", password).encode(),
            "NFD": unicodedata.normalize("NFD", password).encode(),
            "UTF-16LE": password.encode("utf-16-le"),
            "UTF-16BE": password.encode("utf-16-be"),
            "Latin-1": password.encode("latin-1"),
            "middle": middle.encode("ascii"),
            **{f"PLAIN {login}": f"\0{login}\0{password}".encode() for login in logins},
        }
        once = json.dumps(password)[1:-1]
        self._exact: dict[str, bytes] = {
            **{name: raw for name, raw in spelled.items() if not name.startswith("PLAIN")},
            "mojibake": password.encode().decode("latin-1").encode(),
            "JSON": once.encode(),
            "JSON in JSON": json.dumps(once)[1:-1].encode(),
            "JSON, UTF-8": json.dumps(password, ensure_ascii=False)[1:-1].encode(),
            "repr": repr(password)[1:-1].encode(),
            "repr of bytes": repr(password.encode())[2:-1].encode(),
            "HTML": html.escape(password).encode(),
            "HTML, numeric": password.replace('"', "&#34;").encode(),
            "IMAP": password.replace("\\", "\\\\").replace('"', '\\"').encode(),
            "quoted-printable": quopri.encodestring(password.encode()).strip(),
        }
        self._lower: dict[str, bytes] = {
            "percent": quote(password, safe="").lower().encode(),
            "percent, form": quote_plus(password).lower().encode(),
            **{f"hex {name}": raw.hex().encode() for name, raw in spelled.items()},
        }
        self._base64: dict[str, bytes] = {
            f"base64 {name}, {shift} before": core
            for name, raw in spelled.items()
            for shift, core in enumerate(_base64_cores(raw))
        }

    @classmethod
    def new(cls, logins: Sequence[str] = ()) -> Self:
        """A fresh one, different each time."""
        middle = "".join(secrets.choice(_LETTERS) for _ in range(20))
        return cls(f'Zü"ß%{middle}%ä"', logins)

    def __repr__(self) -> str:
        return "Canary(…)"

    @property
    def forms(self) -> tuple[str, ...]:
        """The names of all forms that are searched for."""
        return (*self._exact, *self._lower, *self._base64)

    def written(self, form: str) -> bytes:
        """The password in one of the forms, to be planted."""
        return {**self._exact, **self._lower, **self._base64}[form]

    def found(self, data: bytes) -> tuple[str, ...]:
        """The forms that occur in some bytes."""
        lower = data.lower()
        # Base64 is broken into lines, in JSON by an escape.
        joined = data.replace(b"\r", b"").replace(b"\n", b"").replace(b"\\n", b"")
        joined = joined.translate(bytes.maketrans(b"-_", b"+/"))
        searched = ((self._exact, data), (self._lower, lower), (self._base64, joined))
        return tuple(
            name for forms, where in searched for name, form in forms.items() if form in where
        )

    def leaks(self, *texts: str | bytes) -> list[str]:
        """What stands around the password where it occurs, without it: for a failing test to show."""
        found = []
        for text in texts:
            data = text.encode("utf-8", "backslashreplace") if isinstance(text, str) else text
            for form in self.found(data):
                pattern = self.written(form)
                place = max(data.find(pattern), 0)
                around = (
                    data[max(place - 300, 0) : place] + b"****" + data[place + len(pattern) :][:60]
                )
                found.append(f"{form}: {around.replace(self.written('middle'), b'****')!r}")
        return found

    def found_below(self, *places: Path) -> dict[str, tuple[str, ...]]:
        """Every file below some folders that holds it, in its content or its name, and the forms."""
        hits = {}
        for path in _files(*places):
            forms = self.found(bytes(path))
            if path.is_file() and not path.is_symlink():
                forms += self.found(path.read_bytes())
            if forms:
                hits[str(path)] = forms
        return hits


def _files(*places: Path) -> Iterator[Path]:
    for place in places:
        assert place.exists(), f"{place} is not there, so nothing would be found in it"
        yield from [place] if place.is_file() else place.rglob("*")


def _base64_cores(raw: bytes) -> Iterator[bytes]:
    """What is left of some bytes in base64 whatever stands before and behind them (RFC 4648, 4)."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw)
        first = -(-before * 8 // 6)  # characters that hold bits of what stands before
        yield encoded[first : (before + len(raw)) * 8 // 6]


class ProcessWatch:
    """Reads arguments and environment of all processes below this one, again and again.

    Attributes:
        seen: the command lines met, for a test to see that somebody looked.
        hits: what was found: process, place, forms.
    """

    def __init__(self, canary: Canary, *, every: float = 0.01) -> None:
        """Use as a context manager.

        Args:
            canary: what to look for.
            every: seconds between two looks.
        """
        self._canary = canary
        self._every = every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._known: dict[tuple[int, bytes], None] = {}
        self.seen: set[str] = set()
        self.hits: list[tuple[str, str, tuple[str, ...]]] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(self._every):
            for pid in _descendants():
                with suppress(OSError):  # it has ended meanwhile
                    self._look(Path("/proc") / str(pid))

    def _look(self, process: Path) -> None:
        arguments = (process / "cmdline").read_bytes()
        if (int(process.name), arguments) in self._known:
            return
        environment = (process / "environ").read_bytes()
        name = arguments.replace(b"\0", b" ").decode("utf-8", "replace").strip()
        if not arguments or not environment:
            return  # between fork and exec, or already a zombie: look again
        self._known[int(process.name), arguments] = None
        self.seen.add(name)
        for place, data in (("arguments", arguments), ("environment", environment)):
            if forms := self._canary.found(data):
                self.hits.append((name[:80], place, forms))


def _descendants() -> set[int]:
    """All processes below this one; a new session of its own hides none."""
    import os

    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError, IndexError):
                # The name in parentheses may hold blanks; the parent is the second field behind it.
                status = (entry / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
                parents[int(entry.name)] = int(status[1])
    below = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in below} - below:
        below |= more
    return below - {os.getpid()}


class LogWatch(logging.Handler):
    """Every log record of this process at every level, with arguments and tracebacks.

    Attributes:
        lines: what was logged.
    """

    def __init__(self) -> None:
        super().__init__(level=1)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep all a record holds."""
        error = record.exc_info[1] if record.exc_info else None
        self.lines.append(f"{record.name} {record.msg!r} {record.args!r} {told(error)}")

    def __enter__(self) -> Self:
        self._level = logging.root.level
        logging.root.addHandler(self)
        logging.root.setLevel(1)
        return self

    def __exit__(self, *_: object) -> None:
        logging.root.removeHandler(self)
        logging.root.setLevel(self._level)


def told(error: BaseException | None) -> str:
    """All a traceback can show: every exception of the chain, every frame, every local variable."""
    if error is None:
        return ""
    whole = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join(whole.format()) + repr(error) + repr(vars(error))
