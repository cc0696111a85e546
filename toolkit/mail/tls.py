"""Verified TLS: one shared context, and a typed reason for every refusal.

There is no unverified context in this program, and no way to ask for one.
"""

from __future__ import annotations

import socket
import ssl
from functools import lru_cache
from pathlib import Path

from toolkit.errors import (
    CertificateExpired,
    CertificateHostMismatch,
    CertificateRejected,
    CertificateSelfSigned,
    CertificateUntrusted,
    ConfigError,
    ConnectionLost,
    MailError,
    Stage,
    TlsFailed,
    TlsWrongProtocol,
)
from toolkit.language import Text
from toolkit.mail.deadline import Deadline, exceeded
from toolkit.mail.settings import Server

__all__ = ["verified_context", "wrap"]

# OpenSSL's X509_V_ERR_… numbers (openssl/x509_vfy.h), as SSLCertVerificationError.verify_code.
_NOT_YET_VALID, _EXPIRED = 9, 10
_SELF_SIGNED_LEAF, _SELF_SIGNED_IN_CHAIN = 18, 19
_UNKNOWN_ISSUER = (2, 20, 21)
_HOST_MISMATCH, _IP_MISMATCH = 62, 64
_TOO_WEAK = (66, 67, 68)  # the server's key, an issuer's key, a signature


