"""SMTP sessions: on Dovecot's submission service, and on servers that misbehave."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable

import pytest
from pydantic import SecretStr

from demo.servers.dovecot import Dovecot
from demo.servers.live import LiveMailbox
from demo.servers.scripted import Close, Pause, Send, Serve, Upgrade
from demo.servers.scripts import GMAIL_APP_PASSWORD_SMTP, SILENT
from tests.mail.conftest import Play
from toolkit.errors import (
    ConnectionLost,
    ConnectRefused,
    DeadlineExceeded,
    GreetingFailed,
    LimitExceeded,
    LoginRefused,
    LoginUnavailable,
    LoginUnsafe,
    MailError,
    Stage,
    StarttlsFailed,
    TlsWrongProtocol,
)
from toolkit.mail import smtp
from toolkit.mail.settings import Security, Server
from toolkit.mail.smtp import SmtpSession

SECRET = SecretStr("Päßwort-9f3k")
USER = "anna@kanzlei.example"
HELLO = Send(b"220 mail.example ESMTP\r\n")
EHLO = b"250-mail.example\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME\r\n"
OTHERWISE = b"502 5.5.1 what?\r\n"
PLAIN = base64.b64encode(f"\0{USER}\0{SECRET.get_secret_value()}".encode())


@pytest.fixture(params=["ssl", "starttls"])
def server(request: pytest.FixtureRequest, dovecot: Dovecot) -> Server:
    """Dovecot's submission over implicit TLS and over STARTTLS."""
    return dovecot.smtp if request.param == "ssl" else dovecot.smtp_starttls


@pytest.mark.dovecot
def test_the_way_in(server: Server, tls: ssl.SSLContext, live_mailbox: LiveMailbox) -> None:
    """Connect, secure, greet, log in with umlauts in the password."""
    stages: list[Stage] = []
    with SmtpSession.open(server, tls=tls, on_stage=stages.append) as session:
        assert session.socket.version() in ("TLSv1.2", "TLSv1.3")
        assert "AUTH=PLAIN" in session.capabilities
        assert "STARTTLS" not in session.capabilities
        assert session.greeting
        assert session.login(live_mailbox.login, SecretStr(live_mailbox.password)) == "PLAIN"
    assert stages[:2] == [Stage.DNS, Stage.TCP]


@pytest.mark.dovecot
def test_a_wrong_password_is_refused(
    server: Server, tls: ssl.SSLContext, live_mailbox: LiveMailbox
) -> None:
    """LoginRefused with stage, field and status; the password is not in it."""
    with SmtpSession.open(server, tls=tls) as session:
        with pytest.raises(LoginRefused) as caught:
            session.login(live_mailbox.login, SECRET)
        assert (caught.value.stage, caught.value.field) == (Stage.SMTP_AUTH, "password")
        assert caught.value.response_code == "5.7.8"
        session.login(live_mailbox.login, SecretStr(live_mailbox.password))


def test_a_refused_port_is_named(tls: ssl.SSLContext) -> None:
    """Nothing listens: ConnectRefused, and the form's field is the SMTP port."""
    from demo.servers.process import free_port

    with pytest.raises(ConnectRefused) as caught:
        SmtpSession.open(Server("127.0.0.1", free_port(), Security.SSL), tls=tls)
    assert (caught.value.stage, caught.value.field) == (Stage.TCP, "smtp.port")


@pytest.mark.parametrize(
    ("greeting", "kind"),
    [
        (b"554 5.7.1 you are blocked\r\n", GreetingFailed),
        (b"421 4.3.2 come back later\r\n", GreetingFailed),
        (b"* OK IMAP4rev1 ready\r\n", GreetingFailed),
        (b"+OK POP3 ready\r\n", GreetingFailed),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", GreetingFailed),
        (b"\r\n", GreetingFailed),
        (b"22\r\n", GreetingFailed),
        (b"\x00\xff\n", GreetingFailed),
        (b"220-endless\r\n" * 20_000, LimitExceeded),
        (b"2" * 200_000, LimitExceeded),
        (b"", ConnectionLost),
        (b"220 half", ConnectionLost),
    ],
)
def test_a_wrong_greeting_is_typed(
    greeting: bytes, kind: type[MailError], play: Play, tls: ssl.SSLContext
) -> None:
    """Whatever greets us ends in one typed error at the stage smtp-connect."""
    server = play((Send(greeting), Close()))
    with pytest.raises(kind) as caught:
        SmtpSession.open(server.address, tls=tls, seconds=10)
    assert caught.value.stage is Stage.SMTP_CONNECT
    assert caught.value.tried == str(server.address)


