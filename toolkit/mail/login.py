"""Logging in to an IMAP server: SASL PLAIN, or LOGIN where there is no PLAIN.

The transport is encrypted already. Nothing a server says about the attempt leaves with the
password in it.
"""

from __future__ import annotations

import imaplib
import ssl
from typing import TYPE_CHECKING

from toolkit.errors import LoginFailed, LoginRefused, LoginUnavailable, LoginUnsafe, Stage
from toolkit.language import Text
from toolkit.mail.answers import quote, shown
from toolkit.mail.failures import response_code
from toolkit.mail.settings import Server
from toolkit.mail.transport import Transport

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["log_in"]

# RFC 5530: these do not speak about the credentials.
_NOT_THE_PASSWORD = {
    "UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "CONTACTADMIN", "THROTTLED", "OVERQUOTA",
}  # fmt: skip


def log_in(transport: Transport, username: str, secret: SecretStr) -> str:
    """Log in and learn the capabilities anew; returns the way it was done.

    Raises:
        LoginUnsafe: LOGINDISABLED, or the password cannot be carried safely.
        LoginRefused: the server rejected the credentials.
        LoginUnavailable: it could not check them now.
    """
    capabilities = {word.upper() for word in transport.capabilities}
    server = transport.server
    if not isinstance(transport.sock, ssl.SSLSocket):
        raise _unsafe(
            server,
            Text(
                "Ohne Verschlüsselung wird kein Passwort gesendet.",
                "No password is sent without encryption.",
            ),
            evidence="no TLS",
        )
    if "\0" in username or "\0" in secret.get_secret_value():
        # NUL ends a field of SASL PLAIN (RFC 4616, 2): the rest would be taken for another.
        raise _unsafe(
            server,
            Text(
                "Benutzername oder Passwort enthält ein unzulässiges Zeichen.",
                "Username or password contains a character that is not allowed.",
            ),
            evidence="NUL",
        )
    if "AUTH=PLAIN" in capabilities:
        way = _authenticate_plain(transport, username, secret)
    elif "LOGINDISABLED" in capabilities:
        raise _unsafe(
            server,
            Text(
                f"{server.host} erlaubt keine Anmeldung mit Benutzername und Passwort.",
                f"{server.host} allows no login by username and password.",
            ),
            evidence="LOGINDISABLED",
        )
    else:
        way = _login(transport, username, secret)
    transport.forget_what_was_learnt()
    return way


def _authenticate_plain(transport: Transport, username: str, secret: SecretStr) -> str:
    answered = False

    def credentials(_challenge: bytes) -> bytes | None:
        nonlocal answered
        if answered:  # a second challenge has nothing to ask for
            return None
        answered = True
        return f"\0{username}\0{secret.get_secret_value()}".encode()

    try:
        transport.authenticate("PLAIN", credentials)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as exc:
        raise _failed(transport.server, str(exc)) from exc
    return "PLAIN"


def _login(transport: Transport, username: str, secret: SecretStr) -> str:
    try:
        user, password = (
            quote(text.encode("ascii")) for text in (username, secret.get_secret_value())
        )
    except ValueError:
        host = transport.server.host
        raise _unsafe(
            transport.server,
            Text(
                f"{host} kann Umlaute oder Sonderzeichen in Benutzername oder Passwort nicht entgegennehmen.",
                f"{host} cannot take non-ASCII characters in username or password.",
            ),
            evidence="no AUTH=PLAIN",
        ) from None
    kind, data = transport._simple_command("LOGIN", user, password)  # noqa: SLF001
    if kind != "OK":
        raise _failed(transport.server, shown(data))
    transport.state = "AUTH"
    return "LOGIN"


def _unsafe(server: Server, message: Text, *, evidence: str) -> LoginUnsafe:
    return LoginUnsafe(
        message,
        stage=Stage.AUTH,
        tried=str(server),
        field="password",
        evidence=evidence,
        hint=Text(
            "Beim Anbieter ein Passwort für E-Mail-Programme aus Buchstaben und Ziffern anlegen.",
            "Create a password for mail programs at the provider, of letters and digits.",
        ),
    )


def _failed(server: Server, evidence: str) -> LoginFailed:
    code, host = response_code(evidence), server.host
    if code in _NOT_THE_PASSWORD:
        return LoginUnavailable(
            Text(
                f"{host} kann die Anmeldung gerade nicht prüfen.",
                f"{host} cannot check the login at the moment.",
            ),
            stage=Stage.AUTH,
            tried=str(server),
            response_code=code,
            evidence=evidence,
            hint=Text(
                "Das Passwort kann trotzdem stimmen. In einigen Minuten noch einmal versuchen.",
                "The password may be right all the same. Try again in some minutes.",
            ),
        )
    return LoginRefused(
        Text(
            f"{host} lehnt Benutzername oder Passwort ab.",
            f"{host} rejects the username or the password.",
        ),
        stage=Stage.AUTH,
        tried=str(server),
        response_code=code,
        field="password",
        evidence=evidence,
        hint=Text(
            "Benutzername und Passwort prüfen. Viele Anbieter verlangen ein eigenes Passwort für E-Mail-Programme oder müssen IMAP erst freischalten.",
            "Check username and password. Many providers want a separate password for mail programs, or IMAP must be enabled first.",
        ),
    )
