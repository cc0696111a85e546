"""A hostile IMAP server: whatever it does ends in a result or in one typed error."""

from __future__ import annotations

import base64
import os
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from demo.servers.scripted import Close, Pause, Send, Serve, Step, Upgrade
from demo.servers.scripts import BYE, LOGIN_DISABLED, PREAUTH, SILENT, imap, starttls
from tests.mail.conftest import Play, Played
from toolkit.errors import (
    CommandRefused,
    ConnectionLost,
    DeadlineExceeded,
    GreetingFailed,
    LimitExceeded,
    LoginRefused,
    LoginUnavailable,
    LoginUnsafe,
    MailError,
    ProtocolViolation,
    Stage,
    StarttlsFailed,
)
from toolkit.mail import transport
from toolkit.mail.deadline import Deadline
from toolkit.mail.imap import ImapSession
from toolkit.mail.settings import Security

PASSWORD = 'Päßwort "9f3k" \\'
SECRET = SecretStr(PASSWORD)
ASCII = SecretStr("pass word 9f3k")
USER = "anna@kanzlei.example"
PLAIN = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode())

HELLO = Send(b"* OK IMAP4rev1 ready\r\n")
CAPABILITY = rb"^\S+ CAPABILITY$"
CAPABLE = b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n{tag} OK done\r\n"
RULES: Mapping[bytes, bytes] = {
    CAPABILITY: CAPABLE,
    rb"^\S+ LOGOUT$": b"* BYE see you\r\n{tag} OK done\r\n",
    rb"^\S+ AUTHENTICATE PLAIN$": b"+ \r\n",
    rb"^[A-Za-z0-9+/]+=*$": b"{tag} OK welcome\r\n",
    rb"^\S+ EXAMINE ": b"* 3 EXISTS\r\n* OK [UIDVALIDITY 17] ok\r\n{tag} OK [READ-ONLY] done\r\n",
    rb"^\S+ LIST ": b'* LIST () "/" INBOX\r\n{tag} OK done\r\n',
}


def server_with(play: Play, **rules: bytes) -> Played:
    """A well-behaved server but for some commands; the name is the command's."""
    own = {
        rb"^\S+ " + name.replace("_", " ").encode() + rb"\b": text for name, text in rules.items()
    }
    return play((HELLO, Serve({**own, **RULES})))


def entered(server: Played, tls: ssl.SSLContext) -> ImapSession:
    session = ImapSession.open(server.address, tls=tls, seconds=10)
    session.login(USER, SECRET)
    return session


# -- greeting -------------------------------------------------------------------------------


