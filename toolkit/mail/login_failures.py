"""What a login's end becomes, over IMAP and SMTP alike: typed errors, and whether to try another way."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from toolkit.errors import (
    LimitExceeded,
    LoginFailed,
    LoginRefused,
    LoginUnavailable,
    LoginUnproven,
    LoginUnsafe,
    MailError,
    ProtocolViolation,
    Stage,
)
from toolkit.language import Text
from toolkit.mail.dialogue import Dialogue
from toolkit.mail.sasl import Credential, CredentialKind, Problem, SaslError
from toolkit.mail.settings import Protocol, Server

__all__ = ["Place", "mechanism_is_the_matter", "without_responses"]

# RFC 5802, 7: the server cannot bind to the channel as we did. Nothing about the password.
_OTHER_BINDING = {"unsupported-channel-binding-type", "channel-binding-not-supported"}
# The server sees another TLS connection than we do, or offered more than we were shown.
_TAMPERED = {"channel-bindings-dont-match", "server-does-support-channel-binding"}

# Servers' words for a mechanism they do not take after all, in either order.
_ABOUT_MECHANISMS = re.compile(
    r"(?:unsupported|unknown|unrecogni[sz]ed|not (?:supported|implemented|enabled|available)|too weak|no such|disabled)"
    r".{0,30}\b(?:mech|mechanisms?|auth(?:entication)? (?:mechanism|method|type|scheme)s?)\b"
    r"|\b(?:mech|mechanisms?|auth(?:entication)? (?:method|type|scheme)s?)\b.{0,40}"
    r"(?:unsupported|unknown|unrecogni[sz]ed|not (?:supported|implemented|enabled|available|allowed)|too weak|disabled|invalid)",
    re.IGNORECASE,
)


def mechanism_is_the_matter(dialogue: Dialogue, said: str) -> bool:
    """Whether the server refused the mechanism, not the credentials: then another may be tried."""
    verdict = dialogue.mechanism.verdict
    if verdict:
        return verdict in _OTHER_BINDING
    return dialogue.problem is None and _ABOUT_MECHANISMS.search(said) is not None


def without_responses(error: MailError, dialogue: Dialogue) -> MailError:
    """The error without our responses, should the server repeat them.

    A SCRAM proof is no password, but passwords can be tried against it at leisure.
    """
    forms: set[str] = set()
    for line in dialogue.sent:
        text = base64.b64decode(line + "==").decode("utf-8", "replace")
        forms |= {line, text} | {one[2:] for one in text.split(",") if one.startswith("p=")}
    for form in sorted((one for one in forms if len(one) > 3), key=len, reverse=True):  # noqa: PLR2004
        error.evidence = error.evidence.replace(form, "****")
    return error


@dataclass(frozen=True, slots=True)
class Place:
    """Where a login was tried: what all its errors share."""

    server: Server
    protocol: Protocol

    @property
    def stage(self) -> Stage:
        """The stage of the login."""
        return Stage.AUTH if self.protocol is Protocol.IMAP else Stage.SMTP_AUTH

    def ended(
        self, dialogue: Dialogue, credential: Credential, *, temporary: bool, code: str, said: str
    ) -> MailError:
        """The server's NO: about the dialogue, about now, or about the credentials."""
        if dialogue.problem is not None:
            return self.broken(dialogue.problem, said)
        verdict = dialogue.mechanism.verdict
        evidence = f"{said} ({verdict})" if verdict else said
        if verdict in _TAMPERED:
            return self._unproven(evidence)
        if temporary or verdict == "no-resources":
            return self.unavailable(code, evidence)
        error = self.refused(code, evidence, credential.kind)
        if not dialogue.mechanism.presented:
            # An unknown name, or a password kept so that it cannot serve SCRAM (Dovecot with
            # SHA-512 hashes and auth_mechanisms = … scram-sha-256).
            name = dialogue.mechanism.name
            error.hint = Text(
                f"Der Server hat abgelehnt, bevor er das Passwort prüfen konnte: Benutzernamen prüfen. Stimmt er, kennt der Server das Passwort nicht für {name}; dann das Verfahren PLAIN vorgeben.",
                f"The server refused before it could check the password: check the username. If it is right, the server does not know the password for {name}; then choose the mechanism PLAIN.",
            )
        return error

    def broken(self, problem: SaslError, said: str = "") -> MailError:
        """A dialogue that could not go on."""
        host = self.server.host
        evidence = f"{problem.evidence}; {said}" if said else problem.evidence
        match problem.problem:
            case Problem.UNPROVEN:
                return self._unproven(evidence)
            case Problem.LIMIT:
                return LimitExceeded(
                    Text(
                        f"{host} verlangt bei der Anmeldung mehr, als dazu gehören kann.",
                        f"{host} demands more than a login can need.",
                    ),
                    stage=self.stage,
                    tried=str(self.server),
                    evidence=evidence,
                    hint=Text("Den Anbieter fragen.", "Ask the provider."),
                )
            case Problem.WEAK | Problem.UNFIT:
                error = self.unsafe(
                    Text(
                        f"{host} will das Passwort schwächer schützen, als es zulässig ist.",
                        f"{host} wants to protect the password less than is acceptable.",
                    ),
                    evidence,
                )
                error.hint = Text(
                    "Den Anbieter fragen; bis dahin ein anderes Verfahren vorgeben, zum Beispiel PLAIN.",
                    "Ask the provider; until then choose another mechanism, for example PLAIN.",
                )
                return error
            case Problem.BROKEN:
                return ProtocolViolation(
                    Text(
                        f"{host} hält sich bei der Anmeldung nicht an das Protokoll.",
                        f"{host} breaks the protocol while we log in.",
                    ),
                    stage=self.stage,
                    tried=str(self.server),
                    evidence=evidence,
                    hint=Text(
                        "Ist das wirklich der richtige Server? Sonst den Anbieter fragen.",
                        "Is this really the right server? Otherwise ask the provider.",
                    ),
                )

    def unsafe(self, message: Text, evidence: str, *, field: str = "password") -> LoginUnsafe:
        """We send no credential."""
        return LoginUnsafe(
            message,
            stage=self.stage,
            tried=str(self.server),
            field=field,
            evidence=evidence,
            hint=Text(
                "Beim Anbieter ein Passwort für E-Mail-Programme aus Buchstaben und Ziffern anlegen; Server und Port prüfen.",
                "Create a password for mail programs at the provider, of letters and digits; check server and port.",
            ),
        )

    def no_tls(self) -> LoginUnsafe:
        """The connection is in clear text."""
        return self.unsafe(
            Text(
                "Ohne Verschlüsselung wird kein Passwort gesendet.",
                "No password is sent without encryption.",
            ),
            "no TLS",
        )

    def unfit(self, reasons: tuple[str, ...]) -> LoginUnsafe:
        """There are mechanisms, but this name or password cannot be carried by them."""
        host = self.server.host
        return self.unsafe(
            Text(
                f"Kein Anmeldeverfahren von {host} kann diesen Benutzernamen und dieses Passwort sicher übertragen.",
                f"No mechanism of {host} can carry this username and this password safely.",
            ),
            "; ".join(reasons) or "NUL",
        )

    def none_offered(self, credential: Credential, evidence: str, pinned: str) -> LoginUnsafe:
        """The server offers nothing that fits."""
        host = self.server.host
        field = "smtp.port" if self.protocol is Protocol.SMTP else "password"
        if pinned:
            message = Text(
                f"{host} bietet das Anmeldeverfahren {pinned} nicht an.",
                f"{host} does not offer the mechanism {pinned}.",
            )
        elif credential.kind is CredentialKind.TOKEN:
            message = Text(
                f"{host} bietet keine Anmeldung mit OAuth 2 an.",
                f"{host} offers no login by OAuth 2.",
            )
        else:
            message = Text(
                f"{host} bietet keine Anmeldung mit Benutzername und Passwort an.",
                f"{host} offers no login by username and password.",
            )
        error = self.unsafe(message, evidence, field=field)
        if self.protocol is Protocol.SMTP:
            error.hint = Text(
                "Den Port prüfen: E-Mails werden über 465 oder 587 eingeliefert, nicht über 25.",
                "Check the port: mail is submitted through 465 or 587, not through 25.",
            )
        return error

    def unavailable(self, code: str, evidence: str) -> LoginUnavailable:
        """The server cannot check credentials now."""
        host = self.server.host
        return LoginUnavailable(
            Text(
                f"{host} kann die Anmeldung gerade nicht prüfen.",
                f"{host} cannot check the login at the moment.",
            ),
            stage=self.stage,
            tried=str(self.server),
            response_code=code,
            evidence=evidence,
            hint=Text(
                "Das Passwort kann trotzdem stimmen. In einigen Minuten noch einmal versuchen.",
                "The password may be right all the same. Try again in some minutes.",
            ),
        )

    def refused(self, code: str, evidence: str, kind: CredentialKind) -> LoginRefused:
        """The server rejects the credentials."""
        host = self.server.host
        if kind is CredentialKind.TOKEN:
            message = Text(
                f"{host} lehnt die Anmeldung mit OAuth 2 ab.",
                f"{host} rejects the login by OAuth 2.",
            )
            hint = Text(
                "Die Freigabe ist abgelaufen oder widerrufen: beim Anbieter neu anmelden.",
                "The permission has expired or was revoked: sign in at the provider anew.",
            )
        elif self.protocol is Protocol.SMTP:
            message = Text(
                f"{host} lehnt Benutzername oder Passwort für den Versand ab.",
                f"{host} rejects the username or the password for sending.",
            )
            hint = Text(
                "Benutzername und Passwort prüfen; bei Microsoft 365 muss der Versand (SMTP AUTH) eigens freigeschaltet sein.",
                "Check username and password; with Microsoft 365, sending (SMTP AUTH) must be enabled separately.",
            )
        else:
            message = Text(
                f"{host} lehnt Benutzername oder Passwort ab.",
                f"{host} rejects the username or the password.",
            )
            hint = Text(
                "Benutzername und Passwort prüfen. Viele Anbieter verlangen ein eigenes Passwort für E-Mail-Programme oder müssen IMAP erst freischalten.",
                "Check username and password. Many providers want a separate password for mail programs, or IMAP must be enabled first.",
            )
        return LoginRefused(
            message,
            stage=self.stage,
            tried=str(self.server),
            response_code=code,
            field="password",
            evidence=evidence,
            hint=hint,
        )

    def _unproven(self, evidence: str) -> LoginFailed:
        host = self.server.host
        return LoginUnproven(
            Text(
                f"{host} hat nicht bewiesen, dass es der richtige Server ist.",
                f"{host} has not proved to be the right server.",
            ),
            stage=self.stage,
            tried=str(self.server),
            evidence=evidence,
            hint=Text(
                "Liest ein Virenscanner oder ein Proxy die verschlüsselte Verbindung mit? Sonst den Anbieter fragen.",
                "Does a virus scanner or a proxy read the encrypted connection? Otherwise ask the provider.",
            ),
        )
