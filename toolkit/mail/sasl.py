"""SASL mechanisms as small state machines: bytes in, bytes out, no I/O (RFC 4422).

``choose`` picks what fits the server's offer and the credential, the strongest first. SCRAM has a
module of its own, and so have the lines a mechanism becomes (``dialogue``).
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = [
    "ORDER",
    "ChannelBinding",
    "Credential",
    "CredentialKind",
    "Mechanism",
    "Problem",
    "SaslError",
    "choose",
    "saslname",
]


class CredentialKind(StrEnum):
    """What the secret is."""

    PASSWORD = "password"  # noqa: S105 - a kind, not one
    TOKEN = "token"  # noqa: S105 - an OAuth 2 access token (RFC 6750)


#: Mechanisms by kind of credential, strongest first. A channel binding (-PLUS) shows a man in the
#: middle, which a better hash does not, so it counts more. OAUTHBEARER is the standard's, XOAUTH2
#: its predecessor's (developers.google.com/workspace/gmail/imap/xoauth2-protocol).
ORDER = {
    CredentialKind.PASSWORD: (
        "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN",
    ),
    CredentialKind.TOKEN: ("OAUTHBEARER", "XOAUTH2"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Credential:
    """Who logs in, and with what; the secret shows in no repr."""

    username: str
    secret: SecretStr
    kind: CredentialKind = CredentialKind.PASSWORD


@dataclass(frozen=True, slots=True)
class ChannelBinding:
    """What ties a login to its TLS connection (RFC 5056): type and data."""

    name: str
    data: bytes


class Problem(StrEnum):
    """What is wrong with a dialogue."""

    UNFIT = "unfit"  #: the credential cannot be carried by this mechanism; nothing was sent
    BROKEN = "broken"  #: the server broke the protocol
    LIMIT = "limit"  #: the server wants more than we do
    WEAK = "weak"  #: the server wants less protection than we accept
    UNPROVEN = "unproven"  #: the server did not show that it knows the credential


class SaslError(Exception):
    """A dialogue cannot go on; `toolkit.mail` turns it into a `MailError`. Holds no secret."""

    def __init__(self, problem: Problem, evidence: str) -> None:
        super().__init__(evidence)
        self.problem = problem
        self.evidence = evidence


class Mechanism(ABC):
    """One login, used once.

    Attributes:
        name: as servers offer it.
        client_first: whether it begins without being asked (RFC 4422, 3.3).
        presented: whether the secret, or a proof of it, has gone out so far.
        reads_challenges: whether what the server asks matters, not only that it asks.
        alters_secret: whether it uses the secret otherwise than typed. Servers should, too, and not
            all do: to Dovecot 2.3 a password with ``½`` is then a wrong one.
        verdict: what the server said about the attempt inside the dialogue; empty if nothing.
    """

    name: str
    client_first = True
    presented = True
    reads_challenges = False
    alters_secret = False
    verdict = ""

    def initial(self) -> bytes:
        """The initial response of a mechanism with ``client_first``."""
        raise NotImplementedError

    @abstractmethod
    def respond(self, challenge: bytes) -> bytes | None:
        """The response to a challenge; None if there is nothing left to say.

        Raises:
            SaslError: the challenge is not acceptable.
        """

    def finish(self) -> None:  # noqa: B027 - most have nothing to object
        """The server says we are in.

        Raises:
            SaslError: it should have proved itself and did not.
        """


class Plain(Mechanism):
    """PLAIN (RFC 4616): name and password in UTF-8, as typed."""

    name = "PLAIN"

    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    def initial(self) -> bytes:
        """``[authzid] NUL authcid NUL passwd``, without another identity to act as."""
        one = self._credential
        return f"\0{one.username}\0{one.secret.get_secret_value()}".encode()

    def respond(self, challenge: bytes) -> bytes | None:  # noqa: ARG002
        """Nothing: all was said at the beginning."""
        return None


class Login(Mechanism):
    """LOGIN (draft-murchison-sasl-login-00): the server asks for the name, then for the password.

    What it asks in is not read: ``Username:``, ``User Name`` and nothing at all occur.
    """

    name = "LOGIN"
    client_first = False

    def __init__(self, credential: Credential) -> None:
        self._credential = credential
        self._asked = 0

    def respond(self, challenge: bytes) -> bytes | None:  # noqa: ARG002
        """The name, then the password."""
        self._asked += 1
        if self._asked == 1:
            return self._credential.username.encode()
        if self._asked == 2:  # noqa: PLR2004
            return self._credential.secret.get_secret_value().encode()
        return None


class _Bearer(Mechanism):
    """What both ways to present a token share: the server's error, which wants an answer."""

    reads_challenges = True
    _acknowledgement = b""

    def __init__(self, credential: Credential) -> None:
        self._credential = credential
        token = credential.secret.get_secret_value()
        # RFC 6750, 2.1: visible ASCII; a control character would begin another field.
        if not re.fullmatch(r"[\x21-\x7e]+", token):
            raise SaslError(Problem.UNFIT, f"{self.name}: not a token")
        if re.search(r"[\0\1\r\n]", credential.username):
            raise SaslError(Problem.UNFIT, f"{self.name}: control character in the name")

    def respond(self, challenge: bytes) -> bytes | None:
        """An error as JSON is acknowledged, so that the server can refuse (RFC 7628, 3.2.3)."""
        if self.verdict:
            return None
        self.verdict = challenge[:500].decode("utf-8", "replace") or "error"
        return self._acknowledgement

    def finish(self) -> None:
        """After an error there is no success (RFC 7628, 3.2.3)."""
        if self.verdict:
            raise SaslError(Problem.BROKEN, f"success after {self.verdict}")


