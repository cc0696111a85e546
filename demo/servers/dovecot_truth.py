"""What Dovecot's own tool says of a mailbox, to compare a client's findings with: pure parsing."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass

__all__ = ["FETCH_FIELDS", "STATUS_FIELDS", "FolderStatus", "Stored", "parse_fetch", "parse_status"]

STATUS_FIELDS = "messages unseen uidvalidity uidnext highestmodseq vsize"
#: The text comes last: it is cut by its size, whatever it contains.
FETCH_FIELDS = "uid flags size.virtual size.physical text"

_RECORD = re.compile(
    rb"uid: (\d+)\nflags: ?([^\n]*)\nsize\.virtual: (\d+)\nsize\.physical: (\d+)\ntext:\n"
)
_BARE_LF = re.compile(rb"(?<!\r)\n")


@dataclass(frozen=True, slots=True)
class FolderStatus:
    """A folder; ``size`` in bytes, lines ended by CRLF."""

    messages: int
    unseen: int
    uidvalidity: int
    uidnext: int
    highestmodseq: int
    size: int


@dataclass(frozen=True, slots=True)
class Stored:
    r"""A message.

    Attributes:
        uid: its UID.
        flags: sorted, without ``\Recent``.
        size: RFC822.SIZE, that is with CRLF.
        sha256: hex digest of the message as IMAP hands it out, that is with CRLF.
    """

    uid: int
    flags: tuple[str, ...]
    size: int
    sha256: str


def parse_status(output: bytes) -> dict[str, FolderStatus]:
    """Read ``doveadm -f json mailbox status``: decoded folder name → status."""
    return {
        row["mailbox"]: FolderStatus(
            messages=int(row["messages"]),
            unseen=int(row["unseen"]),
            uidvalidity=int(row["uidvalidity"]),
            uidnext=int(row["uidnext"]),
            highestmodseq=int(row["highestmodseq"]),
            size=int(row["vsize"]),
        )
        for row in json.loads(output)
    }


def parse_fetch(output: bytes) -> list[Stored]:
    """Read ``doveadm -f pager fetch`` of ``FETCH_FIELDS``.

    Raises:
        ValueError: the output has another form.
    """
    found: list[Stored] = []
    position = 0
    while position < len(output):
        record = _RECORD.match(output, position)
        if record is None:
            raise ValueError(f"doveadm fetch: {output[position : position + 200]!r}")
        uid, flags, size, physical = record.groups()
        end = record.end() + int(physical)
        text = _BARE_LF.sub(b"\r\n", output[record.end() : end])
        found.append(
            Stored(
                uid=int(uid),
                flags=tuple(sorted(set(flags.decode("ascii").split()) - {"\\Recent"})),
                size=int(size),
                sha256=hashlib.sha256(text).hexdigest(),
            )
        )
        position = end + len(b"\f\n")
    return found
