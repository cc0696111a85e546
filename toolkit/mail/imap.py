"""IMAP sessions: IMAPClient's commands over our transport, typed errors, raw folder names.

Everything a server does ends in a value or in one `MailError`. Folders are opened with EXAMINE and
content is fetched with PEEK: nothing here changes a mailbox.
"""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import imapclient
from imapclient.exceptions import IMAPClientError

from toolkit.errors import (
    CommandRefused,
    GreetingFailed,
    LoginRefused,
    LoginUnavailable,
    LoginUnsafe,
    MailError,
    Stage,
)
from toolkit.language import Text
from toolkit.mail import answers
from toolkit.mail.answers import Envelope, FolderState, quote
from toolkit.mail.connection import StageWatch
from toolkit.mail.deadline import Deadline
from toolkit.mail.folder import Folder
from toolkit.mail.settings import Protocol, Security, Server
from toolkit.mail.transport import Transport

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["ImapSession"]

#: An interactive command's clock, in seconds; transfers get longer.
COMMAND_SECONDS = 60.0
TRANSFER_SECONDS = 300.0

_RESPONSE_CODE = re.compile(r"\[([A-Z][A-Z0-9-]*)")
# RFC 5530: these do not speak about the credentials.
_NOT_THE_PASSWORD = {
    "UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "CONTACTADMIN", "THROTTLED", "OVERQUOTA",
}  # fmt: skip


