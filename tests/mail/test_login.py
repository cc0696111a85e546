"""Logins over the wire, IMAP and SMTP alike: choice, fallback, proof, budget, cheating servers."""

from __future__ import annotations

import base64
import re
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import SecretStr

from demo.servers.certificates import GOOD, issue
from demo.servers.content import Mailbox
from demo.servers.dovecot import Dovecot, DovecotOptions
from demo.servers.scripted import Send, Serve
from demo.servers.smtp import SubmissionServer
from tests.mail.conftest import Play, Played
from tests.mail.test_sasl import scram_server
from toolkit.errors import (
    LimitExceeded,
    LoginBudgetSpent,
    LoginRefused,
    LoginUnavailable,
    LoginUnproven,
    LoginUnsafe,
    MailError,
    ProtocolViolation,
)
from toolkit.mail.binding import channel_binding, end_point
from toolkit.mail.budget import LoginBudget
from toolkit.mail.imap import ImapSession
from toolkit.mail.sasl import CredentialKind
from toolkit.mail.settings import Security
from toolkit.mail.smtp import SmtpSession
from toolkit.mail.tls import verified_context

USER = "anna@kanzlei.example"
PASSWORD = "Päßwort 9f3k"
SECRET = SecretStr(PASSWORD)
TOKEN = SecretStr("ya29.token-9f3k")
_LINE = rb"^(?:[A-Za-z0-9+/]*=*|\*)$"

Session = ImapSession | SmtpSession


@dataclass(frozen=True)
class Wire:
    """One protocol's way to carry SASL."""

    session: type[ImapSession | SmtpSession]
    command: bytes
    more: bytes
    good: bytes
    bad: bytes

    def play(
        self, play: Play, offered: str, answer: Callable[[bytes], bytes] | bytes, **how: object
    ) -> Played:
        """A server that offers mechanisms and answers the AUTH command and every line after it."""
        rules = {rb"^(\S+ )?" + self.command + rb"\b": answer, _LINE: answer}
        if self.session is SmtpSession:
            ehlo = b"250-mail.example\r\n250 AUTH %s\r\n" % offered.encode()
            rules |= {rb"^EHLO ": ehlo, rb"^QUIT": b"221 bye\r\n"}
            return play((Send(b"220 mail.example\r\n"), Serve(rules, b"502 what\r\n")), **how)
        words = " ".join(f"AUTH={one}" for one in offered.split())
        capability = f"* CAPABILITY IMAP4rev1 SASL-IR {words}\r\n{{tag}} OK done\r\n".encode()
        rules |= {rb" CAPABILITY$": capability, rb" LOGOUT$": b"* BYE\r\n{tag} OK\r\n"}
        return play((Send(b"* OK ready\r\n"), Serve(rules)), **how)

    def challenge(self, data: bytes) -> bytes:
        return self.more + base64.b64encode(data) + b"\r\n"


IMAP = Wire(ImapSession, b"AUTHENTICATE", b"+ ", b"{tag} OK in\r\n", b"{tag} NO no\r\n")
SMTP = Wire(SmtpSession, b"AUTH", b"334 ", b"235 2.7.0 in\r\n", b"535 5.7.8 no\r\n")


@pytest.fixture(params=[IMAP, SMTP], ids=["imap", "smtp"])
def wire(request: pytest.FixtureRequest) -> Wire:
    assert isinstance(request.param, Wire)
    return request.param


@dataclass
class Scripted:
    """A SCRAM server for one connection, honest but for what a test changes."""

    wire: Wire
    password: str = PASSWORD
    plus: bytes = b""
    iterations: int = 4096
    change_first: Callable[[bytes], bytes] = lambda said: said
    change_final: Callable[[bytes], bytes] = lambda said: said
    final: Callable[[bytes], bytes] | None = None
    said: list[bytes] = field(default_factory=list)
    gave_final: bytes = b""

    def __call__(self, line: bytes) -> bytes:
        data = base64.b64decode(line.rsplit(b" ", 1)[-1]) if line != b"*" else b"*"
        self.said.append(data)
        if line == b"*":
            return self.wire.bad
        if self.wire.command in line:
            first, self.final = scram_server(
                data, self.password, iterations=self.iterations, plus=self.plus
            )
            return self.wire.challenge(self.change_first(first))
        if not self.gave_final:
            assert self.final is not None
            self.gave_final = self.change_final(self.final(data)) or b"nothing"
            return self.wire.challenge(self.gave_final)
        return self.wire.good if self.gave_final.startswith(b"v=") else self.wire.bad


