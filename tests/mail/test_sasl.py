"""SASL mechanisms: the RFCs' examples to the letter, and servers that cheat."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from collections.abc import Callable

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from pysasl.prep import saslprep as another_saslprep

from demo.servers.certificates import GOOD, issue
from toolkit.errors import LoginBudgetSpent, LoginUnsafe
from toolkit.mail.binding import end_point
from toolkit.mail.budget import LoginBudget
from toolkit.mail.dialogue import MAX_CHALLENGES, Dialogue
from toolkit.mail.sasl import (
    ORDER,
    ChannelBinding,
    Credential,
    CredentialKind,
    Mechanism,
    Problem,
    SaslError,
    choose,
)
from toolkit.mail.scram import MAX_ITERATIONS, MIN_ITERATIONS, Scram, saslprep
from toolkit.mail.settings import Protocol, Security, Server

PENCIL = Credential("user", SecretStr("pencil"))
TOKEN = Credential("user@example.com", SecretStr("vF9dft4qmTc2Nvb3RlckBhb"), CredentialKind.TOKEN)
HOST = Server("imap.example", 993, Security.SSL)


def scram_server(
    first: bytes, password: str = "pencil", *, iterations: int = 4096, plus: bytes = b""
) -> tuple[bytes, Callable[[bytes], bytes]]:
    """A conforming SCRAM-SHA-256 server: its first message, and a function from final to final."""
    gs2, bare = first.split(b",,", 1)
    nonce = bare.split(b",r=")[1] + b"server"
    salt = b"sixteen octets!!"
    said = b"r=%s,s=%s,i=%d" % (nonce, base64.b64encode(salt), iterations)

    def final(message: bytes) -> bytes:
        without_proof, proof = message.rsplit(b",p=", 1)
        bound = base64.b64decode(without_proof.split(b",")[0][2:])
        assert bound == gs2 + b",," + plus
        auth = b",".join((bare, said, without_proof))
        salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        signature = hmac.digest(hashlib.sha256(client_key).digest(), auth, "sha256")
        if base64.b64decode(proof) != bytes(map(int.__xor__, client_key, signature)):
            return b"e=invalid-proof"
        server_key = hmac.digest(salted, b"Server Key", "sha256")
        return b"v=" + base64.b64encode(hmac.digest(server_key, auth, "sha256"))

    return said, final


def test_rfc_5802_section_5() -> None:
    """The SCRAM-SHA-1 example, to the letter; its client offers no channel binding."""
    scram = Scram("SCRAM-SHA-1", PENCIL, binding_offered=True, nonce="fyko+d2lbbFgONRv9qkxdawL")
    assert scram.initial() == b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL"
    assert scram.respond(
        b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"
    ) == (b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=")
    assert scram.respond(b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=") == b""
    scram.finish()


def test_rfc_7677_section_3() -> None:
    """The SCRAM-SHA-256 example, to the letter."""
    scram = Scram("SCRAM-SHA-256", PENCIL, binding_offered=True, nonce="rOprNGfwEbeRWgbNEkqO")
    assert scram.initial() == b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
    assert scram.respond(
        b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
    ) == (
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        b"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    )
    assert scram.respond(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=") == b""
    scram.finish()


def test_plain_login_and_tokens() -> None:
    """RFC 4616, RFC 7628 4.1 (there with port 143), and Google's page on XOAUTH2."""
    (plain,), _ = choose({"PLAIN"}, Credential("anna", SecretStr("ß,=")), host="h", port=1)
    assert plain.initial() == "\0anna\0ß,=".encode()
    assert plain.respond(b"") is None
    (login,), _ = choose({"LOGIN"}, Credential("anna", SecretStr("ß")), host="h", port=1)
    assert [login.respond(b"?") for _ in range(3)] == [b"anna", "ß".encode(), None]
    (bearer,), _ = choose({"OAUTHBEARER"}, TOKEN, host="server.example.com", port=143)
    assert bearer.initial() == (
        b"n,a=user@example.com,\x01host=server.example.com\x01port=143"
        b"\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhb\x01\x01"
    )
    (xoauth,), _ = choose({"XOAUTH2"}, TOKEN, host="h", port=1)
    assert xoauth.initial() == (
        b"user=user@example.com\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhb\x01\x01"
    )


@pytest.mark.parametrize(("name", "acknowledged"), [("OAUTHBEARER", b"\1"), ("XOAUTH2", b"")])
def test_an_oauth_error_is_acknowledged(name: str, acknowledged: bytes) -> None:
    """The server's JSON is kept as verdict, answered once, and no success may follow."""
    (bearer,), _ = choose({name}, TOKEN, host="h", port=1)
    assert bearer.respond(b'{"status":"invalid_token"}') == acknowledged
    assert bearer.verdict == '{"status":"invalid_token"}'
    assert bearer.respond(b"{}") is None
    with pytest.raises(SaslError):
        bearer.finish()