class _Client(imapclient.IMAPClient):  # type: ignore[misc]
    """IMAPClient, but for the transport."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        super().__init__(transport.server.host, transport.server.port, ssl=True)
        # IMAPClient turns on a debug log that repeats every literal; bodies and passwords with it.
        self._imap.debug = 0
        self.folder_encode = False

    def _create_IMAP4(self) -> Transport:  # noqa: N802 - IMAPClient's seam
        return self._transport

    def _set_read_timeout(self) -> None:
        """The transport sets time-outs from its deadline."""


class ImapSession:
    """One connection to one IMAP server.

    ::

        with ImapSession.open(server, tls=workspace.tls) as session:
            session.login(username, secret)
            for folder in session.folders(): …

    Every method raises `MailError`, with the stage it happened in.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._client = _Client(transport)

    @classmethod
    def open(
        cls,
        server: Server,
        *,
        tls: ssl.SSLContext,
        seconds: float = 60.0,
        on_stage: StageWatch = lambda _: None,
    ) -> Self:
        """Connect, secure, greet and read the capabilities, all within ``seconds``.

        ``on_stage`` is told about each stage as it is entered, here and in later commands.
        """
        with form_fields(Protocol.IMAP):
            transport = _opened(server, tls, Deadline(seconds), on_stage)
            try:
                if server.security is Security.STARTTLS:
                    with _translated(transport, Stage.STARTTLS):
                        transport.upgrade()
                return cls(transport)
            except BaseException:
                transport.shutdown()
                raise

    @property
    def server(self) -> Server:
        """Where this session goes."""
        return self._transport.server

    @property
    def socket(self) -> ssl.SSLSocket:
        """The secured socket, for looking at its certificate."""
        assert isinstance(self._transport.sock, ssl.SSLSocket)
        return self._transport.sock

    @property
    def greeting(self) -> str:
        """The server's first line."""
        return self._transport.welcome.decode("utf-8", "replace").strip()

    @property
    def capabilities(self) -> frozenset[str]:
        """What the server announced last, in upper case."""
        return frozenset(word.upper() for word in self._transport.capabilities)

    def login(self, username: str, secret: SecretStr) -> str:
        """Log in by SASL PLAIN, or by LOGIN where the server offers no PLAIN; returns which.

        Raises:
            LoginUnsafe: LOGINDISABLED, or the password cannot be carried safely.
            LoginRefused: the server rejected the credentials.
            LoginUnavailable: it could not check them now.
        """
        assert isinstance(self._transport.sock, ssl.SSLSocket), "no credential without TLS"
        capabilities = self.capabilities
        with form_fields(Protocol.IMAP), self._command(Stage.AUTH):
            if "AUTH=PLAIN" in capabilities:
                return self._authenticate_plain(username, secret)
            if "LOGINDISABLED" in capabilities:
                raise self._unsafe(
                    Text(
                        f"{self.server.host} erlaubt keine Anmeldung mit Benutzername und Passwort.",
                        f"{self.server.host} allows no login by username and password.",
                    ),
                    evidence="LOGINDISABLED",
                )
            return self._plain_login(username, secret)

    def folders(self, *, counts: bool = True) -> tuple[Folder, ...]:
        """All folders; with ``counts``, the selectable ones carry their STATUS."""
        extended = counts and {"LIST-EXTENDED", "LIST-STATUS"} <= self.capabilities
        if extended:
            with self._command(Stage.LIST):
                returned = "SPECIAL-USE " if "SPECIAL-USE" in self.capabilities else ""
                wanted = "STATUS (MESSAGES UNSEEN UIDNEXT UIDVALIDITY)"
                try:
                    self._run("LIST", '""', '"*"', f"RETURN ({returned}{wanted})")
                except CommandRefused:  # announced, but not carried out
                    extended = False
                else:
                    status = answers.parse_status(self._untagged("STATUS"))
                    listed = answers.parse_list(self._untagged("LIST"))
                    return tuple(_counted(folder, status.get(folder.raw)) for folder in listed)
        with self._command(Stage.LIST):
            self._run("LIST", '""', '"*"')
            listed = answers.parse_list(self._untagged("LIST"))
        if not counts:
            return listed
        return tuple(
            _counted(folder, self._status(folder) if folder.selectable else None)
            for folder in listed
        )

    def examine(self, raw: bytes) -> FolderState:
        """Open a folder for reading only (EXAMINE).

        Raises:
            CommandRefused: there is no such folder, or it cannot be opened.
            ProtocolViolation: the server named no UIDVALIDITY, so no UID could be trusted.
        """
        with self._command(Stage.SELECT):
            self._run("EXAMINE", self._quoted(raw))
            self._transport.state = "SELECTED"
            self._transport.is_readonly = True
            state = answers.folder_state(self._transport.untagged_responses)
            if state is None:
                raise self._transport.violation("EXAMINE without one UIDVALIDITY and one EXISTS")
            return state

    def uids(self) -> tuple[int, ...]:
        """All UIDs of the open folder, ascending."""
        with self._command(Stage.FETCH, TRANSFER_SECONDS):
            found = self._client.search("ALL")
            return tuple(sorted({uid for uid in found if 0 < uid < 2**32}))

    def envelopes(self, uids: Sequence[int]) -> dict[int, Envelope]:
        """Flags, size and date of some messages of the open folder; gone ones are left out.

        Asks for the range from the lowest to the highest UID: a list of scattered ones could make
        the command longer than servers read (RFC 7162, 4: 8192 octets).
        """
        if not uids:
            return {}
        wanted = set(uids)
        with self._command(Stage.FETCH, TRANSFER_SECONDS):
            self._run(
                "UID",
                "FETCH",
                f"{min(wanted)}:{max(wanted)}",
                "(UID FLAGS RFC822.SIZE INTERNALDATE)",
            )
            found = answers.parse_envelopes(self._untagged("FETCH"))
            return {uid: envelope for uid, envelope in found.items() if uid in wanted}

    def bodies(self, uids: Sequence[int]) -> dict[int, bytes]:
        """The contents of some messages, byte for byte; what the server left out is left out."""
        if not uids:
            return {}
        wanted = set(uids)
        with self._command(Stage.FETCH, TRANSFER_SECONDS):
            self._run("UID", "FETCH", uid_set(uids), "(UID BODY.PEEK[])")
            found = answers.parse_bodies(self._untagged("FETCH"))
            return {uid: body for uid, body in found.items() if uid in wanted}

    def first_header(self) -> bytes | None:
        """The header of one message of the open folder; None if it is empty."""
        with self._command(Stage.FETCH):
            self._run("FETCH", "1", "(BODY.PEEK[HEADER.FIELDS (DATE)])")
            for item in self._untagged("FETCH"):
                if isinstance(item, tuple):
                    return bytes(item[1])
            return None

    def close(self) -> None:
        """Log out if the server still listens, and close the socket in any case."""
        try:
            with self._command(Stage.LOGOUT, 5.0):
                self._client.logout()
        except MailError:
            pass
        finally:
            self._transport.shutdown()

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

    @contextmanager
    def _command(self, stage: Stage, seconds: float = COMMAND_SECONDS) -> Iterator[None]:
        self._transport.deadline = Deadline(seconds)
        with _translated(self._transport, stage):
            yield

    def _run(self, name: str, *arguments: str | bytes) -> None:
        """One command; NO and BAD become `CommandRefused`."""
        kind, data = self._transport._simple_command(name, *arguments)  # noqa: SLF001
        if kind != "OK":
            raise _refused(self._transport, shown(data))

    def _untagged(self, name: str) -> Sequence[Any]:
        return self._transport.untagged_responses.get(name, [])

    def _status(self, folder: Folder) -> Mapping[str, int] | None:
        try:
            with self._command(Stage.LIST):
                self._run(
                    "STATUS", self._quoted(folder.raw), "(MESSAGES UNSEEN UIDNEXT UIDVALIDITY)"
                )
                status = answers.parse_status(self._untagged("STATUS"))
        except CommandRefused:  # one folder the server cannot count stops nothing
            return None
        return status.get(folder.raw)

    def _quoted(self, raw: bytes) -> bytes:
        try:
            return quote(raw)
        except ValueError as exc:
            raise self._transport.violation(f"{exc}: {raw!r}") from exc

    def _authenticate_plain(self, username: str, secret: SecretStr) -> str:
        answered = False

        def credentials(_challenge: bytes) -> bytes | None:
            nonlocal answered
            if answered:  # a second challenge has nothing to ask for
                return None
            answered = True
            return f"\0{username}\0{secret.get_secret_value()}".encode()

        try:
            self._transport.authenticate("PLAIN", credentials)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as exc:
            raise self._login_failed(str(exc), secret) from None
        self._transport.forget_what_was_learnt()
        return "PLAIN"

    def _plain_login(self, username: str, secret: SecretStr) -> str:
        try:
            user, password = (
                quote(text.encode("ascii")) for text in (username, secret.get_secret_value())
            )
        except ValueError:
            raise self._unsafe(
                Text(
                    f"{self.server.host} kann Umlaute oder Sonderzeichen in Benutzername oder Passwort nicht entgegennehmen.",
                    f"{self.server.host} cannot take non-ASCII characters in username or password.",
                ),
                evidence="no AUTH=PLAIN",
            ) from None
        kind, data = self._transport._simple_command("LOGIN", user, password)  # noqa: SLF001
        if kind != "OK":
            raise self._login_failed(shown(data), secret)
        self._transport.state = "AUTH"
        self._transport.forget_what_was_learnt()
        return "LOGIN"

    def _unsafe(self, message: Text, *, evidence: str) -> LoginUnsafe:
        return LoginUnsafe(
            message,
            stage=Stage.AUTH,
            tried=str(self.server),
            field="password",
            evidence=evidence,
            hint=Text(
                "Beim Anbieter ein Passwort für E-Mail-Programme aus Buchstaben und Ziffern anlegen.",
                "Create a password for mail programs at the provider, of letters and digits.",
            ),
        )

    def _login_failed(self, said: str, secret: SecretStr) -> MailError:
        evidence = scrubbed(said, secret)
        code = response_code(evidence)
        host = self.server.host
        if code in _NOT_THE_PASSWORD:
            return LoginUnavailable(
                Text(
                    f"{host} kann die Anmeldung gerade nicht prüfen.",
                    f"{host} cannot check the login at the moment.",
                ),
                stage=Stage.AUTH,
                tried=str(self.server),
                response_code=code,
                evidence=evidence,
                hint=Text(
                    "Das Passwort kann trotzdem stimmen. In einigen Minuten noch einmal versuchen.",
                    "The password may be right all the same. Try again in some minutes.",
                ),
            )
        return LoginRefused(
            Text(
                f"{host} lehnt Benutzername oder Passwort ab.",
                f"{host} rejects the username or the password.",
            ),
            stage=Stage.AUTH,
            tried=str(self.server),
            response_code=code,
            field="password",
            evidence=evidence,
            hint=Text(
                "Benutzername und Passwort prüfen. Viele Anbieter verlangen ein eigenes Passwort für E-Mail-Programme oder müssen IMAP erst freischalten.",
                "Check username and password. Many providers want a separate password for mail programs, or IMAP must be enabled first.",
            ),
        )


