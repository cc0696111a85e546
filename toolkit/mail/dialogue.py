"""A mechanism's side of the conversation, in base64 lines.

As IMAP (RFC 3501, 6.2.2; RFC 4959) and SMTP (RFC 4954, 4) want them.
"""

from __future__ import annotations

import base64

from toolkit.mail.sasl import Mechanism, Problem, SaslError

__all__ = ["MAX_CHALLENGE", "MAX_CHALLENGES", "Dialogue"]

#: The longest dialogue here, SCRAM's, has three challenges.
MAX_CHALLENGES = 8
#: One challenge, decoded; SCRAM's have some hundred octets, an OAuth error a few.
MAX_CHALLENGE = 16 * 1024


class Dialogue:
    """A mechanism's side of the conversation in base64.

    Attributes:
        mechanism: the mechanism.
        problem: why it was cancelled; None if it was not.
        exchanged: whether anything but the mechanism's name was sent.
        sent: every response as it went out; for scrubbing what a server repeats.
    """

    def __init__(self, mechanism: Mechanism, *, lenient: bool = False) -> None:
        """Begin anew.

        Args:
            mechanism: used once.
            lenient: whether a challenge nobody reads may be something else than base64, which SMTP
                servers' questions for name and password sometimes are.
        """
        self.mechanism = mechanism
        self._lenient = lenient and not mechanism.reads_challenges
        self.problem: SaslError | None = None
        self.exchanged = False
        self.sent: list[str] = []
        self._challenges = 0
        self._begun = False
        self._cancelled = False

    def begin(self, room: int) -> str | None:
        """The initial response to send along with the command, if it fits into so many octets.

        Too long for the line, it is kept for the server's empty challenge (RFC 4954, 4). An empty
        one is written ``=`` (RFC 4959, 3).
        """
        if not self.mechanism.client_first:
            return None
        line = self._encoded(self.mechanism.initial()) or "="
        if len(line) > room:
            return None
        self._begun = True
        return self._note(line)

    def answer(self, text: bytes) -> str:
        """The line to send after a challenge; ``*`` to cancel.

        Raises:
            SaslError: not base64, or a challenge too long or too many. There is no polite way out
                of these; hang up.
        """
        self._challenges += 1
        if self._challenges > MAX_CHALLENGES:
            raise SaslError(Problem.LIMIT, f"more than {MAX_CHALLENGES} challenges")
        if self._cancelled:
            return "*"
        challenge = self._decoded(text.strip())
        try:
            response = self._response(challenge)
        except SaslError as problem:
            self.problem = problem
            response = None
        if response is None:
            self._cancelled = True
            return "*"
        return self._note(self._encoded(response))

    def finish(self) -> None:
        """The server says we are in.

        Raises:
            SaslError: that cannot be.
        """
        if self.problem is not None:
            raise self.problem
        if self._cancelled:
            raise SaslError(Problem.BROKEN, "success after the login was cancelled")
        self.mechanism.finish()

    def _response(self, challenge: bytes) -> bytes | None:
        if self.mechanism.client_first:
            if not self._begun:
                self._begun = True
                return self.mechanism.initial()
            # Some take no response along with the command and ask for it afterwards.
            if self._challenges == 1 and not challenge and len(self.sent) == 1:
                return self.mechanism.initial()
        return self.mechanism.respond(challenge)

    def _decoded(self, text: bytes) -> bytes:
        if len(text) > MAX_CHALLENGE * 4 // 3:
            raise SaslError(Problem.LIMIT, f"challenge > {MAX_CHALLENGE}")
        try:
            return base64.b64decode(text, validate=True)
        except ValueError:
            if self._lenient:
                return b""
            words = text[:500].decode("utf-8", "replace")
            raise SaslError(Problem.BROKEN, f"challenge is not base64: {words}") from None

    def _encoded(self, response: bytes) -> str:
        return base64.b64encode(response).decode("ascii")

    def _note(self, line: str) -> str:
        self.exchanged = True
        if line:
            self.sent.append(line)
        return line
