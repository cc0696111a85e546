"""The way to a server: look-up, TCP, TLS. Every obstacle has an error class of its own."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme

from demo.servers.certificates import EXPIRED, NOT_YET_VALID, OTHER_HOST, Identity, issue
from demo.servers.process import free_port
from demo.servers.scripted import Close, Pause, Send
from demo.servers.scripts import SILENT
from tests.mail.conftest import Play
from toolkit.errors import (
    CertificateExpired,
    CertificateHostMismatch,
    CertificateSelfSigned,
    CertificateUntrusted,
    ConfigError,
    ConnectFailed,
    ConnectionLost,
    ConnectRefused,
    ConnectTimeout,
    DeadlineExceeded,
    HostNotFound,
    MailError,
    NameLookupFailed,
    NetworkUnreachable,
    Stage,
    TlsFailed,
    TlsWrongProtocol,
)
from toolkit.mail import connection
from toolkit.mail.deadline import Deadline
from toolkit.mail.imap import ImapSession
from toolkit.mail.settings import Security, Server
from toolkit.mail.smtp import SmtpSession
from toolkit.mail.tls import verified_context

SESSIONS = [ImapSession, SmtpSession]
UNUSED = Server("mail.example", 993, Security.SSL)


def self_signed() -> Identity:
    """A certificate nobody but itself vouches for."""
    own = trustme.CA(organization_name="Kanzlei-NAS")
    return Identity(own.cert_pem.bytes(), own.private_key_pem.bytes())


def of_another_ca() -> Identity:
    """A good certificate of an authority we do not know."""
    return issue(trustme.CA(organization_name="Virenscanner"))


# -- TLS ------------------------------------------------------------------------------------


@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize(
    ("identity", "kind"),
    [
        (OTHER_HOST, CertificateHostMismatch),
        (EXPIRED, CertificateExpired),
        (NOT_YET_VALID, CertificateExpired),
        (self_signed, CertificateSelfSigned),
        (of_another_ca, CertificateUntrusted),
    ],
)
def test_each_bad_certificate_has_its_error(
    identity: Any,
    kind: type[MailError],
    session: type[ImapSession | SmtpSession],
    play: Play,
    tls: ssl.SSLContext,
) -> None:
    """Wrong host, out of date, self-signed, unknown issuer: told apart, and nothing is sent."""
    shown = {"identity": identity()} if callable(identity) else {"certificate": identity}
    server = play((Send(b"* OK ready\r\n"), Pause(60)), **shown)
    with pytest.raises(kind) as caught:
        session.open(server.address, tls=tls, seconds=10)
    assert type(caught.value) is kind
    assert caught.value.stage is Stage.TLS
    assert caught.value.field in ("imap.host", "smtp.host")
    assert "X509_V_ERR" in caught.value.evidence
    assert server.received == b""


def test_a_bad_certificate_after_starttls(play: Play, tls: ssl.SSLContext) -> None:
    """STARTTLS verifies as strictly as implicit TLS."""
    from demo.servers.scripts import starttls

    server = play(starttls(Pause(60)), Security.STARTTLS, certificate=EXPIRED)
    with pytest.raises(CertificateExpired):
        ImapSession.open(server.address, tls=tls, seconds=10)


def test_clear_text_where_tls_is_expected(play: Play, tls: ssl.SSLContext) -> None:
    """A STARTTLS port taken for an SSL port: TlsWrongProtocol points at the port."""
    server = play((Send(b"* OK IMAP4rev1 ready\r\n"), Pause(60)), encrypted=False)
    with pytest.raises(TlsWrongProtocol) as caught:
        ImapSession.open(server.address, tls=tls, seconds=10)
    assert caught.value.field == "imap.port"


@pytest.mark.parametrize("reset", [True, False])
def test_a_connection_that_ends_in_the_handshake(
    reset: bool, play: Play, tls: ssl.SSLContext
) -> None:
    """Closed or reset before TLS stands: ConnectionLost at the stage tls."""
    server = play((Close(reset=reset),), encrypted=False)
    with pytest.raises(ConnectionLost) as caught:
        ImapSession.open(server.address, tls=tls, seconds=10)
    assert caught.value.stage is Stage.TLS


def test_a_handshake_that_hangs_ends_by_the_deadline(play: Play, tls: ssl.SSLContext) -> None:
    """A server that accepts and says nothing: DeadlineExceeded at the stage tls."""
    server = play(SILENT, encrypted=False)
    with pytest.raises(DeadlineExceeded) as caught:
        ImapSession.open(server.address, tls=tls, seconds=0.3)
    assert caught.value.stage is Stage.TLS


def test_a_server_without_modern_tls_is_refused(
    ca: trustme.CA, tmp_path: Path, tls: ssl.SSLContext
) -> None:
    """No protocol in common (TLS 1.3 demanded of a client that may only 1.2): TlsFailed."""
    from demo.servers.scripted import ScriptedServer

    context = issue(ca).server_context(tmp_path)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    strict = ssl.create_default_context(cadata=ca.cert_pem.bytes().decode("ascii"))
    strict.minimum_version = ssl.TLSVersion.TLSv1_3
    with (
        ScriptedServer((Pause(60),), context=context) as server,
        pytest.raises(TlsFailed) as caught,
    ):
        ImapSession.open(Server("127.0.0.1", server.port, Security.SSL), tls=strict, seconds=10)
    assert type(caught.value) is TlsFailed


def test_the_context_verifies() -> None:
    """Chain and host name are verified, nothing older than TLS 1.2 is spoken; made once."""
    context = verified_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert verified_context() is context


@pytest.mark.parametrize("content", [None, b"", b"Guten Tag"])
def test_a_useless_ca_file_is_a_config_error(tmp_path: Path, content: bytes | None) -> None:
    """TOOLKIT_CA_FILE without a certificate is named as the culprit."""
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        verified_context(path)
    assert caught.value.field == "TOOLKIT_CA_FILE"


# -- look-up and TCP ------------------------------------------------------------------------


def test_a_refused_port(tls: ssl.SSLContext) -> None:
    """Nothing listens: ConnectRefused at the stage tcp; the field is the port."""
    with pytest.raises(ConnectRefused) as caught:
        ImapSession.open(Server("127.0.0.1", free_port(), Security.SSL), tls=tls)
    assert (caught.value.stage, caught.value.field) == (Stage.TCP, "imap.port")


def test_a_name_that_does_not_exist(tls: ssl.SSLContext) -> None:
    """``.invalid`` never exists (RFC 6761); no resolver at all is not taken for absence."""
    with pytest.raises(NameLookupFailed) as caught:
        ImapSession.open(Server("imap.kanzlei.invalid", 993, Security.SSL), tls=tls)
    assert (caught.value.stage, caught.value.field) == (Stage.DNS, "imap.host")


@pytest.mark.parametrize(
    ("problem", "kind"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), HostNotFound),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), NameLookupFailed),
        (socket.gaierror(socket.EAI_FAIL, "Non-recoverable failure"), NameLookupFailed),
        (OSError("resolver is broken"), NameLookupFailed),
        (UnicodeError("label too long"), HostNotFound),
    ],
)
def test_absence_is_told_from_silence(
    problem: Exception, kind: type[MailError], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only an answer that says so means that a host does not exist."""

    def look_up(*_: object, **__: object) -> None:
        raise problem

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(NameLookupFailed) as caught:
        connection.look_up(UNUSED)
    assert type(caught.value) is kind


