"""SCRAM (RFC 5802, RFC 7677): the password never travels, and the server proves that it knows it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import stringprep
from unicodedata import ucd_3_2_0

from toolkit.mail.sasl import (
    ChannelBinding,
    Credential,
    Mechanism,
    Problem,
    SaslError,
    saslname,
)

__all__ = ["MAX_ITERATIONS", "MIN_ITERATIONS", "Scram", "saslprep"]

#: RFC 7677, 4, and RFC 5802, 5.1: servers should announce at least this many. With fewer, who
#: plays the server could try passwords quickly against the proof it is sent.
MIN_ITERATIONS = 4096
#: What is advised for new passwords (OWASP Password Storage Cheat Sheet, 2023), about 0.3 s here.
#: RFC 5802, 9: a server could keep its clients busy with more.
MAX_ITERATIONS = 600_000

_ITERATIONS = re.compile(r"[1-9][0-9]*\Z")
_ATTRIBUTE = re.compile(r"[A-Za-z]=[^\0]+\Z")
# RFC 5802, 7: printable ASCII but the comma.
_NONCE = re.compile(r"[\x21-\x2b\x2d-\x7e]+\Z")

# RFC 4013, 2.3
_PROHIBITED = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def saslprep(text: str, *, stored: bool) -> str:
    """Prepare a name or password for comparison (RFC 4013).

    Args:
        text: as typed.
        stored: whether characters unknown to Unicode 3.2 are prohibited (RFC 3454, 7).

    Raises:
        ValueError: it holds prohibited characters, mixes directions, or nothing is left of it.
    """
    mapped = "".join(
        " " if stringprep.in_table_c12(one) else one
        for one in text
        if not stringprep.in_table_b1(one)
    )
    prepared = ucd_3_2_0.normalize("NFKC", mapped)
    if not prepared:
        raise ValueError("nothing left")
    if any(prohibited(one) for one in prepared for prohibited in _PROHIBITED):
        raise ValueError("prohibited character")
    if stored and any(stringprep.in_table_a1(one) for one in prepared):
        raise ValueError("character unknown to Unicode 3.2")
    # RFC 3454, 6
    if any(stringprep.in_table_d1(one) for one in prepared) and (
        any(stringprep.in_table_d2(one) for one in prepared)
        or not (stringprep.in_table_d1(prepared[0]) and stringprep.in_table_d1(prepared[-1]))
    ):
        raise ValueError("mixed directions")
    return prepared


class Scram(Mechanism):
    """SCRAM-SHA-1 and SCRAM-SHA-256, with and without -PLUS."""

    reads_challenges = True
    presented = False

    def __init__(
        self,
        name: str,
        credential: Credential,
        *,
        binding: ChannelBinding | None = None,
        binding_offered: bool = False,
        nonce: str | None = None,
    ) -> None:
        """Prepare name and password.

        Args:
            name: the mechanism.
            credential: what to log in with.
            binding: for -PLUS.
            binding_offered: whether the server offers -PLUS at all. Where we see no such offer,
                we say so, and a server that did make one knows that somebody took it away (RFC
                5802, 6).
            nonce: for tests; otherwise random.

        Raises:
            SaslError: name or password cannot be prepared.
        """
        self.name = name
        self._hash = "sha256" if "SHA-256" in name else "sha1"
        self._credential = credential
        try:
            username = saslprep(credential.username, stored=False)
            password = credential.secret.get_secret_value()
            self.alters_secret = saslprep(password, stored=True) != password
        except ValueError as unfit:
            raise SaslError(Problem.UNFIT, f"{name}: {unfit}") from None
        self._nonce = nonce or base64.b64encode(secrets.token_bytes(24)).decode("ascii")
        flag = f"p={binding.name}" if binding else "n" if binding_offered else "y"
        self._gs2 = f"{flag},,"
        self._bound = self._gs2.encode() + (binding.data if binding else b"")
        self._first = f"n={saslname(username)},r={self._nonce}"
        self._signature = b""
        self._proven = False

    def initial(self) -> bytes:
        """The client-first-message."""
        return (self._gs2 + self._first).encode()

    def respond(self, challenge: bytes) -> bytes | None:
        """The client-final-message, then an empty response to the server's proof."""
        if self._proven or self.verdict:
            return None
        try:
            said = challenge.decode()
        except UnicodeDecodeError:
            raise SaslError(Problem.BROKEN, f"{self.name}: not UTF-8") from None
        fields = said.split(",")
        if fields[0].startswith("e="):
            self.verdict = fields[0][2:202]
            return b""
        if self._signature:
            self._check(fields[0])
            return b""
        return self._final(said, fields)

    def finish(self) -> None:
        """Success counts only from a server that knows the password, too."""
        if not self._proven:
            raise SaslError(
                Problem.UNPROVEN, f"{self.name}: success without the server's signature"
            )

    def _final(self, said: str, fields: list[str]) -> bytes:
        nonce, salt, iterations = self._parsed(fields)
        without_proof = f"c={base64.b64encode(self._bound).decode('ascii')},r={nonce}"
        message = f"{self._first},{said},{without_proof}".encode()
        password = saslprep(self._credential.secret.get_secret_value(), stored=True).encode()
        salted = hashlib.pbkdf2_hmac(self._hash, password, salt, iterations)
        client_key = self._mac(salted, b"Client Key")
        stored_key = hashlib.new(self._hash, client_key).digest()
        signature = self._mac(stored_key, message)
        proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        self.presented = True
        self._signature = self._mac(self._mac(salted, b"Server Key"), message)
        return f"{without_proof},p={base64.b64encode(proof).decode('ascii')}".encode()

    def _parsed(self, fields: list[str]) -> tuple[str, bytes, int]:
        """The server-first-message: nonce, salt, iterations."""
        if any(field.startswith("m=") for field in fields):
            # RFC 5802, 5.1: an extension we must understand, and there is none we do.
            raise SaslError(Problem.BROKEN, f"{self.name}: mandatory extension")
        names = [field[:2] for field in fields[:3]]
        if names != ["r=", "s=", "i="] or not all(map(_ATTRIBUTE.match, fields)):
            raise SaslError(Problem.BROKEN, f"{self.name}: not a server-first-message")
        nonce, salt, iterations = (field[2:] for field in fields[:3])
        if (
            not nonce.startswith(self._nonce)
            or len(nonce) == len(self._nonce)
            or not _NONCE.match(nonce)
        ):
            raise SaslError(Problem.UNPROVEN, f"{self.name}: not our nonce")
        return nonce, self._octets(salt), self._bounded(iterations)

    def _bounded(self, digits: str) -> int:
        if not _ITERATIONS.match(digits):
            raise SaslError(Problem.BROKEN, f"{self.name}: iteration count is not a number")
        if len(digits) > len(str(MAX_ITERATIONS)) or int(digits) > MAX_ITERATIONS:
            raise SaslError(
                Problem.LIMIT, f"{self.name}: {digits[:20]} iterations > {MAX_ITERATIONS}"
            )
        if int(digits) < MIN_ITERATIONS:
            raise SaslError(Problem.WEAK, f"{self.name}: {digits} iterations < {MIN_ITERATIONS}")
        return int(digits)

    def _check(self, field: str) -> None:
        """The server-final-message."""
        if not field.startswith("v="):
            raise SaslError(Problem.BROKEN, f"{self.name}: not a server-final-message")
        if not hmac.compare_digest(self._octets(field[2:]), self._signature):
            raise SaslError(Problem.UNPROVEN, f"{self.name}: wrong server signature")
        self._proven = True

    def _octets(self, text: str) -> bytes:
        try:
            octets = base64.b64decode(text.encode("ascii"), validate=True)
        except ValueError:  # UnicodeEncodeError is of this kind
            octets = b""
        if not octets:
            raise SaslError(Problem.BROKEN, f"{self.name}: not base64")
        return octets

    def _mac(self, key: bytes, message: bytes) -> bytes:
        return hmac.digest(key, message, self._hash)
