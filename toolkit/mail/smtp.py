"""SMTP sessions: smtplib's commands over our sockets, verified TLS, typed errors.

The spine's sessions connect, log in and take their leave; sending comes with the office mailbox.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from toolkit.errors import (
    LimitExceeded,
    LoginUnproven,
    MailError,
    ProtocolViolation,
    Stage,
    StarttlsFailed,
)
from toolkit.language import Text
from toolkit.mail.budget import LoginBudget
from toolkit.mail.connection import StageWatch, connect
from toolkit.mail.deadline import Deadline
from toolkit.mail.failures import form_fields, without_secret
from toolkit.mail.sasl import Credential, CredentialKind
from toolkit.mail.settings import Protocol, Security, Server
from toolkit.mail.smtp_failures import translated
from toolkit.mail.smtp_login import log_in
from toolkit.mail.submission import Receipt, submit
from toolkit.mail.tls import wrap

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["SmtpSession"]

COMMAND_SECONDS = 60.0
#: Handing a message over, all of it; RFC 5321, 4.5.3.2.6 gives the final dot alone ten minutes.
TRANSFER_SECONDS = 600.0
#: One reply; EHLO answers of a few kilobytes are the longest real ones.
MAX_REPLY = 64 * 1024


class _Client(smtplib.SMTP):
    """smtplib's protocol machine over a socket that is already there, reading within bounds."""

    def __init__(self, sock: socket.socket, server: Server, deadline: Deadline) -> None:
        self._given = sock
        self._server = server
        self.deadline = deadline
        self.stage = Stage.SMTP_CONNECT
        self.buffer = bytearray()
        # The name we greet with says nothing about this machine (RFC 5321, 4.1.3).
        super().__init__(server.host, server.port, local_hostname="[127.0.0.1]")

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002
        return self._given

    def connect(self, *given: Any, **named: Any) -> tuple[int, bytes]:
        """Read the greeting; what is none turns us away as well as a refusal does."""
        try:
            return super().connect(*given, **named)
        except smtplib.SMTPResponseException as exc:
            raise smtplib.SMTPConnectError(exc.smtp_code, exc.smtp_error) from exc

    def getreply(self) -> tuple[int, bytes]:
        """One reply of one or more lines (RFC 5321, 4.2.1), at most `MAX_REPLY` octets."""
        texts: list[bytes] = []
        size = 0
        while True:
            line = self._line()
            size += len(line)
            if size > MAX_REPLY:
                raise self._too_much()
            code, mark, text = line[:3], line[3:4], line[4:].strip()
            if not code.isdigit() or mark not in (b" ", b"-", b"", b"\r", b"\n"):
                raise smtplib.SMTPResponseException(-1, bytes(line[:500]))
            texts.append(text)
            if mark != b"-":
                return int(code), b"\n".join(texts)

    def _line(self) -> bytes:
        while (end := self.buffer.find(b"\n")) < 0:
            if len(self.buffer) > MAX_REPLY:
                raise self._too_much()
            if self.sock is None:
                raise smtplib.SMTPServerDisconnected("not connected")
            self.sock.settimeout(self.deadline.check(self.stage, str(self._server)))
            data = self.sock.recv(65536)
            if not data:
                raise smtplib.SMTPServerDisconnected("EOF")
            self.buffer += data
        line = bytes(self.buffer[: end + 1])
        del self.buffer[: end + 1]
        return line

    def _too_much(self) -> LimitExceeded:
        return LimitExceeded(
            Text(
                f"{self._server.host} sendet mehr, als zu einer Antwort gehören kann.",
                f"{self._server.host} sends more than an answer can hold.",
            ),
            stage=self.stage,
            tried=str(self._server),
            evidence=f"reply > {MAX_REPLY}",
        )


