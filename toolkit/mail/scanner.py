"""The answer to one FETCH, read as it streams in: bytes in, messages out, no I/O of its own.

imaplib collects a whole answer as Python objects before anybody sees the first message, and
IMAPClient's lexer then walks every byte of it. Here a literal is received straight into its own
memory (or, past a bound, into a file), and only the few words around it are looked at.

The caller asks `buffer` where the next bytes go, receives into it, and tells `filled` how many
came; it gets back the messages that are complete. `finished` says that the tagged answer is in;
`rest` is what was read beyond it.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from toolkit.mail.answers import internaldate, unquoted

__all__ = ["FetchScanner", "Fetched", "ScanError", "ScanLimits"]


class ScanError(ValueError):
    """The server's answer is not IMAP, or beyond the limits; ``limit`` tells the two apart."""

    def __init__(self, words: str, *, limit: bool = False) -> None:
        super().__init__(words)
        self.limit = limit


@dataclass(frozen=True, slots=True)
class ScanLimits:
    """What one answer may hold, in octets and counts.

    Attributes:
        line: one line without its literals.
        literal: one literal.
        memory: literals up to here are kept in memory, larger ones go to a file.
        lines: untagged lines that are no FETCH answers, and FETCH answers nobody asked for.
    """

    line: int = 64 * 1024
    literal: int = 2**32
    memory: int = 4 * 1024 * 1024
    lines: int = 10_000


@dataclass(frozen=True, slots=True)
class Fetched:
    """One message out of a FETCH answer; what the server did not send is None.

    Attributes:
        seq: message sequence number.
        body: the content, byte for byte; a file positioned at its start where it is large.
    """

    seq: int
    uid: int | None = None
    flags: tuple[str, ...] | None = None
    size: int | None = None
    internaldate: datetime | None = None
    modseq: int | None = None
    body: bytes | IO[bytes] | None = None

    def content(self) -> bytes:
        """The whole content in memory; empty where the server sent none."""
        if self.body is None or isinstance(self.body, bytes):
            return self.body or b""
        with self.body as file:
            return file.read()

    def close(self) -> None:
        """Give up the file of a large content."""
        if self.body is not None and not isinstance(self.body, bytes):
            self.body.close()


_SPACE = 256 * 1024
_MAX_UID = 2**32 - 1
_LITERAL = re.compile(rb"\{(\d{1,40})\+?\}\Z")
# What servers send in practice, and nothing else; anything beside it takes the slow way.
_PLAIN = re.compile(
    rb"""\*\ (\d{1,10})\ FETCH\ \((
    (?:(?:UID\ \d{1,10}|FLAGS\ \([^()"\\{]*(?:\\[A-Za-z$*]+[^()"\\{]*)*\)|RFC822\.SIZE\ \d{1,19}
      |INTERNALDATE\ "[^"\\]{1,40}"|MODSEQ\ \(\d{1,19}\))(?:\ |\Z|(?=\))))*
    )(?:BODY\[\]\ \{\d{1,10}\})?\)?\Z""",
    re.VERBOSE | re.IGNORECASE,
)
_UID = re.compile(rb"\bUID (\d{1,10})(?!\d)", re.IGNORECASE)
_FLAGS = re.compile(rb"FLAGS \(([^)]*)\)", re.IGNORECASE)
_SIZE = re.compile(rb"RFC822\.SIZE (\d{1,18})(?!\d)", re.IGNORECASE)
_DATE = re.compile(rb'INTERNALDATE "([^"]*)"', re.IGNORECASE)
_MODSEQ = re.compile(rb"MODSEQ \((\d{1,18})\)", re.IGNORECASE)
_FETCH = re.compile(rb"\* (\d{1,10}) FETCH (.*)\Z", re.IGNORECASE | re.DOTALL)
_TOKEN = re.compile(rb'"(?:\\.|[^"\\])*"|\(|\)|\[[^\]]*\](?:<\d+>)?|[^\s()"\[\]]+', re.DOTALL)
_WANTED = (b"UID", b"FLAGS", b"RFC822.SIZE", b"INTERNALDATE", b"MODSEQ")
# In a reassembled answer a literal's place is held by a character no line can hold.
_HOLE = b"\0"


