r"""A server that plays a script, for what real servers will not show on demand.

A script is data, a sequence of steps::

    Send(b"* OK ready\r\n")                     say something
    Expect(rb"a\d+ CAPABILITY")                 read one line, remember its tag
    Send(b"* CAPABILITY IMAP4rev1\r\n{tag} OK\r\n")
    Serve({rb"LOGIN": b"{tag} NO [AUTHENTICATIONFAILED] No.\r\n"})   answer until the client goes
    Upgrade()                                   TLS handshake, after the STARTTLS reply was sent
    Pause(3.0)                                  say nothing
    Close(reset=True)                           end the connection, politely or with RST
    Repeat(b"* 1 EXISTS\r\n", 1_000_000)        the same over and over, for floods
    Pace(1)                                     from here on, send one byte at a time
    HalfClose()                                 send no more, but keep listening

``{tag}`` in bytes to send is the tag of the last command. A reply of ``Serve`` may itself be a
sequence of steps, or a function of the line that was read. Every connection plays the script from
its start, in a thread of its own; every line received is recorded. IMAP and SMTP alike: only the
script knows the protocol. Ready-made scripts are in ``scripts``.
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

__all__ = [
    "Close",
    "Expect",
    "HalfClose",
    "Pace",
    "Pause",
    "Repeat",
    "Reply",
    "ScriptedServer",
    "Send",
    "Serve",
    "Step",
    "Upgrade",
]

_MAX_LINE = 1 << 20
_LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r?\n\Z")


@dataclass(frozen=True, slots=True)
class Send:
    """Send bytes; ``{tag}`` stands for the last command's tag."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Expect:
    """Read one line, literals included; close the connection unless the pattern is found in it."""

    pattern: bytes


@dataclass(frozen=True, slots=True)
class Serve:
    r"""Answer every line by the first rule whose pattern is found in it, whatever its order.

    Attributes:
        rules: pattern → reply: bytes to send, steps to take, or a function that makes the bytes
            of the line. A reply that begins with ``354`` (SMTP DATA) lets all
            lines pass until the single dot, which is then answered by its own rule (``^\.$``).
        otherwise: the reply where no rule fits.
        until: go on to the next step after a line with this pattern was answered.
    """

    rules: Mapping[bytes, Reply]
    otherwise: Reply = b"{tag} BAD unknown command\r\n"
    until: bytes | None = None


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The server's side of the TLS handshake, with the server's context."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Stay silent for this many seconds; stopping the server ends it at once."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Close:
    """End the connection; with ``reset`` by a TCP RST."""

    reset: bool = False


@dataclass(frozen=True, slots=True)
class Repeat:
    """Send the same bytes so many times; ends early when the client goes."""

    data: bytes
    times: int


@dataclass(frozen=True, slots=True)
class Pace:
    """From here on send at most so many bytes at once, and wait so many seconds after each."""

    octets: int
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class HalfClose:
    """Say that nothing more will be sent (FIN), and keep listening."""


Step = Send | Expect | Serve | Upgrade | Pause | Close | Repeat | Pace | HalfClose
Reply = bytes | Sequence[Step] | Callable[[bytes], bytes]


