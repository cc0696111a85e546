"""Every error the toolkit raises, in one tree.

::

    ToolkitError
    ├── InputError                 what a person, a file or a variable gave cannot be used
    │   ├── InvalidServer              host, port or security
    │   ├── InvalidAccount             a mandatory field is empty or unusable
    │   ├── AccountNotFound            no account has that id
    │   ├── UserNotFound               no office user has that name
    │   ├── InvalidMapping             a role is mapped to a folder that cannot take it
    │   ├── ProviderFileError          providers.yaml (file, line, key)
    │   ├── KnowledgeFileError         another data file of the product (file, line, key)
    │   └── ConfigError                an environment variable
    ├── AccessDenied               the user has no right to do that
    ├── AccountInUse               unprocessed mail of the account remains
    ├── MailError                  a mail server, or the way to it; ``stage`` is always set
    │   ├── NameLookupFailed           dns: the resolver gave no answer (never: absence)
    │   │   └── HostNotFound           dns: the name does not exist
    │   ├── ConnectFailed              tcp
    │   │   ├── ConnectRefused             nothing listens there
    │   │   ├── ConnectTimeout             no answer to the connection attempt
    │   │   └── NetworkUnreachable         no route
    │   ├── TlsFailed                  tls: the handshake broke
    │   │   ├── TlsWrongProtocol           the answer was not TLS
    │   │   └── CertificateRejected        tls: verification failed
    │   │       ├── CertificateExpired
    │   │       ├── CertificateHostMismatch
    │   │       ├── CertificateSelfSigned
    │   │       └── CertificateUntrusted       issuer unknown or intermediate missing
    │   ├── GreetingFailed             greeting: none, BYE, or another protocol's
    │   ├── StarttlsFailed             starttls: not offered, refused, or tampered with
    │   ├── LoginFailed                auth
    │   │   ├── LoginRefused               the server rejected the credentials
    │   │   ├── LoginUnavailable           the server could not check them now
    │   │   ├── LoginUnproven              the server did not prove that it knows the password
    │   │   └── LoginUnsafe                we refused to send them (no TLS, LOGINDISABLED, …)
    │   │       └── LoginBudgetSpent           so many attempts failed that one more could lock out
    │   ├── CommandRefused             the server answered NO or BAD
    │   ├── SendUncertain              the connection broke when a message was handed over
    │   ├── ConnectionLost             closed or reset in mid-air
    │   ├── DeadlineExceeded           the clock ran out
    │   ├── ProtocolViolation          the server broke the protocol
    │   └── LimitExceeded              the server sent more than we accept
    ├── VaultError                 secrets
    │   ├── VaultInsecure              the back end or file mode does not protect them
    │   ├── VaultLocked                the passphrase is missing or wrong
    │   ├── VaultDamaged               the file was altered
    │   └── SecretMissing              no secret is kept for that account
    ├── StoreError                 the database
    │   ├── StoreBusy                  locked by somebody else
    │   └── StoreTooNew                written by a newer version
    ├── SyncError                  a sync could not go on
    │   └── AccountBusy                another sync of the account is running
    └── Cancelled                  a person stopped it

An error carries data, not prose alone: a stable ``code``, the ``stage`` it happened in, what was
``tried``, the server's words verbatim as ``evidence`` (scrubbed of secrets by whoever raises), a
``field`` of the form it concerns, and a ``hint`` in German and English.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from toolkit.language import Text

__all__ = [
    "AccessDenied",
    "AccountBusy",
    "AccountInUse",
    "AccountNotFound",
    "Cancelled",
    "CertificateExpired",
    "CertificateHostMismatch",
    "CertificateRejected",
    "CertificateSelfSigned",
    "CertificateUntrusted",
    "CommandRefused",
    "ConfigError",
    "ConnectFailed",
    "ConnectRefused",
    "ConnectTimeout",
    "ConnectionLost",
    "DeadlineExceeded",
    "GreetingFailed",
    "HostNotFound",
    "InputError",
    "InvalidAccount",
    "InvalidMapping",
    "InvalidServer",
    "KnowledgeFileError",
    "LimitExceeded",
    "LoginBudgetSpent",
    "LoginFailed",
    "LoginRefused",
    "LoginUnavailable",
    "LoginUnproven",
    "LoginUnsafe",
    "MailError",
    "NameLookupFailed",
    "NetworkUnreachable",
    "ProtocolViolation",
    "ProviderFileError",
    "SecretMissing",
    "SendUncertain",
    "Stage",
    "StarttlsFailed",
    "StoreBusy",
    "StoreError",
    "StoreTooNew",
    "SyncError",
    "TlsFailed",
    "TlsWrongProtocol",
    "ToolkitError",
    "UserNotFound",
    "VaultDamaged",
    "VaultError",
    "VaultInsecure",
    "VaultLocked",
]


class Stage(StrEnum):
    """Where on the way to a mailbox something happened, in the order of the way."""

    DNS = "dns"
    TCP = "tcp"
    TLS = "tls"
    GREETING = "greeting"
    CAPABILITY = "capability"
    STARTTLS = "starttls"
    AUTH = "auth"
    LIST = "list"
    SELECT = "select"
    FETCH = "fetch"
    APPEND = "append"
    LOGOUT = "logout"
    SMTP_CONNECT = "smtp-connect"
    SMTP_AUTH = "smtp-auth"
    SMTP_SEND = "smtp-send"


class ToolkitError(Exception):
    """The root: everything this toolkit raises on purpose.

    Attributes:
        code: stable slug of the kind of error; programs compare it, people search for it.
        message: what happened, in both languages.
        hint: what to do about it, in both languages; None where only context can say.
        field: the form field or option concerned (``imap.port``, ``password``, …); empty if none.
        evidence: what the other side said, verbatim, secrets removed.
    """

    code: ClassVar[str] = "error"

    def __init__(
        self,
        message: Text,
        *,
        hint: Text | None = None,
        field: str = "",
        evidence: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.field = field
        self.evidence = evidence

    def __str__(self) -> str:
        return str(self.message)

    def as_json(self) -> dict[str, object]:
        """The error as the command line prints it under ``--json``."""
        answer: dict[str, object] = {"code": self.code, "message": str(self.message)}
        if self.hint is not None:
            answer["hint"] = self.hint.as_json()
        if self.field:
            answer["field"] = self.field
        if self.evidence:
            answer["evidence"] = self.evidence
        return answer


class InputError(ToolkitError):
    """What a person, a file or a variable gave cannot be used."""

    code: ClassVar[str] = "input"


class InvalidServer(InputError):
    """Host, port or security is unusable."""

    code: ClassVar[str] = "invalid-server"


class InvalidAccount(InputError):
    """A mandatory field is empty or unusable; ``field`` names it."""

    code: ClassVar[str] = "invalid-account"


class AccountNotFound(InputError):
    """No account has that id."""

    code: ClassVar[str] = "account-not-found"


class UserNotFound(InputError):
    """No office user has that name."""

    code: ClassVar[str] = "user-not-found"


class InvalidMapping(InputError):
    """A role is mapped to a folder that cannot take it."""

    code: ClassVar[str] = "invalid-mapping"


class KnowledgeFileError(InputError):
    """A data file of the product is wrong; the message names file, line and key."""

    code: ClassVar[str] = "knowledge-file"


class ProviderFileError(KnowledgeFileError):
    """``providers.yaml`` is wrong; the message names file, line and key."""

    code: ClassVar[str] = "provider-file"


class ConfigError(InputError):
    """An environment variable is wrong; ``field`` names it."""

    code: ClassVar[str] = "config"


class AccessDenied(ToolkitError):
    """The user has no right to do that."""

    code: ClassVar[str] = "access-denied"


class AccountInUse(ToolkitError):
    """Unprocessed mail of the account remains, so it cannot be deleted."""

    code: ClassVar[str] = "account-in-use"


class MailError(ToolkitError):
    """A mail server, or the way to it, failed us.

    Attributes:
        stage: where on the way it happened.
        tried: what was attempted, for example ``imap.gmx.net:993:ssl``.
        response_code: the RFC 5530 response code or the SMTP (enhanced) status the server gave.
    """

    code: ClassVar[str] = "mail"

    def __init__(
        self,
        message: Text,
        *,
        stage: Stage,
        tried: str = "",
        response_code: str = "",
        hint: Text | None = None,
        field: str = "",
        evidence: str = "",
    ) -> None:
        super().__init__(message, hint=hint, field=field, evidence=evidence)
        self.stage = stage
        self.tried = tried
        self.response_code = response_code

    def as_json(self) -> dict[str, object]:
        """The error as data, with its stage and what was tried."""
        answer = {**super().as_json(), "stage": str(self.stage)}
        if self.tried:
            answer["tried"] = self.tried
        if self.response_code:
            answer["response_code"] = self.response_code
        return answer


class NameLookupFailed(MailError):
    """The resolver gave no answer: never to be read as absence."""

    code: ClassVar[str] = "dns-failed"


class HostNotFound(NameLookupFailed):
    """The resolver answered: this name does not exist."""

    code: ClassVar[str] = "host-not-found"


class ConnectFailed(MailError):
    """No TCP connection came about."""

    code: ClassVar[str] = "connect-failed"


class ConnectRefused(ConnectFailed):
    """Nothing listens on that port."""

    code: ClassVar[str] = "connect-refused"


class ConnectTimeout(ConnectFailed):
    """The connection attempt was never answered."""

    code: ClassVar[str] = "connect-timeout"


class NetworkUnreachable(ConnectFailed):
    """There is no route to that address."""

    code: ClassVar[str] = "network-unreachable"


class TlsFailed(MailError):
    """The TLS handshake broke."""

    code: ClassVar[str] = "tls-failed"


class TlsWrongProtocol(TlsFailed):
    """The answer to the TLS handshake was not TLS."""

    code: ClassVar[str] = "tls-wrong-protocol"


class CertificateRejected(TlsFailed):
    """The certificate did not verify."""

    code: ClassVar[str] = "certificate-rejected"


class CertificateExpired(CertificateRejected):
    """The certificate is out of date."""

    code: ClassVar[str] = "certificate-expired"


class CertificateHostMismatch(CertificateRejected):
    """The certificate belongs to another host."""

    code: ClassVar[str] = "certificate-host-mismatch"


class CertificateSelfSigned(CertificateRejected):
    """The certificate signs itself."""

    code: ClassVar[str] = "certificate-self-signed"


class CertificateUntrusted(CertificateRejected):
    """The issuer is unknown, or an intermediate is missing."""

    code: ClassVar[str] = "certificate-untrusted"


class GreetingFailed(MailError):
    """No greeting, a farewell, or another protocol's greeting."""

    code: ClassVar[str] = "greeting-failed"


