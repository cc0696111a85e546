"""An external mail account: as it is being filled in, and as it is saved."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, replace

from toolkit.errors import InvalidAccount
from toolkit.language import Text
from toolkit.mail.settings import Server, ServerSettings

__all__ = ["Account", "AccountDraft", "new_account_id"]

# Enough to catch slips in a form; `providers.address` parses addresses thoroughly.
_ADDRESS = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def new_account_id() -> str:
    """A fresh account id: twelve hexadecimal digits, meaningless on purpose."""
    return secrets.token_hex(6)


@dataclass(frozen=True, slots=True)
class Account:
    """A saved account. Its secret is in the vault under its id, never here."""

    id: str
    email: str
    display_name: str
    servers: ServerSettings
    owner: str
    viewers: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    active: bool = True
    provider: str | None = None

    @property
    def polled(self) -> bool:
        """Whether mail is fetched without being asked for: active, and somebody sees or sends."""
        return self.active and bool(self.viewers or self.senders)

    def as_json(self) -> dict[str, object]:
        """The account as the command line shows it."""
        return {
            "id": self.id,
            "email": self.email,
            "display_name": self.display_name,
            "username": self.servers.username,
            "smtp_username": self.servers.smtp_username,
            "imap": self.servers.imap.as_json(),
            "smtp": self.servers.smtp.as_json(),
            "owner": self.owner,
            "viewers": list(self.viewers),
            "senders": list(self.senders),
            "active": self.active,
            "provider": self.provider,
        }


@dataclass(frozen=True, slots=True)
class AccountDraft:
    """The form's content while it is being filled in; anything may still be missing."""

    email: str = ""
    display_name: str = ""
    username: str = ""
    imap: Server | None = None
    smtp: Server | None = None
    owner: str = ""
    viewers: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    smtp_username: str | None = None
    provider: str | None = None

    def problems(self) -> tuple[InvalidAccount, ...]:
        """What keeps this draft from being saved, one error a field, in the form's order."""
        return (*self._person_problems(), *self._server_problems(), *self._owner_problems())

    def connection_problems(self) -> tuple[InvalidAccount, ...]:
        """What keeps this draft from connecting: address, login name, servers."""
        return tuple(p for p in self.problems() if p.field not in ("display_name", "owner"))

    def settings(self) -> ServerSettings:
        """The servers and login names.

        Raises:
            InvalidAccount: one is still missing.
        """
        problems = (*self._person_problems(), *self._server_problems())
        for problem in problems:
            if problem.field != "display_name":
                raise problem
        assert self.imap is not None
        assert self.smtp is not None
        return ServerSettings(
            imap=self.imap,
            smtp=self.smtp,
            username=self.username.strip(),
            smtp_username=(self.smtp_username or "").strip() or None,
        )

    def account(self, account_id: str | None = None) -> Account:
        """The account this draft describes, under a new id unless one is given.

        Raises:
            InvalidAccount: the first problem in the form's order.
        """
        for problem in self.problems():
            raise problem
        return Account(
            id=account_id or new_account_id(),
            email=self.email.strip(),
            display_name=self.display_name.strip(),
            servers=self.settings(),
            owner=self.owner,
            viewers=self.viewers,
            senders=self.senders,
            provider=self.provider,
        )

    def with_servers(self, imap: Server | None, smtp: Server | None) -> AccountDraft:
        """The same draft with other servers."""
        return replace(self, imap=imap, smtp=smtp)

    def _person_problems(self) -> tuple[InvalidAccount, ...]:
        found = []
        if not self.display_name.strip():
            found.append(_missing("display_name", Text("Anzeigename", "display name")))
        elif _CONTROL.search(self.display_name):
            found.append(_unusable("display_name", Text("Der Anzeigename", "The display name")))
        if not self.email.strip():
            found.append(_missing("email", Text("E-Mail-Adresse", "e-mail address")))
        elif not _ADDRESS.match(self.email.strip()) or _CONTROL.search(self.email.strip()):
            found.append(
                InvalidAccount(
                    Text(
                        f"„{self.email.strip()}“ ist keine E-Mail-Adresse.",
                        f"“{self.email.strip()}” is not an e-mail address.",
                    ),
                    field="email",
                    hint=Text("Form: name@beispiel.de", "Form: name@example.com"),
                )
            )
        if not self.username.strip():
            found.append(_missing("username", Text("Benutzername", "username")))
        elif _CONTROL.search(self.username):
            found.append(_unusable("username", Text("Der Benutzername", "The username")))
        if _CONTROL.search(self.smtp_username or ""):
            found.append(
                _unusable(
                    "smtp_username",
                    Text("Der Benutzername für den Versand", "The username for sending"),
                )
            )
        return tuple(found)

    def _server_problems(self) -> tuple[InvalidAccount, ...]:
        servers = (("imap.host", "IMAP", self.imap), ("smtp.host", "SMTP", self.smtp))
        return tuple(
            _missing(field, Text(f"{protocol}-Server", f"{protocol} server"))
            for field, protocol, server in servers
            if server is None
        )

    def _owner_problems(self) -> tuple[InvalidAccount, ...]:
        if self.owner.strip():
            return ()
        return (_missing("owner", Text("Benutzerzuordnung (Eigentümer)", "owner")),)


def _missing(field: str, what: Text) -> InvalidAccount:
    return InvalidAccount(
        Text(f"{what.de} fehlt.", f"The {what.en} is missing."),
        field=field,
        hint=Text("Dieses Feld ist ein Pflichtfeld.", "This field is mandatory."),
    )


def _unusable(field: str, what: Text) -> InvalidAccount:
    return InvalidAccount(
        Text(
            f"{what.de} enthält Steuerzeichen oder einen Zeilenumbruch.",
            f"{what.en} contains control characters or a line break.",
        ),
        field=field,
        hint=Text("Bitte von Hand neu eintippen.", "Please type it again by hand."),
    )
