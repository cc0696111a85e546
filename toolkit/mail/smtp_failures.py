"""What smtplib's exceptions become: typed errors with the server's own words."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager

from toolkit.errors import ConnectionLost, GreetingFailed, MailError, ProtocolViolation, Stage
from toolkit.language import Text
from toolkit.mail.deadline import Deadline, exceeded
from toolkit.mail.settings import Server

__all__ = ["translated"]

_IS_IT_SMTP = Text(
    "Ist das wirklich der Server für den Versand? Port prüfen.",
    "Is this really the server for sending? Check the port.",
)


@contextmanager
def translated(server: Server, stage: Stage, deadline: Deadline) -> Iterator[None]:
    """Nothing but `MailError` leaves: what smtplib raises is translated here."""
    tried = str(server)
    try:
        yield
    except MailError:
        raise
    except TimeoutError as exc:
        raise exceeded(stage, tried, deadline.seconds) from exc
    except smtplib.SMTPConnectError as exc:
        raise _turned_away(server, stage, exc) from exc
    except smtplib.SMTPServerDisconnected as exc:
        raise _lost(server, stage, exc) from exc
    # Before OSError, of which smtplib's exceptions are a kind.
    except (smtplib.SMTPException, ValueError, IndexError, TypeError) as exc:
        raise ProtocolViolation(
            Text(
                f"{server.host} antwortet nicht so, wie es SMTP verlangt.",
                f"{server.host} does not answer as SMTP demands.",
            ),
            stage=stage,
            tried=tried,
            field="port",
            evidence=_said(exc),
            hint=_IS_IT_SMTP,
        ) from exc
    except OSError as exc:
        raise _lost(server, stage, exc) from exc


def _turned_away(server: Server, stage: Stage, exc: smtplib.SMTPConnectError) -> GreetingFailed:
    if exc.smtp_code < 0:  # no SMTP reply at all
        return GreetingFailed(
            Text(
                f"Auf {server.host}, Port {server.port}, meldet sich kein Server für den Versand.",
                f"No server for sending answers at {server.host}, port {server.port}.",
            ),
            stage=stage,
            tried=str(server),
            field="port",
            evidence=_said(exc),
            hint=_IS_IT_SMTP,
        )
    return GreetingFailed(
        Text(f"{server.host} weist uns ab.", f"{server.host} turns us away."),
        stage=stage,
        tried=str(server),
        field="host",
        response_code=str(exc.smtp_code),
        evidence=f"{exc.smtp_code} {_said(exc)}",
        hint=Text(
            "Servername und Port prüfen; der Anbieter kann diese Adresse auch gesperrt haben.",
            "Check host and port; the provider may also have blocked this address.",
        ),
    )


def _lost(server: Server, stage: Stage, exc: OSError) -> ConnectionLost:
    return ConnectionLost(
        Text(
            f"{server.host} hat die Verbindung unterbrochen.",
            f"{server.host} dropped the connection.",
        ),
        stage=stage,
        tried=str(server),
        field="port",
        evidence=str(exc),
        hint=Text(
            "Port und Verschlüsselung prüfen und noch einmal versuchen.",
            "Check port and security, and try again.",
        ),
    )


def _said(exc: Exception) -> str:
    """What the server said, if that is what the exception is about."""
    said = getattr(exc, "smtp_error", None)
    return said.decode("utf-8", "replace").strip() if isinstance(said, bytes) else str(exc)
