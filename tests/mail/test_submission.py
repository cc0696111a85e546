"""Handing a message over: what arrives, who is refused, and when nobody can know."""

from __future__ import annotations

import ssl

import pytest
from pydantic import SecretStr

from demo.servers.behaviours.row import EHLO, smtp
from demo.servers.scripted import Close, Send
from tests.mail.conftest import Play
from toolkit.errors import CommandRefused, ConnectionLost, MailError, SendUncertain, Stage
from toolkit.mail.smtp import SmtpSession
from toolkit.mail.submission import Receipt

USER = "anna@kanzlei.example"
SECRET = SecretStr("pass-9f3k")
TO = ("one@kanzlei.example", "two@kanzlei.example")


def _sent(play: Play, tls: ssl.SSLContext, raw: bytes = b"Subject: x\r\n\r\nhi\r\n", **replies: object) -> tuple[Receipt, list[bytes]]:  # fmt: skip
    server = play(smtp(**replies))
    with SmtpSession.open(server.address, tls=tls, seconds=10) as session:
        session.login(USER, SECRET)
        receipt = session.send(USER, TO, raw)
    return receipt, server.script.received


def test_lines_end_with_crlf_and_dots_are_doubled(play: Play, tls: ssl.SSLContext) -> None:
    """What is a dot alone to the reader is two on the way; the size is announced."""
    receipt, received = _sent(play, tls, b"Subject: x\n\n.\n..y\nlast")
    assert receipt == Receipt("250 2.0.0 queued")
    assert b"mail FROM:<anna@kanzlei.example> size=22" in [line.replace(b"SIZE", b"size") for line in received]  # fmt: skip
    assert received[-6:] == [b"", b"..", b"...y", b"last", b".", b"quit"]


def test_refused_recipients_are_named_and_the_others_get_it(
    play: Play, tls: ssl.SSLContext
) -> None:
    """One of two is unknown: the receipt says so, with the server's words."""
    receipt, _ = _sent(play, tls, rcpt_two=b"550 5.1.1 unknown\r\n")
    assert receipt.refused == {"two@kanzlei.example": "550 5.1.1 unknown"}


@pytest.mark.parametrize(
    ("replies", "code"),
    [
        ({"mail": b"553 5.7.1 not yours\r\n"}, "5.7.1"),
        ({"rcpt": b"550 unknown\r\n"}, "550"),
        ({"data": b"554 5.5.1 no\r\n"}, "5.5.1"),
        ({"dot": b"554 5.7.1 spam\r\n"}, "5.7.1"),
        ({"ehlo": EHLO.replace(b"10485760", b"9")}, ""),
    ],
)
def test_a_refusal_is_certain(
    replies: dict[str, object], code: str, play: Play, tls: ssl.SSLContext
) -> None:
    """Sender, all recipients, the message or its size: CommandRefused with the status."""
    with pytest.raises(CommandRefused) as caught:
        _sent(play, tls, **replies)
    assert (caught.value.stage, caught.value.response_code) == (Stage.SMTP_SEND, code)


@pytest.mark.parametrize(
    ("step", "kind"), [("data", ConnectionLost), ("dot", SendUncertain), ("mail", ConnectionLost)]
)
def test_only_after_the_dot_nobody_knows(
    step: str, kind: type[MailError], play: Play, tls: ssl.SSLContext
) -> None:
    """A connection that ends before the dot means: not sent; after it: uncertain."""
    with pytest.raises(kind) as caught:
        _sent(play, tls, **{step: (Send(b""), Close())})
    assert caught.value.stage is Stage.SMTP_SEND


@pytest.mark.parametrize("address", ["a\r\nRCPT TO:<x@y>", "a b@c", "<a@b>", "ä@b", "a\0b"])
def test_an_address_becomes_no_command(address: str, play: Play, tls: ssl.SSLContext) -> None:
    """Line breaks, blanks, angle brackets and umlauts are refused before anything is sent."""
    server = play(smtp())
    with SmtpSession.open(server.address, tls=tls, seconds=10) as session:
        session.login(USER, SECRET)
        for sender, to in ((address, TO), (USER, (address,))):
            with pytest.raises(ValueError, match="plain address"):
                session.send(sender, to, b"x")
    assert not [line for line in server.script.received if line.upper().startswith(b"MAIL")]
