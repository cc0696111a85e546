"""IMAP sessions on a real Dovecot: what was delivered is what is seen, and nothing is changed."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from demo.servers.content import Delivery, letters
from demo.servers.dovecot import Dovecot
from demo.servers.live import GERMAN_FOLDERS, LiveMailbox
from toolkit.errors import CommandRefused, ConnectionLost, LoginRefused, LoginUnsafe, Stage
from toolkit.mail.imap import ImapSession
from toolkit.mail.settings import Server

pytestmark = pytest.mark.dovecot

ODD = (
    b"",
    b"\r\n",
    b"Subject: \xff\xfe raw\r\n\r\nbare \n LF, NUL-free 8-bit \x80\x81, no end of line",
    b"A: b\r\n\r\n)\r\n* 1 FETCH (UID 999 BODY[] {3}\r\nabc)\r\nA1 OK done\r\n",
    b"Subject: long\r\n\r\n" + b"x" * 300_000 + b"\r\n",
)


@pytest.fixture(params=["ssl", "starttls"])
def server(request: pytest.FixtureRequest, dovecot: Dovecot) -> Server:
    """The same Dovecot over implicit TLS and over STARTTLS."""
    return dovecot.imap if request.param == "ssl" else dovecot.imap_starttls


def logged_in(server: Server, tls: ssl.SSLContext, mailbox: LiveMailbox) -> ImapSession:
    session = ImapSession.open(server, tls=tls)
    session.login(mailbox.login, SecretStr(mailbox.password))
    return session


def test_the_way_in(server: Server, tls: ssl.SSLContext, live_mailbox: LiveMailbox) -> None:
    """Connect, secure, greet, log in with umlauts in the password, learn what the server can."""
    stages: list[Stage] = []
    with ImapSession.open(server, tls=tls, on_stage=stages.append) as session:
        assert session.socket.version() in ("TLSv1.2", "TLSv1.3")
        assert session.greeting.startswith("* OK")
        assert session.server == server
        before = session.capabilities
        assert {"IMAP4REV1", "AUTH=PLAIN"} <= before
        assert "LOGINDISABLED" not in before
        assert session.login(live_mailbox.login, SecretStr(live_mailbox.password)) == "PLAIN"
        assert {"LIST-STATUS", "CONDSTORE"} <= session.capabilities
        assert "AUTH=PLAIN" not in session.capabilities
    on_the_way = [stage for stage in Stage if stage in stages]
    assert [stages[0], stages[1]] == [Stage.DNS, Stage.TCP]
    assert set(on_the_way) >= {Stage.TLS, Stage.GREETING, Stage.AUTH, Stage.LOGOUT}


def test_a_wrong_password_is_refused(
    server: Server, tls: ssl.SSLContext, live_mailbox: LiveMailbox
) -> None:
    """LoginRefused names the stage, the field and the server's own words, not the password."""
    wrong = "falsch Päßwort"
    with ImapSession.open(server, tls=tls) as session:
        with pytest.raises(LoginRefused) as caught:
            session.login(live_mailbox.login, SecretStr(wrong))
        error = caught.value
        assert (error.stage, error.field, error.tried) == (Stage.AUTH, "password", str(server))
        assert error.response_code == "AUTHENTICATIONFAILED"
        assert "AUTHENTICATIONFAILED" in error.evidence
        assert wrong not in repr(error.as_json())
        # The connection is still good for the right one.
        session.login(live_mailbox.login, SecretStr(live_mailbox.password))


def test_a_password_with_nul_is_never_sent(
    dovecot: Dovecot, tls: ssl.SSLContext, live_mailbox: LiveMailbox
) -> None:
    """NUL separates SASL PLAIN's fields; a password that holds one would log in as another."""
    with ImapSession.open(dovecot.imap, tls=tls) as session:
        for name, password in ((live_mailbox.login, "a\0b"), ("a\0b", live_mailbox.password)):
            with pytest.raises(LoginUnsafe):
                session.login(name, SecretStr(password))


def test_folders_are_listed_and_counted(
    server: Server, tls: ssl.SSLContext, live_mailbox: LiveMailbox
) -> None:
    """Every folder with raw name, decoded name and the counts Dovecot's own tool gives."""
    truth = live_mailbox.status()
    with logged_in(server, tls, live_mailbox) as session:
        folders = {folder.name: folder for folder in session.folders()}
        plain = session.folders(counts=False)
    counted = {
        name: (f.messages, f.unseen, f.uidnext, f.uidvalidity)
        for name, f in folders.items()
        if f.selectable
    }
    assert counted == {
        name: (t.messages, t.unseen, t.uidnext, t.uidvalidity) for name, t in truth.items()
    }
    assert folders["Entwürfe"].raw == b"Entw&APw-rfe"
    assert folders["INBOX"].delimiter == "/"
    assert {f.raw for f in plain} == {f.raw for f in folders.values()}
    assert {f.messages for f in plain} == {None}