class FetchScanner:
    """Reads the answer to the command with this tag.

    Args:
        tag: the command's tag.
        limits: what the answer may hold.
        spool: opens the file for a large literal.
    """

    def __init__(
        self,
        tag: bytes,
        *,
        limits: ScanLimits | None = None,
        spool: Callable[[], IO[bytes]] = tempfile.TemporaryFile,
        rest: bytes = b"",
    ) -> None:
        self.finished = False
        self.status = b""
        self.text = b""
        self.others: list[bytes] = []
        self._tag = tag + b" "
        self._limits = limits or ScanLimits()
        self._spool = spool
        self._space = bytearray(max(_SPACE, len(rest)))
        self._view = memoryview(self._space)
        self._view[: len(rest)] = rest
        self._start, self._end = 0, len(rest)
        self._searched = 0
        # The answer being read: its lines and literals in turn, and the literal at hand.
        self._lines: list[bytes] = []
        self._literals: list[bytes | IO[bytes]] = []
        self._literal: bytearray | None = None
        self._file: IO[bytes] | None = None
        self._missing = 0

    @property
    def rest(self) -> bytes:
        """What was read beyond the tagged answer."""
        return bytes(self._view[self._start : self._end])

    def buffer(self) -> memoryview:
        """Where the next bytes go; never empty."""
        if self._literal is not None:
            return memoryview(self._literal)[len(self._literal) - self._missing :]
        if self._start == self._end:
            self._start = self._end = self._searched = 0
        elif self._end == len(self._space):
            self._make_room()
        space = self._view[self._end :]
        return space[: self._missing] if self._file is not None else space

    def filled(self, count: int) -> list[Fetched]:
        """So many bytes came into the buffer; the messages that are complete now.

        Raises:
            ScanError: what came is not IMAP, or more than the limits allow.
        """
        if self._literal is not None:
            self._missing -= count
            if self._missing:
                return []
            self._literals.append(bytes(self._literal))
            self._literal = None
        else:
            self._end += count
        return self._scan()

    def start(self) -> list[Fetched]:
        """Scan what was handed over as ``rest``."""
        return self._scan()

    def _scan(self) -> list[Fetched]:
        done: list[Fetched] = []
        while not self.finished:
            if self._file is not None and not self._drain():
                break
            line = self._line()
            if line is None:
                break
            self._lines.append(line)
            if (size := self._literal_size(line)) is not None:
                if not self._begin_literal(size):
                    break
                continue
            message = self._complete()
            if message is not None:
                done.append(message)
        return done

    def _line(self) -> bytes | None:
        """The next line without its end; None if it is not all here."""
        at = self._space.find(b"\n", max(self._searched, self._start), self._end)
        if at < 0:
            self._searched = self._end
            if self._end - self._start > self._limits.line:
                raise ScanError(f"a line of more than {self._limits.line} octets", limit=True)
            return None
        line = bytes(self._view[self._start : at]).removesuffix(b"\r")
        self._start = self._searched = at + 1
        if len(line) > self._limits.line:
            raise ScanError(f"a line of {len(line)} octets", limit=True)
        if _HOLE in line:
            raise ScanError("a line with NUL")
        return line

    def _literal_size(self, line: bytes) -> int | None:
        if not line.endswith(b"}"):
            return None
        found = _LITERAL.search(line)
        # A quoted string cannot hold a line's end, so a literal cannot stand inside one.
        if found is None or (b'"' in line and _quote_open(line[: found.start()])):
            return None
        if len(found[1]) > 19 or int(found[1]) > self._limits.literal:  # noqa: PLR2004 - 64 bits
            raise ScanError(f"a literal of {found[1][:40]!r} octets", limit=True)
        return int(found[1])

    def _begin_literal(self, size: int) -> bool:
        """Take what is here of a literal; False if more has to come."""
        here = min(size, self._end - self._start)
        if size > self._limits.memory:
            self._file, self._missing = self._spool(), size
            return self._drain()
        piece = self._view[self._start : self._start + here]
        self._start += here
        self._searched = self._start
        if here == size:
            self._literals.append(bytes(piece))
            return True
        self._literal, self._missing = bytearray(size), size - here
        self._literal[:here] = piece
        return False

    def _drain(self) -> bool:
        """Move what is here of a large literal into its file; whether that was all of it."""
        assert self._file is not None
        here = min(self._missing, self._end - self._start)
        self._file.write(self._view[self._start : self._start + here])
        self._start += here
        self._searched = self._start
        self._missing -= here
        if self._missing:
            return False
        self._file.seek(0)
        self._literals.append(self._file)
        self._file = None
        return True

    def _complete(self) -> Fetched | None:
        """An answer is all here: a message, another untagged one, or the end."""
        lines, literals = self._lines, self._literals
        self._lines, self._literals = [], []
        first = lines[0]
        if first.startswith(b"* "):
            if (message := self._message(lines, literals)) is not None:
                return message
            self.others.append(first)
            if len(self.others) > self._limits.lines:
                raise ScanError(f"more than {self._limits.lines} untagged lines", limit=True)
            return None
        if first.upper().startswith(self._tag.upper()):
            status, _, self.text = first[len(self._tag) :].partition(b" ")
            self.status = status.upper()
            if self.status not in (b"OK", b"NO", b"BAD"):
                raise ScanError(f"an unknown answer {first[:200]!r}")
            self.finished = True
            return None
        raise ScanError(f"neither untagged nor our answer: {first[:200]!r}")

    def _message(self, lines: list[bytes], literals: list[bytes | IO[bytes]]) -> Fetched | None:
        plain = _PLAIN.match(lines[0])
        if plain is not None and len(lines) <= 2 and lines[1:] in ([], [b")"]):  # noqa: PLR2004
            words = plain[2]
            body = literals[0] if literals else None
            return _fetched(int(plain[1]), words, body)
        whole = _HOLE.join(lines)
        found = _FETCH.match(whole)
        return None if found is None else _slowly(int(found[1]), found[2], literals)

    def _make_room(self) -> None:
        if self._start:
            kept = self._end - self._start
            self._view[:kept] = bytes(self._view[self._start : self._end])
            self._searched -= self._start
            self._start, self._end = 0, kept
        else:  # one line as long as the space; `_line` stops it at the limit
            self._space = bytearray(2 * len(self._space))
            self._space[: len(self._view)] = self._view
            self._view = memoryview(self._space)