def uid_set(uids: Sequence[int]) -> str:
    """UIDs as a sequence set (RFC 3501, 9), runs folded: ``1:3,7``."""
    ordered = sorted(set(uids))
    parts: list[str] = []
    start = previous = ordered[0]
    for uid in [*ordered[1:], -1]:
        if uid == previous + 1:
            previous = uid
            continue
        parts.append(str(start) if start == previous else f"{start}:{previous}")
        start = previous = uid
    return ",".join(parts)


def shown(data: Any) -> str:
    """What a server answered, as text."""
    parts = data if isinstance(data, list) else [data]
    return " ".join(p.decode("utf-8", "replace") for p in parts if isinstance(p, bytes))


def scrubbed(said: str, secret: SecretStr) -> str:
    """A server's words without the password, should it repeat it."""
    password = secret.get_secret_value()
    return said.replace(password, "****") if password else said


def response_code(said: str) -> str:
    """The RFC 5530 response code at the front of a status text; empty if there is none."""
    found = _RESPONSE_CODE.search(said)
    return found[1] if found else ""


@contextmanager
def form_fields(protocol: Protocol) -> Iterator[None]:
    """Name the form's field: a bad ``port`` in an IMAP session is the field ``imap.port``."""
    try:
        yield
    except MailError as exc:
        if exc.field in ("host", "port", "security"):
            exc.field = f"{protocol}.{exc.field}"
        raise