def opened(wire: Wire, server: Played, tls: ssl.SSLContext) -> Session:
    return wire.session.open(server.address, tls=tls, seconds=10)


def test_scram_is_chosen_and_the_password_does_not_travel(
    wire: Wire, play: Play, tls: ssl.SSLContext
) -> None:
    """Three messages, both sides proved, and PLAIN left alone."""
    scram = Scripted(wire)
    server = wire.play(play, "PLAIN LOGIN SCRAM-SHA-256", scram)
    with opened(wire, server, tls) as session:
        assert session.login(USER, SECRET) == "SCRAM-SHA-256"
    assert scram.said[0].startswith(b"y,,n=anna@kanzlei.example,r=")
    assert base64.b64encode(PASSWORD.encode())[4:-4] not in server.received
    assert PASSWORD.encode() not in b"".join(scram.said)


def test_the_channel_is_bound_to_this_certificate(
    wire: Wire, play: Play, ca: trustme.CA, tls: ssl.SSLContext
) -> None:
    """-PLUS with the certificate both sides see succeeds; another certificate's is refused."""
    identity = issue(ca, GOOD)
    der = x509.load_pem_x509_certificate(identity.chain_pem).public_bytes(Encoding.DER)
    hashed = end_point(der)
    assert hashed is not None
    offered = "SCRAM-SHA-256-PLUS SCRAM-SHA-256"
    server = wire.play(play, offered, Scripted(wire, plus=hashed), identity=identity)
    with opened(wire, server, tls) as session:
        assert session.login(USER, SECRET) == "SCRAM-SHA-256-PLUS"
    seen = Scripted(wire, plus=hashed, change_final=lambda _: b"e=channel-bindings-dont-match")
    server = wire.play(play, offered, seen, identity=identity)
    with opened(wire, server, tls) as session, pytest.raises(LoginUnproven):
        session.login(USER, SECRET)


def test_tls_1_2_has_its_own_binding(wire: Wire, play: Play, ca_file: Path) -> None:
    """Up to TLS 1.2 it is tls-unique, of this one connection."""
    older = verified_context(ca_file)
    older.maximum_version = ssl.TLSVersion.TLSv1_2
    server = wire.play(play, "PLAIN", wire.good)
    with opened(wire, server, older) as one, opened(wire, server, older) as other:
        first, second = channel_binding(one.socket), channel_binding(other.socket)
    assert first is not None
    assert second is not None
    assert first.name == second.name == "tls-unique"
    assert first.data != second.data


@pytest.mark.parametrize(
    ("cheat", "kind"),
    [
        ({"change_first": lambda said: b"r=x" + said[2:]}, LoginUnproven),
        ({"change_first": lambda said: b"m=x," + said}, ProtocolViolation),
        ({"change_first": lambda _: b"r="}, ProtocolViolation),
        ({"change_first": lambda s: s.replace(b"i=4096", b"i=4095")}, LoginUnsafe),
        ({"change_first": lambda s: s.replace(b"i=4096", b"i=2147483648")}, LimitExceeded),
        ({"change_first": lambda _: b"x" * 30_000}, LimitExceeded),
        ({"change_final": lambda _: b"v=" + base64.b64encode(bytes(32))}, LoginUnproven),
        ({"change_final": lambda _: b""}, ProtocolViolation),
        ({"change_final": lambda _: b"e=invalid-proof"}, LoginRefused),
        ({"change_final": lambda _: b"e=no-resources"}, LoginUnavailable),
        ({"change_final": lambda _: b"e=server-does-support-channel-binding"}, LoginUnproven),
        ({"password": "another"}, LoginRefused),
    ],
)
def test_a_cheating_server_is_typed(
    cheat: dict[str, object],
    kind: type[MailError],
    wire: Wire,
    play: Play,
    tls: ssl.SSLContext,
    everything_said: Callable[[MailError], str],
) -> None:
    """Each cheat has its error, none its second mechanism, and none shows password or proof."""
    scram = Scripted(wire, **cheat)  # type: ignore[arg-type]
    server = wire.play(play, "SCRAM-SHA-256 PLAIN", scram)
    with opened(wire, server, tls) as session:
        with pytest.raises(kind) as caught:
            session.login(USER, SECRET)
        said = everything_said(caught.value)
    assert "9f3k" not in said
    assert not re.search(r"p=[A-Za-z0-9+/]{20}", said)
    assert server.received.count(wire.command + b" ") == 1