@pytest.mark.parametrize(
    ("typed", "prepared"),
    [
        ("I\xadX", "IX"),
        ("user", "user"),
        ("USER", "USER"),
        ("\xaa", "a"),
        ("\u2168", "IX"),
        ("a\xa0b", "a b"),
        ("Pa\u0308ßwort", "Päßwort"),
    ],
)
def test_saslprep_prepares(typed: str, prepared: str) -> None:
    """RFC 4013, 3, and what umlauts from a Mac become."""
    assert saslprep(typed, stored=True) == prepared


@pytest.mark.parametrize("typed", ["\x07", "\u0627\x31", "", "\xad", "a\0", "\ud800", "\U0001f600"])
def test_saslprep_refuses(typed: str) -> None:
    """RFC 4013, 3: prohibited characters, mixed directions; nothing at all; what 3.2 knew not."""
    with pytest.raises(ValueError):  # noqa: PT011 - the kind is the contract
        saslprep(typed, stored=True)


@given(st.text(max_size=12))
def test_saslprep_agrees_with_another(text: str) -> None:
    """Wherever an independent implementation prepares a name, so does this one, to the same."""
    try:
        other = another_saslprep(text)
    except ValueError:
        return
    try:
        ours = saslprep(text, stored=False)
    except ValueError:
        ours = ""
    assert ours == other


LATIN = st.text(
    st.characters(max_codepoint=0x233, exclude_categories=["Cc"]), min_size=1, max_size=9
)


@given(LATIN, LATIN | st.none())
@settings(max_examples=50, deadline=None)
def test_scram_succeeds_with_the_password_and_only_then(password: str, other: str | None) -> None:
    """Against a conforming server: in with the right password, refused with another."""
    try:
        scram = Scram("SCRAM-SHA-256", Credential("u,s=r", SecretStr(password)))
        theirs = saslprep(password if other is None else other, stored=True)
    except (SaslError, ValueError):
        return
    said, final = scram_server(scram.initial(), theirs)
    assert b"n=u=2Cs=3Dr," in scram.initial()
    message = scram.respond(said)
    assert message is not None
    assert scram.respond(final(message)) == b""
    if saslprep(password, stored=True) == theirs:
        scram.finish()
    else:
        assert scram.verdict == "invalid-proof"
        with pytest.raises(SaslError):
            scram.finish()


FIRST = "r=abcDEF,s=c2FsdA==,i=4096"


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (FIRST.replace("abc", "abd"), Problem.UNPROVEN),
        (FIRST.replace("DEF", ""), Problem.UNPROVEN),
        (FIRST.replace("DEF", "D F"), Problem.UNPROVEN),
        (FIRST.replace("4096", str(MIN_ITERATIONS - 1)), Problem.WEAK),
        (FIRST.replace("4096", "1"), Problem.WEAK),
        (FIRST.replace("4096", str(MAX_ITERATIONS + 1)), Problem.LIMIT),
        (FIRST.replace("4096", str(2**31)), Problem.LIMIT),
        (FIRST.replace("4096", "9" * 5000), Problem.LIMIT),
        (FIRST.replace("4096", "0"), Problem.BROKEN),
        (FIRST.replace("4096", "-4096"), Problem.BROKEN),
        (FIRST.replace("4096", "４０９６"), Problem.BROKEN),
        (FIRST.replace("4096", ""), Problem.BROKEN),
        ("m=new," + FIRST, Problem.BROKEN),
        (FIRST + ",m=new", Problem.BROKEN),
        (FIRST.replace("c2FsdA==", ""), Problem.BROKEN),
        (FIRST.replace("c2FsdA==", "!"), Problem.BROKEN),
        ("s=c2FsdA==,i=4096", Problem.BROKEN),
        ("r=abcDEF,i=4096", Problem.BROKEN),
        ("r=abcDEF,s=c2FsdA==", Problem.BROKEN),
        ("s=c2FsdA==,r=abcDEF,i=4096", Problem.BROKEN),
        ("", Problem.BROKEN),
        (",,,", Problem.BROKEN),
        ("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", Problem.BROKEN),
    ],
)
def test_a_cheating_first_message_gets_no_proof(said: str, problem: Problem) -> None:
    """Nonce, salt, count, extensions and order are checked before anything is computed."""
    scram = Scram("SCRAM-SHA-256", PENCIL, nonce="abc")
    with pytest.raises(SaslError) as caught:
        scram.respond(said.encode())
    assert caught.value.problem is problem
    assert not scram.presented
    assert "pencil" not in caught.value.evidence
    with pytest.raises(SaslError):
        scram.finish()