class SmtpSession:
    """One connection to one submission server (RFC 6409).

    Every method raises `MailError`, with the stage it happened in.
    """

    def __init__(self, client: _Client, server: Server) -> None:
        self._client = client
        self.server = server
        #: The clock of the caller's whole work, where there is one: no command outlasts it.
        self.until: Deadline | None = None

    @classmethod
    def open(
        cls,
        server: Server,
        *,
        tls: ssl.SSLContext,
        seconds: float = 60.0,
        on_stage: StageWatch = lambda _: None,
    ) -> Self:
        """Connect, secure, greet with EHLO, all within ``seconds``.

        ``on_stage`` is told about each stage as it is entered.
        """
        deadline = Deadline(seconds)
        with form_fields(Protocol.SMTP):
            sock: socket.socket = connect(server, deadline, on_stage)
            if server.security is Security.SSL:
                on_stage(Stage.TLS)
                sock = wrap(sock, tls, server, deadline)
            on_stage(Stage.SMTP_CONNECT)
            session = None
            try:
                with translated(server, Stage.SMTP_CONNECT, deadline):
                    session = cls(_Client(sock, server, deadline), server)
                    session._client.ehlo_or_helo_if_needed()
                if server.security is Security.STARTTLS:
                    on_stage(Stage.STARTTLS)
                    session._upgrade(tls, deadline)
            except BaseException:
                if session is not None:
                    session._client.close()  # STARTTLS may have put another socket in its place
                sock.close()
                raise
            return session

    @property
    def socket(self) -> ssl.SSLSocket:
        """The secured socket, for looking at its certificate."""
        sock = self._client.sock
        assert isinstance(sock, ssl.SSLSocket)
        return sock

    @property
    def greeting(self) -> str:
        """What the server answered to EHLO, first line."""
        return (self._client.ehlo_resp or b"").decode("utf-8", "replace").split("\n")[0]

    @property
    def capabilities(self) -> frozenset[str]:
        """EHLO keywords in upper case; mechanisms as ``AUTH=PLAIN``."""
        features = self._client.esmtp_features
        mechanisms = features.get("auth", "").split()
        return frozenset(name.upper() for name in features) | frozenset(
            f"AUTH={name.upper()}" for name in mechanisms
        )

    def login(
        self,
        username: str,
        secret: SecretStr,
        *,
        kind: CredentialKind = CredentialKind.PASSWORD,
        mechanism: str | None = None,
        budget: LoginBudget | None = None,
    ) -> str:
        """Log in by the strongest mechanism the server offers for the secret; returns its name.

        Args:
            username: the login name.
            secret: password or access token.
            kind: which of the two.
            mechanism: only this one, for example ``PLAIN``.
            budget: counts the attempts and ends them before the account is locked.

        Raises:
            LoginUnsafe: the secret cannot be carried safely, or the budget is spent.
            LoginRefused: the server rejected the credentials (5xx).
            LoginUnavailable: it could not check them now (4xx).
            LoginUnproven: it did not show that it knows the password.
        """
        client = self._client
        deadline = client.deadline = self._clock(COMMAND_SECONDS)
        client.stage = Stage.SMTP_AUTH
        try:
            with form_fields(Protocol.SMTP), translated(self.server, Stage.SMTP_AUTH, deadline):
                return log_in(
                    client,
                    client.sock,
                    self.server,
                    frozenset(one[5:] for one in self.capabilities if one.startswith("AUTH=")),
                    Credential(username, secret, kind),
                    mechanism=mechanism,
                    budget=budget,
                )
        except MailError as exc:
            if isinstance(exc, LoginUnproven | LimitExceeded | ProtocolViolation):
                client.close()  # in the middle of a dialogue, or with a server we cannot trust
            raise without_secret(exc, secret, username) from None

    def send(self, sender: str, recipients: Sequence[str], raw: bytes) -> Receipt:
        """Hand one message over; see `submission.submit` for what it raises."""
        client = self._client
        deadline = client.deadline = self._clock(TRANSFER_SECONDS)
        client.stage = Stage.SMTP_SEND
        return submit(client, self.server, deadline, sender=sender, recipients=recipients, raw=raw)

    def close(self) -> None:
        """Say QUIT if the server still listens, and close the socket in any case."""
        try:
            self._client.deadline = self._clock(5.0)
            self._client.quit()
        except (OSError, smtplib.SMTPException, ValueError, MailError):
            pass
        finally:
            self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # -- inside -------------------------------------------------------------------------------

    def _clock(self, seconds: float) -> Deadline:
        return Deadline(seconds) if self.until is None else self.until.within(seconds)

    def _upgrade(self, tls: ssl.SSLContext, deadline: Deadline) -> None:
        client = self._client
        with translated(self.server, Stage.STARTTLS, deadline):
            if not client.has_extn("starttls"):
                raise self._no_starttls("", offered=False)
            code, answer = client.docmd("STARTTLS")
            if code != 220:  # noqa: PLR2004 - RFC 3207, 4: ready to start TLS
                raise self._no_starttls(f"{code} {answer.decode('utf-8', 'replace')}", offered=True)
            # Bytes sent ahead of the handshake would be believed as if they came through it.
            if client.buffer:
                raise self._no_starttls(f"after 220: {bytes(client.buffer[:200])!r}", offered=True)
            if client.sock is None:
                raise smtplib.SMTPServerDisconnected("not connected")
        client.sock = wrap(client.sock, tls, self.server, deadline)
        # RFC 3207, 4.2: forget everything learnt before TLS.
        client.helo_resp = client.ehlo_resp = None
        client.esmtp_features = {}
        client.does_esmtp = False
        with translated(self.server, Stage.SMTP_CONNECT, deadline):
            client.ehlo_or_helo_if_needed()

    def _no_starttls(self, evidence: str, *, offered: bool) -> StarttlsFailed:
        host, port = self.server.host, self.server.port
        what = (
            Text(f"{host} verweigert STARTTLS.", f"{host} refuses STARTTLS.")
            if offered
            else Text(
                f"{host} bietet auf Port {port} kein STARTTLS an.",
                f"{host} does not offer STARTTLS on port {port}.",
            )
        )
        return StarttlsFailed(
            what,
            stage=Stage.STARTTLS,
            tried=str(self.server),
            field="security",
            evidence=evidence,
            hint=Text(
                "Ohne Verschlüsselung wird kein Passwort gesendet. Port 465 mit SSL/TLS versuchen.",
                "No password is sent without encryption. Try port 465 with SSL/TLS.",
            ),
        )
