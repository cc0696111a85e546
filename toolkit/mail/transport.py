"""The transport below IMAPClient: imaplib's protocol machine over a socket of ours.

imaplib as it stands trusts the other side too much. Replaced here: reading (caps and a wall
clock), STARTTLS (nothing learnt before it survives, bytes sent ahead of it are an attack), the
command log (it kept passwords) and leftover untagged data (it leaked from one command into the
next).
"""

from __future__ import annotations

import imaplib
import re
import secrets
import socket
import ssl
from typing import Any

from toolkit.errors import ConnectionLost, LimitExceeded, ProtocolViolation, Stage, StarttlsFailed
from toolkit.language import Text
from toolkit.mail.answers import shown
from toolkit.mail.connection import StageWatch, connect
from toolkit.mail.deadline import Deadline, exceeded
from toolkit.mail.settings import Security, Server
from toolkit.mail.tls import wrap

__all__ = ["MAX_LINE", "MAX_LITERAL", "MAX_RESPONSE", "Transport"]

#: One line; a SEARCH over a million UIDs needs 8 MB.
MAX_LINE = 12 * 1024 * 1024
#: One literal. Messages are not read here (see ``bulk``): a folder's name, a header.
MAX_LITERAL = 1024 * 1024
#: Everything one command may bring; a LIST of 100,000 folders needs 10 MB.
MAX_RESPONSE = 32 * 1024 * 1024
#: Lines of a kind the command asked for: folders, their STATUS, envelopes.
MAX_LINES = 250_000
#: Lines nobody asked for; somebody may empty a large folder while we look at it.
MAX_UNASKED = 100_000

# How many values of a kind nobody asked for are kept, and how many such kinds.
_KEPT = 100
# What a command brings beside what is called like itself.
_ANSWERS = {
    "LIST": {"STATUS"},
    "SEARCH": {"ESEARCH"},
    "GETQUOTAROOT": {"QUOTA"},
}

_CHUNK = 256 * 1024
# Seen in the wild, refused by imaplib: lower-case status words, and a tagged OK without text.
_STATUS = re.compile(rb"\A(\* |[A-Z]{4}\d+ )(ok|no|bad|bye|preauth)(?=[ \r\n])", re.IGNORECASE)
_BARE_TAGGED = re.compile(rb"[A-Z]{4}\d+ (?:OK|NO|BAD)\r?\n\Z")
# One prefix a process: compiling its expression takes as long as a command.
_TAG_PREFIX: bytes = imaplib.Int2AP(secrets.randbelow(61440) + 4096)
_TAGGED = re.compile(rb"(?P<tag>" + _TAG_PREFIX + rb"\d+) (?P<type>[A-Z]+) (?P<data>.*)", re.DOTALL)