def test_optional_extensions_are_ignored() -> None:
    """RFC 5802, 5.1: what is not mandatory may be there."""
    assert Scram("SCRAM-SHA-256", PENCIL, nonce="abc").respond(f"{FIRST},x=y".encode())


@pytest.mark.parametrize(
    ("final", "problem"),
    [
        (b"v=" + base64.b64encode(bytes(32)), Problem.UNPROVEN),
        (b"v=AAAA", Problem.UNPROVEN),
        (b"v=", Problem.BROKEN),
        (b"v=!", Problem.BROKEN),
        (b"", Problem.BROKEN),
        (b"\xff", Problem.BROKEN),
        (FIRST.encode(), Problem.BROKEN),
    ],
)
def test_a_server_must_prove_itself(final: bytes, problem: Problem) -> None:
    """A wrong, short, empty or missing signature is no success."""
    scram = Scram("SCRAM-SHA-256", PENCIL, nonce="abc")
    scram.respond(FIRST.encode())
    with pytest.raises(SaslError) as caught:
        scram.respond(final)
    assert caught.value.problem is problem
    with pytest.raises(SaslError) as caught:
        scram.finish()
    assert caught.value.problem is Problem.UNPROVEN


def test_an_error_is_a_verdict() -> None:
    """``e=`` is answered with nothing, once, and kept."""
    scram = Scram("SCRAM-SHA-256", PENCIL, nonce="abc")
    scram.respond(FIRST.encode())
    assert scram.respond(b"e=unknown-user,x=y") == b""
    assert scram.verdict == "unknown-user"
    assert scram.respond(b"v=AAAA") is None


@given(
    st.lists(
        st.binary(max_size=60) | st.text("rsivem=,abcABC019+/", max_size=60).map(str.encode),
        max_size=4,
    )
)
def test_no_message_leads_astray(messages: list[bytes]) -> None:
    """Whatever a server sends: a response or a SaslError, and never a success without proof."""
    scram = Scram("SCRAM-SHA-256", PENCIL, nonce="abc")
    for message in messages:
        try:
            scram.respond(message)
        except SaslError:
            break
    with pytest.raises(SaslError):
        scram.finish()


BOUND = ChannelBinding("tls-server-end-point", b"\x00\xffhash")


def test_the_channel_is_bound() -> None:
    """-PLUS sends type and data; the server that sees the same data lets us in."""
    (scram, *_), _ = choose(
        {"SCRAM-SHA-256-PLUS", "PLAIN"}, PENCIL, host="h", port=1, binding=lambda: BOUND
    )
    assert scram.initial().startswith(b"p=tls-server-end-point,,n=user,r=")
    said, final = scram_server(scram.initial(), plus=BOUND.data)
    message = scram.respond(said)
    assert message is not None
    assert scram.respond(final(message)) == b""
    scram.finish()


@pytest.mark.parametrize(
    ("offered", "flag"),
    [
        ({"SCRAM-SHA-256"}, b"y,,"),  # we could, you seem not to
        ({"SCRAM-SHA-256", "SCRAM-SHA-1-PLUS"}, b"n,,"),  # we cannot
    ],
)
def test_a_downgrade_would_show(offered: set[str], flag: bytes) -> None:
    """RFC 5802, 6: the flag says whether we saw an offer of -PLUS."""
    (scram,), _ = choose(offered, PENCIL, host="h", port=1)
    assert scram.initial().startswith(flag)


def names(mechanisms: tuple[Mechanism, ...]) -> list[str]:
    return [one.name for one in mechanisms]


def test_the_strongest_that_fits_comes_first() -> None:
    """By kind of secret; a pin leaves one; what cannot be carried is left out with its reason."""
    everything = {*ORDER[CredentialKind.PASSWORD], *ORDER[CredentialKind.TOKEN], "GSSAPI"}
    found, _ = choose(everything, PENCIL, host="h", port=1, binding=lambda: BOUND)
    assert names(found) == list(ORDER[CredentialKind.PASSWORD])
    found, _ = choose(everything, TOKEN, host="h", port=1)
    assert names(found) == ["OAUTHBEARER", "XOAUTH2"]
    found, _ = choose(everything, PENCIL, host="h", port=1, pinned="plain")
    assert names(found) == ["PLAIN"]
    assert choose(everything, TOKEN, host="h", port=1, pinned="PLAIN") == ((), ())
    found, reasons = choose(everything, PENCIL, host="h", port=1)
    assert names(found) == ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN"]
    assert len(reasons) == 2
    found, reasons = choose(everything, Credential("a\0b", SecretStr("x")), host="h", port=1)
    assert (names(found), len(reasons)) == ([], 6)
    bad = Credential("a", SecretStr("a\1b"), CredentialKind.TOKEN)
    assert choose(everything, bad, host="h", port=1)[0] == ()


