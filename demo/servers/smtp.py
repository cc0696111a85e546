"""A submission server in a thread (aiosmtpd): TLS, AUTH, keeps what arrives, fails on demand."""

from __future__ import annotations

import hmac
import logging
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from demo.servers.certificates import GOOD, Certificate, issue
from demo.servers.loop import LoopThread
from toolkit.mail.settings import Security, Server

if TYPE_CHECKING:
    import trustme

__all__ = ["Arrived", "MailSink", "SubmissionServer"]

#: The steps at which a failure may be asked for, in the order of a session.
STEPS = ("ehlo", "auth", "mail", "rcpt", "data")


@dataclass(frozen=True, slots=True)
class Arrived:
    """One message as it was handed over: envelope, bytes, and who was logged in."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    login: str


class _Handler:
    """aiosmtpd's hooks: authentication, failures, and the recording."""

    def __init__(self, users: Mapping[str, str] | None) -> None:
        self.users = users
        self.arrived: list[Arrived] = []
        self.failures: dict[str, str] = {}
        self.attempts: list[str] = []
        self.changed = threading.Condition()

    def authenticate(
        self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any
    ) -> Any:
        from aiosmtpd.smtp import AuthResult

        login = data.login.decode("utf-8", "replace")
        self.attempts.append(login)
        if "auth" in self.failures:
            return AuthResult(success=False, handled=False, message=self.failures["auth"])
        known = (self.users or {}).get(login)
        good = known is not None and hmac.compare_digest(known.encode(), data.password)
        return AuthResult(success=good, handled=False, auth_data=login)

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        if "ehlo" in self.failures:
            return [self.failures["ehlo"]]
        session.host_name = hostname
        return responses

    async def handle_MAIL(  # noqa: N802
        self, _server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self.users is not None and not session.authenticated:
            return "530 5.7.0 Authentication required"
        if "mail" in self.failures:
            return self.failures["mail"]
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if "rcpt" in self.failures:
            return self.failures["rcpt"]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if "data" in self.failures:
            return self.failures["data"]
        arrived = Arrived(
            sender=envelope.mail_from,
            recipients=tuple(envelope.rcpt_tos),
            raw=bytes(envelope.content),
            login=str(session.auth_data or ""),
        )
        with self.changed:
            self.arrived.append(arrived)
            self.changed.notify_all()
        return "250 2.0.0 OK queued"


class _Recorder:
    """What the two servers below share: a handler, a loop, stopping, looking at what arrived."""

    def __init__(self, users: Mapping[str, str] | None) -> None:
        # aiosmtpd logs every connection and, at debug level, whole lines.
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)
        self._handler = _Handler(users)
        self._thread = LoopThread("smtp")

    @property
    def arrived(self) -> tuple[Arrived, ...]:
        """Everything accepted so far, oldest first."""
        return tuple(self._handler.arrived)

    def wait_for(self, count: int, *, seconds: float = 10) -> tuple[Arrived, ...]:
        """Wait until that many messages arrived; whatever there is when the time is over."""
        with self._handler.changed:
            self._handler.changed.wait_for(lambda: len(self._handler.arrived) >= count, seconds)
        return self.arrived

    def fail(self, step: str, reply: str) -> None:
        """From now on answer ``reply`` (for example ``535 5.7.8 No.``) at a step of ``STEPS``."""
        if step not in STEPS:
            raise ValueError(f"{step!r} is none of {STEPS}")
        self._handler.failures[step] = reply

    def behave(self) -> None:
        """No more failures."""
        self._handler.failures.clear()

    def stop(self) -> None:
        """Stop serving. May be called twice."""
        self._thread.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class MailSink(_Recorder):
    """A plain relay without authentication on loopback: what stands behind Dovecot's submission.

    Attributes:
        port: on 127.0.0.1.
    """

    def __init__(self) -> None:
        super().__init__(None)
        from aiosmtpd.smtp import SMTP

        self.port = self._thread.listen(
            lambda: SMTP(self._handler, loop=self._thread.loop, hostname="sink.example")
        )


class SubmissionServer(_Recorder):
    """Submission with AUTH PLAIN and LOGIN after TLS, as a provider runs it (RFC 6409, RFC 8314).

    ::

        with SubmissionServer({"anna@kanzlei.example": "…"}, ca=ca) as server:
            send(server.smtp, …)
            assert server.arrived[0].recipients == ("gericht@justiz.example",)

    Attributes:
        smtp: host, port and security to reach it.
    """

    smtp: Server

    def __init__(
        self,
        users: Mapping[str, str],
        *,
        ca: trustme.CA,
        security: Security = Security.SSL,
        certificate: Certificate = GOOD,
        host: str = "127.0.0.1",
    ) -> None:
        """Start it.

        Args:
            users: login name → password.
            ca: signs the certificate.
            security: implicit TLS, or STARTTLS which is then required.
            certificate: what the certificate says.
            host: the name clients are told to use; the server listens on 127.0.0.1.
        """
        super().__init__(users)
        from aiosmtpd.smtp import SMTP

        with tempfile.TemporaryDirectory(prefix="smtp-") as folder:
            context = issue(ca, certificate).server_context(Path(folder))
        implicit = security is Security.SSL

        def protocol() -> SMTP:
            return SMTP(
                self._handler,
                loop=self._thread.loop,
                hostname="submission.example",
                enable_SMTPUTF8=True,
                tls_context=None if implicit else context,
                require_starttls=not implicit,
                # aiosmtpd does not notice implicit TLS and would refuse AUTH inside it.
                auth_require_tls=not implicit,
                authenticator=self._handler.authenticate,
            )

        port = self._thread.listen(protocol, tls=context if implicit else None)
        self.smtp = Server(host, port, security)

    @property
    def attempts(self) -> tuple[str, ...]:
        """The login names tried so far, in order; never the passwords."""
        return tuple(self._handler.attempts)
