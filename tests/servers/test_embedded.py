"""The in-memory IMAP server of the demo: what a client finds on it."""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Iterator

import pytest
import trustme
from imapclient import IMAPClient

from demo.servers.certificates import OTHER_HOST
from demo.servers.content import Delivery, Mailbox, letters
from demo.servers.embedded import EmbeddedImap

LOGIN, PASSWORD = "anna@kanzlei.example", "Päßwort"
ODD = Delivery(
    "From: a@b.example\r\nSubject: =?utf-8?q?=C3=A4?=\r\nX-Long: a\r\n  b\r\n\r\nÄöü\r\n\r\n\r\nohne Ende".encode(),
    ("\\Seen", "\\Flagged"),
)
FOLDERS = {
    "INBOX": [*letters(5, size=3000), ODD],
    "Entwürfe": list(letters(1)),
    "Akten/Meier gegen Schulze": list(letters(2)),
}


def context_for(ca: trustme.CA) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=ca.cert_pem.bytes().decode())


@pytest.fixture
def server(ca: trustme.CA) -> Iterator[EmbeddedImap]:
    with EmbeddedImap({LOGIN: Mailbox(PASSWORD, FOLDERS)}, ca=ca) as running:
        yield running


@pytest.fixture
def client(server: EmbeddedImap, ca: trustme.CA) -> Iterator[IMAPClient]:
    connection = IMAPClient(server.imap.host, server.imap.port, ssl_context=context_for(ca))
    connection.plain_login(LOGIN, PASSWORD)
    yield connection
    connection.logout()


def test_folders_have_german_names_and_no_special_use(client: IMAPClient) -> None:
    """Names come decoded as given, the parent nobody filled is no folder one can open."""
    assert {name: flags for flags, _, name in client.list_folders()} == {
        "INBOX": (b"\\HasNoChildren",),
        "Entwürfe": (b"\\HasNoChildren",),
        "Akten": (b"\\Noselect", b"\\HasChildren"),
        "Akten/Meier gegen Schulze": (b"\\HasNoChildren",),
    }
    assert b"SPECIAL-USE" not in client.capabilities()
    assert b"STARTTLS" not in client.capabilities()


def test_messages_come_back_byte_for_byte(client: IMAPClient) -> None:
    """Bytes, sizes, flags and dates of every message are those delivered."""
    for name, deliveries in FOLDERS.items():
        status = client.folder_status(name, ["MESSAGES", "UIDVALIDITY", "UIDNEXT"])
        selected = client.select_folder(name, readonly=True)
        assert status[b"MESSAGES"] == selected[b"EXISTS"] == len(deliveries)
        assert status[b"UIDVALIDITY"] == selected[b"UIDVALIDITY"] > 0
        found = client.fetch(
            client.search(), ["BODY.PEEK[]", "RFC822.SIZE", "FLAGS", "INTERNALDATE"]
        )
        for one, (uid, row) in zip(deliveries, sorted(found.items()), strict=True):
            assert uid < status[b"UIDNEXT"]
            assert row[b"BODY[]"] == one.raw
            assert row[b"RFC822.SIZE"] == len(one.raw)
            assert {flag.decode() for flag in row[b"FLAGS"]} == set(one.flags)
            if one.received:
                assert row[b"INTERNALDATE"].timestamp() == one.received.timestamp()


def test_a_client_may_write(client: IMAPClient) -> None:
    """CREATE, APPEND, MOVE and STORE work: what filing a message needs."""
    client.create_folder("Actaport")
    client.select_folder("INBOX")
    uid = client.search()[0]
    client.move([uid], "Actaport")
    client.append("Gesendet" if client.folder_exists("Gesendet") else "INBOX", ODD.raw)
    assert client.folder_status("Actaport", ["MESSAGES"]) == {b"MESSAGES": 1}
    assert client.folder_status("INBOX", ["MESSAGES"]) == {b"MESSAGES": 6}


@pytest.mark.parametrize("login", [LOGIN, "niemand@kanzlei.example"])
def test_wrong_password_and_unknown_user_are_refused(
    server: EmbeddedImap, ca: trustme.CA, login: str
) -> None:
    """Both get the response code a client can understand."""
    with (
        imaplib.IMAP4_SSL(
            server.imap.host, server.imap.port, ssl_context=context_for(ca)
        ) as client,
        pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"),
    ):
        client.login(login, "falsch")


def test_certificate_for_another_host(ca: trustme.CA) -> None:
    """The certificate asked for is the one shown."""
    with (
        EmbeddedImap({}, ca=ca, certificate=OTHER_HOST) as server,
        pytest.raises(ssl.SSLCertVerificationError, match="mismatch"),
    ):
        imaplib.IMAP4_SSL(server.imap.host, server.imap.port, ssl_context=context_for(ca))


def test_it_stops_although_a_client_is_connected(ca: trustme.CA) -> None:
    """Stopping twice, with a connection open, leaves no thread, socket or warning behind."""
    server = EmbeddedImap({LOGIN: Mailbox(PASSWORD)}, ca=ca)
    client = imaplib.IMAP4_SSL(server.imap.host, server.imap.port, ssl_context=context_for(ca))
    server.stop()
    server.stop()
    client.shutdown()
