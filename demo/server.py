"""Starts the servers of the demonstration: embedded ones from PyPI, or a real Dovecot.

::

    with start_demo_servers(folder, kind="embedded") as servers:
        for served in servers.accounts:
            print(served.account.address, served.settings.imap, served.settings.smtp)
        secret = servers.password("anna.meier@kanzlei-meier.example")

What an account's ``settings`` and ``password`` say is what the customer wrote on the form: wrong
where the account is broken on purpose.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import socket
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from demo.mailboxes import ACCOUNTS, DemoAccount, Fault
from demo.servers.certificates import GOOD, OTHER_HOST, Certificate, issue
from demo.servers.content import Mailbox
from demo.servers.dovecot import Dovecot, DovecotOptions
from demo.servers.embedded import EmbeddedImap
from demo.servers.scripted import ScriptedServer
from demo.servers.scripts import GMAIL_APP_PASSWORD_IMAP, GMAIL_APP_PASSWORD_SMTP
from demo.servers.smtp import SubmissionServer
from toolkit.mail.settings import Security, Server, ServerSettings

if TYPE_CHECKING:
    import trustme

__all__ = ["DemoServers", "Kind", "ServedAccount", "start_demo_servers"]

Kind = Literal["embedded", "dovecot"]


@dataclass(frozen=True, slots=True)
class ServedAccount:
    """An account of the demonstration with the servers its form names."""

    account: DemoAccount
    settings: ServerSettings


class DemoServers:
    """The running servers. Made by ``start_demo_servers``; a context manager.

    Attributes:
        accounts: the accounts in the order of the data.
        ca_file: the throw-away CA's certificate, PEM: the value for TOOLKIT_CA_FILE.
        kind: what serves them.
    """

    def __init__(self, folder: Path, kind: Kind, accounts: tuple[DemoAccount, ...]) -> None:
        """Start everything; use ``start_demo_servers``."""
        import trustme

        self.kind = kind
        self._open = contextlib.ExitStack()
        self._passwords = {account.address: _new_password() for account in accounts}
        folder.mkdir(parents=True, exist_ok=True)
        ca = trustme.CA(organization_name="Vorführung – Wegwerf-Zertifizierungsstelle")
        self.ca_file = folder / "demo-ca.pem"
        ca.cert_pem.write_to_path(str(self.ca_file))
        try:
            self.accounts = self._serve(folder, ca, accounts)
        except BaseException:
            self._open.close()
            raise

    def password(self, address: str) -> str:
        """The password the account's form carries; wrong where that is the fault."""
        return self._passwords[address]

    def write_passwords(self, path: Path) -> None:
        """Write address → password as JSON into a new file only the owner can read."""
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(json.dumps(self._passwords, indent=1), encoding="utf-8")

    def stop(self) -> None:
        """Stop all servers. May be called twice."""
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _serve(
        self, folder: Path, ca: trustme.CA, accounts: tuple[DemoAccount, ...]
    ) -> tuple[ServedAccount, ...]:
        # Where only the provider's refusal is real, no mailbox stands behind it.
        good = {
            one.address: one
            for one in accounts
            if one.fault not in {Fault.APP_PASSWORD, Fault.OTHER_HOST}
        }
        other_host = {one.address: one for one in accounts if one.fault is Fault.OTHER_HOST}
        imap, smtp = self._mail_server(folder / "server", ca, good, GOOD)
        strange_imap, strange_smtp = self._mail_server(
            folder / "server-2", ca, other_host, OTHER_HOST
        )
        gmail_imap, gmail_smtp = self._gmail(ca)
        nobody = self._closed_port()
        servers = {
            Fault.NONE: (imap, smtp),
            Fault.WRONG_PASSWORD: (imap, smtp),
            Fault.WRONG_PORT: (nobody, smtp),
            Fault.OTHER_HOST: (strange_imap, strange_smtp),
            Fault.APP_PASSWORD: (gmail_imap, gmail_smtp),
        }
        return tuple(
            ServedAccount(one, ServerSettings(*servers[one.fault], one.address)) for one in accounts
        )

    def _mail_server(
        self,
        folder: Path,
        ca: trustme.CA,
        accounts: Mapping[str, DemoAccount],
        certificate: Certificate,
    ) -> tuple[Server, Server]:
        """One server with these mailboxes: where to read, where to send."""
        users = {
            address: Mailbox(self._real_password(one), one.folders)
            for address, one in accounts.items()
        }
        if self.kind == "dovecot":
            options = DovecotOptions(certificate=certificate)
            dovecot = self._open.enter_context(
                Dovecot.start(folder, users=users, ca=ca, options=options)
            )
            return dovecot.imap, dovecot.smtp
        logins = {address: mailbox.password for address, mailbox in users.items()}
        reading = self._open.enter_context(EmbeddedImap(users, ca=ca, certificate=certificate))
        sending = self._open.enter_context(SubmissionServer(logins, ca=ca, certificate=certificate))
        return reading.imap, sending.smtp

    def _real_password(self, account: DemoAccount) -> str:
        if account.fault is Fault.WRONG_PASSWORD:
            return _new_password()
        return self._passwords[account.address]

    def _gmail(self, ca: trustme.CA) -> tuple[Server, Server]:
        with tempfile.TemporaryDirectory(prefix="demo-") as keys:
            context = issue(ca).server_context(Path(keys))
        ports = [
            self._open.enter_context(ScriptedServer(script, context=context)).port
            for script in (GMAIL_APP_PASSWORD_IMAP, GMAIL_APP_PASSWORD_SMTP)
        ]
        return Server("127.0.0.1", ports[0], Security.SSL), Server(
            "127.0.0.1", ports[1], Security.SSL
        )

    def _closed_port(self) -> Server:
        """A port that is ours, so that nobody else comes to listen there, and refuses everyone."""
        held = self._open.enter_context(socket.socket())
        held.bind(("127.0.0.1", 0))
        return Server("127.0.0.1", held.getsockname()[1], Security.SSL)


def start_demo_servers(
    folder: Path, kind: Kind = "embedded", accounts: tuple[DemoAccount, ...] = ACCOUNTS
) -> DemoServers:
    """Start the mail servers of the demonstration on loopback.

    Args:
        folder: for the CA's certificate and the logs.
        kind: ``embedded`` needs nothing but PyPI; ``dovecot`` Debian's Dovecot.
        accounts: the mailboxes to serve.

    Raises:
        DovecotMissing: a Debian package is missing (``kind="dovecot"``).
    """
    return DemoServers(folder, kind, accounts)


def _new_password() -> str:
    """A password nobody chose, with an umlaut, as German keyboards have them."""
    return f"ß{secrets.token_urlsafe(12)}"
