"""Handing one message over for sending (RFC 5321, 3.3), and what the server said to it.

A server takes a message at one moment: when it answers the final dot. Whoever loses the
connection after the dot cannot know whether the message is on its way, and must look before
sending it again; that is `SendUncertain`, and nothing else is.
"""

from __future__ import annotations

import re
import smtplib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from toolkit.errors import (
    CommandRefused,
    ConnectionLost,
    DeadlineExceeded,
    LimitExceeded,
    ProtocolViolation,
    SendUncertain,
    Stage,
)
from toolkit.language import Text
from toolkit.mail.deadline import Deadline
from toolkit.mail.settings import Server
from toolkit.mail.smtp_failures import translated

__all__ = ["Receipt", "submit"]

_PIECE = 64 * 1024
_LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the server said when it took a message.

    Attributes:
        said: its words to the final dot, often with a queue number.
        refused: recipient → reply, for those it did not accept; the others get the message.
    """

    said: str
    refused: Mapping[str, str] = field(default_factory=dict)


def submit(
    client: smtplib.SMTP,
    server: Server,
    deadline: Deadline,
    *,
    sender: str,
    recipients: Sequence[str],
    raw: bytes,
) -> Receipt:
    """Send one message; at least one recipient must be accepted.

    Raises:
        ValueError: an address is not plain ASCII or holds a line break; nothing was sent.
        CommandRefused: sender, every recipient or the message was refused; it is not sent.
        SendUncertain: the connection broke when the message was complete.
        ConnectionLost, DeadlineExceeded, ProtocolViolation, LimitExceeded: before that moment.
    """
    for address in (sender, *recipients):
        if not address.isascii() or not address.isprintable() or set(address) & set("<> "):
            raise ValueError(f"not a plain address: {address!r}")
    with translated(server, Stage.SMTP_SEND, deadline):
        limit = client.esmtp_features.get("size", "")
        size = [f"SIZE={len(raw)}"] if "size" in client.esmtp_features else []
        if limit.isdigit() and len(limit) < 20 and 0 < int(limit) < len(raw):  # noqa: PLR2004 - 64 bits
            raise _refused(server, f"SIZE {limit} < {len(raw)}")
        _expect(server, client.mail(sender, size), (250,))
        refused: dict[str, str] = {}
        for recipient in recipients:
            code, said = client.rcpt(recipient)
            if code not in (250, 251):
                refused[recipient] = _words(code, said)
            if code == 421:  # noqa: PLR2004 - RFC 5321, 3.8: it is closing
                raise _refused(server, refused[recipient])
        if len(refused) == len(recipients):
            raise _refused(server, next(iter(refused.values()), "no recipients"))
        _expect(server, client.docmd("DATA"), (354,))
        _pour(client, server, deadline, raw)
    try:
        with translated(server, Stage.SMTP_SEND, deadline):
            client.send(b".\r\n")
            code, said = client.getreply()
    except (ConnectionLost, DeadlineExceeded, ProtocolViolation, LimitExceeded) as exc:
        raise _uncertain(server, exc.evidence or str(exc)) from exc
    return Receipt(_expect(server, (code, said), (250,)), refused)


def _pour(client: smtplib.SMTP, server: Server, deadline: Deadline, raw: bytes) -> None:
    """The content: line ends as CR LF, a dot before lines that begin with one (RFC 5321, 4.5.2)."""
    content = re.sub(rb"(?m)^\.", b"..", _LINE_END.sub(b"\r\n", raw))
    if content and not content.endswith(b"\r\n"):
        content += b"\r\n"
    for start in range(0, len(content), _PIECE):
        assert client.sock is not None
        client.sock.settimeout(deadline.check(Stage.SMTP_SEND, str(server)))
        client.send(content[start : start + _PIECE])


def _expect(server: Server, reply: tuple[int, bytes], good: tuple[int, ...]) -> str:
    words = _words(*reply)
    if reply[0] not in good:
        raise _refused(server, words)
    return words


def _words(code: int, said: bytes) -> str:
    return f"{code} {said.decode('utf-8', 'replace')}"


def _refused(server: Server, said: str) -> CommandRefused:
    enhanced = re.match(r"\d{3} ([245]\.\d{1,3}\.\d{1,3})\b", said)
    return CommandRefused(
        Text(
            f"{server.host} nimmt die Nachricht nicht an: {said[:500]}",
            f"{server.host} does not take the message: {said[:500]}",
        ),
        stage=Stage.SMTP_SEND,
        tried=str(server),
        response_code=enhanced[1] if enhanced else said[:3] if said[:3].isdigit() else "",
        evidence=said,
        hint=Text(
            "Die Nachricht wurde nicht gesendet. Absender, Empfänger und Größe prüfen.",
            "The message was not sent. Check sender, recipients and size.",
        ),
    )


def _uncertain(server: Server, evidence: str) -> SendUncertain:
    return SendUncertain(
        Text(
            f"Ob {server.host} die Nachricht angenommen hat, ist nicht bekannt.",
            f"Whether {server.host} took the message is not known.",
        ),
        stage=Stage.SMTP_SEND,
        tried=str(server),
        evidence=evidence,
        hint=Text(
            "Vor einem zweiten Versuch im Ordner „Gesendet“ nachsehen oder den Empfänger fragen.",
            "Before a second attempt, look into the sent folder or ask the recipient.",
        ),
    )
