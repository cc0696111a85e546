"""What is known about one provider, as frozen values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from toolkit.errors import InvalidServer
from toolkit.folders.roles import Role
from toolkit.language import Text
from toolkit.mail.settings import Security, Server

__all__ = [
    "Access",
    "DomainException",
    "Mechanism",
    "Provider",
    "Segment",
    "SentFiling",
    "ServerTemplate",
    "Status",
    "UsernameForm",
]


class Status(StrEnum):
    """Whether a mailbox of this provider can be reached over IMAP at all."""

    OK = "ok"  #: yes, perhaps after preparation (see the provider's hints)
    NO_IMAP = "no_imap"  #: never
    BRIDGE_ONLY = "bridge_only"  #: only through a program on the customer's own computer
    PAID_ONLY = "paid_only"  #: only for paying customers
    DISCONTINUED = "discontinued"  #: the service is closed
    GATEWAY = "gateway"  #: a mail filter or forwarder; the mailbox is somewhere else
    NOT_EMAIL = "not_email"  #: looks like e-mail, is something else (beA, De-Mail)


class Segment(StrEnum):
    """What kind of company it is, for lists and for the route advice."""

    FREEMAIL = "freemail"
    ISP = "isp"
    HOSTER = "hoster"
    BUSINESS = "business"
    NO_IMAP = "no-imap"
    NOT_EMAIL = "not-email"
    GATEWAY = "gateway"
    DEAD = "dead"


class UsernameForm(StrEnum):
    """What the login name is, seen from the address."""

    EMAIL = "email"  #: the whole address
    LOCALPART = "localpart"  #: what stands before the @
    ASK = "ask"  #: cannot be derived: a number or a name the contract gave
    ASK_MAIN_ADDRESS = "ask_main_address"  #: the mailbox's main address, which may be another one


class Mechanism(StrEnum):
    """What the login takes."""

    PASSWORD = "password"  # noqa: S105 - the name of a mechanism, not a secret
    APP_PASSWORD = "app_password"  # noqa: S105 - likewise
    OAUTH2 = "oauth2"
    BRIDGE_PASSWORD = "bridge_password"  # noqa: S105 - likewise


class SentFiling(StrEnum):
    """Whether the provider itself puts a copy of mail sent over SMTP into the sent folder."""

    YES = "yes"
    NO = "no"
    SETTING = "setting"  #: the customer decides, in the webmail's settings
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ServerTemplate:
    """A server whose host may hold ``{mx}`` or ``{domain}``, to be filled in.

    ``{mx}`` is the host the domain's best MX record names (hosters that give every customer a
    server of their own: the mail exchanger is the mailbox server), ``{domain}`` the address's
    domain.
    """

    host: str
    port: int
    security: Security

    @property
    def fixed(self) -> bool:
        """Whether there is nothing to fill in."""
        return "{" not in self.host

    def fill(self, *, domain: str, mx: str | None) -> Server | None:
        """The server; None where the MX host is needed and not known, or is no host name."""
        if "{mx}" in self.host and not mx:
            return None
        host = self.host.replace("{mx}", mx or "").replace("{domain}", domain)
        try:
            return Server(host, self.port, self.security)
        except InvalidServer:  # a wildcard or blanks in somebody's MX record
            return None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}:{self.security}"


@dataclass(frozen=True, slots=True)
class Access:
    """Servers, best first, and the login names they take."""

    imap: tuple[ServerTemplate, ...] = ()
    smtp: tuple[ServerTemplate, ...] = ()
    username: UsernameForm = UsernameForm.EMAIL
    smtp_username: UsernameForm = UsernameForm.EMAIL


@dataclass(frozen=True, slots=True)
class DomainException:
    """Some of a provider's domains, or customers behind some of its MX hosts, reached otherwise."""

    access: Access
    domains: tuple[str, ...] = ()
    mx: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Provider:
    """One entry of ``providers.yaml``.

    Attributes:
        id: the stable slug other programs use.
        domains: the provider's own domains, matched exactly.
        domain_suffixes: domains below which every name is the provider's (``onmicrosoft.com``).
        mx: mail exchangers, each matching that host and everything below it, never a look-alike.
        cnames: hosts an ``autodiscover.`` or ``autoconfig.`` alias of a customer's domain points
            to; such a record proves where the mailbox is, whatever filter the MX names.
        dkim_cnames: the same for DKIM selectors (``selector1._domainkey.…``).
        access: servers and login names for the provider's own domains.
        own_domain_access: the same for customers' own domains, found by MX.
        exceptions: own domains, and customers' domains by MX host, that differ.
        ask_host: the servers depend on the contract: only the customer can name them.
        plus_addressing: ``name+tag@`` arrives at ``name@``; the login name is without the tag.
        connections: how many connections at once the provider allows one mailbox; None: unknown.
        folder_names: role → names the provider's own folder has when listed over IMAP, by language.
        hint: what a customer has to know, in one or two sentences.
        preparation: the steps to take before the first login, in order.
        help_url: the provider's own page about it; empty if none is known.
        source: what the entry rests on.
        last_checked: when somebody last went over the entry.
        line: where the entry starts in its file, for messages.
    """

    id: str
    name: str
    country: str
    segment: Segment
    status: Status
    hint: Text
    source: str
    last_checked: dt.date
    aliases: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    domain_suffixes: tuple[str, ...] = ()
    mx: tuple[str, ...] = ()
    cnames: tuple[str, ...] = ()
    dkim_cnames: tuple[str, ...] = ()
    access: Access = field(default_factory=Access)
    own_domain_access: Access = field(default_factory=Access)
    exceptions: tuple[DomainException, ...] = ()
    ask_host: bool = False
    plus_addressing: bool = False
    mechanisms: tuple[Mechanism, ...] = (Mechanism.PASSWORD,)
    hints: tuple[str, ...] = ()
    connections: int | None = None
    files_sent: SentFiling = SentFiling.UNKNOWN
    folder_names: Mapping[Role, tuple[str, ...]] = field(default_factory=dict)
    preparation: tuple[Text, ...] = ()
    help_url: str = ""
    line: int = 0

    def access_for(self, domain: str) -> Access:
        """How mailboxes of one of the provider's own domains are reached."""
        for exception in self.exceptions:
            if domain in exception.domains:
                return exception.access
        return self.access

    def access_through(self, mx: str) -> Access:
        """How mailboxes of a customer's own domain are reached, by its best MX host."""
        for exception in self.exceptions:
            if any(mx == host or mx.endswith(f".{host}") for host in exception.mx):
                return exception.access
        return self.own_domain_access

    @property
    def needs_preparation(self) -> bool:
        """Whether the customer has to do something before the first login can succeed."""
        return bool(self.preparation)
