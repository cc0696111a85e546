r"""Pure parsers: what imaplib hands over of LIST, STATUS, EXAMINE and FETCH answers → values.

imaplib gives untagged data as a list whose items are ``bytes`` (a line) or ``(line, literal)``.
Names stay bytes: IMAPClient would read a folder called ``"007"`` as the number 7.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from toolkit.mail.folder import Folder, Namespaces
from toolkit.mail.utf7 import decode_name

__all__ = [
    "Envelope",
    "FolderState",
    "folder_state",
    "parse_envelopes",
    "parse_list",
    "parse_namespaces",
    "parse_search",
    "parse_status",
    "quote",
    "shown",
]

Item = bytes | tuple[bytes, bytes] | None

_LIST = re.compile(
    rb"""\s*\((?P<flags>[^)]*)\)\s+
    (?:"(?P<delimiter>(?:\\.|[^"\\]))"|NIL|"")\s+
    (?:"(?P<quoted>(?:\\.|[^"\\])*)"|\{\d+\+?\}(?P<literal>)|(?P<atom>[^\s"].*?))
    (?P<rest>\s.*)?\s*\Z""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_STATUS_TAIL = re.compile(rb"(?P<name>.*)\s\((?P<pairs>[^()]*)\)\s*\Z", re.DOTALL)
_UID = re.compile(rb"\bUID (\d{1,10})\b", re.IGNORECASE)
# What is never closed goes on to the end: a search that gave up there would start again and again.
_FLAGS = re.compile(rb"\bFLAGS \(([^)]*)(?:\)|\Z)", re.IGNORECASE)
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d{1,19})\b", re.IGNORECASE)
_DATE = re.compile(rb'\bINTERNALDATE "([^"]{1,40})"', re.IGNORECASE)
_DATE_TIME = re.compile(
    rb"(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})\Z"
)
_MONTHS = (
    b"JAN", b"FEB", b"MAR", b"APR", b"MAY", b"JUN", b"JUL", b"AUG", b"SEP", b"OCT", b"NOV", b"DEC"
)  # fmt: skip
_QUOTED = re.compile(rb'"(?:\\.|[^"\\])*\\?(?:"|\Z)', re.DOTALL)
# A namespace is NIL or a list of (prefix delimiter extensions…).
_NAMESPACE = re.compile(
    rb"""(NIL|\((?:\((?:"(?:\\.|[^"\\])*"|\([^()]*\)|[^()"])*\)\s*)*\))(?:\s|\Z)""", re.IGNORECASE
)
_PREFIX = re.compile(
    rb'(?:(?<=[()])|(?<=\) ))\(("(?:\\.|[^"\\])*") (?:"(?:\\.|[^"\\])*"|NIL)', re.IGNORECASE
)
_MAX_UID = _MAX_UIDVALIDITY = 2**32 - 1
_MAX_NUMBER = 2**63 - 1  # RFC 9051, 4.2, and what a database column holds