def _opened(
    server: Server, tls: ssl.SSLContext, deadline: Deadline, on_stage: StageWatch
) -> Transport:
    # Made in two steps: imaplib connects while it is being initialised, and an error then
    # still has to know which server and stage it belongs to.
    transport = Transport.__new__(Transport)
    try:
        with _translated(transport, None):
            Transport.__init__(transport, server, tls, deadline, on_stage)
    except (CommandRefused, GreetingFailed) as exc:
        raise _no_greeting(server, exc.evidence) from exc
    except MailError as exc:
        if transport.stage is Stage.GREETING and exc.code == "protocol-violation":
            raise _no_greeting(server, exc.evidence) from exc
        raise
    if transport.state == "AUTH":
        transport.shutdown()
        raise _no_greeting(server, "PREAUTH")
    return transport


def _no_greeting(server: Server, evidence: str) -> GreetingFailed:
    return GreetingFailed(
        Text(
            f"Auf {server.host}, Port {server.port}, meldet sich kein IMAP-Server, der uns annimmt.",
            f"No IMAP server that accepts us answers at {server.host}, port {server.port}.",
        ),
        stage=Stage.GREETING,
        tried=str(server),
        field="port",
        evidence=evidence,
        hint=Text(
            "Servername und Port prüfen: gehört der Port zu IMAP (993 oder 143), nicht zu POP3 oder SMTP?",
            "Check host and port: does the port belong to IMAP (993 or 143), not to POP3 or SMTP?",
        ),
    )


def _counted(folder: Folder, status: Mapping[str, int] | None) -> Folder:
    if status is None:
        return folder
    return replace(
        folder,
        messages=status.get("MESSAGES"),
        unseen=status.get("UNSEEN"),
        uidnext=status.get("UIDNEXT"),
        uidvalidity=status.get("UIDVALIDITY"),
    )


def _refused(transport: Transport, said: str) -> CommandRefused:
    return CommandRefused(
        Text(
            f"{transport.server.host} lehnt den Befehl ab: {said}",
            f"{transport.server.host} refuses the command: {said}",
        ),
        stage=transport.stage,
        tried=str(transport.server),
        response_code=response_code(said),
        evidence=said,
    )


@contextmanager
def _translated(transport: Transport, stage: Stage | None) -> Iterator[None]:
    """Nothing but `MailError` leaves: what imaplib and IMAPClient raise is translated here."""
    if stage is not None:
        transport.stage = stage
    try:
        yield
    except MailError:
        raise
    except imaplib.IMAP4.abort as exc:
        raise transport.violation(str(exc)) from exc
    except (imaplib.IMAP4.error, IMAPClientError) as exc:
        raise _refused(transport, str(exc)) from exc
    except (
        ValueError, IndexError, KeyError, TypeError, AttributeError, RecursionError, AssertionError,
    ) as exc:  # fmt: skip
        # imaplib's machine trips like this over answers that are not IMAP.
        raise transport.violation(f"{type(exc).__name__}: {exc}") from exc