def _fetched(seq: int, words: bytes, body: bytes | IO[bytes] | None) -> Fetched:
    uid, flags, size = _UID.search(words), _FLAGS.search(words), _SIZE.search(words)
    date, modseq = _DATE.search(words), _MODSEQ.search(words)
    return Fetched(
        seq=seq,
        uid=_valid_uid(int(uid[1])) if uid else None,
        flags=_flag_names(flags[1]) if flags else None,
        size=int(size[1]) if size else None,
        internaldate=internaldate(date[1]) if date else None,
        modseq=int(modseq[1]) if modseq else None,
        body=body,
    )


def _slowly(seq: int, words: bytes, literals: list[bytes | IO[bytes]]) -> Fetched | None:
    """A FETCH answer of another shape: its items in any order, strings quoted, literals anywhere."""
    body: bytes | IO[bytes] | None = None
    rebuilt: list[bytes] = []
    seen: set[bytes] = set()
    for key, value, literal in _items(words, literals):
        if key in seen:  # said twice: the first counts, as in the quick way
            continue
        seen.add(key)
        if key == b"BODY[]":
            quoted = value.startswith(b'"')
            body = literal if literal is not None else unquoted(value) if quoted else None
        elif key in _WANTED:
            rebuilt.append(key + b" " + value)
    return _fetched(seq, b" ".join(rebuilt), body)


def _items(
    words: bytes, literals: list[bytes | IO[bytes]]
) -> Iterator[tuple[bytes, bytes, bytes | IO[bytes] | None]]:
    """The pairs of a FETCH answer: key in upper case, value as written, its literal if it is one."""
    waiting = iter(literals)
    depth = 0
    key, value = b"", b""
    for token in _TOKEN.findall(words.replace(_HOLE, b" \0 ")):
        if token == _HOLE:
            literal = next(waiting, None)
            if depth == 1 and key:
                yield key, b"", literal
                key = b""
            continue
        depth += {b"(": 1, b")": -1}.get(token, 0)
        if depth > 1 or (depth == 1 and token == b")"):  # within a list, or at its end
            tight = token == b")" or value.endswith(b"(") or not value
            value += token if tight else b" " + token
            if depth == 1:
                yield key, value, None
                key, value = b"", b""
        elif depth == 1 and token != b"(" and not _LITERAL.match(token):
            if not key:
                key = token.upper()
            elif token.startswith(b"["):  # BODY and [] are two tokens
                key += token
            else:
                yield key, token, None
                key = b""


def _flag_names(words: bytes) -> tuple[str, ...]:
    # \Recent is a session's matter, not the message's (RFC 3501, 2.3.2).
    names = {name.decode("utf-8", "replace") for name in words.split()}
    return tuple(sorted(name for name in names if name.lower() != "\\recent"))


def _valid_uid(uid: int) -> int | None:
    return uid if 0 < uid <= _MAX_UID else None


def _quote_open(words: bytes) -> bool:
    """Whether a quoted string is still open at the end of these words."""
    return len(re.findall(rb'(?<!\\)"', words.replace(rb"\\", b""))) % 2 == 1
