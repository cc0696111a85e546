"""IMAP sessions: IMAPClient's commands over our transport, typed errors, raw folder names.

Everything a server does ends in a value or in one `MailError`. Folders are opened with EXAMINE and
content is fetched with PEEK: nothing here changes a mailbox.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import imapclient

from toolkit.errors import CommandRefused, GreetingFailed, MailError, ProtocolViolation, Stage
from toolkit.mail import answers, bulk
from toolkit.mail.answers import Envelope, FolderState, quote, shown
from toolkit.mail.budget import LoginBudget
from toolkit.mail.connection import StageWatch
from toolkit.mail.deadline import Deadline
from toolkit.mail.failures import (
    form_fields,
    no_greeting,
    refused,
    translated,
    without_secret,
)
from toolkit.mail.folder import Folder, Namespaces
from toolkit.mail.login import log_in
from toolkit.mail.sasl import Credential, CredentialKind
from toolkit.mail.scanner import Fetched
from toolkit.mail.settings import Protocol, Security, Server
from toolkit.mail.transport import Transport

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["ImapSession"]

#: An interactive command's clock, in seconds; transfers get longer.
COMMAND_SECONDS = 60.0
TRANSFER_SECONDS = 300.0
#: A transfer's pace below which it is given up, in octets a second.
SLOWEST = 8 * 1024


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
        self._exists = 0
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
        """Connect, secure, greet and read the capabilities, all within ``seconds``.

        ``on_stage`` is told about each stage as it is entered, here and in later commands.
        """
        with form_fields(Protocol.IMAP):
            transport = _opened(server, tls, Deadline(seconds), on_stage)
            try:
                if server.security is Security.STARTTLS:
                    with translated(transport, Stage.STARTTLS):
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
            LoginRefused: the server rejected the credentials.
            LoginUnavailable: it could not check them now.
            LoginUnproven: it did not show that it knows the password.
        """
        try:
            with form_fields(Protocol.IMAP), self._command(Stage.AUTH):
                return log_in(
                    self._transport,
                    Credential(username, secret, kind),
                    mechanism=mechanism,
                    budget=budget,
                )
        except MailError as exc:
            raise without_secret(exc, secret, username) from None

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

    def namespaces(self) -> Namespaces | None:
        """Where own, other people's and shared folders are; None where the server does not say."""
        if "NAMESPACE" not in self.capabilities:
            return None
        try:
            with self._command(Stage.LIST):
                self._run("NAMESPACE")
                return answers.parse_namespaces(self._untagged("NAMESPACE"))
        except CommandRefused:  # announced, but not carried out
            return None

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
            self._exists = state.exists
            return state

    def uids(self) -> tuple[int, ...]:
        """All UIDs of the open folder, ascending."""
        with self._command(Stage.FETCH, TRANSFER_SECONDS):
            # IMAPClient's search goes round the transport's bookkeeping and fails on two answers.
            self._run("UID", "SEARCH", "ALL")
            return answers.parse_search(self._untagged("SEARCH"))

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

    def messages(self, uids: Sequence[int], *, octets: int = 0) -> Iterator[Fetched]:
        """Contents, flags, sizes and dates of some messages, each as soon as it is in.

        What the server leaves out is left out; what nobody asked for is dropped.

        Args:
            uids: which messages of the open folder.
            octets: how much is expected, for the clock: a long transfer gets longer.

        Raises:
            ProtocolViolation: one UID came with two contents; nobody can say which is the message's.
        """
        wanted, had = set(uids), set[int]()
        if not wanted:
            return
        seconds = TRANSFER_SECONDS + octets / SLOWEST
        command = f"UID FETCH {uid_set(uids)} (UID FLAGS RFC822.SIZE INTERNALDATE BODY.PEEK[])"
        with self._command(Stage.FETCH, seconds):
            for message in bulk.stream(self._transport, command.encode("ascii")):
                if message.body is None:  # a flag that changed meanwhile
                    continue
                if message.uid in had:
                    message.close()
                    raise self._transport.violation(f"two contents for UID {message.uid}")
                if message.uid not in wanted:
                    message.close()
                    continue
                had.add(message.uid)
                yield message

    def bodies(self, uids: Sequence[int]) -> dict[int, bytes]:
        """The contents of some messages, byte for byte; what the server left out is left out."""
        return {message.uid: message.content() for message in self.messages(uids) if message.uid}

    def first_header(self) -> bytes | None:
        """The header of one message of the open folder; None if it is empty."""
        if not self._exists:  # asking for the first of none is an error (RFC 3501, 6.4.8)
            return None
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
        whole = self.until
        self._transport.deadline = Deadline(seconds) if whole is None else whole.within(seconds)
        with translated(self._transport, stage):
            yield

    def _run(self, name: str, *arguments: str | bytes) -> None:
        """One command; NO and BAD become `CommandRefused`."""
        kind, data = self._transport._simple_command(name, *arguments)  # noqa: SLF001
        if kind != "OK":
            raise refused(self._transport, shown(data))

    def _untagged(self, name: str) -> Sequence[Any]:
        return self._transport.untagged_responses.get(name, [])

    def _status(self, folder: Folder) -> Mapping[str, int] | None:
        # One folder that cannot be named or counted stops nothing.
        try:
            name = quote(folder.raw)
            with self._command(Stage.LIST):
                self._run("STATUS", name, "(MESSAGES UNSEEN UIDNEXT UIDVALIDITY)")
                status = answers.parse_status(self._untagged("STATUS"))
        except (CommandRefused, ValueError):
            return None
        return status.get(folder.raw)

    def _quoted(self, raw: bytes) -> bytes:
        try:
            return quote(raw)
        except ValueError as exc:
            raise self._transport.violation(f"{exc}: {raw!r}") from exc


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


def _opened(
    server: Server, tls: ssl.SSLContext, deadline: Deadline, on_stage: StageWatch
) -> Transport:
    # Made in two steps: imaplib connects while it is being initialised, and an error then
    # still has to know which server and stage it belongs to.
    transport = Transport.__new__(Transport)
    try:
        with translated(transport, None):
            Transport.__init__(transport, server, tls, deadline, on_stage)
    except (CommandRefused, GreetingFailed, ProtocolViolation) as exc:
        if transport.stage is not Stage.GREETING:
            raise
        raise no_greeting(server, exc.evidence or shown(transport.first_line)) from exc
    if transport.state == "AUTH":
        transport.shutdown()
        raise no_greeting(server, "PREAUTH")
    return transport


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