def test_a_password_that_would_be_altered_is_carried_as_typed_first() -> None:
    """Not every server prepares ``½`` as RFC 4013 says; PLAIN leaves it alone."""
    offered = {"SCRAM-SHA-256", "PLAIN"}
    found, _ = choose(offered, Credential("a", SecretStr("½")), host="h", port=1)
    assert names(found) == ["PLAIN", "SCRAM-SHA-256"]
    found, _ = choose(offered, Credential("a", SecretStr("\U0001f600")), host="h", port=1)
    assert names(found) == ["PLAIN"]


def test_secrets_show_in_no_repr() -> None:
    """Neither the credential nor a mechanism prints its secret."""
    (plain, *_), _ = choose({"PLAIN"}, PENCIL, host="h", port=1)
    assert "pencil" not in f"{PENCIL!r} {PENCIL} {plain!r} {Dialogue(plain)!r}"


def test_a_long_response_waits_for_the_challenge() -> None:
    """What does not fit into the command's line is sent after the empty challenge."""
    (plain,), _ = choose({"PLAIN"}, Credential("a", SecretStr("x" * 100)), host="h", port=1)
    dialogue = Dialogue(plain)
    assert dialogue.begin(100) is None
    assert not dialogue.exchanged
    assert base64.b64decode(dialogue.answer(b"")) == b"\0a\0" + b"x" * 100
    assert dialogue.answer(b"") == "*"
    with pytest.raises(SaslError):
        dialogue.finish()


def test_endless_challenges_end() -> None:
    """A server that never stops asking is left."""
    (plain,), _ = choose({"PLAIN"}, PENCIL, host="h", port=1)
    dialogue = Dialogue(plain)
    for _ in range(MAX_CHALLENGES):
        dialogue.answer(b"")
    with pytest.raises(SaslError) as caught:
        dialogue.answer(b"")
    assert caught.value.problem is Problem.LIMIT


@pytest.mark.parametrize(
    ("challenge", "problem"), [(b"!", Problem.BROKEN), (b"A" * 100_000, Problem.LIMIT)]
)
def test_a_challenge_is_short_base64(challenge: bytes, problem: Problem) -> None:
    """Anything else ends the dialogue."""
    (plain,), _ = choose({"PLAIN"}, PENCIL, host="h", port=1)
    with pytest.raises(SaslError) as caught:
        Dialogue(plain).answer(challenge)
    assert caught.value.problem is problem


def test_the_end_point_is_the_certificates_hash(ca: trustme.CA) -> None:
    """RFC 5929, 4.1: hashed as its signature is; rubbish has no hash."""
    certificate = x509.load_pem_x509_certificate(issue(ca, GOOD).chain_pem)
    algorithm = certificate.signature_hash_algorithm
    assert algorithm is not None
    der = certificate.public_bytes(Encoding.DER)
    assert end_point(der) == hashlib.new(algorithm.name, der).digest()
    assert end_point(b"rubbish") is None


# -- the budget -----------------------------------------------------------------------------


def test_a_budget_ends() -> None:
    """Two attempts by protocol, host and name; then none, until time passes or it is forgotten."""
    now = 0.0
    budget = LoginBudget(clock=lambda: now)
    for _ in range(2):
        budget.spend(Protocol.IMAP, HOST, "Anna@kanzlei.example")
    with pytest.raises(LoginBudgetSpent) as caught:
        budget.spend(Protocol.IMAP, HOST, "anna@Kanzlei.example ")
    assert isinstance(caught.value, LoginUnsafe)
    assert caught.value.code == "login-budget-spent"
    for other in ("bernd", "anna"):
        budget.spend(Protocol.IMAP, HOST, other)
    budget.spend(Protocol.SMTP, HOST, "anna@kanzlei.example")
    now = 3600.0
    assert budget.left(Protocol.IMAP, HOST, "anna@kanzlei.example") == 2
    budget.spend(Protocol.IMAP, HOST, "anna@kanzlei.example")
    budget.forget(Protocol.IMAP, HOST, "anna@kanzlei.example")
    assert budget.left(Protocol.IMAP, HOST, "anna@kanzlei.example") == 2
    with pytest.raises(ValueError, match="limit"):
        LoginBudget(0)


def test_a_budget_is_one_for_all_threads() -> None:
    """Twenty threads at once spend exactly what there is."""
    budget = LoginBudget(7)
    spent: list[bool] = []
    together = threading.Barrier(20)

    def attempt() -> None:
        together.wait()
        try:
            budget.spend(Protocol.IMAP, HOST, "anna")
        except LoginBudgetSpent:
            return
        spent.append(True)

    threads = [threading.Thread(target=attempt) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(spent) == 7
