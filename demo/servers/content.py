"""What a mailbox on a test server holds: frozen values, and letters made to measure."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

__all__ = ["Delivery", "Mailbox", "letters"]


@dataclass(frozen=True, slots=True)
class Delivery:
    r"""One message as it lies in a folder.

    Attributes:
        raw: the message as bytes, lines ended by CRLF.
        flags: IMAP flags, for example ``\Seen``.
        received: INTERNALDATE, aware; None for now.
    """

    raw: bytes
    flags: tuple[str, ...] = ()
    received: datetime | None = None


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One user's mailbox: the password, and the messages of each folder.

    Folder names are as people see them, ``/`` between levels; a server that speaks another
    dialect (``INBOX.`` prefix, another separator) translates. INBOX exists anyway.
    """

    password: str = field(repr=False)
    folders: Mapping[str, Sequence[Delivery]] = field(default_factory=dict)


#: Words the bodies are made of; ASCII, so that a line may be cut anywhere.
_WORDS = [
    "Akte",
    "Mandant",
    "Gericht",
    "Frist",
    "Klage",
    "Schriftsatz",
    "anliegend",
    "uebersenden",
    "wir",
    "bitten",
    "um",
    "Kenntnisnahme",
    "Rueckmeldung",
    "Verfuegung",
    "Beschluss",
    "Termin",
    "Vollmacht",
    "Rechnung",
    "Abschrift",
    "beglaubigt",
    "per",
    "Fax",
    "vorab",
]
_LINE = 78  # bytes of a body line with its CRLF


def letters(
    count: int,
    size: int = 1500,
    *,
    seed: int = 7,
    to: str = "anna@kanzlei.example",
    start: datetime = datetime(2024, 1, 2, 8, 0, tzinfo=UTC),
) -> Iterator[Delivery]:
    """Plausible, all different messages; the same arguments give the same bytes.

    Args:
        count: how many.
        size: bytes of each message, exact from about 400 (the header) on.
        seed: another seed, other messages.
        to: the recipient.
        start: date of the first; each later one is 37 minutes younger. Every third is unread.
    """
    chance = random.Random(seed)
    pool = [_line(chance) for _ in range(512)]
    for number in range(count):
        when = start + timedelta(minutes=37 * number)
        head = (
            f"From: Absender {number} <absender{number}@mandant.example>\r\n"
            f"To: {to}\r\n"
            f"Subject: Akte {number:06d}/24, Schriftsatz {chance.randrange(10**9):09d}\r\n"
            f"Date: {format_datetime(when)}\r\n"
            f"Message-ID: <{seed}.{number}.{chance.randrange(10**12)}@mandant.example>\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=us-ascii\r\n"
            "\r\n"
        ).encode("ascii")
        wanted = max(2, size - len(head))
        full = (wanted - 2) // _LINE
        last = b"x" * (wanted - full * _LINE - 2) + b"\r\n"
        body = b"".join(chance.choices(pool, k=full)) + last
        yield Delivery(head + body, () if number % 3 == 0 else ("\\Seen",), when)


def _line(chance: random.Random) -> bytes:
    text = " ".join(chance.choices(_WORDS, k=16))[: _LINE - 2]
    return text.ljust(_LINE - 2, ".").encode("ascii") + b"\r\n"