@lru_cache(maxsize=8)
def verified_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """A client context that verifies chain and host name, TLS 1.2 or newer (RFC 8314, 4.1).

    Args:
        ca_file: PEM bundle trusted beside the system's certificates.

    Raises:
        ConfigError: the bundle holds no certificate.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (ssl.SSLError, OSError) as exc:
            raise ConfigError(
                Text(
                    f"TOOLKIT_CA_FILE: {ca_file} enthält keine lesbaren Zertifikate (PEM).",
                    f"TOOLKIT_CA_FILE: {ca_file} holds no readable certificates (PEM).",
                ),
                field="TOOLKIT_CA_FILE",
            ) from exc
    return context


def wrap(
    raw: socket.socket, context: ssl.SSLContext, server: Server, deadline: Deadline
) -> ssl.SSLSocket:
    """Do the TLS handshake on a connected socket, which is closed if it fails.

    Raises:
        CertificateRejected, TlsWrongProtocol, TlsFailed, ConnectionLost, DeadlineExceeded.
    """
    tried = str(server)
    try:
        secured = context.wrap_socket(
            raw, server_hostname=server.host, do_handshake_on_connect=False
        )
    except (OSError, ValueError) as exc:
        raw.close()
        raise _typed(exc, server) from exc
    try:
        while True:
            # The time-out bounds one read; the clock bounds the handshake as a whole.
            secured.settimeout(deadline.check(Stage.TLS, tried))
            try:
                secured.do_handshake()
            except TimeoutError as exc:
                raise exceeded(Stage.TLS, tried, deadline.seconds) from exc
            return secured
    except MailError:
        secured.close()
        raise
    except (OSError, ValueError) as exc:
        secured.close()
        raise _typed(exc, server) from exc


def _typed(exc: Exception, server: Server) -> MailError:
    if isinstance(exc, ssl.SSLCertVerificationError):
        return _rejected(exc, server)
    reason = (getattr(exc, "reason", None) or "") if isinstance(exc, ssl.SSLError) else ""
    evidence, tried = str(exc), str(server)
    if reason in (
        "WRONG_VERSION_NUMBER",
        "UNKNOWN_PROTOCOL",
        "HTTP_REQUEST",
        "RECORD_LAYER_FAILURE",
    ):
        return TlsWrongProtocol(
            Text(
                f"{server.host} spricht auf Port {server.port} kein TLS.",
                f"{server.host} does not speak TLS on port {server.port}.",
            ),
            stage=Stage.TLS,
            tried=tried,
            field="port",
            evidence=evidence,
            hint=Text(
                "Port und Verschlüsselung passen nicht zusammen: SSL/TLS gehört zu 993 (IMAP) und 465 (SMTP), STARTTLS zu 143 und 587.",
                "Port and security do not fit: SSL/TLS belongs to 993 (IMAP) and 465 (SMTP), STARTTLS to 143 and 587.",
            ),
        )
    if isinstance(exc, ssl.SSLEOFError | ConnectionError):
        return ConnectionLost(
            Text(
                f"{server.host} hat die Verbindung während des TLS-Aufbaus geschlossen.",
                f"{server.host} closed the connection during the TLS handshake.",
            ),
            stage=Stage.TLS,
            tried=tried,
            field="port",
            evidence=evidence,
            hint=Text(
                "Port und Verschlüsselung prüfen; auch eine Firewall kann so stören.",
                "Check port and security; a firewall may interfere like this, too.",
            ),
        )
    return TlsFailed(
        Text(
            f"Die verschlüsselte Verbindung zu {server.host} kam nicht zustande.",
            f"The encrypted connection to {server.host} could not be set up.",
        ),
        stage=Stage.TLS,
        tried=tried,
        field="host",
        evidence=evidence,
        hint=Text(
            "Der Server ist veraltet oder falsch eingerichtet; den Anbieter fragen.",
            "The server is outdated or set up wrongly; ask the provider.",
        ),
    )


def _rejected(exc: ssl.SSLCertVerificationError, server: Server) -> CertificateRejected:
    host = server.host
    code = exc.verify_code
    kind: type[CertificateRejected]
    if code in (_HOST_MISMATCH, _IP_MISMATCH):
        kind = CertificateHostMismatch
        message = Text(
            f"Das Zertifikat des Servers gilt nicht für „{host}“.",
            f"The server's certificate is not valid for “{host}”.",
        )
        hint = Text(
            "Den Servernamen prüfen: der Anbieter nennt den Namen, für den sein Zertifikat gilt.",
            "Check the host name: the provider documents the one its certificate is valid for.",
        )
    elif code in (_EXPIRED, _NOT_YET_VALID):
        kind = CertificateExpired
        message = Text(
            f"Das Zertifikat von {host} ist abgelaufen oder noch nicht gültig.",
            f"The certificate of {host} has expired or is not valid yet.",
        )
        hint = Text(
            "Uhrzeit dieses Rechners prüfen; stimmt sie, muss der Anbieter das Zertifikat erneuern.",
            "Check this computer's clock; if it is right, the provider must renew the certificate.",
        )
    elif code == _SELF_SIGNED_LEAF:
        kind = CertificateSelfSigned
        message = Text(
            f"{host} hat sein Zertifikat selbst ausgestellt.",
            f"{host} issued its certificate itself.",
        )
        hint = Text(
            "Bei einem eigenen Server dessen Zertifikat über TOOLKIT_CA_FILE hinterlegen; sonst den Anbieter fragen.",
            "For a server of your own, add its certificate by TOOLKIT_CA_FILE; otherwise ask the provider.",
        )
    elif code in _TOO_WEAK:
        kind = CertificateRejected
        message = Text(
            f"Schlüssel oder Signatur im Zertifikat von {host} sind zu schwach.",
            f"Key or signature in the certificate of {host} are too weak.",
        )
        hint = Text(
            "Das Zertifikat ist veraltet; der Anbieter muss es erneuern.",
            "The certificate is outdated; the provider must renew it.",
        )
    else:
        kind = (
            CertificateUntrusted
            if code in (*_UNKNOWN_ISSUER, _SELF_SIGNED_IN_CHAIN)
            else CertificateRejected
        )
        message = Text(
            f"Der Aussteller des Zertifikats von {host} ist nicht vertrauenswürdig.",
            f"The issuer of the certificate of {host} is not trusted.",
        )
        hint = Text(
            "Prüft ein Virenscanner oder eine Firewall verschlüsselte Verbindungen? Sonst fehlt dem Server ein Zwischenzertifikat: den Anbieter fragen.",
            "Does an antivirus or firewall inspect encrypted connections? Otherwise the server lacks an intermediate certificate: ask the provider.",
        )
    return kind(
        message,
        stage=Stage.TLS,
        tried=str(server),
        field="host",
        evidence=f"{exc.verify_message} (X509_V_ERR {code})",
        hint=hint,
    )