class Transport(imaplib.IMAP4):
    """An `imaplib.IMAP4` that opens its own socket and bounds what it reads.

    Set ``stage`` and ``deadline`` before each command; errors carry the one, end by the other.
    """

    def __init__(
        self, server: Server, tls: ssl.SSLContext, deadline: Deadline, on_stage: StageWatch
    ) -> None:
        self.server = server
        self.tls = tls
        self.deadline = deadline
        self._on_stage = on_stage
        self._stage = Stage.DNS
        self._buffer = bytearray()
        self._received = 0
        self._asked: set[str] = set()
        self._lines = self._unasked = 0
        self.first_line = b""
        super().__init__(server.host, server.port)

    @property
    def stage(self) -> Stage:
        """Where on the way this session is; every error carries it."""
        return self._stage

    @stage.setter
    def stage(self, stage: Stage) -> None:
        self._stage = stage
        self._on_stage(stage)

    # -- what imaplib asks of its transport ---------------------------------------------------

    def open(self, host: str = "", port: int = 0, timeout: float | None = None) -> None:  # noqa: ARG002
        """Connect, with TLS from the first byte where the server is so configured."""
        self.host, self.port = host, port
        sock: socket.socket = connect(self.server, self.deadline, self._enter)
        if self.server.security is Security.SSL:
            self.stage = Stage.TLS
            sock = wrap(sock, self.tls, self.server, self.deadline)
        self.sock = sock
        self.stage = Stage.GREETING

    def read(self, size: int) -> bytes:
        """A literal of exactly this size."""
        if size > MAX_LITERAL:
            raise self.too_much(f"literal {size}")
        while len(self._buffer) < size:
            self._receive()
        return self._take(size)

    def readline(self) -> bytes:
        """One line with its end."""
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > MAX_LINE:
                raise self.too_much(f"line > {MAX_LINE}")
            self._receive()
        if not self.first_line:
            self.first_line = bytes(self._buffer[: min(end, 1000)])
        line = _STATUS.sub(lambda found: found[1] + found[2].upper(), self._take(end + 1), count=1)
        if _BARE_TAGGED.match(line):
            line = line.rstrip(b"\r\n") + b" \r\n"
        return line

    def send(self, data: bytes) -> None:  # type: ignore[override]
        """Send, within the deadline."""
        try:
            self.sock.settimeout(self.deadline.check(self.stage, self._tried))
            self.sock.sendall(data)
        except TimeoutError as exc:
            raise exceeded(self.stage, self._tried, self.deadline.seconds) from exc
        except OSError as exc:
            raise self._lost(str(exc)) from exc

    def shutdown(self) -> None:
        """Close the socket."""
        self.sock.close()

    # -- what imaplib does wrongly ------------------------------------------------------------

    def _command(self, name: str, *args: Any) -> bytes:
        self.untagged_responses.clear()
        self._received = self._lines = self._unasked = 0
        asked = str(args[0]) if name == "UID" else name
        self._asked = {asked, *_ANSWERS.get(asked, ())}
        return super()._command(name, *args)  # type: ignore[misc,no-any-return]

    def _append_untagged(self, kind: str, data: Any) -> None:
        """As imaplib's, but bounded: small lines become large when they are Python objects."""
        if kind in self._asked:
            self._lines += 1
            if self._lines > MAX_LINES:
                raise self.too_much(f"{kind} lines > {MAX_LINES}")
        else:
            self._count_unasked()
            known = self.untagged_responses
            if kind != "BYE" and len(known.get(kind, known)) >= _KEPT:
                return
        super()._append_untagged(kind, data)  # type: ignore[misc]

    def _count_unasked(self) -> None:
        self._unasked += 1
        if self._unasked > MAX_UNASKED:
            raise self.too_much(f"unsolicited lines > {MAX_UNASKED}")

    def _connect(self) -> None:
        """As imaplib's, but capabilities in the greeting are not asked for again."""
        # The type stubs say str; the library keeps bytes.
        self.tagpre, self.tagre = _TAG_PREFIX, _TAGGED  # type: ignore[assignment]
        self.welcome = self._get_response() or b""
        if "PREAUTH" in self.untagged_responses:
            self.state = "AUTH"
        elif "OK" in self.untagged_responses:
            self.state = "NONAUTH"
        else:
            raise self.error(shown(self.welcome))
        self._learn_capabilities()

    def _learn_capabilities(self) -> None:
        """What the server just told, or else its answer to CAPABILITY."""
        told = self.untagged_responses.get("CAPABILITY")
        if told:
            self.capabilities = tuple(shown(told[-1]).upper().split())
        else:
            self._get_capabilities()
        if not any(word.startswith("IMAP4") for word in self.capabilities):
            raise self.error("server not IMAP4 compliant")

    def _get_response(self) -> bytes | None:
        """As imaplib's, but a farewell ends a command at once, a login's challenges included."""
        response: bytes | None = super()._get_response()  # type: ignore[misc]
        if response is None:  # the server wants more
            self._count_unasked()
        if self.state != "LOGOUT":  # before the greeting, and while we log out
            self._check_bye()
        return response

    def _command_complete(self, name: str, tag: bytes) -> tuple[str, list[Any]]:
        """As imaplib's, but BAD is an answer like NO, and its words stay the server's."""
        leaving = name == "LOGOUT"
        if not leaving:
            self._check_bye()
        answer: tuple[str, list[Any]] = self._get_tagged_response(tag, expect_bye=leaving)
        if not leaving:
            self._check_bye()
        return answer

    def _log(self, line: str) -> None:
        """Keep nothing: the last commands hold the password."""

    def _mesg(self, *_: object) -> None:
        """Print nothing."""

    def upgrade(self) -> None:
        """STARTTLS, after which the server's word counts from nothing.

        Raises:
            StarttlsFailed: not offered, refused, or bytes followed the OK in clear text.
            TlsFailed: the handshake broke.
        """
        self.stage = Stage.STARTTLS
        if "STARTTLS" not in self.capabilities:
            raise self._no_starttls("", offered=False)
        kind, data = self._simple_command("STARTTLS")
        if kind != "OK":
            raise self._no_starttls(shown(data), offered=True)
        if self._buffer:
            raise StarttlsFailed(
                Text(
                    f"{self.host} hat nach STARTTLS unverschlüsselte Daten gesendet.",
                    f"{self.host} sent clear-text data after STARTTLS.",
                ),
                stage=Stage.STARTTLS,
                tried=self._tried,
                field="security",
                evidence=repr(bytes(self._buffer[:200])),
                hint=Text(
                    "So sieht ein Angriff auf die Verbindung aus. Port 993 mit SSL/TLS verwenden.",
                    "This is what an attack on the connection looks like. Use port 993 with SSL/TLS.",
                ),
            )
        self.stage = Stage.TLS
        self.sock = wrap(self.sock, self.tls, self.server, self.deadline)
        self._tls_established = True
        self.stage = Stage.CAPABILITY
        self.forget_what_was_learnt()

    def forget_what_was_learnt(self) -> None:
        """Drop capabilities and untagged data, and ask for the capabilities anew."""
        self.untagged_responses.clear()
        self.capabilities = ()
        self._get_capabilities()

    # -- for `bulk`, which reads an answer by itself ----------------------------------------------

    def begin(self, command: bytes) -> bytes:
        """Send a command whose answer somebody else reads; returns its tag."""
        self.untagged_responses.clear()
        tag: bytes = self._new_tag()
        del self.tagged_commands[tag]
        self.send(tag + b" " + command + b"\r\n")
        return tag

    def take_rest(self) -> bytes:
        """What was read already and not used."""
        return self._take(len(self._buffer))

    def receive_into(self, space: memoryview) -> int:
        """Read what there is into a space that is not empty; how many octets, at least one."""
        try:
            self.sock.settimeout(self.deadline.check(self.stage, self._tried))
            count = self.sock.recv_into(space)
        except TimeoutError as exc:
            raise exceeded(self.stage, self._tried, self.deadline.seconds) from exc
        except OSError as exc:
            raise self._lost(str(exc)) from exc
        if not count:
            raise self._lost("EOF")
        return count

    def give_back(self, rest: bytes) -> None:
        """Put back what was read beyond the answer."""
        self._buffer[:0] = rest

    # -- inside -------------------------------------------------------------------------------

    def _enter(self, stage: Stage) -> None:
        self.stage = stage

    @property
    def _tried(self) -> str:
        return str(self.server)

    def _receive(self) -> None:
        try:
            self.sock.settimeout(self.deadline.check(self.stage, self._tried))
            data = self.sock.recv(_CHUNK)
        except TimeoutError as exc:
            raise exceeded(self.stage, self._tried, self.deadline.seconds) from exc
        except OSError as exc:
            raise self._lost(str(exc)) from exc
        if not data:
            raise self._lost("EOF")
        self._received += len(data)
        if self._received > MAX_RESPONSE:
            raise self.too_much(f"response > {MAX_RESPONSE}")
        self._buffer += data

    def _take(self, size: int) -> bytes:
        taken = bytes(memoryview(self._buffer)[:size])
        del self._buffer[:size]
        return taken

    def _lost(self, evidence: str) -> ConnectionLost:
        return ConnectionLost(
            Text(
                f"{self.host} hat die Verbindung unterbrochen.",
                f"{self.host} dropped the connection.",
            ),
            stage=self.stage,
            tried=self._tried,
            evidence=evidence,
            hint=Text("Noch einmal versuchen.", "Try again."),
        )

    def too_much(self, evidence: str) -> LimitExceeded:
        """The error for an answer beyond the limits."""
        return LimitExceeded(
            Text(
                f"{self.host} sendet mehr, als zu einer Antwort gehören kann.",
                f"{self.host} sends more than an answer can hold.",
            ),
            stage=self.stage,
            tried=self._tried,
            evidence=evidence,
            hint=Text(
                "Den Vorgang abbrechen und den Anbieter fragen.", "Stop and ask the provider."
            ),
        )

    def _no_starttls(self, evidence: str, *, offered: bool) -> StarttlsFailed:
        what = (
            Text(f"{self.host} verweigert STARTTLS.", f"{self.host} refuses STARTTLS.")
            if offered
            else Text(
                f"{self.host} bietet auf Port {self.port} kein STARTTLS an.",
                f"{self.host} does not offer STARTTLS on port {self.port}.",
            )
        )
        return StarttlsFailed(
            what,
            stage=Stage.STARTTLS,
            tried=self._tried,
            field="security",
            evidence=evidence,
            hint=Text(
                "Ohne Verschlüsselung wird kein Passwort gesendet. Port 993 mit SSL/TLS versuchen.",
                "No password is sent without encryption. Try port 993 with SSL/TLS.",
            ),
        )

    def violation(self, evidence: str) -> ProtocolViolation:
        """The error for an answer that is not IMAP."""
        return ProtocolViolation(
            Text(
                f"{self.host} antwortet nicht so, wie es IMAP verlangt.",
                f"{self.host} does not answer as IMAP demands.",
            ),
            stage=self.stage,
            tried=self._tried,
            evidence=evidence[:2000],
            hint=Text(
                "Ist das wirklich der IMAP-Server? Sonst den Anbieter fragen.",
                "Is this really the IMAP server? Otherwise ask the provider.",
            ),
        )
