r"""Debian's Dovecot 2.3 as a foreground process on free loopback ports, for tests and the demo.

::

    with Dovecot.start(folder, users={"anna@kanzlei.example": Mailbox("…")}, ca=ca) as server:
        server.fill("anna@kanzlei.example", "Archiv/2024", letters(500))
        connect(server.imap, …)                       # 127.0.0.1:…:ssl
        assert server.status("anna@kanzlei.example")["Archiv/2024"].messages == 500

It runs as one ordinary user: the caller, or, where the caller is root (a CI container), the user
``dovecot`` Debian's package makes, because Dovecot refuses to serve mail as root. What it keeps
lies in a short folder of its own below the system's temporary folder (a socket's path may have
108 bytes, and pytest's folders are closed to other users); the log stays in the given folder.

Passwords reach it as salted SHA-512 in files of mode 0600: nothing readable in files, arguments
or environment, and a check costs microseconds, so that many logins measure the client. Other ways
to keep them (``DovecotOptions.passwords``) serve SCRAM.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from demo.servers.certificates import issue
from demo.servers.content import Delivery, Mailbox
from demo.servers.dovecot_config import DovecotOptions, Place, Ports, render, user_file_line
from demo.servers.dovecot_install import DovecotMissing, account, group_name, require_packages, tool
from demo.servers.dovecot_truth import (
    FETCH_FIELDS,
    STATUS_FIELDS,
    FolderStatus,
    Stored,
    parse_fetch,
    parse_status,
)
from demo.servers.process import ServerFailed, ServerProcess, answers, free_port
from demo.servers.smtp import Arrived, MailSink
from toolkit.mail.settings import Security, Server
from toolkit.mail.utf7 import encode_name

if TYPE_CHECKING:
    import trustme

__all__ = ["Dovecot", "DovecotMissing", "DovecotOptions", "FolderStatus", "Stored"]

_EPOCH = 1_700_000_000  # leading number of the first Maildir file
_MAILDIR_FLAGS = {
    "\\Draft": "D",
    "\\Flagged": "F",
    "\\Answered": "R",
    "\\Seen": "S",
    "\\Deleted": "T",
}
_TRIES = 5  # a free port may be taken before Dovecot opens it
_MAX_TEMPORARY = 60  # bytes of the temporary folder's path that leave room for the sockets'


class Dovecot:
    """A running Dovecot. Made by ``start``; ``stop`` it, or use it as a context manager.

    Attributes:
        imap: implicit TLS on 127.0.0.1.
        imap_starttls: STARTTLS on 127.0.0.2, login refused before (``LOGINDISABLED``).
        smtp: submission with implicit TLS; what is sent arrives in ``arrived``.
        smtp_starttls: submission with STARTTLS on 127.0.0.2.
        mailboxes: login name → mailbox, with the passwords.
        log: Dovecot's log.
    """

    def __init__(self, folder: Path, ca: trustme.CA, options: DovecotOptions) -> None:
        """Prepare everything but the processes; use ``start``."""
        self.options = options
        self.mailboxes: dict[str, Mailbox] = {}
        self.log = folder / "dovecot.log"
        self._ca = ca
        self._account = account()
        self._delivered = 0
        self._lock = threading.Lock()
        self._process: ServerProcess | None = None
        self._sink: MailSink | None = None
        self._place = Place(
            Path(_new_root()), self._account.pw_name, group_name(self._account.pw_gid)
        )
        for part in (self._place.users, self._place.mail):
            part.mkdir()
        issue(ca, options.certificate).write(self._place.root)
        self._own(self._place.root, *self._place.root.rglob("*"))

    @classmethod
    def start(
        cls,
        folder: Path,
        *,
        users: Mapping[str, Mailbox] | None = None,
        ca: trustme.CA,
        options: DovecotOptions | None = None,
    ) -> Self:
        """Start a Dovecot and wait until it answers on all ports.

        Args:
            folder: where its log is kept.
            users: login name → mailbox; more can be added with ``add``.
            ca: signs its certificate.
            options: how it behaves.

        Raises:
            DovecotMissing: a Debian package is missing.
            ServerFailed: it did not start; the message shows its log.
        """
        require_packages()
        folder.mkdir(parents=True, exist_ok=True)
        server = cls(folder, ca, options or DovecotOptions())
        try:
            server._launch()
            for login, mailbox in (users or {}).items():
                server.add(login, mailbox)
        except BaseException:
            server.stop()
            raise
        return server

    @property
    def arrived(self) -> tuple[Arrived, ...]:
        """What was submitted so far."""
        return self._sink.arrived if self._sink else ()

    def add(self, login: str, mailbox: Mailbox) -> None:
        """Add a user, create the folders, deliver the messages."""
        home = self._place.mail / login.lower()
        home.mkdir(mode=0o700)
        users_file = self._place.users / login.lower()
        users_file.touch(mode=0o600)
        users_file.write_text(
            user_file_line(login.lower(), _kept(mailbox.password, self.options.passwords), home),
            encoding="utf-8",
        )
        self._own(home, users_file)
        if self.options.storage == "maildir":
            inbox = home / "Maildir"
            parts = [inbox, inbox / "tmp", inbox / "new", inbox / "cur"]
            for part in parts:
                part.mkdir(mode=0o700)
            self._own(*parts)
        self.mailboxes[login] = mailbox
        wanted = [name for name in mailbox.folders if name.upper() != "INBOX"]
        if wanted:
            self.create(login, *wanted)
        for name, deliveries in mailbox.folders.items():
            self.fill(login, name, deliveries)

    def create(self, login: str, *folders: str) -> None:
        """Create and subscribe folders, ``/`` between levels; parents come into being with them."""
        self.doveadm(
            "mailbox", "create", "-s", "-u", login, *map(self.options.folder_name, folders)
        )

    def fill(self, login: str, folder: str, deliveries: Iterable[Delivery]) -> int:
        """Deliver many messages quickly, oldest first; how many.

        Into Maildir by writing files (some thousand a second), else by APPEND.
        """
        if self.options.storage == "maildir":
            return self._fill_maildir(login, folder, deliveries)
        return self.append(login, folder, deliveries)

    def append(self, login: str, folder: str, deliveries: Iterable[Delivery]) -> int:
        """Deliver messages by APPEND over verified TLS, as a client would; how many."""
        import imaplib
        import ssl

        context = ssl.create_default_context(cadata=self._ca.cert_pem.bytes().decode("ascii"))
        # The certificate may be wrong on purpose; this is the fixture, not the client under test.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        secret = f"\0{login}\0{self.mailboxes[login].password}".encode()
        name = (
            encode_name(self.options.folder_name(folder))
            .decode("ascii")
            .replace("\\", "\\\\")
            .replace('"', '\\"')
        )
        count = 0
        with imaplib.IMAP4_SSL("127.0.0.1", self.imap.port, ssl_context=context) as client:
            client.authenticate("PLAIN", lambda _: secret)
            for delivery in deliveries:
                when = imaplib.Time2Internaldate(delivery.received) if delivery.received else ""
                flags = f"({' '.join(delivery.flags)})"
                answer, words = client.append(f'"{name}"', flags, when, delivery.raw)
                if answer != "OK":
                    raise ServerFailed(f"APPEND to {folder!r}: {words!r}")
                count += 1
        return count

    def status(self, login: str) -> dict[str, FolderStatus]:
        """Every folder, by its name as clients see it (decoded), from ``doveadm mailbox status``."""
        return parse_status(
            self.doveadm(
                "-f", "json", "mailbox", "status", "-u", login, STATUS_FIELDS, "*", "INBOX"
            )
        )

    def stored(self, login: str, folder: str) -> list[Stored]:
        """Every message of a folder in UID order, from ``doveadm fetch``."""
        name = self.options.folder_name(folder)
        output = self.doveadm("-f", "pager", "fetch", "-u", login, FETCH_FIELDS, "mailbox", name)
        return parse_fetch(output)

    def set_flags(
        self, login: str, folder: str, uids: Iterable[int], flags: Iterable[str], *, on: bool = True
    ) -> None:
        """Add or remove flags behind the client's back."""
        self.doveadm(
            "flags",
            "add" if on else "remove",
            "-u",
            login,
            " ".join(flags),
            *self._query(folder, uids),
        )

    def expunge(self, login: str, folder: str, uids: Iterable[int]) -> None:
        """Remove messages behind the client's back."""
        self.doveadm("expunge", "-u", login, *self._query(folder, uids))

    def set_uidvalidity(self, login: str, folder: str, uidvalidity: int) -> None:
        """Give a folder another UIDVALIDITY, as after a restored backup."""
        name = self.options.folder_name(folder)
        self.doveadm("mailbox", "update", "-u", login, "--uid-validity", str(uidvalidity), name)

    def kick(self, login: str) -> None:
        """Cut all connections of a user."""
        self.doveadm("kick", login)

    def doveadm(self, *arguments: str) -> bytes:
        """Run Dovecot's own tool on this server; what it printed.

        Raises:
            ServerFailed: it reported an error.
        """
        done = subprocess.run(
            [tool("doveadm"), "-c", str(self._place.root / "dovecot.conf"), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            cwd=self._place.root,
            **self._as_user(),
        )
        if done.returncode:
            raise ServerFailed(f"doveadm {arguments!r}: {done.stderr.decode('utf-8', 'replace')}")
        return bytes(done.stdout)

    def stop(self) -> None:
        """End all processes and remove everything but the log. May be called twice."""
        if self._process:
            # It would take a second to say goodbye, and nothing of it is kept.
            self._process.stop(seconds=0.2)
        if self._sink:
            self._sink.stop()
        shutil.rmtree(self._place.root, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _launch(self) -> None:
        self._sink = MailSink()
        for attempt in range(1, _TRIES + 1):
            ports = Ports(
                imaps=free_port(),
                imap=free_port("127.0.0.2"),
                submissions=free_port(),
                submission=free_port("127.0.0.2"),
            )
            config = self._place.root / "dovecot.conf"
            config.write_text(
                render(self._place, self.options, ports, self._sink.port), encoding="utf-8"
            )
            self._own(config)
            self._process = ServerProcess(
                [tool("dovecot"), "-F", "-c", str(config)],
                log=self.log,
                folder=self._place.root,
                **self._as_user(),
            )
            self.imap = Server(self.options.host, ports.imaps, Security.SSL)
            self.imap_starttls = Server("127.0.0.2", ports.imap, Security.STARTTLS)
            self.smtp = Server(self.options.host, ports.submissions, Security.SSL)
            self.smtp_starttls = Server("127.0.0.2", ports.submission, Security.STARTTLS)
            try:
                self._process.wait_until(partial(_all_answer, ports))
            except ServerFailed as failure:
                if attempt == _TRIES or "Address already in use" not in str(failure):
                    raise
            else:
                return

    def _fill_maildir(self, login: str, folder: str, deliveries: Iterable[Delivery]) -> int:
        target = self._place.mail / login.lower() / "Maildir"
        if folder.upper() != "INBOX":
            target = target.joinpath(
                *(os.fsdecode(encode_name(part)) for part in folder.split("/"))
            )
        current = target / "cur"
        count = 0
        for delivery in deliveries:
            with self._lock:
                self._delivered += 1
                number = self._delivered
            # Dovecot gives UIDs in the order of the leading number; S and W spare it a scan.
            size = len(delivery.raw)
            letters = "".join(sorted(_MAILDIR_FLAGS[flag] for flag in delivery.flags))
            path = current / f"{_EPOCH + number}.M{number}.demo,S={size},W={size}:2,{letters}"
            path.write_bytes(delivery.raw)
            if delivery.received:
                stamp = delivery.received.timestamp()
                os.utime(path, (stamp, stamp))
            self._own(path)
            count += 1
        # Have Dovecot see them now: UIDs follow the order of delivery, whatever comes next.
        self.doveadm("mailbox", "status", "-u", login, "uidnext", self.options.folder_name(folder))
        return count

    def _query(self, folder: str, uids: Iterable[int]) -> list[str]:
        return ["mailbox", self.options.folder_name(folder), "uid", ",".join(map(str, uids))]

    def _as_user(self) -> dict[str, Any]:
        """For a caller who is root: become the other user when starting a process."""
        if os.geteuid() != 0:
            return {}
        return {"user": self._account.pw_uid, "group": self._account.pw_gid}

    def _own(self, *paths: Path) -> None:
        if os.geteuid() == 0:
            for path in paths:
                os.chown(path, self._account.pw_uid, self._account.pw_gid)


def _new_root() -> str:
    place = tempfile.gettempdir()
    return tempfile.mkdtemp(
        prefix="dovecot-", dir=place if len(place) <= _MAX_TEMPORARY else "/tmp"
    )


def _kept(password: str, how: str) -> str:
    """A password as a passwd-file holds it, without colons, which separate its fields."""
    if how == "plain":
        return "{PLAIN.b64}" + base64.b64encode(password.encode()).decode("ascii")
    return _scram(password) if how == "scram-sha-256" else _hashed(password)


def _scram(password: str, iterations: int = 4096) -> str:
    """Dovecot's SCRAM-SHA-256 scheme: iterations, salt, StoredKey, ServerKey (RFC 5802, 3)."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    parts = (salt, stored, hmac.digest(salted, b"Server Key", "sha256"))
    encoded = (base64.b64encode(part).decode("ascii") for part in parts)
    return "{SCRAM-SHA-256}" + ",".join((str(iterations), *encoded))


def _hashed(password: str) -> str:
    salt = secrets.token_bytes(16)
    digest = hashlib.sha512(password.encode() + salt).digest()
    return "{SSHA512}" + base64.b64encode(digest + salt).decode("ascii")


def _all_answer(ports: Ports) -> bool:
    return (
        answers("127.0.0.1", ports.imaps)
        and answers("127.0.0.2", ports.imap)
        and answers("127.0.0.1", ports.submissions)
        and answers("127.0.0.2", ports.submission)
    )
