"""What a server's words and a library's exceptions become: typed errors, without the secret."""

from __future__ import annotations

import base64
import imaplib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from toolkit.errors import CommandRefused, ConnectionLost, GreetingFailed, MailError, Stage
from toolkit.language import Text
from toolkit.mail.answers import shown
from toolkit.mail.settings import Protocol, Server

if TYPE_CHECKING:
    from pydantic import SecretStr

    from toolkit.mail.transport import Transport

__all__ = [
    "form_fields",
    "no_greeting",
    "refused",
    "response_code",
    "scrubbed",
    "sent_away",
    "translated",
    "without_secret",
]

_RESPONSE_CODE = re.compile(r"\[([A-Z][A-Z0-9-]*)")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{8,}={0,2}")
#: Fewer octets occur in any base64 by chance.
_TELLING = 4


def response_code(said: str) -> str:
    """The RFC 5530 response code of a status text; empty if there is none."""
    found = _RESPONSE_CODE.search(said)
    return found[1] if found else ""


def scrubbed(said: str, secret: SecretStr, username: str = "") -> str:
    """A server's words without the password, should it repeat the command that carried it."""
    raws, forms = _forms(secret.get_secret_value(), username)
    # As a part of something longer in base64, under whatever name it was sent.
    said = _BASE64.sub(lambda found: "****" if _holds(found[0], raws) else found[0], said)
    for form in forms:
        said = said.replace(form, "****")
    return said


def _holds(token: str, raws: Iterable[bytes]) -> bool:
    bare = token.rstrip("=")
    bare = bare[:-1] if len(bare) % 4 == 1 else bare  # one character alone holds no octet
    decoded = base64.b64decode(bare + "=" * (-len(bare) % 4))
    return any(len(raw) >= _TELLING and raw in decoded for raw in raws)


def _forms(password: str, username: str) -> tuple[set[bytes], tuple[str, ...]]:
    """How a password is encoded, and how it travels and is quoted, longest first.

    A server may say it in a character set of its own, or composed otherwise than it was typed:
    read as UTF-8, its umlauts then are other signs or none.
    """
    raws: set[bytes] = set()
    forms: set[str] = set()
    for text in {password, *(unicodedata.normalize(form, password) for form in ("NFC", "NFD"))}:
        for charset in ("utf-8", "latin-1", "cp1252"):
            with suppress(UnicodeEncodeError):
                raw = text.encode(charset)
                raws.add(raw)
                carried = (f"\0{username}\0".encode(charset, "replace") + raw, raw)
                forms |= {base64.b64encode(one).decode("ascii") for one in carried}
                read = {text, raw.decode("utf-8", "replace"), raw.decode("latin-1")}
                forms |= read | {repr(raw)[2:-1]}  # the last is how Python shows unreadable bytes
                forms |= {  # RFC 3501, 4.3
                    one.replace("\\", "\\\\").replace('"', '\\"') for one in read
                }
    return raws, tuple(sorted(forms - {""}, key=len, reverse=True))


def without_secret(error: MailError, secret: SecretStr, username: str) -> MailError:
    """The same error without the password; raise it ``from None``.

    The exceptions it came from repeat the server's words, and the frames it came through hold the
    password in their variables, which a notebook's verbose traceback shows: both are cut off.
    """
    error.message = Text(
        scrubbed(error.message.de, secret, username), scrubbed(error.message.en, secret, username)
    )
    error.args = (error.message,)
    error.evidence = scrubbed(error.evidence, secret, username)
    error.response_code = scrubbed(error.response_code, secret, username)
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


@contextmanager
def form_fields(protocol: Protocol) -> Iterator[None]:
    """Name the form's field: a bad ``port`` in an IMAP session is the field ``imap.port``."""
    try:
        yield
    except MailError as exc:
        if exc.field in ("host", "port", "security"):
            exc.field = f"{protocol}.{exc.field}"
        raise


def no_greeting(server: Server, evidence: str) -> GreetingFailed:
    """The error for a greeting that is none, or a farewell."""
    return GreetingFailed(
        Text(
            f"Auf {server.host}, Port {server.port}, meldet sich kein IMAP-Server, der uns annimmt.",
            f"No IMAP server that accepts us answers at {server.host}, port {server.port}.",
        ),
        stage=Stage.GREETING,
        tried=str(server),
        field="port",
        evidence=evidence,
        hint=Text(
            "Servername und Port prüfen: gehört der Port zu IMAP (993 oder 143), nicht zu POP3 oder SMTP?",
            "Check host and port: does the port belong to IMAP (993 or 143), not to POP3 or SMTP?",
        ),
    )


def refused(transport: Transport, said: str) -> CommandRefused:
    """The error for NO and BAD."""
    return CommandRefused(
        Text(
            f"{transport.server.host} lehnt den Befehl ab: {said}",
            f"{transport.server.host} refuses the command: {said}",
        ),
        stage=transport.stage,
        tried=str(transport.server),
        response_code=response_code(said),
        evidence=said,
    )


@contextmanager
def translated(transport: Transport, stage: Stage | None) -> Iterator[None]:
    """Nothing but `MailError` leaves: what imaplib and IMAPClient raise is translated here."""
    if stage is not None:
        transport.stage = stage
    try:
        yield
    except MailError:
        raise
    except imaplib.IMAP4.abort as exc:
        farewell = transport.untagged_responses.get("BYE")
        if farewell:
            raise sent_away(transport, shown(farewell)) from exc
        raise transport.violation(_words(exc)) from exc
    except imaplib.IMAP4.error as exc:  # IMAPClient's errors are of this kind
        raise refused(transport, _words(exc)) from exc
    except (
        ValueError, IndexError, KeyError, TypeError, AttributeError, RecursionError, AssertionError,
    ) as exc:  # fmt: skip
        # imaplib's machine trips like this over answers that are not IMAP.
        raise transport.violation(f"{type(exc).__name__}: {exc}") from exc


def _words(exc: Exception) -> str:
    """An exception's text; imaplib puts bytes into some of its own."""
    return shown(
        [one.encode("utf-8", "replace") if isinstance(one, str) else one for one in exc.args]
    )


def sent_away(transport: Transport, said: str) -> ConnectionLost:
    """The error for BYE."""
    return ConnectionLost(
        Text(
            f"{transport.server.host} hat die Verbindung beendet: {said}",
            f"{transport.server.host} ended the connection: {said}",
        ),
        stage=transport.stage,
        tried=str(transport.server),
        response_code=response_code(said),
        evidence=said,
        hint=Text("In einigen Minuten noch einmal versuchen.", "Try again in some minutes."),
    )