class StarttlsFailed(MailError):
    """STARTTLS was not offered, was refused or was tampered with."""

    code: ClassVar[str] = "starttls-failed"


class LoginFailed(MailError):
    """The login did not succeed."""

    code: ClassVar[str] = "login-failed"


class LoginRefused(LoginFailed):
    """The server rejected the credentials."""

    code: ClassVar[str] = "login-refused"


class LoginUnavailable(LoginFailed):
    """The server could not check the credentials now (RFC 5530 UNAVAILABLE and the like)."""

    code: ClassVar[str] = "login-unavailable"


class LoginUnproven(LoginFailed):
    """The server did not prove that it knows the password (RFC 5802, 5): who is it?"""

    code: ClassVar[str] = "login-unproven"


class LoginUnsafe(LoginFailed):
    """We refused to send the credentials: no TLS, LOGINDISABLED, no common mechanism."""

    code: ClassVar[str] = "login-unsafe"


class LoginBudgetSpent(LoginUnsafe):
    """So many attempts failed that one more could lock the account."""

    code: ClassVar[str] = "login-budget-spent"


class CommandRefused(MailError):
    """The server answered NO or BAD."""

    code: ClassVar[str] = "command-refused"


class SendUncertain(MailError):
    """The connection broke when the message was complete: it may or may not be on its way."""

    code: ClassVar[str] = "send-uncertain"