def attempts(wire: Wire, server: Played) -> list[str]:
    """The mechanisms a server was asked for, in order."""
    found = re.findall(rb"(?m)^(?:\S+ )?" + wire.command + rb" (\S+)", server.received)
    return [one.decode() for one in found]


def test_success_without_proof_is_none(wire: Wire, play: Play, tls: ssl.SSLContext) -> None:
    """A server that says yes to everything is not believed, and the connection is closed."""
    server = wire.play(play, "SCRAM-SHA-256", wire.good)
    with opened(wire, server, tls) as session:
        with pytest.raises(LoginUnproven):
            session.login(USER, SECRET)
        with pytest.raises(MailError):
            session.login(USER, SECRET)
    assert attempts(wire, server) == ["SCRAM-SHA-256"]


def test_one_other_mechanism_is_tried_and_no_more(
    wire: Wire, play: Play, tls: ssl.SSLContext
) -> None:
    """Refused as unsupported: the next; refused again: the end, whatever else is offered."""
    no = {IMAP: b"{tag} NO Unsupported authentication mechanism.\r\n", SMTP: b"504 5.5.4 no\r\n"}
    server = wire.play(play, "SCRAM-SHA-256 PLAIN LOGIN", no[wire])
    with opened(wire, server, tls) as session, pytest.raises(LoginRefused):
        session.login(USER, SECRET)
    assert attempts(wire, server) == ["SCRAM-SHA-256", "PLAIN"]

    def choosy(line: bytes) -> bytes:
        return no[wire] if b" SCRAM" in line else wire.good

    with opened(wire, wire.play(play, "SCRAM-SHA-256 PLAIN", choosy), tls) as session:
        assert session.login(USER, SECRET) == "PLAIN"


def test_another_binding_is_no_reason_to_give_up(
    wire: Wire, play: Play, tls: ssl.SSLContext
) -> None:
    """A server that binds by another type: the same password without binding, which it is told."""
    scram = Scripted(wire)

    def answer(line: bytes) -> bytes:
        if b"-PLUS" in line:
            return wire.challenge(b"e=unsupported-channel-binding-type")
        return scram(line) if scram.said or b" SCRAM" in line else wire.bad

    server = wire.play(play, "SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN", answer)
    with opened(wire, server, tls) as session:
        assert session.login(USER, SECRET) == "SCRAM-SHA-256"
    assert scram.said[0].startswith(b"n,,")


def test_refused_credentials_are_not_sent_again(
    wire: Wire, play: Play, tls: ssl.SSLContext
) -> None:
    """No second mechanism after a refusal, but a hint where the password was never looked at."""
    no = {IMAP: b"{tag} NO [AUTHENTICATIONFAILED] no\r\n", SMTP: b"535 5.7.8 no\r\n"}
    server = wire.play(play, "SCRAM-SHA-256 PLAIN LOGIN", no[wire])
    with opened(wire, server, tls) as session:
        with pytest.raises(LoginRefused) as caught:
            session.login(USER, SECRET)
        assert "PLAIN" in str(caught.value.hint)
    assert attempts(wire, server) == ["SCRAM-SHA-256"]


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "SCRAM-SHA-256"])
def test_endless_challenges_end(
    mechanism: str, wire: Wire, play: Play, tls: ssl.SSLContext
) -> None:
    """LimitExceeded, long before the deadline, and the connection is closed."""
    server = wire.play(play, mechanism, wire.more + b"\r\n")
    with opened(wire, server, tls) as session, pytest.raises(LimitExceeded):
        session.login(USER, SECRET)
    assert len(server.script.received) < 20


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
def test_tokens(
    mechanism: str,
    wire: Wire,
    play: Play,
    tls: ssl.SSLContext,
    everything_said: Callable[[MailError], str],
) -> None:
    """Accepted; or refused with the server's JSON as evidence, and without the token."""
    server = wire.play(play, f"PLAIN {mechanism}", wire.good)
    with opened(wire, server, tls) as session:
        assert session.login(USER, TOKEN, kind=CredentialKind.TOKEN) == mechanism

    def refuse(line: bytes) -> bytes:
        if wire.command in line:
            return wire.challenge(b'{"status":"400","token":"ya29.token-9f3k"}')
        return wire.bad

    with opened(wire, wire.play(play, f"PLAIN {mechanism}", refuse), tls) as session:
        with pytest.raises(LoginRefused) as caught:
            session.login(USER, TOKEN, kind=CredentialKind.TOKEN)
        assert '"status":"400"' in caught.value.evidence
        assert "9f3k" not in everything_said(caught.value)