class ScriptedServer:
    """Plays a script to everyone who connects to ``port`` on loopback.

    Attributes:
        port: on 127.0.0.1.
        received: every line of every connection, in order of arrival, line ends removed.
        surprises: what went otherwise than the script says, for a test to look at.
    """

    def __init__(
        self,
        script: Sequence[Step],
        *,
        context: ssl.SSLContext | None = None,
        implicit_tls: bool = True,
        again: Sequence[Step] | None = None,
    ) -> None:
        """Start listening.

        Args:
            script: what to play.
            context: for TLS; None for a server in clear text.
            implicit_tls: handshake first; else TLS begins where the script says ``Upgrade()``.
            again: what every connection after the first is played, if not the same.
        """
        self._script = tuple(script)
        self._again = self._script if again is None else tuple(again)
        self._context = context
        self._implicit = implicit_tls and context is not None
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self.received: list[bytes] = []
        self.surprises: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._listener.settimeout(0.1)
        self.port: int = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, name="scripted", daemon=True)
        self._acceptor.start()

    def stop(self) -> None:
        """Close all connections and end all threads. May be called twice."""
        self._stopping.set()
        self._acceptor.join()
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            with self._lock:
                self._open.add(connection)
            script = self._again if self._threads else self._script
            thread = threading.Thread(target=self._play, args=(connection, script), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _play(self, connection: socket.socket, script: Sequence[Step]) -> None:
        conversation = _Conversation(self, connection)
        try:
            if self._implicit:
                conversation.upgrade()
            for step in script:
                conversation.take(step)
        except _Over:
            pass
        except (OSError, ValueError) as problem:
            if not self._stopping.is_set():
                self.surprises.append(f"{type(problem).__name__}: {problem}")
        finally:
            conversation.close()

    def _swap(self, old: socket.socket, new: socket.socket | None) -> None:
        """Remember which sockets to shut when the server stops."""
        with self._lock:
            self._open.discard(old)
            if new is not None:
                self._open.add(new)


class _Over(Exception):
    """This conversation has come to its end."""


@dataclass
class _Conversation:
    """One connection and where it is in the script."""

    server: ScriptedServer
    connection: socket.socket
    tag: bytes = b"*"
    buffer: bytearray = field(default_factory=bytearray)
    pace: Pace | None = None

    def take(self, step: Step) -> None:
        match step:
            case Send(data):
                self.send(data)
            case Expect(pattern):
                line = self.read_line()
                if not re.search(pattern, line, re.IGNORECASE):
                    self.server.surprises.append(f"expected {pattern!r}, got {line!r}")
                    raise _Over
            case Serve():
                self.serve(step)
            case Upgrade():
                self.upgrade()
            case Pause(seconds):
                self.wait(seconds)
            case Repeat(data, times):
                self.repeat(data, times)
            case Pace():
                self.pace = step
            case HalfClose():
                # Below TLS, whose own farewell would close both ways.
                self.connection.shutdown(socket.SHUT_WR)
            case Close(reset):
                if reset:
                    linger = struct.pack("ii", 1, 0)
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                raise _Over

    def serve(self, step: Serve) -> None:
        in_data = False
        while True:
            line = self.read_line()
            if in_data and line != b".":
                continue
            in_data = False
            reply = next(
                (text for rule, text in step.rules.items() if re.search(rule, line, re.IGNORECASE)),
                step.otherwise,
            )
            if callable(reply):
                reply = reply(line)
            if isinstance(reply, bytes):
                self.send(reply)
                in_data = reply.startswith(b"354")
            else:
                for one in reply:
                    self.take(one)
            if step.until is not None and re.search(step.until, line, re.IGNORECASE):
                return

    def send(self, data: bytes) -> None:
        data = data.replace(b"{tag}", self.tag)
        if self.pace is None:
            self.connection.sendall(data)
            return
        for start in range(0, len(data), self.pace.octets):
            self.connection.sendall(data[start : start + self.pace.octets])
            self.wait(self.pace.seconds)

    def wait(self, seconds: float) -> None:
        if self.server._stopping.wait(seconds):  # noqa: SLF001
            raise _Over

    def repeat(self, data: bytes, times: int) -> None:
        """In pieces of about 64 KiB: a flood must not be held in memory here either."""
        data = data.replace(b"{tag}", self.tag)
        at_once = max(1, min(times, 65536 // len(data)))
        piece = data * at_once
        for _ in range(times // at_once):
            self.connection.sendall(piece)
            self.wait(0)
        self.connection.sendall(data * (times % at_once))

    def read_line(self) -> bytes:
        """One line with the literals it announces, without its end; the tag is remembered."""
        whole = self._until_newline()
        while announced := _LITERAL.search(whole):
            size, unasked = int(announced[1]), announced[2] == b"+"
            if not unasked:
                self.connection.sendall(b"+ go on\r\n")
            while len(self.buffer) < size:
                self._receive()
            whole += bytes(self.buffer[:size])
            del self.buffer[:size]
            whole += self._until_newline()
        line = whole.rstrip(b"\r\n")
        self.server.received.append(line)
        first, _, rest = line.partition(b" ")
        if rest:
            self.tag = first
        return line

    def upgrade(self) -> None:
        assert self.server._context is not None, "the script wants TLS, the server has none"  # noqa: SLF001
        self.buffer.clear()
        old = self.connection
        # wrap_socket detaches the old object; not shaking hands yet keeps the new one closable.
        self.connection = self.server._context.wrap_socket(  # noqa: SLF001
            old, server_side=True, do_handshake_on_connect=False
        )
        self.server._swap(old, self.connection)  # noqa: SLF001
        if self.server._stopping.is_set():  # noqa: SLF001
            raise _Over
        assert isinstance(self.connection, ssl.SSLSocket)
        self.connection.do_handshake()

    def close(self) -> None:
        self.server._swap(self.connection, None)  # noqa: SLF001 - two halves of one thing
        self.connection.close()

    def _until_newline(self) -> bytes:
        while b"\n" not in self.buffer:
            self._receive()
        end = self.buffer.index(b"\n") + 1
        line = bytes(self.buffer[:end])
        del self.buffer[:end]
        return line

    def _receive(self) -> None:
        if len(self.buffer) > _MAX_LINE:
            raise ValueError("a line without end")
        received = self.connection.recv(65536)
        if not received:
            raise _Over
        self.buffer += received