class ConnectionLost(MailError):
    """The connection was closed or reset in mid-air."""

    code: ClassVar[str] = "connection-lost"


class DeadlineExceeded(MailError):
    """The clock ran out before the server answered."""

    code: ClassVar[str] = "deadline-exceeded"


class ProtocolViolation(MailError):
    """The server broke the protocol."""

    code: ClassVar[str] = "protocol-violation"


class LimitExceeded(MailError):
    """The server sent more than we accept."""

    code: ClassVar[str] = "limit-exceeded"


class VaultError(ToolkitError):
    """The vault of secrets cannot be used."""

    code: ClassVar[str] = "vault"


class VaultInsecure(VaultError):
    """The back end or the file's mode does not protect secrets."""

    code: ClassVar[str] = "vault-insecure"


class VaultLocked(VaultError):
    """The passphrase is missing or wrong."""

    code: ClassVar[str] = "vault-locked"


class VaultDamaged(VaultError):
    """The vault file was altered or cut short."""

    code: ClassVar[str] = "vault-damaged"


class SecretMissing(VaultError):
    """No secret is kept for that account."""

    code: ClassVar[str] = "secret-missing"


class StoreError(ToolkitError):
    """The database cannot be used."""

    code: ClassVar[str] = "store"


class StoreBusy(StoreError):
    """The database is locked by somebody else."""

    code: ClassVar[str] = "store-busy"


class StoreTooNew(StoreError):
    """The database was written by a newer version."""

    code: ClassVar[str] = "store-too-new"


class SyncError(ToolkitError):
    """A sync could not go on."""

    code: ClassVar[str] = "sync"


class AccountBusy(SyncError):
    """Another sync of the account is running."""

    code: ClassVar[str] = "account-busy"


class Cancelled(ToolkitError):
    """A person stopped it."""

    code: ClassVar[str] = "cancelled"