@dataclass(frozen=True, slots=True)
class FolderState:
    """What EXAMINE said of a folder (RFC 3501, 6.3.1)."""

    uidvalidity: int
    exists: int
    uidnext: int | None = None
    highestmodseq: int | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is known of a message before its content is fetched."""

    uid: int
    flags: tuple[str, ...] = ()
    size: int | None = None
    internaldate: datetime | None = None


def quote(text: bytes) -> bytes:
    r"""A quoted string (RFC 3501, 4.3); only ``"`` and ``\`` need a backslash.

    Raises:
        ValueError: it holds CR, LF or NUL, which would end the line: the one choke point.
    """
    if any(byte in text for byte in b"\r\n\0"):
        raise ValueError("CR, LF or NUL in a command argument")
    return b'"' + text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def parse_list(items: Iterable[Item]) -> tuple[Folder, ...]:
    """The folders of a LIST (LSUB, XLIST) answer, each raw name once, in the server's order.

    Rows that are not LIST rows are passed over: a folder nobody can name cannot be opened either.
    """
    folders: dict[bytes, Folder] = {}
    for item in items:
        line, literal = item if isinstance(item, tuple) else (item, b"")
        if not line or (found := _LIST.match(line)) is None:
            continue
        if found["quoted"] is not None:
            raw = re.sub(rb"\\(.)", rb"\1", found["quoted"], flags=re.DOTALL)
        elif found["atom"] is not None:
            raw = found["atom"]
        else:
            raw = literal
        if not raw or raw in folders:
            continue
        delimiter = found["delimiter"]
        folders[raw] = Folder(
            raw=raw,
            name=decode_name(raw),
            delimiter=None if delimiter is None else delimiter[-1:].decode("latin-1"),
            flags=tuple(flag.decode("ascii", "replace") for flag in found["flags"].split()),
        )
    return tuple(folders.values())


def parse_status(items: Iterable[Item]) -> dict[bytes, dict[str, int]]:
    """``{raw name: {"MESSAGES": 3, …}}`` of STATUS answers; unreadable ones are passed over."""
    answers: dict[bytes, dict[str, int]] = {}
    pending: bytes | None = None
    for item in items:
        if isinstance(item, tuple):  # a literal name; its pairs follow in the next line
            pending = item[1]
            continue
        if not item or (found := _STATUS_TAIL.match(item)) is None:
            pending = None
            continue
        name = pending if pending is not None else unquoted(found["name"].strip())
        pending = None
        words = found["pairs"].split()
        answers[name] = {
            key.decode("ascii", "replace").upper(): number
            for key, value in zip(words[::2], words[1::2], strict=False)
            if (number := _bounded(value)) is not None
        }
    return answers


def parse_envelopes(items: Iterable[Item]) -> dict[int, Envelope]:
    """Messages by UID out of a FETCH (UID FLAGS RFC822.SIZE INTERNALDATE) answer."""
    envelopes: dict[int, Envelope] = {}
    for line in _lines(items):
        uid = _uid(line)
        if uid is None:
            continue
        size, date = _SIZE.search(line), _DATE.search(line)
        envelopes[uid] = Envelope(
            uid=uid,
            flags=_flags(line),
            size=_bounded(size[1]) if size else None,
            internaldate=internaldate(date[1]) if date else None,
        )
    return envelopes


def parse_namespaces(items: Iterable[Item]) -> Namespaces | None:
    """The prefixes of a NAMESPACE answer (RFC 2342, 5), decoded; None if it is none."""
    for line in _lines(items):
        groups = [
            tuple(decode_name(unquoted(prefix)) for prefix in _PREFIX.findall(group))
            for group in _NAMESPACE.findall(line)
        ]
        if len(groups) == 3:  # noqa: PLR2004 - own, other people's, shared
            return Namespaces(*groups)
    return None


def parse_search(items: Iterable[Item]) -> tuple[int, ...]:
    """The UIDs of one or more SEARCH answers, ascending; what is no UID is passed over."""
    words = b" ".join(line for line in _lines(items)).split()
    # The longest UID has ten digits.
    found = {int(word) for word in words if word.isdigit() and len(word) <= 10}  # noqa: PLR2004
    return tuple(sorted(uid for uid in found if 0 < uid <= _MAX_UID))


def folder_state(untagged: Mapping[str, Sequence[Item]]) -> FolderState | None:
    """The state after EXAMINE; None if UIDVALIDITY or EXISTS is missing, zero or contradictory."""
    validity, exists = _number(untagged.get("UIDVALIDITY")), _number(untagged.get("EXISTS"))
    if not validity or validity > _MAX_UIDVALIDITY or exists is None:
        return None
    return FolderState(
        uidvalidity=validity,
        exists=exists,
        uidnext=_number(untagged.get("UIDNEXT")),
        highestmodseq=_number(untagged.get("HIGHESTMODSEQ")),
    )


def _number(values: Sequence[Item] | None) -> int | None:
    """The one number a server repeated at will; None if it gave none or two different ones."""
    given = {value for value in values or () if isinstance(value, bytes)}
    if len(given) != 1:
        return None
    (only,) = given
    return _bounded(only)


def _bounded(digits: bytes) -> int | None:
    """A number of at most 63 bits; None for anything else."""
    if not digits.isdigit() or len(digits) > 19:  # noqa: PLR2004 - the digits of 2^63
        return None
    number = int(digits)
    return number if number <= _MAX_NUMBER else None


def _lines(items: Iterable[Item]) -> Iterator[bytes]:
    for item in items:
        if isinstance(item, tuple):
            yield item[0]
        elif item:
            yield item


def _uid(line: bytes) -> int | None:
    # Neither a quoted text nor a keyword may pass for the message's UID.
    found = _UID.search(_FLAGS.sub(b"", _QUOTED.sub(b'""', line)))
    if found is None:
        return None
    uid = int(found[1])
    return uid if 0 < uid <= _MAX_UID else None


def _flags(line: bytes) -> tuple[str, ...]:
    found = _FLAGS.search(line)
    if found is None:
        return ()
    # \Recent is a session's matter, not the message's (RFC 3501, 2.3.2).
    flags = {flag.decode("utf-8", "replace") for flag in found[1].split()}
    return tuple(sorted(flag for flag in flags if flag.lower() != "\\recent"))


def internaldate(text: bytes) -> datetime | None:
    """``17-Jul-1996 02:44:25 -0700``; not by strptime, whose month names follow the locale."""
    found = _DATE_TIME.match(text.strip())
    if found is None:
        return None
    day, month, year, hour, minute, second, sign, zone_hours, zone_minutes = found.groups()
    try:
        offset = timedelta(hours=int(zone_hours), minutes=int(zone_minutes))
        moment = datetime(
            int(year),
            _MONTHS.index(month.upper()) + 1,
            int(day),
            int(hour),
            int(minute),
            int(second),
            tzinfo=timezone(-offset if sign == b"-" else offset),
        )
        moment.astimezone(UTC)  # the first and the last day of all have none
    except (
        ValueError,
        OverflowError,
    ):  # seen: impossible dates and zones; the content counts, not this
        return None
    return moment


def unquoted(text: bytes) -> bytes:
    if len(text) > 1 and text[:1] == text[-1:] == b'"':
        return re.sub(rb"\\(.)", rb"\1", text[1:-1], flags=re.DOTALL)
    return text


def shown(data: Any) -> str:
    """What a server answered, as text."""
    parts = data if isinstance(data, list) else [data]
    return " ".join(p.decode("utf-8", "replace") for p in parts if isinstance(p, bytes)).strip()
