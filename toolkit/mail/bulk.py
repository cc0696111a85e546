"""Bulk FETCH: messages one after the other as they come in, over the session's own transport.

Independent of IMAPClient's parser, so that a transfer is bound by TLS and the server: at most one
message is in memory, and a large one is in a file.
"""

from __future__ import annotations

from collections.abc import Iterator

from toolkit.errors import ConnectionLost
from toolkit.mail.failures import refused, sent_away
from toolkit.mail.scanner import Fetched, FetchScanner, ScanError
from toolkit.mail.transport import Transport

__all__ = ["stream"]


def stream(transport: Transport, command: bytes) -> Iterator[Fetched]:
    """Send one FETCH command and hand out its messages as they arrive.

    A consumer that stops early leaves the rest of the answer on its way: the connection is closed,
    for what follows could not be told apart.

    Raises:
        CommandRefused: the server answered NO or BAD; what it sent before was handed out.
        LimitExceeded, ProtocolViolation, ConnectionLost, DeadlineExceeded.
    """
    tag = transport.begin(command)
    scanner = FetchScanner(tag, rest=transport.take_rest())
    try:
        yield from scanner.start()
        while not scanner.finished:
            yield from scanner.filled(transport.receive_into(scanner.buffer()))
    except ScanError as exc:
        words = str(exc)
        raise (transport.too_much(words) if exc.limit else transport.violation(words)) from exc
    except ConnectionLost as exc:
        if (farewell := _farewell(scanner)) is not None:
            raise sent_away(transport, farewell) from exc
        raise
    finally:
        if not scanner.finished:
            transport.shutdown()
    transport.give_back(scanner.rest)
    if (farewell := _farewell(scanner)) is not None:
        raise sent_away(transport, farewell)
    if scanner.status != b"OK":
        raise refused(transport, scanner.text.decode("utf-8", "replace"))


def _farewell(scanner: FetchScanner) -> str | None:
    said = next((line for line in scanner.others if line[2:6].upper() in (b"BYE ", b"BYE")), None)
    return None if said is None else said[6:].decode("utf-8", "replace")
