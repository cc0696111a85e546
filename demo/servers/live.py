"""A fresh mailbox on a running Dovecot: what most tests of the jobs start from."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from demo.servers.content import Delivery, Mailbox, letters
from demo.servers.dovecot import Dovecot, FolderStatus, Stored
from toolkit.mail.settings import ServerSettings

__all__ = ["GERMAN_FOLDERS", "LiveMailbox", "new_mailbox"]

_numbers = itertools.count(1)

#: What German Outlook makes of a mailbox on a server without SPECIAL-USE: names only.
GERMAN_FOLDERS: Mapping[str, Sequence[Delivery]] = {
    "INBOX": tuple(letters(5, seed=1)),
    "Gesendete Elemente": tuple(letters(3, seed=2)),
    "Entwürfe": tuple(letters(1, seed=3)),
    "Gelöschte Elemente": tuple(letters(2, seed=4)),
    "Junk-E-Mail": (),
    "Archiv": tuple(letters(4, seed=5)),
    "Akten/Meier gegen Schulze": tuple(letters(2, seed=6)),
}


@dataclass(frozen=True, slots=True)
class LiveMailbox:
    """One user of a running Dovecot.

    Attributes:
        server: the server, for changes behind the client's back and for the truth.
        login: login name and address.
        password: to log in with.
        settings: the servers and the login name, as the toolkit wants them.
    """

    server: Dovecot
    login: str
    password: str = field(repr=False)
    settings: ServerSettings

    def status(self) -> dict[str, FolderStatus]:
        """Every folder according to Dovecot's own tool."""
        return self.server.status(self.login)

    def stored(self, folder: str) -> list[Stored]:
        """Every message of a folder according to Dovecot's own tool."""
        return self.server.stored(self.login, folder)

    def fill(self, folder: str, deliveries: Sequence[Delivery]) -> int:
        """Deliver more messages."""
        return self.server.fill(self.login, folder, deliveries)


def new_mailbox(
    server: Dovecot, folders: Mapping[str, Sequence[Delivery]] | None = None
) -> LiveMailbox:
    """Add a user nobody had before; with ``GERMAN_FOLDERS`` unless others are given."""
    login = f"anwalt{next(_numbers)}.{secrets.token_hex(3)}@kanzlei.example"
    password = f"Päßwort {secrets.token_urlsafe(12)}"
    server.add(login, Mailbox(password, GERMAN_FOLDERS if folders is None else folders))
    return LiveMailbox(server, login, password, ServerSettings(server.imap, server.smtp, login))