@pytest.mark.parametrize("security", Security)
@pytest.mark.parametrize(
    ("script", "words"),
    [
        (BYE, "too many connections"),
        (PREAUTH, "PREAUTH"),
        ((Send(b"* NO [ALERT] go away\r\n"), Pause(60)), "go away"),
        ((Send(b"* BAD what\r\n"), Pause(60)), "what"),
        ((Send(b"A1 OK tagged\r\n"), Pause(60)), "A1 OK tagged"),
        ((Send(b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n"), Pause(60)), "HTTP/1.1 400"),
        ((Send(b"220 smtp.example ESMTP\r\n"), Pause(60)), "220 smtp.example"),
        ((Send(b"+OK POP3 ready\r\n"), Pause(60)), "POP3"),
        ((Send(b"\x00\xff\xfe\x80\r\n"), Pause(60)), ""),
        ((Send(b"\x15\x03\x03\x00\x02\x02\x28\r\n"), Pause(60)), ""),  # a TLS alert, in clear text
        ((Send(b"* OK no CR\n"), Pause(60)), "no CR"),
        ((Send(b"\r\n"), Pause(60)), ""),
        ((HELLO, Serve({CAPABILITY: b"{tag} OK none\r\n"})), ""),
        ((HELLO, Serve({CAPABILITY: b"* CAPABILITY POP3\r\n{tag} OK\r\n"})), ""),
        ((HELLO, Serve({}, otherwise=b"{tag} BAD what\r\n")), ""),
    ],
)
def test_a_wrong_greeting_is_no_greeting(
    script: tuple[Step, ...], words: str, security: Security, play: Play, tls: ssl.SSLContext
) -> None:
    """Another protocol, a farewell, a login before the login: GreetingFailed with the words."""
    server = play(script, security)
    with pytest.raises(GreetingFailed) as caught:
        ImapSession.open(server.address, tls=tls, seconds=10)
    assert words in caught.value.evidence
    assert not caught.value.evidence.startswith("b'")
    assert caught.value.field == "imap.port"
    assert b"LOGIN" not in server.received
    assert b"AUTH" not in server.received


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (SILENT, DeadlineExceeded),
        ((Send(b"*"), Pause(0.1)) * 1000, DeadlineExceeded),
        ((HELLO, Pause(60)), DeadlineExceeded),
        ((Close(),), ConnectionLost),
        ((Close(reset=True),), ConnectionLost),
        ((Send(b"* OK half"), Close()), ConnectionLost),
        ((HELLO, Close(reset=True)), ConnectionLost),
    ],
)
def test_a_server_that_stops_talking(
    script: tuple[Step, ...], kind: type[MailError], play: Play, tls: ssl.SSLContext
) -> None:
    """Silence ends by the deadline, however slowly it drips; an end is an end."""
    with pytest.raises(kind):
        ImapSession.open(play(script).address, tls=tls, seconds=0.6)


def test_a_greeting_may_come_byte_by_byte(play: Play, tls: ssl.SSLContext) -> None:
    """How a line is cut into packets does not matter."""
    script = (*(Send(bytes([byte])) for byte in b"* OK slow\r\n"), Serve(RULES))
    with ImapSession.open(play(script).address, tls=tls, seconds=10) as session:
        assert session.greeting == "* OK slow"


def test_closing_is_quiet_when_the_server_is_gone(play: Play, tls: ssl.SSLContext) -> None:
    """LOGOUT to a dead server raises nothing and leaves no socket open."""
    server = play((HELLO, Serve(RULES, until=CAPABILITY), Close(reset=True)))
    session = ImapSession.open(server.address, tls=tls, seconds=10)
    session.close()
    session.close()


# -- before the password --------------------------------------------------------------------


def test_no_password_where_login_is_disabled(play: Play, tls: ssl.SSLContext) -> None:
    """LOGINDISABLED and no PLAIN: LoginUnsafe, and nothing that could be a credential is sent."""
    server = play(LOGIN_DISABLED)
    with ImapSession.open(server.address, tls=tls, seconds=10) as session:
        with pytest.raises(LoginUnsafe) as caught:
            session.login(USER, ASCII)
        assert caught.value.field == "password"
    assert {line.split()[1] for line in server.script.received} == {b"CAPABILITY", b"LOGOUT"}


def test_starttls_that_is_not_offered(play: Play, tls: ssl.SSLContext) -> None:
    """Stripped: StarttlsFailed, no fallback to clear text."""
    script = (HELLO, Serve({CAPABILITY: b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n{tag} OK\r\n"}))
    server = play(script, Security.STARTTLS)
    with pytest.raises(StarttlsFailed) as caught:
        ImapSession.open(server.address, tls=tls, seconds=10)
    assert (caught.value.stage, caught.value.field) == (Stage.STARTTLS, "imap.security")
    assert {line.split()[1] for line in server.script.received} == {b"CAPABILITY"}


@pytest.mark.parametrize(
    "reply",
    [
        b"{tag} NO not today\r\n",
        b"{tag} BAD what\r\n",
        b"{tag} OK begin\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n",
        b"{tag} OK begin\r\n\x00",
    ],
)
def test_starttls_that_is_refused_or_tampered_with(
    reply: bytes, play: Play, tls: ssl.SSLContext
) -> None:
    """NO, BAD, and bytes sent ahead of the handshake: StarttlsFailed."""
    rules = {CAPABILITY: b"* CAPABILITY IMAP4rev1 STARTTLS\r\n{tag} OK\r\n", rb" STARTTLS$": reply}
    server = play((HELLO, Serve(rules)), Security.STARTTLS)
    with pytest.raises(StarttlsFailed) as caught:
        ImapSession.open(server.address, tls=tls, seconds=10)
    assert caught.value.evidence
    assert caught.value.stage is Stage.STARTTLS


def test_what_was_said_before_tls_does_not_count(play: Play, tls: ssl.SSLContext) -> None:
    """Capabilities and folders forged in clear text are gone once TLS stands."""
    forged = b'* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\n* LIST () "/" forged\r\n{tag} OK\r\n'
    before = {CAPABILITY: forged, rb" STARTTLS$": b'* LIST () "/" forged\r\n{tag} OK begin\r\n'}
    after = Serve({CAPABILITY: b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n{tag} OK\r\n"})
    server = play((HELLO, Serve(before, until=rb" STARTTLS$"), Upgrade(), after), Security.STARTTLS)
    with ImapSession.open(server.address, tls=tls, seconds=10) as session:
        assert session.capabilities == {"IMAP4REV1", "LOGINDISABLED"}
        assert session._untagged("LIST") == []
        with pytest.raises(LoginUnsafe):
            session.login(USER, ASCII)


@pytest.mark.parametrize("reset", [True, False])
def test_a_server_that_leaves_after_starttls(reset: bool, play: Play, tls: ssl.SSLContext) -> None:
    """The connection ends once TLS stands: ConnectionLost, no socket left open."""
    with pytest.raises(ConnectionLost):
        ImapSession.open(
            play(starttls(Close(reset=reset)), Security.STARTTLS).address, tls=tls, seconds=10
        )


# -- the login ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (b"{tag} NO [AUTHENTICATIONFAILED] No.\r\n", LoginRefused, "AUTHENTICATIONFAILED"),
        (b"{tag} NO LOGIN failed.\r\n", LoginRefused, ""),
        (b"{tag} NO [ALERT] Application-specific password\r\n", LoginRefused, "ALERT"),
        (b"{tag} BAD invalid credentials\r\n", LoginRefused, ""),
        (b"{tag} NO\r\n", LoginRefused, ""),
        (b"{tag} NO [UNAVAILABLE] Temporary\r\n", LoginUnavailable, "UNAVAILABLE"),
        (b"{tag} NO [INUSE] busy\r\n", LoginUnavailable, "INUSE"),
        (b"{tag} NO [LIMIT] too many\r\n", LoginUnavailable, "LIMIT"),
        (b"* BYE [UNAVAILABLE] Too many failures\r\n", ConnectionLost, "UNAVAILABLE"),
        (b"* BYE bye\r\n{tag} NO no\r\n", ConnectionLost, ""),
        (b"Z999 OK another's tag\r\n", ProtocolViolation, ""),
        (b"+ \r\n+ \r\n+ \r\n{tag} NO enough\r\n", LoginRefused, ""),
        (b"+ !not base64!\r\n{tag} NO enough\r\n", ProtocolViolation, ""),
    ],
)
@pytest.mark.parametrize("mechanism", [b"AUTH=PLAIN", b""])
def test_refusals_are_told_apart(
    reply: bytes,
    kind: type[MailError],
    code: str,
    mechanism: bytes,
    play: Play,
    tls: ssl.SSLContext,
) -> None:
    """About the credentials, about now, a farewell or nonsense, by PLAIN and by LOGIN."""
    if reply.startswith(b"+") and not mechanism:
        reply = reply.splitlines(keepends=True)[-1]  # LOGIN has no challenges
        kind = LoginRefused
    server = play(imap(capability=b"IMAP4rev1 " + mechanism, login=reply))
    with ImapSession.open(server.address, tls=tls, seconds=10) as session:
        with pytest.raises(kind) as caught:
            session.login(USER, ASCII)
        assert caught.value.stage is Stage.AUTH
        assert caught.value.response_code == code


def test_login_without_plain(play: Play, tls: ssl.SSLContext) -> None:
    """LOGIN quotes its arguments; umlauts, which it cannot carry, are never sent."""
    server = play(imap(capability=b"IMAP4rev1", login=b"{tag} OK\r\n"))
    with ImapSession.open(server.address, tls=tls, seconds=10) as session:
        with pytest.raises(LoginUnsafe):
            session.login(USER, SECRET)
        assert b"LOGIN " not in server.received
        assert session.login('anna "x" \\', ASCII) == "LOGIN"
    assert b'LOGIN "anna \\"x\\" \\\\" "pass word 9f3k"' in server.received


@pytest.mark.parametrize("newline", ["a\r\nZ1 DELETE INBOX", "a\nb", "a\rb"])
def test_a_line_break_becomes_no_command(newline: str, play: Play, tls: ssl.SSLContext) -> None:
    """A password or name with a line break is refused by LOGIN and carried by PLAIN."""
    server = play(imap(capability=b"IMAP4rev1", login=b"{tag} OK\r\n"))
    with ImapSession.open(server.address, tls=tls, seconds=10) as session:
        for name, password in ((USER, newline), (newline, "x")):
            with pytest.raises(LoginUnsafe):
                session.login(name, SecretStr(password))
    assert b"DELETE" not in server.received
    assert b"LOGIN " not in server.received


ECHOES = [
    b"{tag} NO wrong password: %s\r\n" % PASSWORD.encode(),
    b"{tag} BAD AUTHENTICATE PLAIN %s\r\n" % PLAIN,
    b"{tag} NO [%s] x\r\n" % base64.b64encode(PASSWORD.encode()),
    b'* BYE LOGIN "%s"\r\n' % PASSWORD.encode().replace(b"\\", b"\\\\").replace(b'"', b'\\"'),
    b"what is %s?\r\n" % PASSWORD.encode(),
    b"{tag} NO %s\r\n" % PASSWORD.encode().decode("latin-1").encode(),
]


@pytest.mark.parametrize("echo", ECHOES)
def test_an_echoed_password_is_scrubbed(
    echo: bytes, play: Play, tls: ssl.SSLContext, everything_said: Callable[[MailError], str]
) -> None:
    """A server that repeats the password, in any form, does not make us repeat it."""
    server = play(imap(capability=b"IMAP4rev1 AUTH=PLAIN", login=echo))
    with ImapSession.open(server.address, tls=tls, seconds=10) as session:
        with pytest.raises(MailError) as caught:
            session.login(USER, SECRET)
        said = everything_said(caught.value)
    assert "****" in said
    assert "9f3k" not in said
    assert PLAIN.decode() not in said
    assert base64.b64encode(PASSWORD.encode()).decode() not in said


def test_an_echoed_ascii_password_is_scrubbed(
    play: Play, tls: ssl.SSLContext, everything_said: Callable[[MailError], str]
) -> None:
    """LOGIN answered by BAD and a repetition of the whole line."""
    echo = b'{tag} BAD what: LOGIN "anna" "pass word 9f3k"\r\n'
    server = play(imap(capability=b"IMAP4rev1", login=echo))
    with ImapSession.open(server.address, tls=tls, seconds=10) as session:
        with pytest.raises(LoginRefused) as caught:
            session.login(USER, ASCII)
        assert "9f3k" not in everything_said(caught.value)


def test_nothing_is_logged(
    play: Play, tls: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    """At the most talkative log level neither password nor command line is recorded anywhere."""
    caplog.set_level(0)
    server = server_with(play)
    with entered(server, tls) as session:
        session.folders()
        kept = repr(vars(session._transport))
    for shown in (caplog.text, kept, repr(session)):
        assert PLAIN.decode() not in shown
        assert "9f3k" not in shown


# -- commands -------------------------------------------------------------------------------


def test_a_tagged_ok_without_text_is_enough(play: Play, tls: ssl.SSLContext) -> None:
    """``A1 OK``, ``* ok`` and ``a1 ok done`` occur in the wild, and are understood."""
    script = (
        Send(b"* ok ready\r\n"),
        Serve(
            {
                CAPABILITY: b"* CAPABILITY imap4REV1 auth=plain\r\n{tag} ok\r\n",
                rb" AUTHENTICATE PLAIN$": b"+ \r\n",
                rb"^[A-Za-z0-9+/]+=*$": b"* Ok [CAPABILITY IMAP4rev1] in\r\n{tag} OK\r\n",
                rb" EXAMINE ": b"* 0 EXISTS\r\n* ok [UIDVALIDITY 5] .\r\n{tag} Ok\r\n",
                rb" LIST ": b"* no such warning\r\n{tag} OK\r\n",
                rb" LOGOUT": b"* bye\r\n{tag} OK\r\n",
            }
        ),
    )
    with entered(play(script), tls) as session:
        assert session.folders() == ()
        assert session.examine(b"INBOX").uidvalidity == 5


def test_a_folders_name_is_sent_back_verbatim(play: Play, tls: ssl.SSLContext) -> None:
    """Raw bytes come and go unchanged, even those that look like a status line."""
    raw = b'\xff\xfe "quoted" \\ Entw\xc3\xbcrfe * ok {3}'
    row = raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    server = server_with(play, LIST=b'* LIST () "/" "%s"\r\n{tag} OK\r\n' % row)
    with entered(server, tls) as session:
        (folder,) = session.folders(counts=False)
        assert folder.raw == raw
        session.examine(folder.raw)
    assert b'EXAMINE "%s"' % row in server.received


@pytest.mark.parametrize("raw", [b"a\r\nZ1 DELETE INBOX", b"a\nb", b"a\rb", b"a\0b"])
def test_a_folders_name_becomes_no_command(raw: bytes, play: Play, tls: ssl.SSLContext) -> None:
    """A name with a line break (from a literal) is a violation; nothing of it is sent."""
    server = server_with(play, LIST=b'* LIST () "/" {%d}\r\n%s\r\n{tag} OK\r\n' % (len(raw), raw))
    with entered(server, tls) as session:
        (folder,) = session.folders(counts=False)
        assert folder.raw == raw
        with pytest.raises(ProtocolViolation):
            session.examine(folder.raw)
        assert [f.messages for f in session.folders()] == [None]
    assert b"DELETE" not in server.received
    assert b"EXAMINE" not in server.received


def test_what_one_command_brought_is_gone_at_the_next(play: Play, tls: ssl.SSLContext) -> None:
    """A folder told during EXAMINE does not appear in the next list, nor a second UIDVALIDITY."""
    examined = b'* LIST () "/" forged\r\n* 3 EXISTS\r\n* OK [UIDVALIDITY 17] .\r\n{tag} OK\r\n'
    server = server_with(play, EXAMINE=examined, LIST=b"* OK [UIDVALIDITY 99] .\r\n{tag} OK\r\n")
    with entered(server, tls) as session:
        session.examine(b"INBOX")
        assert session.folders(counts=False) == ()
        assert session.examine(b"INBOX").uidvalidity == 17


@pytest.mark.parametrize("answer", [b"{tag} NO cannot\r\n", b"{tag} BAD cannot\r\n"])
def test_list_status_that_is_announced_but_refused(
    answer: bytes, play: Play, tls: ssl.SSLContext
) -> None:
    """The folders are then listed and counted one by one; one that cannot be counted is listed."""
    rules = {
        CAPABILITY: b"* CAPABILITY IMAP4rev1 AUTH=PLAIN LIST-EXTENDED LIST-STATUS\r\n{tag} OK\r\n",
        rb" RETURN ": answer,
        rb' STATUS "a"': b"* STATUS a (MESSAGES 4)\r\n{tag} OK\r\n",
        rb' STATUS "b"': answer,
        rb" LIST ": b'* LIST () "/" a\r\n* LIST () "/" b\r\n{tag} OK\r\n',
    }
    with entered(
        play((HELLO, Serve({**rules, **RULES, CAPABILITY: rules[CAPABILITY]}))), tls
    ) as session:
        assert [(f.raw, f.messages) for f in session.folders()] == [(b"a", 4), (b"b", None)]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"{tag} NO cannot\r\n", CommandRefused),
        (b"{tag} BAD cannot\r\n", CommandRefused),
        (b"* BYE shutting down\r\n", ConnectionLost),
        (b"Z999 OK\r\n", ProtocolViolation),
        (b"A1 OK\r\n", ProtocolViolation),
        (b"garbage\r\n", ProtocolViolation),
        (b"\r\n", ProtocolViolation),
        (b"+ go on\r\n+ go on\r\n{tag} OK\r\n", None),
        (b'* LIST () "/" {3}\r\nabc\r\n{tag} OK\r\n', None),
        (b'* LIST () "/" {0}\r\n\r\n{tag} OK\r\n', None),
        (b'* LIST () "/" {2147483648}\r\n', LimitExceeded),
        (b'* LIST () "/" {9223372036854775808}\r\n', LimitExceeded),
        (b'* LIST () "/" {' + b"9" * 5000 + b"}\r\n", ProtocolViolation),
        (b'* LIST () "/" {-1}\r\nx\r\n{tag} OK\r\n', ProtocolViolation),
        (b"* " + b"(" * 100_000 + b"\r\n{tag} OK\r\n", ProtocolViolation),
        (b"* LIST " + b"(" * 100_000 + b"\r\n{tag} OK\r\n", None),
        (b"* \xff\xfe\r\n{tag} OK\r\n", ProtocolViolation),
        (b"* 5\r\n{tag} OK\r\n", ProtocolViolation),
        (b"{tag} MAYBE\r\n{tag} OK\r\n", ProtocolViolation),
    ],
)
def test_whatever_answers_a_command(
    answer: bytes, kind: type[MailError] | None, play: Play, tls: ssl.SSLContext
) -> None:
    """A result or one typed error at the command's stage, never another exception."""
    with entered(server_with(play, LIST=answer), tls) as session:
        if kind is None:
            session.folders(counts=False)
            return
        with pytest.raises(kind) as caught:
            session.folders(counts=False)
        assert caught.value.stage is Stage.LIST
        assert len(caught.value.evidence) <= 2000


def test_a_connection_that_breaks_in_a_literal(play: Play, tls: ssl.SSLContext) -> None:
    """Half a body is no body: ConnectionLost at the stage fetch."""
    rules = {**RULES, rb" FETCH ": b"* 1 FETCH (UID 1 BODY[] {100}\r\nhalf of it"}
    server = play((HELLO, Serve(rules, until=rb" FETCH "), Close()))
    session = entered(server, tls)
    session.examine(b"INBOX")
    with pytest.raises(ConnectionLost) as caught:
        session.bodies([1])
    assert caught.value.stage is Stage.FETCH
    session.close()


@pytest.mark.parametrize(
    ("cap", "answer"),
    [
        ("MAX_LINE", b"* OK " + b"x" * 60_000),  # never ends
        ("MAX_LITERAL", b'* LIST () "/" {50001}\r\n' + b"x" * 50_001 + b"\r\n{tag} OK\r\n"),
        ("MAX_RESPONSE", b"* 1 EXISTS\r\n" * 5000 + b"{tag} OK\r\n"),
        ("MAX_RESPONSE", b"+ \r\n" * 20_000 + b"{tag} OK\r\n"),
        ("MAX_RESPONSE", b"* OK [ALERT] x\r\n" * 5000),
    ],
)
def test_floods_are_cut(
    cap: str, answer: bytes, play: Play, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Endless lines, literals and answers end in LimitExceeded, without being collected."""
    monkeypatch.setattr(transport, cap, 50_000)
    monkeypatch.setattr(transport, "_CHUNK", 4096)
    with entered(server_with(play, LIST=answer), tls) as session, pytest.raises(LimitExceeded):
        session.folders(counts=False)


def test_the_caps_hold_for_every_command(
    play: Play, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each command starts counting anew, so a long session is not cut."""
    monkeypatch.setattr(transport, "MAX_RESPONSE", 50_000)
    long = b'* LIST () "/" x\r\n' * 2000 + b"{tag} OK\r\n"
    found = b"* SEARCH" + b" 7" * 20_000 + b"\r\n{tag} OK\r\n"
    with entered(server_with(play, LIST=long, UID_SEARCH=found), tls) as session:
        session.examine(b"INBOX")
        for _ in range(5):
            assert len(session.folders(counts=False)) == 1
            assert session.uids() == (7,)


@pytest.mark.parametrize(
    "answer",
    [
        b"* 3 EXISTS\r\n{tag} OK\r\n",
        b"* OK [UIDVALIDITY 0] .\r\n* 3 EXISTS\r\n{tag} OK\r\n",
        b"* OK [UIDVALIDITY 1] .\r\n* OK [UIDVALIDITY 2] .\r\n* 3 EXISTS\r\n{tag} OK\r\n",
        b"* OK [UIDVALIDITY 1] .\r\n{tag} OK\r\n",
        b"* OK [UIDVALIDITY] .\r\n* 3 EXISTS\r\n{tag} OK\r\n",
    ],
)
def test_a_folder_without_one_uidvalidity_is_not_opened(
    answer: bytes, play: Play, tls: ssl.SSLContext
) -> None:
    """Missing, zero or contradictory: ProtocolViolation at the stage select."""
    with entered(server_with(play, EXAMINE=answer), tls) as session:
        with pytest.raises(ProtocolViolation) as caught:
            session.examine(b"INBOX")
        assert caught.value.stage is Stage.SELECT


def test_uids_come_in_several_answers_and_odd_ones_do_not_count(
    play: Play, tls: ssl.SSLContext
) -> None:
    """Two SEARCH lines are one answer; 0, doubles and numbers above 2^32 are left out."""
    found = b"* SEARCH 5 3 3 0\r\n* SEARCH 4294967296 4294967295\r\n{tag} OK\r\n"
    with entered(server_with(play, UID_SEARCH=found), tls) as session:
        session.examine(b"INBOX")
        assert session.uids() == (3, 5, 4294967295)


def test_what_was_not_asked_for_is_left_out(play: Play, tls: ssl.SSLContext) -> None:
    """Other UIDs, rows without UID and rows without content do not get in."""
    fetched = (
        b"* 1 FETCH (UID 1 BODY[] {1}\r\na)\r\n"
        b"* 2 FETCH (UID 99 BODY[] {1}\r\nb)\r\n"
        b"* 3 FETCH (BODY[] {1}\r\nc)\r\n"
        b"* 4 EXPUNGE\r\n"
        b"* 7 FETCH (UID 3 FLAGS (\\Seen))\r\n"
        b"{tag} OK\r\n"
    )
    with entered(server_with(play, UID_FETCH=fetched), tls) as session:
        session.examine(b"INBOX")
        assert session.bodies([1, 2, 3]) == {1: b"a"}


def test_two_contents_for_one_message_are_believed_neither(play: Play, tls: ssl.SSLContext) -> None:
    """Nobody can say which of them is the message's: ProtocolViolation, nothing is returned."""
    fetched = (
        b"* 5 FETCH (UID 2 BODY[] {1}\r\nd)\r\n* 6 FETCH (UID 2 BODY[] {1}\r\ne)\r\n{tag} OK\r\n"
    )
    with entered(server_with(play, UID_FETCH=fetched), tls) as session:
        session.examine(b"INBOX")
        with pytest.raises(ProtocolViolation):
            session.bodies([1, 2, 3])


TOKENS = [
    *rb"* {tag} OK NO BYE + [ ] ( ) CAPABILITY IMAP4rev1 LIST UIDVALIDITY 1 EXISTS NIL".split(),
    *(b" ", b"\r\n", b"\n", b'"', b"{3}\r\n", b"* OK ", b"{tag} OK ", b'* LIST () "/" '),
]
WORDS = st.lists(st.one_of(st.binary(max_size=8), st.sampled_from(TOKENS)), max_size=30).map(
    b"".join
)


@pytest.mark.slow
@settings(
    max_examples=1000 if os.environ.get("TOOLKIT_PROVE") else 40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(said=WORDS)
def test_nothing_but_a_mail_error_leaves(said: bytes, play: Play, tls: ssl.SSLContext) -> None:
    """Random bytes made of the protocol's words, as the greeting and as a command's answer."""
    answering = Serve({CAPABILITY: CAPABLE}, said, until=rb"^\S+ [^C]")
    for script in ((Send(said), Close()), (HELLO, answering, Close())):
        server = play(script)
        with (
            suppress(MailError),
            ImapSession.open(server.address, tls=tls, seconds=0.5) as session,
        ):
            session.until = Deadline(0.5)
            session._transport.state = "AUTH"
            session.folders()
        server.script.stop()