def addresses(*found: tuple[socket.AddressFamily, tuple[Any, ...]]) -> Any:
    """A resolver that knows these addresses."""
    return lambda *_, **__: [(family, socket.SOCK_STREAM, 6, "", at) for family, at in found]


def test_the_next_address_is_tried(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dead first address (a broken IPv6, say) does not keep us from the second."""
    server = play((Pause(60),), encrypted=False)
    dead = ("127.0.0.1", free_port())
    alive = ("127.0.0.1", server.address.port)
    monkeypatch.setattr(
        socket, "getaddrinfo", addresses((socket.AF_INET, dead), (socket.AF_INET, alive))
    )
    stages: list[Stage] = []
    with connection.connect(UNUSED, Deadline(10), stages.append) as found:
        assert found.getpeername() == alive
    assert stages == [Stage.DNS, Stage.TCP]


def test_the_first_address_decides_and_all_are_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    """When all fail, the preferred one's reason is the error, and every one is told."""
    one, two = free_port(), free_port("127.0.0.2")
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        addresses((socket.AF_INET, ("127.0.0.1", one)), (socket.AF_INET, ("127.0.0.2", two))),
    )
    with pytest.raises(ConnectRefused) as caught:
        connection.connect(UNUSED, Deadline(10))
    assert "127.0.0.1: " in caught.value.evidence
    assert "127.0.0.2: " in caught.value.evidence


@pytest.mark.parametrize(
    ("problem", "kind"),
    [
        (TimeoutError("timed out"), ConnectTimeout),
        (OSError(110, "Connection timed out"), ConnectTimeout),
        (OSError(101, "Network is unreachable"), NetworkUnreachable),
        (OSError(113, "No route to host"), NetworkUnreachable),
        (OSError(97, "Address family not supported by protocol"), NetworkUnreachable),
        (ConnectionRefusedError(111, "Connection refused"), ConnectRefused),
        (PermissionError(1, "Operation not permitted"), ConnectFailed),
    ],
)
@pytest.mark.parametrize("where", ["connect", "create"])
def test_each_failure_of_tcp_has_its_error(
    problem: OSError, kind: type[MailError], where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Silence, no route, refusal, a forbidding system: told apart by the system's own number."""

    class Stub:
        """A socket this computer cannot connect."""

        def __init__(self, *_: object) -> None:
            if where == "create":
                raise problem

        def settimeout(self, _: float) -> None: ...

        def connect(self, _: object) -> None:
            raise problem

        def close(self) -> None: ...

    monkeypatch.setattr(
        socket, "getaddrinfo", addresses((socket.AF_INET6, ("2001:db8::1", 993, 0, 0)))
    )
    monkeypatch.setattr(socket, "socket", Stub)
    with pytest.raises(ConnectFailed) as caught:
        connection.connect(UNUSED, Deadline(10))
    assert type(caught.value) is kind
    assert caught.value.evidence.startswith("2001:db8::1: ")


def test_a_name_without_addresses_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that answers with nothing at all is no reason to fall over."""
    monkeypatch.setattr(socket, "getaddrinfo", addresses())
    with pytest.raises(HostNotFound):
        connection.connect(UNUSED, Deadline(10))


def test_a_deadline_that_is_over_connects_nowhere(play: Play, tls: ssl.SSLContext) -> None:
    """No time left: DeadlineExceeded before a connection is made."""
    with pytest.raises(DeadlineExceeded):
        ImapSession.open(play(SILENT).address, tls=tls, seconds=0)