def test_a_password_is_no_token(wire: Wire, play: Play, tls: ssl.SSLContext) -> None:
    """A server that takes tokens only gets no password, and the other way round."""
    for offered, kind in (("XOAUTH2", CredentialKind.PASSWORD), ("PLAIN", CredentialKind.TOKEN)):
        server = wire.play(play, offered, wire.good)
        with opened(wire, server, tls) as session:
            if wire is IMAP and kind is CredentialKind.PASSWORD:
                session._transport.capabilities += ("LOGINDISABLED",)  # type: ignore[union-attr]
            with pytest.raises(LoginUnsafe):
                session.login(USER, SECRET, kind=kind)
        assert attempts(wire, server) == []


def test_a_long_token_goes_on_a_line_of_its_own(
    wire: Wire, play: Play, tls: ssl.SSLContext
) -> None:
    """What makes the command too long waits for the empty challenge (RFC 4954, 4; RFC 4959)."""
    token = SecretStr("t" * 9000)

    def answer(line: bytes) -> bytes:
        return wire.good if len(line) > 9000 else wire.more + b"\r\n"

    server = wire.play(play, "XOAUTH2", answer)
    with opened(wire, server, tls) as session:
        session.login(USER, token, kind=CredentialKind.TOKEN)
    assert (wire.command + b" XOAUTH2") in {
        line.split(b" ", wire is IMAP)[-1] for line in server.script.received
    }


def test_a_pin_is_kept(wire: Wire, play: Play, tls: ssl.SSLContext) -> None:
    """Only the mechanism the caller names; if it is not offered, nothing is sent."""
    server = wire.play(play, "SCRAM-SHA-256 PLAIN", wire.good)
    with opened(wire, server, tls) as session:
        for missing in ("SCRAM-SHA-1", "CRAM-MD5", "XOAUTH2"):
            with pytest.raises(LoginUnsafe) as caught:
                session.login(USER, SECRET, mechanism=missing)
            assert missing in str(caught.value)
        assert attempts(wire, server) == []
        assert session.login(USER, SECRET, mechanism="plain") == "PLAIN"


def test_a_spent_budget_sends_nothing(wire: Wire, play: Play, tls: ssl.SSLContext) -> None:
    """Two refusals; the third attempt stays here. A success begins anew."""
    budget = LoginBudget()
    server = wire.play(play, "PLAIN", wire.bad)
    with opened(wire, server, tls) as session:
        for kind in (LoginRefused, LoginRefused, LoginBudgetSpent):
            with pytest.raises(kind):
                session.login(USER, SECRET, budget=budget)
    assert len(attempts(wire, server)) == 2
    budget = LoginBudget(1)
    for _ in range(3):
        with opened(wire, wire.play(play, "PLAIN", wire.good), tls) as session:
            session.login(USER, SECRET, budget=budget)


def test_our_proof_is_scrubbed_from_an_echo(wire: Wire, play: Play, tls: ssl.SSLContext) -> None:
    """A server that repeats the client-final-message does not put it into reports."""
    scram = Scripted(wire)

    def answer(line: bytes) -> bytes:
        if not scram.said:
            return scram(line)
        return wire.bad.replace(b"no", line + b" " + base64.b64decode(line))

    server = wire.play(play, "SCRAM-SHA-256", answer)
    with opened(wire, server, tls) as session, pytest.raises(LoginRefused) as caught:
        session.login(USER, SECRET)
    assert "****" in caught.value.evidence
    assert "p=" not in caught.value.evidence