def test_counts_without_list_status(
    tls: ssl.SSLContext,
    dovecot: Dovecot,
    live_mailbox: LiveMailbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A server that cannot count while it lists is asked folder by folder: the same values."""
    with logged_in(dovecot.imap, tls, live_mailbox) as session:
        together = session.folders()
        session._transport.capabilities = ("IMAP4REV1",)
        assert {f.raw: (f.messages, f.uidvalidity) for f in session.folders()} == {
            f.raw: (f.messages, f.uidvalidity) for f in together
        }


def test_a_folder_is_examined(
    server: Server, tls: ssl.SSLContext, live_mailbox: LiveMailbox
) -> None:
    """The state is the server's, for names with blanks and umlauts too."""
    truth = live_mailbox.status()
    with logged_in(server, tls, live_mailbox) as session:
        for folder in session.folders():
            if not folder.selectable:
                continue
            state = session.examine(folder.raw)
            there = truth[folder.name]
            assert (state.uidvalidity, state.exists, state.uidnext) == (
                there.uidvalidity,
                there.messages,
                there.uidnext,
            )
            assert len(session.uids()) == state.exists


def test_a_missing_folder_is_refused(
    dovecot: Dovecot, tls: ssl.SSLContext, live_mailbox: LiveMailbox
) -> None:
    """CommandRefused with the server's words; the session goes on."""
    with logged_in(dovecot.imap, tls, live_mailbox) as session:
        with pytest.raises(CommandRefused) as caught:
            session.examine(b"Gibt es nicht")
        assert caught.value.stage is Stage.SELECT
        assert "doesn't exist" in caught.value.evidence
        assert session.examine(b"INBOX").exists == 5


def test_messages_come_byte_for_byte(
    server: Server, tls: ssl.SSLContext, make_mailbox: Callable[..., LiveMailbox]
) -> None:
    """UIDs, flags, sizes, dates and contents are those delivered, odd ones included."""
    when = datetime(2024, 2, 29, 23, 59, 58, tzinfo=UTC)
    given = [
        *letters(20, size=4000),
        *(Delivery(raw.replace(b"\n", b"\r\n").replace(b"\r\r", b"\r"), ("\\Flagged",), when)
          for raw in ODD if raw),
    ]  # fmt: skip
    mailbox = make_mailbox({"INBOX": given})
    with logged_in(server, tls, mailbox) as session:
        session.examine(b"INBOX")
        uids = session.uids()
        envelopes, bodies = session.envelopes(uids), session.bodies(uids)
    assert uids == tuple(range(1, len(given) + 1))
    assert [bodies[uid] for uid in uids] == [one.raw for one in given]
    for uid, one in zip(uids, given, strict=True):
        envelope = envelopes[uid]
        assert envelope.size == len(one.raw)
        assert envelope.flags == one.flags
        assert envelope.internaldate is not None
        assert envelope.internaldate.astimezone(UTC) == one.received
    digests = [hashlib.sha256(bodies[uid]).hexdigest() for uid in uids]
    assert digests == [stored.sha256 for stored in mailbox.stored("INBOX")]


def test_only_what_was_asked_for_comes(
    dovecot: Dovecot, tls: ssl.SSLContext, make_mailbox: Callable[..., LiveMailbox]
) -> None:
    """A subset, a UID that is gone, none at all."""
    mailbox = make_mailbox({"INBOX": list(letters(9))})
    mailbox.server.expunge(mailbox.login, "INBOX", [4])
    with logged_in(dovecot.imap, tls, mailbox) as session:
        session.examine(b"INBOX")
        assert session.uids() == (1, 2, 3, 5, 6, 7, 8, 9)
        assert set(session.envelopes([2, 4, 8])) == {2, 8}
        assert set(session.bodies([9, 4, 1, 77])) == {1, 9}
        assert session.envelopes([]) == {}
        assert session.bodies([]) == {}


def test_an_empty_folder_is_no_problem(
    dovecot: Dovecot, tls: ssl.SSLContext, make_mailbox: Callable[..., LiveMailbox]
) -> None:
    """No UIDs, no header, no error."""
    with logged_in(dovecot.imap, tls, make_mailbox({})) as session:
        assert session.examine(b"INBOX").exists == 0
        assert session.uids() == ()
        assert session.first_header() is None


def test_one_header_is_enough_to_prove_reading(
    dovecot: Dovecot, tls: ssl.SSLContext, live_mailbox: LiveMailbox
) -> None:
    """The first message's date, and nothing of its content."""
    with logged_in(dovecot.imap, tls, live_mailbox) as session:
        session.examine(b"INBOX")
        header = session.first_header()
    assert header is not None
    assert header.startswith(b"Date:")
    assert b"Subject" not in header


def test_reading_changes_nothing(
    dovecot: Dovecot, tls: ssl.SSLContext, live_mailbox: LiveMailbox
) -> None:
    r"""After everything a session can do, no message is \\Seen and no folder changed."""
    before = {name: live_mailbox.stored(name) for name in GERMAN_FOLDERS}, live_mailbox.status()
    with logged_in(dovecot.imap, tls, live_mailbox) as session:
        for folder in session.folders():
            if folder.selectable:
                session.examine(folder.raw)
                session.bodies(session.uids())
                session.envelopes(session.uids())
                session.first_header()
    after = {name: live_mailbox.stored(name) for name in GERMAN_FOLDERS}, live_mailbox.status()
    assert after == before


def test_a_cut_connection_is_typed(
    dovecot: Dovecot, tls: ssl.SSLContext, live_mailbox: LiveMailbox
) -> None:
    """When the server throws us out, the next command says so, and closing stays quiet."""
    session = logged_in(dovecot.imap, tls, live_mailbox)
    session.examine(b"INBOX")
    dovecot.kick(live_mailbox.login)
    with pytest.raises(ConnectionLost) as caught:
        session.uids()
    assert caught.value.stage is Stage.FETCH
    session.close()
