"""The server that plays a script."""

from __future__ import annotations

import contextlib
import imaplib
import smtplib
import socket
import ssl
import time
from pathlib import Path

import pytest
import trustme

from demo.servers import scripts
from demo.servers.certificates import issue
from demo.servers.scripted import (
    Close,
    Expect,
    HalfClose,
    Pace,
    Pause,
    Repeat,
    ScriptedServer,
    Send,
    Serve,
    Step,
)


@pytest.fixture
def server_tls(ca: trustme.CA, tmp_path: Path) -> ssl.SSLContext:
    return issue(ca).server_context(tmp_path)


@pytest.fixture
def client_tls(ca: trustme.CA) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=ca.cert_pem.bytes().decode())


def test_steps_are_played_in_order_and_lines_recorded() -> None:
    """Send, expect with tag and literal, pause, close: as written."""
    script: list[Step] = [
        Send(b"* OK ready\r\n"),
        Expect(rb"^x1 LOGIN"),
        Send(b"{tag} OK in\r\n"),
        Pause(0.01),
        Close(),
    ]
    with ScriptedServer(script) as server:
        with (
            socket.create_connection(("127.0.0.1", server.port)) as client,
            client.makefile("rb") as lines,
        ):
            assert lines.readline() == b"* OK ready\r\n"
            client.sendall(b"x1 LOGIN {4}\r\n")
            assert lines.readline() == b"+ go on\r\n"
            client.sendall(b'an"a {3+}\r\nx y\r\n')
            assert lines.read() == b"x1 OK in\r\n"
        assert server.received == [b'x1 LOGIN {4}\r\nan"a {3+}\r\nx y']
        assert server.surprises == []


def test_a_line_nobody_expected_is_a_surprise() -> None:
    """The connection ends and the test can see why."""
    with ScriptedServer([Expect(rb"^a LOGIN")]) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(b"a NOOP\r\n")
            assert client.recv(10) == b""
        assert server.surprises == ["expected b'^a LOGIN', got b'a NOOP'"]


def test_every_connection_plays_from_the_start() -> None:
    """Two clients at once each get the greeting and their own tags."""
    with ScriptedServer(scripts.LOGIN_DISABLED) as server:
        one, two = (imaplib.IMAP4("127.0.0.1", server.port) for _ in range(2))
        assert one.capabilities == two.capabilities == ("IMAP4REV1", "LOGINDISABLED")
        one.logout()
        two.logout()
        assert len(server.received) == 4


def test_reset_is_a_reset() -> None:
    """With ``reset`` the client's read fails instead of ending."""
    with (
        ScriptedServer([Expect(b"hallo"), Close(reset=True)]) as server,
        socket.create_connection(("127.0.0.1", server.port)) as client,
    ):
        client.sendall(b"hallo\r\n")
        with pytest.raises(ConnectionResetError):
            client.recv(10)


