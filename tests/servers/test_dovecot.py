"""The real Dovecot behind the other tests: does it do what it is told?"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import imaplib
import os
import smtplib
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from demo.servers.certificates import EXPIRED, OTHER_HOST, Certificate
from demo.servers.content import Delivery, Mailbox, letters
from demo.servers.dovecot import Dovecot, DovecotOptions, _hashed
from demo.servers.live import GERMAN_FOLDERS, LiveMailbox

pytestmark = pytest.mark.dovecot
LOGIN = "anna@kanzlei.example"
PASSWORD = "Geheim: ß & Ümlaut"


def context_for(ca: trustme.CA) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=ca.cert_pem.bytes().decode())


def log_in(server: Dovecot, ca: trustme.CA, login: str, password: str) -> imaplib.IMAP4_SSL:
    client = imaplib.IMAP4_SSL(server.imap.host, server.imap.port, ssl_context=context_for(ca))
    secret = f"\0{login}\0{password}".encode()
    try:
        client.authenticate("PLAIN", lambda _: secret)
    except imaplib.IMAP4.error:
        client.shutdown()
        raise
    return client


def listed(client: imaplib.IMAP4) -> set[str]:
    return {line.decode() for line in client.list()[1] if isinstance(line, bytes)}


def test_a_mailbox_is_there_with_its_folders_and_messages(live_mailbox: LiveMailbox) -> None:
    """Every folder given exists and holds as many messages as were given."""
    counts = {name: folder.messages for name, folder in live_mailbox.status().items()}
    wanted = {name: len(messages) for name, messages in GERMAN_FOLDERS.items()}
    assert counts == wanted


def test_verified_tls_and_login(
    dovecot: Dovecot, ca: trustme.CA, live_mailbox: LiveMailbox
) -> None:
    """The implicit TLS port verifies against the tests' CA, and the password with umlauts works."""
    with log_in(dovecot, ca, live_mailbox.login, live_mailbox.password) as client:
        assert client.select('"Entw&APw-rfe"', readonly=True) == ("OK", [b"1"])


def test_wrong_password_is_refused_at_once(
    dovecot: Dovecot, ca: trustme.CA, live_mailbox: LiveMailbox
) -> None:
    """A wrong password and an unknown user are both AUTHENTICATIONFAILED."""
    for login in (live_mailbox.login, "niemand@kanzlei.example"):
        with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
            log_in(dovecot, ca, login, "falsch")


def test_starttls_is_required_on_the_other_port(
    dovecot: Dovecot, ca: trustme.CA, live_mailbox: LiveMailbox
) -> None:
    """Before STARTTLS the server says LOGINDISABLED; after it, login works."""
    server = dovecot.imap_starttls
    with imaplib.IMAP4(server.host, server.port) as client:
        assert {"STARTTLS", "LOGINDISABLED"} <= set(client.capabilities)
        client.starttls(context_for(ca))
        assert "LOGINDISABLED" not in client.capabilities
        secret = f"\0{live_mailbox.login}\0{live_mailbox.password}".encode()
        assert client.authenticate("PLAIN", lambda _: secret)[0] == "OK"


def test_truth_matches_what_a_client_fetches(
    dovecot: Dovecot, ca: trustme.CA, make_mailbox: Callable[..., LiveMailbox]
) -> None:
    """UIDs, flags, sizes, digests and dates: delivered, fetched and told by doveadm are one."""
    odd = Delivery(
        "Subject: ä\r\n\r\nuid: 9\r\n\f\r\nEnde ohne Zeilenende".encode(), ("\\Seen", "\\Flagged")
    )
    given = [*letters(3, size=5000), odd]
    mailbox = make_mailbox({"INBOX": given})
    truth = mailbox.stored("INBOX")
    assert [(one.flags, one.size, one.sha256) for one in truth] == [
        (tuple(sorted(one.flags)), len(one.raw), hashlib.sha256(one.raw).hexdigest())
        for one in given
    ]
    with log_in(dovecot, ca, mailbox.login, mailbox.password) as client:
        client.select("INBOX", readonly=True)
        answer = client.uid("FETCH", "1:*", "(INTERNALDATE BODY.PEEK[])")[1]
    bodies = [part for part in answer if isinstance(part, tuple)]
    assert [body for _, body in bodies] == [one.raw for one in given]
    assert b'INTERNALDATE "02-Jan-2024 08:00:00 +0000"' in bodies[0][0]