def test_a_silent_server_ends_by_the_deadline(play: Play, tls: ssl.SSLContext) -> None:
    """No greeting ever: DeadlineExceeded."""
    with pytest.raises(DeadlineExceeded):
        SmtpSession.open(play(SILENT).address, tls=tls, seconds=0.3)


def test_a_dripping_server_ends_by_the_deadline(play: Play, tls: ssl.SSLContext) -> None:
    """One byte at a time does not stretch the clock."""
    server = play((Send(b"2"), Pause(0.1)) * 1000)
    with pytest.raises(DeadlineExceeded):
        SmtpSession.open(server.address, tls=tls, seconds=0.5)


def test_clear_text_on_the_tls_port(play: Play, tls: ssl.SSLContext) -> None:
    """Port and security do not fit: TlsWrongProtocol."""
    server = play((HELLO, Pause(60)), encrypted=False)
    with pytest.raises(TlsWrongProtocol) as caught:
        SmtpSession.open(server.address, tls=tls, seconds=10)
    assert caught.value.field == "smtp.port"


@pytest.mark.parametrize(
    ("ehlo", "starttls"),
    [
        (EHLO, OTHERWISE),  # stripped: not offered
        (b"250-x\r\n250 STARTTLS\r\n", b"454 4.7.0 not now\r\n"),
        (b"250-x\r\n250 STARTTLS\r\n", b"220 go\r\n250-x\r\n250 AUTH PLAIN\r\n"),  # injection
    ],
)
def test_starttls_is_not_given_up(
    ehlo: bytes, starttls: bytes, play: Play, tls: ssl.SSLContext
) -> None:
    """Stripped, refused or with bytes sent ahead: StarttlsFailed, and no credential is sent."""
    rules = {rb"^EHLO": ehlo, rb"^STARTTLS": starttls}
    server = play((HELLO, Serve(rules, OTHERWISE)), Security.STARTTLS)
    with pytest.raises(StarttlsFailed) as caught:
        SmtpSession.open(server.address, tls=tls, seconds=10)
    assert caught.value.field == "smtp.security"
    assert b"AUTH" not in server.received


def test_what_was_said_before_tls_does_not_count(play: Play, tls: ssl.SSLContext) -> None:
    """AUTH offered in clear text is forgotten; after TLS nothing offers it any more."""
    before = {
        rb"^EHLO": b"250-x\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n",
        rb"^STARTTLS": b"220 go\r\n",
    }
    after = Serve({rb"^EHLO": b"250 x\r\n"}, OTHERWISE)
    script = (HELLO, Serve(before, OTHERWISE, until=rb"^STARTTLS"), Upgrade(), after)
    server = play(script, Security.STARTTLS)
    with SmtpSession.open(server.address, tls=tls, seconds=10) as session:
        assert session.capabilities == frozenset()
        with pytest.raises(LoginUnsafe):
            session.login(USER, SECRET)
    assert b"AUTH" not in server.received


def test_a_server_that_leaves_after_tls_is_typed(play: Play, tls: ssl.SSLContext) -> None:
    """The connection breaks right after STARTTLS; no socket is left open."""
    before = {rb"^EHLO": b"250-x\r\n250 STARTTLS\r\n", rb"^STARTTLS": b"220 go\r\n"}
    script = (HELLO, Serve(before, OTHERWISE, until=rb"^STARTTLS"), Upgrade(), Close())
    with pytest.raises(ConnectionLost):
        SmtpSession.open(play(script, Security.STARTTLS).address, tls=tls, seconds=10)


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (b"535 5.7.8 no\r\n", LoginRefused, "5.7.8"),
        (b"535-5.7.139 Authentication unsuccessful,\r\n535 5.7.139 disabled\r\n", LoginRefused, "5.7.139"),
        (b"535 no\r\n", LoginRefused, "535"),
        (b"454 4.7.0 not now\r\n", LoginUnavailable, "4.7.0"),
        (b"421 too many\r\n", LoginUnavailable, "421"),
    ],
)  # fmt: skip
def test_refusals_are_told_apart(
    reply: bytes, kind: type[MailError], code: str, play: Play, tls: ssl.SSLContext
) -> None:
    """5xx is about the credentials, 4xx about now; the enhanced status is kept (RFC 3463)."""
    server = play((HELLO, Serve({rb"^EHLO": EHLO, rb"^AUTH": reply}, OTHERWISE)))
    with SmtpSession.open(server.address, tls=tls, seconds=10) as session:
        with pytest.raises(kind) as caught:
            session.login(USER, SECRET)
        assert caught.value.response_code == code
        assert caught.value.evidence.startswith(reply[:3].decode())