def test_gmail_asks_for_an_app_password(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    """LOGIN, AUTHENTICATE with and without initial response: refused in Gmail's words."""
    with ScriptedServer(scripts.GMAIL_APP_PASSWORD_IMAP, context=server_tls) as server:
        with imaplib.IMAP4_SSL("127.0.0.1", server.port, ssl_context=client_tls) as client:
            for attempt in (
                lambda: client.login("anna@kanzlei.example", "geheim"),
                lambda: client.authenticate("PLAIN", lambda _: b"\0anna\0geheim"),
            ):
                with pytest.raises(
                    imaplib.IMAP4.error, match=r"\[ALERT\] Application-specific password"
                ):
                    attempt()
        assert server.surprises == []


def test_gmail_asks_over_smtp_too(server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    """AUTH PLAIN and AUTH LOGIN get 534 5.7.9 in two lines."""
    with (
        ScriptedServer(scripts.GMAIL_APP_PASSWORD_SMTP, context=server_tls) as server,
        smtplib.SMTP_SSL("127.0.0.1", server.port, context=client_tls) as client,
    ):
        with pytest.raises(smtplib.SMTPAuthenticationError, match="InvalidSecondFactor") as refused:
            client.login("anna@kanzlei.example", "geheim")
        assert refused.value.smtp_code == 534


def test_starttls_upgrades_when_the_script_says_so(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    """Clear text first, the handshake after the OK, then the rest of the script inside TLS."""
    inside = scripts.imap(capability=b"IMAP4rev1 AUTH=PLAIN", login=b"{tag} OK in\r\n")[1]
    with ScriptedServer(scripts.starttls(inside), context=server_tls, implicit_tls=False) as server:
        with imaplib.IMAP4("127.0.0.1", server.port) as client:
            client.starttls(client_tls)
            assert client.login("anna", "geheim")[0] == "OK"
        assert server.surprises == []


def test_smtp_data_is_swallowed_to_the_dot() -> None:
    """After 354 no line is answered before the single dot."""
    rules = {
        rb"^DATA": b"354 go\r\n",
        rb"^\.$": b"250 queued\r\n",
        rb"^(EHLO|MAIL|RCPT)": b"250 ok\r\n",
    }
    script: list[Step] = [Send(b"220 hi\r\n"), Serve(rules, otherwise=b"221 bye\r\n")]
    with ScriptedServer(script) as server, smtplib.SMTP("127.0.0.1", server.port) as client:
        assert client.sendmail("a@b.example", ["c@d.example"], b"MAIL\r\nEHLO\r\n") == {}


def test_stopping_ends_hanging_conversations_at_once() -> None:
    """A silent server with clients, one in the middle of TLS, stops without waiting."""
    started = time.monotonic()
    with ScriptedServer(scripts.SILENT) as server:
        client = socket.create_connection(("127.0.0.1", server.port))
    client.close()
    assert time.monotonic() - started < 60


def test_a_client_that_speaks_no_tls_is_a_surprise(server_tls: ssl.SSLContext) -> None:
    """A failed handshake ends that connection and is noted."""
    with ScriptedServer(scripts.SILENT, context=server_tls) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(b"a1 CAPABILITY\r\n")
            with contextlib.suppress(ConnectionResetError):
                client.recv(100)
        deadline = time.monotonic() + 10
        while not server.surprises and time.monotonic() < deadline:
            time.sleep(0.01)
        assert server.surprises
        assert "SSL" in server.surprises[0]


def test_a_plain_greeting_and_a_farewell() -> None:
    """BYE and PREAUTH come as the first line."""
    with (
        ScriptedServer(scripts.PREAUTH) as server,
        imaplib.IMAP4("127.0.0.1", server.port) as client,
    ):
        assert client.state == "AUTH"
    with (
        ScriptedServer(scripts.BYE) as server,
        pytest.raises(imaplib.IMAP4.error, match="too many"),
    ):
        imaplib.IMAP4("127.0.0.1", server.port)


def test_replies_may_be_steps_or_made_of_the_line() -> None:
    """A flood in pieces, a byte at a time, and a function of what was read."""
    rules = {
        rb"^\S+ FLOOD": (Repeat(b"* 1 EXISTS\r\n", 30_000), Send(b"{tag} OK\r\n")),
        rb"^\S+ SLOW": (Pace(1), Send(b"{tag} OK slow\r\n")),
        rb"^\S+ ECHO": lambda line: b"{tag} OK " + line.split()[-1] + b"\r\n",
    }
    with (
        ScriptedServer([Serve(rules)]) as server,
        socket.create_connection(("127.0.0.1", server.port)) as client,
        client.makefile("rb") as lines,
    ):
        client.sendall(b"a FLOOD\r\n")
        assert sum(lines.readline() == b"* 1 EXISTS\r\n" for _ in range(30_000)) == 30_000
        assert lines.readline() == b"a OK\r\n"
        client.sendall(b"b ECHO me\r\nc SLOW\r\n")
        assert lines.readline() == b"b OK me\r\n"
        assert lines.readline() == b"c OK slow\r\n"


def test_half_closed_still_listens() -> None:
    """The client reads the end and may go on sending."""
    with ScriptedServer([Send(b"bye\r\n"), HalfClose(), Expect(b"still")]) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            assert client.makefile("rb").read() == b"bye\r\n"
            client.sendall(b"still here\r\n")
            while not server.received:
                time.sleep(0.01)
        assert (server.received, server.surprises) == ([b"still here"], [])


def test_later_connections_may_be_played_something_else() -> None:
    """The first is greeted one way, all others another."""
    with ScriptedServer([Send(b"1"), Close()], again=[Send(b"2"), Close()]) as server:
        said = []
        for _ in range(3):
            with (
                socket.create_connection(("127.0.0.1", server.port)) as client,
                client.makefile("rb") as lines,
            ):
                said.append(lines.read())
    assert said == [b"1", b"2", b"2"]