def test_uids_follow_the_order_of_delivery(make_mailbox: Callable[..., LiveMailbox]) -> None:
    """Messages written into the Maildir and messages appended get UIDs as they came."""
    mailbox = make_mailbox({})
    batches = [list(letters(3, seed=seed)) for seed in (1, 2, 3)]
    mailbox.fill("INBOX", batches[0])
    mailbox.server.append(mailbox.login, "INBOX", batches[1])
    mailbox.fill("INBOX", batches[2])
    wanted = [hashlib.sha256(one.raw).hexdigest() for batch in batches for one in batch]
    assert [one.sha256 for one in mailbox.stored("INBOX")] == wanted


def test_changes_behind_the_clients_back(make_mailbox: Callable[..., LiveMailbox]) -> None:
    """Flags, expunged messages and another UIDVALIDITY arrive in the mailbox."""
    mailbox = make_mailbox({"INBOX": list(letters(4))})
    server, login = mailbox.server, mailbox.login
    server.set_flags(login, "INBOX", [2], ["\\Flagged"])
    server.set_flags(login, "INBOX", [3], ["\\Seen"], on=False)
    server.expunge(login, "INBOX", [1])
    server.set_uidvalidity(login, "INBOX", 4711)
    assert mailbox.status()["INBOX"].uidvalidity == 4711
    flags = {
        one.sha256[:0] + str(index): one.flags for index, one in enumerate(mailbox.stored("INBOX"))
    }
    assert flags == {"0": ("\\Flagged", "\\Seen"), "1": (), "2": ()}


@pytest.mark.parametrize("starttls", [False, True], ids=["ssl", "starttls"])
def test_submission_hands_the_message_on(
    dovecot: Dovecot, ca: trustme.CA, live_mailbox: LiveMailbox, starttls: bool
) -> None:
    """A message submitted after login over TLS arrives behind Dovecot, body unchanged."""
    before = len(dovecot.arrived)
    if starttls:
        client = smtplib.SMTP(dovecot.smtp_starttls.host, dovecot.smtp_starttls.port)
        client.ehlo()
        assert not client.has_extn("auth")
        client.starttls(context=context_for(ca))
    else:
        client = smtplib.SMTP_SSL(dovecot.smtp.host, dovecot.smtp.port, context=context_for(ca))
    with client:
        client.ehlo()
        initial = f"\0{live_mailbox.login}\0{live_mailbox.password}"
        secret = base64.b64encode(initial.encode()).decode()
        assert client.docmd("AUTH", f"PLAIN {secret}")[0] == 235
        client.sendmail(
            live_mailbox.login, ["gericht@justiz.example"], b"Subject: x\r\n\r\nHallo\r\n"
        )
    arrived = dovecot.arrived[before:]
    assert [one.recipients for one in arrived] == [("gericht@justiz.example",)]
    assert arrived[0].raw.endswith(b"Subject: x\r\n\r\nHallo\r\n")


@pytest.mark.parametrize(
    ("certificate", "words"),
    [(OTHER_HOST, "(IP address|Hostname) mismatch"), (EXPIRED, "expired")],
    ids=["other host", "expired"],
)
def test_bad_certificates(
    ca: trustme.CA, tmp_path: Path, certificate: Certificate, words: str
) -> None:
    """A certificate for another host and an expired one are what a client then sees."""
    options = DovecotOptions(certificate=certificate)
    with (
        Dovecot.start(tmp_path, ca=ca, options=options) as server,
        pytest.raises(ssl.SSLCertVerificationError, match=words),
    ):
        imaplib.IMAP4_SSL(server.imap.host, server.imap.port, ssl_context=context_for(ca))