class Xoauth2(_Bearer):
    """XOAUTH2, Google's and Microsoft's."""

    name = "XOAUTH2"

    def initial(self) -> bytes:
        """Name and token, fields ended by ^A."""
        one = self._credential
        return f"user={one.username}\1auth=Bearer {one.secret.get_secret_value()}\1\1".encode()


class Oauthbearer(_Bearer):
    """OAUTHBEARER (RFC 7628, 3.1)."""

    name = "OAUTHBEARER"
    _acknowledgement = b"\1"

    def __init__(self, credential: Credential, host: str, port: int) -> None:
        super().__init__(credential)
        self._host, self._port = host, port

    def initial(self) -> bytes:
        """A GS2 header with the name, then fields ended by ^A."""
        one = self._credential
        return (
            f"n,a={saslname(one.username)},\1host={self._host}\1port={self._port}"
            f"\1auth=Bearer {one.secret.get_secret_value()}\1\1"
        ).encode()


def saslname(text: str) -> str:
    """A name inside comma-separated attributes (RFC 5802, 5.1)."""
    return text.replace("=", "=3D").replace(",", "=2C")


def choose(
    offered: Collection[str],
    credential: Credential,
    *,
    host: str,
    port: int,
    binding: Callable[[], ChannelBinding | None] = lambda: None,
    pinned: str | None = None,
) -> tuple[tuple[Mechanism, ...], tuple[str, ...]]:
    """The mechanisms to try, strongest first, and why others that were offered do not fit.

    Those that would have to alter the secret come after those that carry it as typed.

    Args:
        offered: mechanism names in upper case, as the server announced them under TLS.
        credential: what to log in with; decides which mechanisms come into question.
        host: the server's name, for OAUTHBEARER.
        port: the server's port, for OAUTHBEARER.
        binding: asked for the connection's binding once a server offers -PLUS.
        pinned: only this one.
    """
    wanted = ORDER[credential.kind]
    if pinned is not None:
        wanted = tuple(name for name in wanted if name == pinned.upper())
    fitting: list[Mechanism] = []
    reasons: list[str] = []
    for name in wanted:
        if name in offered:
            try:
                fitting.append(_made(name, offered, credential, (host, port), binding))
            except SaslError as unfit:
                reasons.append(unfit.evidence)
    # Stable: strongest first among those that carry the secret alike.
    return tuple(sorted(fitting, key=lambda one: one.alters_secret)), tuple(reasons)


def _made(
    name: str,
    offered: Collection[str],
    credential: Credential,
    address: tuple[str, int],
    binding: Callable[[], ChannelBinding | None],
) -> Mechanism:
    if "\0" in credential.username or "\0" in credential.secret.get_secret_value():
        # NUL ends a field of PLAIN (RFC 4616, 2): the rest would be taken for another.
        raise SaslError(Problem.UNFIT, f"{name}: NUL in username or password")
    if name == "PLAIN":
        return Plain(credential)
    if name == "LOGIN":
        return Login(credential)
    if name == "XOAUTH2":
        return Xoauth2(credential)
    if name == "OAUTHBEARER":
        return Oauthbearer(credential, *address)
    from toolkit.mail.scram import Scram

    if not name.endswith("-PLUS"):
        plus = any(one.startswith("SCRAM-") and one.endswith("-PLUS") for one in offered)
        return Scram(name, credential, binding_offered=plus)
    bound = binding()
    if bound is None:
        raise SaslError(Problem.UNFIT, f"{name}: the connection has no channel binding")
    return Scram(name, credential, binding=bound, binding_offered=True)
