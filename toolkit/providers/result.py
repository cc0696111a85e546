"""What discovery answers: one frozen value, and its form on the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from toolkit.language import Text
from toolkit.mail.settings import Protocol, Server, ServerSettings
from toolkit.providers.hints import HINTS
from toolkit.providers.model import Provider
from toolkit.providers.route import RouteAdvice

__all__ = ["Candidate", "Discovery", "Outcome", "Step"]


class Outcome(StrEnum):
    """How discovery ended; CONTRACTS.md says when each applies."""

    PRESET = "preset"
    SRV = "srv"
    AUTOCONFIG = "autoconfig"
    MX = "mx"
    GATEWAY_RESOLVED = "gateway_resolved"
    GATEWAY_ASK = "gateway_ask"
    SELF_HOSTED = "self_hosted"
    ASK = "ask"
    SRV_DISABLED = "srv_disabled"
    AUTOCONFIG_REJECTED = "autoconfig_rejected"
    NO_IMAP = "no_imap"
    BRIDGE_ONLY = "bridge_only"
    PAID_ONLY = "paid_only"
    DISCONTINUED = "discontinued"
    SUGGEST_TYPO = "suggest_typo"
    INVALID = "invalid"
    NOT_EMAIL = "not_email"
    INVALID_DOMAIN = "invalid_domain"
    NO_MAIL = "no_mail"
    TEMPORARY_FAILURE = "temporary_failure"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A server worth probing, without credentials; best first in ``Discovery.candidates``."""

    protocol: Protocol
    server: Server

    def as_json(self) -> dict[str, str | int]:
        """The server with its protocol."""
        return {"protocol": str(self.protocol), **self.server.as_json()}


@dataclass(frozen=True, slots=True)
class Step:
    """One link of the chain: what was asked, and what came of it."""

    method: str  #: ``preset``, ``mx``, ``srv``, ``autoconfig``, ``cname``, ``address``
    asked: str
    answer: str  #: ``answer``, ``absent``, ``nxdomain`` or ``failed``
    detail: str = ""

    def as_json(self) -> dict[str, str]:
        """The step as data."""
        return {
            "method": self.method,
            "asked": self.asked,
            "answer": self.answer,
            "detail": self.detail,
        }


@dataclass(frozen=True)
class Discovery:
    """From an address to server data, or to why not.

    Attributes:
        address: the normalised address; empty if there was none.
        domain: its domain in ASCII; None if there is none.
        login_username: the IMAP login name; None where a person has to say it.
        smtp_login_username: the SMTP login name, only where it is another.
        suggest: what was probably meant; never to be used without asking.
        suggestions: further likely meanings, likeliest first, ``suggest`` included.
        ask_user_for: what only a person can say: ``imap_host``, ``username``, …
        tried: every question, in order.
    """

    outcome: Outcome
    address: str = ""
    domain: str | None = None
    provider: Provider | None = None
    imap: Server | None = None
    smtp: Server | None = None
    login_username: str | None = None
    smtp_login_username: str | None = None
    suggest: str | None = None
    suggestions: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    ask_user_for: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    advice: RouteAdvice | None = None
    tried: tuple[Step, ...] = field(default=(), compare=False)

    @property
    def settings(self) -> ServerSettings | None:
        """Ready-to-use settings; None where something has still to be asked."""
        if self.imap is None or self.smtp is None or not self.login_username:
            return None
        return ServerSettings(self.imap, self.smtp, self.login_username, self.smtp_login_username)

    @property
    def provider_id(self) -> str | None:
        """The provider's id, as accounts keep it."""
        return self.provider.id if self.provider else None

    @cached_property
    def hint_texts(self) -> tuple[Text, ...]:
        """The hints as sentences for people."""
        return tuple(HINTS[slug] for slug in self.hints)

    def as_json(self) -> dict[str, object]:
        """The answer as CONTRACTS.md has it; missing values are null."""
        return {
            "outcome": str(self.outcome),
            "domain": self.domain,
            "provider": self.provider_id,
            "imap": self.imap.as_json() if self.imap else None,
            "smtp": self.smtp.as_json() if self.smtp else None,
            "login_username": self.login_username,
            "smtp_login_username": self.smtp_login_username,
            "suggest": self.suggest,
            "hints": list(self.hints),
            "ask_user_for": list(self.ask_user_for),
            "candidates": [candidate.as_json() for candidate in self.candidates],
            "route": str(self.advice.route) if self.advice else None,
        }