def test_courier_dialect_without_special_use(ca: trustme.CA, tmp_path: Path) -> None:
    """INBOX. as prefix, a dot as separator, sdbox as storage, capabilities trimmed, COMPRESS."""
    options = DovecotOptions(
        prefix="INBOX.",
        separator=".",
        storage="sdbox",
        special_use={},
        without=("SPECIAL-USE", "LIST-STATUS", "CONDSTORE", "QRESYNC"),
        compress=True,
    )
    users = {
        LOGIN: Mailbox(PASSWORD, {"INBOX": [], "Entwürfe": list(letters(2)), "Archiv/2024": []})
    }
    with Dovecot.start(tmp_path, users=users, ca=ca, options=options) as server:
        assert {name: one.messages for name, one in server.status(LOGIN).items()} == {
            "INBOX": 0,
            "INBOX.Entwürfe": 2,
            "INBOX.Archiv.2024": 0,
        }
        with log_in(server, ca, LOGIN, PASSWORD) as client:
            capabilities = client.capability()[1][-1].split()
            assert b"COMPRESS=DEFLATE" in capabilities
            assert not {b"SPECIAL-USE", b"LIST-STATUS", b"CONDSTORE"} & set(capabilities)
            assert '(\\HasNoChildren) "." INBOX.Entw&APw-rfe' in listed(client)


def test_special_use_and_high_performance(ca: trustme.CA, tmp_path: Path) -> None:
    """Folders named in special_use carry their flag, levels included."""
    options = DovecotOptions(
        special_use={"Gesendet": "\\Sent", "Alt/Archiv": "\\Archive"}, high_performance=True
    )
    users = {LOGIN: Mailbox(PASSWORD, {"Gesendet": [], "Alt/Archiv": []})}
    with (
        Dovecot.start(tmp_path, users=users, ca=ca, options=options) as server,
        log_in(server, ca, LOGIN, PASSWORD) as client,
    ):
        flags = "\n".join(sorted(listed(client)))
    assert "\\Sent" in flags
    assert "\\Archive" in flags


def test_connections_are_limited_per_user(ca: trustme.CA, tmp_path: Path) -> None:
    """One connection more than allowed is refused after login, as providers do."""
    options = DovecotOptions(max_connections=1)
    with (
        Dovecot.start(tmp_path, users={LOGIN: Mailbox(PASSWORD)}, ca=ca, options=options) as server,
        log_in(server, ca, LOGIN, PASSWORD),
        pytest.raises(imaplib.IMAP4.error, match="Maximum number of connections"),
    ):
        log_in(server, ca, LOGIN, PASSWORD)


def test_no_password_in_its_files_and_no_process_left(ca: trustme.CA, tmp_path: Path) -> None:
    """The running server keeps no readable password, is not root, and leaves nothing behind."""
    with Dovecot.start(tmp_path, users={LOGIN: Mailbox(PASSWORD)}, ca=ca) as server:
        root = server._place.root
        readable = [
            path
            for path in root.rglob("*")
            if path.is_file() and PASSWORD.encode() in path.read_bytes()
        ]
        assert readable == []
        assert (root / "users" / LOGIN).stat().st_mode & 0o777 == 0o600
        process = server._process
        assert process is not None
        assert Path(f"/proc/{process.pid}").stat().st_uid != 0 or os.geteuid() != 0
    assert not root.exists()
    assert alive(process.pid) == []
    assert "starting up" in server.log.read_text()


def alive(group: int) -> list[str]:
    """Processes of a group, but for those that only wait to be reaped by their new parent."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, rest = stat.read_text().rsplit(")", 1)
            state, _, pgrp = rest.split()[:3]
            if int(pgrp) == group and state not in "ZX":
                found.append(name)
    return found


def test_hash_is_salted() -> None:
    """The same password is never stored the same way twice."""
    assert _hashed("x") != _hashed("x")


def test_letters_have_the_size_asked_for() -> None:
    """Every message has exactly that size, is unique, ends its lines by CRLF, and repeats by seed."""
    made = [one.raw for one in letters(20, size=2345)]
    assert {len(raw) for raw in made} == {2345}
    assert len(set(made)) == 20
    assert all(raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r") for raw in made)
    assert made == [one.raw for one in letters(20, size=2345)]
    assert next(letters(1)).received == datetime(2024, 1, 2, 8, 0, tzinfo=UTC)