def test_the_login_command_is_the_last_resort(play: Play, tls: ssl.SSLContext) -> None:
    """Where no mechanism fits and LOGIN is not forbidden; where it is, nothing is sent."""
    wire = Wire(ImapSession, b"LOGIN", b"", b"{tag} OK in\r\n", b"")
    server = wire.play(play, "SCRAM-SHA-256 GSSAPI", wire.good)
    with opened(wire, server, tls) as session:
        # U+0221 is unknown to Unicode 3.2, so SCRAM cannot carry it, and LOGIN is ASCII.
        with pytest.raises(LoginUnsafe):
            session.login(USER, SecretStr("pass\u0221"))
        with pytest.raises(LoginUnsafe):
            session.login(USER, SecretStr("a\0b"))
        assert b"LOGIN " not in server.received
        assert session.login(USER, SecretStr("ascii"), mechanism="LOGIN") == "LOGIN"
    server = wire.play(play, "GSSAPI", wire.good)
    with opened(wire, server, tls) as session:
        assert session.login(USER, SecretStr("ascii")) == "LOGIN"
    server = wire.play(play, "GSSAPI LOGINDISABLED", wire.good)
    with opened(wire, server, tls) as session:
        assert isinstance(session, ImapSession)
        session._transport.capabilities = ("IMAP4REV1", "AUTH=GSSAPI", "LOGINDISABLED")
        with pytest.raises(LoginUnsafe):
            session.login(USER, SecretStr("ascii"))
    assert b"LOGIN " not in server.received


# -- real servers ---------------------------------------------------------------------------

EVERY = ("plain", "login", "scram-sha-256", "scram-sha-1")
ODD = "Päßwort: ½ 9f3k"  # which SCRAM has to alter


@pytest.fixture(scope="module", params=["plain", "scram-sha-256", "ssha512"])
def real(
    request: pytest.FixtureRequest, ca: trustme.CA, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Dovecot]:
    """A Dovecot that offers every mechanism, whatever its way to keep passwords can serve."""
    options = DovecotOptions(mechanisms=EVERY, passwords=request.param)
    users = {USER: Mailbox(PASSWORD, {}), "odd@kanzlei.example": Mailbox(ODD, {})}
    folder = tmp_path_factory.mktemp("scram")
    with Dovecot.start(folder, users=users, ca=ca, options=options) as server:
        yield server


SERVED = {
    "plain": {"PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-1"},
    "scram-sha-256": {"PLAIN", "LOGIN", "SCRAM-SHA-256"},
    "ssha512": {"PLAIN", "LOGIN"},
}


@pytest.mark.dovecot
def test_each_mechanism_at_dovecot(wire: Wire, real: Dovecot, tls: ssl.SSLContext) -> None:
    """In by every mechanism for which passwords are kept suitably, over TLS and STARTTLS."""
    addresses = {
        IMAP: (real.imap, real.imap_starttls),
        SMTP: (real.smtp, real.smtp_starttls),
    }
    for address in addresses[wire]:
        for mechanism in sorted(SERVED[real.options.passwords]):
            with wire.session.open(address, tls=tls) as session:
                assert session.login(USER, SECRET, mechanism=mechanism) == mechanism


@pytest.mark.dovecot
def test_dovecot_refuses(wire: Wire, real: Dovecot, tls: ssl.SSLContext) -> None:
    """A wrong password; where it keeps none for SCRAM, the hint names the way out."""
    with wire.session.open(real.imap if wire is IMAP else real.smtp, tls=tls) as session:
        assert "AUTH=SCRAM-SHA-256" in session.capabilities
        with pytest.raises(LoginRefused) as caught:
            session.login(USER, SecretStr("falsch"))
        unchecked = real.options.passwords == "ssha512"
        assert ("PLAIN" in str(caught.value.hint)) is unchecked
        if not unchecked:
            assert session.login(USER, SECRET) == "SCRAM-SHA-256"


@pytest.mark.dovecot
def test_dovecot_takes_an_odd_password_as_typed(
    wire: Wire, real: Dovecot, tls: ssl.SSLContext
) -> None:
    """It does not prepare passwords as RFC 4013 says; without a pin they still are right."""
    address = real.imap if wire is IMAP else real.smtp
    with wire.session.open(address, tls=tls) as session:
        assert session.login("odd@kanzlei.example", SecretStr(ODD)) == "PLAIN"


@pytest.mark.parametrize("security", Security)
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_each_mechanism_at_aiosmtpd(
    mechanism: str, security: Security, ca: trustme.CA, tls: ssl.SSLContext
) -> None:
    """PLAIN and LOGIN, right and wrong, at another implementation."""
    with SubmissionServer({USER: PASSWORD}, ca=ca, security=security) as server:
        with SmtpSession.open(server.smtp, tls=tls) as session:
            with pytest.raises(LoginRefused):
                session.login(USER, SecretStr("falsch"), mechanism=mechanism)
            assert session.login(USER, SECRET, mechanism=mechanism) == mechanism
        assert server.attempts == (USER, USER)
