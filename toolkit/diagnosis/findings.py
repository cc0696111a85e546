"""What a probe found, stage by stage, and what it adds up to: frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from toolkit.diagnosis.explain import RankedCause
from toolkit.errors import MailError, Stage, VaultError
from toolkit.language import Text
from toolkit.mail.settings import Protocol

__all__ = ["STAGE_NAMES", "Diagnosis", "Finding", "Outcome"]

#: What the page calls the stages.
STAGE_NAMES: Mapping[Stage, Text] = {
    Stage.DNS: Text("Namensauflösung", "name look-up"),
    Stage.TCP: Text("Verbindung", "connection"),
    Stage.TLS: Text("Verschlüsselung", "encryption"),
    Stage.GREETING: Text("Begrüßung", "greeting"),
    Stage.CAPABILITY: Text("Fähigkeiten", "capabilities"),
    Stage.STARTTLS: Text("STARTTLS", "STARTTLS"),
    Stage.AUTH: Text("Anmeldung", "login"),
    Stage.LIST: Text("Ordnerliste", "folder list"),
    Stage.SELECT: Text("Posteingang öffnen", "open the inbox"),
    Stage.FETCH: Text("Nachricht lesen", "read a message"),
    Stage.APPEND: Text("Nachricht ablegen", "store a message"),
    Stage.LOGOUT: Text("Abmeldung", "logout"),
    Stage.SMTP_CONNECT: Text("Versandserver", "sending server"),
    Stage.SMTP_AUTH: Text("Anmeldung zum Versand", "login for sending"),
    Stage.SMTP_SEND: Text("Versand", "sending"),
}


class Outcome(StrEnum):
    """How a stage went."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One stage of one protocol: how it went, how long it took, what was seen."""

    protocol: Protocol
    stage: Stage
    outcome: Outcome
    seconds: float = 0.0
    tried: str = ""
    evidence: str = ""
    error: MailError | None = None

    def as_json(self) -> dict[str, object]:
        """The finding as data."""
        answer: dict[str, object] = {
            "protocol": str(self.protocol),
            "stage": str(self.stage),
            "outcome": str(self.outcome),
            "seconds": round(self.seconds, 3),
            "tried": self.tried,
            "evidence": self.evidence,
        }
        if self.error is not None:
            answer["error"] = self.error.as_json()
        return answer


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A probe's findings and the causes they point to, likeliest first.

    ``vault`` is why a saved account was probed without its password; None if it was not.
    """

    subject: str
    account_id: str | None
    provider: str | None
    findings: tuple[Finding, ...]
    causes: tuple[RankedCause, ...]
    seconds: float
    vault: VaultError | None = None

    @property
    def ok(self) -> bool:
        """Whether every stage that was tried succeeded, and a saved account's password was there."""
        return self.vault is None and self.failure is None

    @property
    def logged_in(self) -> bool:
        """Whether a login succeeded; without a password none is tried."""
        return any(
            finding.stage in {Stage.AUTH, Stage.SMTP_AUTH} and finding.outcome is Outcome.OK
            for finding in self.findings
        )

    @property
    def failure(self) -> Finding | None:
        """The first stage that failed, IMAP before SMTP."""
        return next((f for f in self.findings if f.outcome is Outcome.FAILED), None)

    @property
    def stage_reached(self) -> Stage | None:
        """The stage that failed, or else the last one of IMAP that was tried."""
        if self.failure is not None:
            return self.failure.stage
        done = [
            f.stage
            for f in self.findings
            if f.protocol is Protocol.IMAP and f.outcome is Outcome.OK
        ]
        return done[-1] if done else None

    @property
    def verdict(self) -> Text:
        """The result in one sentence."""
        failure = self.failure
        if failure is None and self.vault is not None:
            why = self.vault.message
            return Text(
                f"Beide Server antworten; die Anmeldung wurde nicht geprüft. {why.de}",
                f"Both servers answer; logging in was not tried. {why.en}",
            )
        if failure is None and not self.logged_in:
            return Text(
                "Beide Server antworten, wie sie sollen; die Anmeldung wurde nicht geprüft.",
                "Both servers answer as they should; logging in was not tried.",
            )
        if failure is None:
            return Text(
                "Empfang und Versand funktionieren.",
                "Receiving and sending work.",
            )
        assert failure.error is not None
        where = STAGE_NAMES[failure.stage]
        name = failure.protocol.upper()
        return Text(
            f"{name}, {where.de}: {failure.error.message.de}",
            f"{name}, {where.en}: {failure.error.message.en}",
        )

    def as_json(self) -> dict[str, object]:
        """The diagnosis as ``toolkit diagnose --json`` prints it."""
        answer: dict[str, object] = {
            "subject": self.subject,
            "id": self.account_id,
            "provider": self.provider,
            "ok": self.ok,
            "stage": None if self.stage_reached is None else str(self.stage_reached),
            "verdict": self.verdict.as_json(),
            "seconds": round(self.seconds, 3),
            "findings": [finding.as_json() for finding in self.findings],
            "causes": [cause.as_json() for cause in self.causes],
        }
        if self.vault is not None:
            answer["vault"] = self.vault.as_json()
        return answer
