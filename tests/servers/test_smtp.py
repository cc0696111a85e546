"""The submission server in a thread: TLS, AUTH, recording, failures on demand."""

from __future__ import annotations

import base64
import smtplib
import ssl
from collections.abc import Iterator

import pytest
import trustme

from demo.servers.smtp import Arrived, MailSink, SubmissionServer
from toolkit.mail.settings import Security

LOGIN, PASSWORD = "anna@kanzlei.example", "Päß wort"
LETTER = b"Subject: Klageerwiderung\r\n\r\n.Punkt am Anfang\r\n"


def context_for(ca: trustme.CA) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=ca.cert_pem.bytes().decode())


@pytest.fixture(params=[Security.SSL, Security.STARTTLS])
def server(request: pytest.FixtureRequest, ca: trustme.CA) -> Iterator[SubmissionServer]:
    with SubmissionServer({LOGIN: PASSWORD}, ca=ca, security=request.param) as running:
        yield running


def connect(server: SubmissionServer, ca: trustme.CA) -> smtplib.SMTP:
    at, context = server.smtp, context_for(ca)
    if at.security is Security.SSL:
        client: smtplib.SMTP = smtplib.SMTP_SSL(at.host, at.port, context=context)
    else:
        client = smtplib.SMTP(at.host, at.port)
        client.ehlo()
        assert not client.has_extn("auth")
        client.starttls(context=context)
    client.ehlo()
    return client


def authenticate(client: smtplib.SMTP, password: str = PASSWORD) -> tuple[int, bytes]:
    secret = base64.b64encode(f"\0{LOGIN}\0{password}".encode()).decode()
    return client.docmd("AUTH", f"PLAIN {secret}")


def test_a_message_arrives_as_it_was_sent(server: SubmissionServer, ca: trustme.CA) -> None:
    """Envelope, bytes and login are recorded; the dot that SMTP doubles is one again."""
    with connect(server, ca) as client:
        assert authenticate(client)[0] == 235
        client.sendmail(LOGIN, ["a@gericht.example", "b@gericht.example"], LETTER)
    arrived = Arrived(LOGIN, ("a@gericht.example", "b@gericht.example"), LETTER, LOGIN)
    assert server.wait_for(1) == (arrived,)
    assert server.attempts == (LOGIN,)


def test_without_login_nothing_is_taken(server: SubmissionServer, ca: trustme.CA) -> None:
    """A wrong password is 535, and mail without login is 530."""
    with connect(server, ca) as client:
        assert authenticate(client, "falsch")[0] == 535
        assert client.mail(LOGIN)[0] == 530
    assert server.arrived == ()


@pytest.mark.parametrize("step", ["ehlo", "auth", "mail", "rcpt", "data"])
def test_it_fails_where_it_is_told(ca: trustme.CA, step: str) -> None:
    """The reply asked for comes at its step, and no longer after ``behave``."""
    with SubmissionServer({LOGIN: PASSWORD}, ca=ca) as server, connect(server, ca) as client:
        server.fail(step, "554 5.7.1 So nicht.")

        def replies() -> list[int]:
            codes = [client.ehlo()[0], authenticate(client)[0], client.mail(LOGIN)[0]]
            codes += [client.rcpt("x@y.example")[0], client.docmd("DATA")[0]]
            return codes

        if step == "ehlo":
            assert client.ehlo() == (554, b"5.7.1 So nicht.")
        elif step == "data":
            authenticate(client)
            with pytest.raises(smtplib.SMTPDataError, match="So nicht"):
                client.sendmail(LOGIN, ["x@y.example"], LETTER)
        else:
            assert 554 in replies()[:4]
            client.docmd(".")
        server.behave()
        assert client.ehlo()[0] == 250


def test_an_unknown_step_is_refused(ca: trustme.CA) -> None:
    """A typing error in a step's name does not pass silently."""
    with SubmissionServer({}, ca=ca) as server, pytest.raises(ValueError, match="none of"):
        server.fail("helo", "500")


def test_the_sink_takes_mail_without_login() -> None:
    """What stands behind Dovecot's submission accepts everything and keeps it."""
    with MailSink() as sink:
        with smtplib.SMTP("127.0.0.1", sink.port) as client:
            client.sendmail(LOGIN, ["x@y.example"], LETTER)
        assert sink.wait_for(1) == (Arrived(LOGIN, ("x@y.example",), LETTER, ""),)


def test_it_stops_although_a_client_is_connected(ca: trustme.CA) -> None:
    """Stopping twice, with a connection open, leaves no thread, socket or warning behind."""
    server = SubmissionServer({}, ca=ca)
    client = connect(server, ca)
    server.stop()
    server.stop()
    client.close()
