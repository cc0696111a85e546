"""The demonstration's servers: what is well works, what is broken is broken as told."""

from __future__ import annotations

import base64
import imaplib
import json
import os
import smtplib
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from imapclient import IMAPClient

from demo.mailboxes import Fault
from demo.server import DemoServers, Kind, ServedAccount, start_demo_servers


@pytest.fixture(
    scope="module", params=["embedded", pytest.param("dovecot", marks=pytest.mark.dovecot)]
)
def servers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DemoServers]:
    kind: Kind = request.param
    with start_demo_servers(tmp_path_factory.mktemp(kind), kind) as running:
        yield running


def of(servers: DemoServers, fault: Fault) -> list[ServedAccount]:
    return [served for served in servers.accounts if served.account.fault is fault]


def trusting(servers: DemoServers) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(servers.ca_file))


def connect(servers: DemoServers, served: ServedAccount) -> imaplib.IMAP4_SSL:
    at = served.settings.imap
    return imaplib.IMAP4_SSL(at.host, at.port, ssl_context=trusting(servers))


def test_good_mailboxes_hold_what_the_data_says(servers: DemoServers) -> None:
    """Over verified TLS every folder and every message is there, byte for byte."""
    for served in of(servers, Fault.NONE):
        at = served.settings.imap
        with IMAPClient(at.host, at.port, ssl_context=trusting(servers)) as client:
            client.plain_login(served.settings.username, servers.password(served.account.address))
            listed = {
                name for flags, _, name in client.list_folders() if b"\\Noselect" not in flags
            }
            assert listed == set(served.account.folders)
            for name, deliveries in served.account.folders.items():
                client.select_folder(name, readonly=True)
                rows = client.fetch(client.search(), ["BODY.PEEK[]", "FLAGS"]) if deliveries else {}
                found = [(rows[uid][b"BODY[]"], set(rows[uid][b"FLAGS"])) for uid in sorted(rows)]
                assert [raw for raw, _ in found] == [one.raw for one in deliveries]
                wanted = [{flag.encode() for flag in one.flags} for one in deliveries]
                assert [flags - {b"\\Recent"} for _, flags in found] == wanted


def test_good_mailboxes_can_send(servers: DemoServers) -> None:
    """Submission takes the same login."""
    for served in of(servers, Fault.NONE):
        at = served.settings.smtp
        with smtplib.SMTP_SSL(at.host, at.port, context=trusting(servers)) as client:
            client.ehlo()
            secret = f"\0{served.settings.username}\0{servers.password(served.account.address)}"
            encoded = base64.b64encode(secret.encode()).decode()
            assert client.docmd("AUTH", f"PLAIN {encoded}")[0] == 235


def test_wrong_password(servers: DemoServers) -> None:
    """The server refuses what the form says."""
    (served,) = of(servers, Fault.WRONG_PASSWORD)
    secret = f"\0{served.settings.username}\0{servers.password(served.account.address)}".encode()
    with (
        connect(servers, served) as client,
        pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"),
    ):
        client.authenticate("PLAIN", lambda _: secret)


def test_wrong_port(servers: DemoServers) -> None:
    """Nobody listens there."""
    (served,) = of(servers, Fault.WRONG_PORT)
    with pytest.raises(ConnectionRefusedError):
        connect(servers, served)


def test_certificate_for_another_host(servers: DemoServers) -> None:
    """Verification fails because of the name, not because of the issuer."""
    (served,) = of(servers, Fault.OTHER_HOST)
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        connect(servers, served)


def test_app_password(servers: DemoServers) -> None:
    """The provider's own words, over IMAP and over SMTP."""
    (served,) = of(servers, Fault.APP_PASSWORD)
    with (
        connect(servers, served) as client,
        pytest.raises(imaplib.IMAP4.error, match="Application-specific password required"),
    ):
        client.login(served.settings.username, "geheim")
    at = served.settings.smtp
    with (
        smtplib.SMTP_SSL(at.host, at.port, context=trusting(servers)) as sender,
        pytest.raises(smtplib.SMTPAuthenticationError, match="InvalidSecondFactor"),
    ):
        sender.login(served.settings.username, "geheim")


def test_passwords_are_handed_over_apart(servers: DemoServers, tmp_path: Path) -> None:
    """In a file only the owner reads; in no repr, and in no file the servers wrote."""
    path = tmp_path / "passwords.json"
    servers.write_passwords(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    passwords = json.loads(path.read_text(encoding="utf-8"))
    assert set(passwords) == {served.account.address for served in servers.accounts}
    shown = repr(servers) + repr(servers.accounts)
    written = b"".join(
        one.read_bytes() for one in servers.ca_file.parent.rglob("*") if one.is_file()
    )
    environment = Path("/proc/self/environ").read_bytes() + "".join(os.environ.values()).encode()
    for password in passwords.values():
        assert password not in shown
        assert password.encode() not in written + environment
    with pytest.raises(FileExistsError):
        servers.write_passwords(path)