@pytest.mark.parametrize(
    "script",
    [
        GMAIL_APP_PASSWORD_SMTP,
        (HELLO, Serve({rb"^EHLO": b"250-x\r\n250 AUTH LOGIN\r\n", rb"^AUTH": b"334 VXNlcm5hbWU6\r\n",
                       rb"=?$": b"534 5.7.9 no\r\n"}, OTHERWISE)),
    ],
)  # fmt: skip
def test_other_dialogues_end_in_a_refusal(
    script: tuple[Send, Serve], play: Play, tls: ssl.SSLContext
) -> None:
    """A provider's own words, and AUTH LOGIN refused after the name."""
    with SmtpSession.open(play(script).address, tls=tls, seconds=10) as session:
        with pytest.raises(LoginRefused) as caught:
            session.login(USER, SECRET)
        assert caught.value.response_code == "5.7.9"


def test_a_server_that_asks_for_the_response_gets_it(play: Play, tls: ssl.SSLContext) -> None:
    """Some answer AUTH PLAIN with 334 whatever came along; they get the response once more."""
    rules = {rb"^EHLO": EHLO, rb"^AUTH PLAIN": b"334 \r\n", rb"^[A-Za-z0-9+/]+=*$": b"235 ok\r\n"}
    server = play((HELLO, Serve(rules, OTHERWISE)))
    with SmtpSession.open(server.address, tls=tls, seconds=10) as session:
        assert session.login(USER, SECRET) == "PLAIN"


@pytest.mark.parametrize(
    "echo",
    [
        b"535 5.7.8 wrong password: " + SECRET.get_secret_value().encode() + b"\r\n",
        b"535 5.7.8 AUTH PLAIN " + PLAIN + b"\r\n",
        b"454 " + base64.b64encode(SECRET.get_secret_value().encode()) + b"\r\n",
        b"what is " + SECRET.get_secret_value().encode() + b"?\r\n",
        b"535 5.7.8 " + SECRET.get_secret_value().encode("utf-8").decode("latin-1").encode() + b"\r\n",
    ],
)  # fmt: skip
def test_an_echoed_password_is_scrubbed(
    echo: bytes, play: Play, tls: ssl.SSLContext, everything_said: Callable[[MailError], str]
) -> None:
    """A server that repeats the password, in any form, does not make us repeat it."""
    server = play((HELLO, Serve({rb"^EHLO": EHLO, rb"^AUTH": echo}, OTHERWISE)))
    with SmtpSession.open(server.address, tls=tls, seconds=10) as session:
        with pytest.raises(MailError) as caught:
            session.login(USER, SECRET)
        said = everything_said(caught.value)
    assert "****" in said
    assert SECRET.get_secret_value() not in said
    assert PLAIN.decode() not in said
    assert base64.b64encode(SECRET.get_secret_value().encode()).decode() not in said


def test_nul_is_never_sent(play: Play, tls: ssl.SSLContext) -> None:
    """A password with NUL would be taken for another."""
    server = play((HELLO, Serve({rb"^EHLO": EHLO}, OTHERWISE)))
    with (
        SmtpSession.open(server.address, tls=tls, seconds=10) as session,
        pytest.raises(LoginUnsafe),
    ):
        session.login(USER, SecretStr("a\0b"))
    assert b"AUTH" not in server.received


def test_a_login_after_the_connection_broke_is_typed(play: Play, tls: ssl.SSLContext) -> None:
    """Two tries on a connection that died with the first: both end in a MailError."""
    server = play((HELLO, Serve({rb"^EHLO": EHLO}, OTHERWISE, until=rb"^EHLO"), Close(reset=True)))
    session = SmtpSession.open(server.address, tls=tls, seconds=10)
    for _ in range(2):
        with pytest.raises(MailError):
            session.login(USER, SECRET)
    session.close()


def test_an_endless_reply_is_cut(
    play: Play, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reply that never ends is LimitExceeded, early."""
    monkeypatch.setattr(smtp, "MAX_REPLY", 1000)
    server = play((HELLO, Serve({rb"^EHLO": b"250-more\r\n" * 1000}, OTHERWISE)))
    with pytest.raises(LimitExceeded):
        SmtpSession.open(server.address, tls=tls, seconds=10)
