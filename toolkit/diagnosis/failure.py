"""One failure as `explain` takes it: from an error of ours, or from a JSON object. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from toolkit.errors import InputError, MailError, Stage
from toolkit.language import Text

__all__ = ["SECURITY_WORDS", "Failure"]

_MAX_PORT: Final = 65535
#: What people write for the three kinds of security.
SECURITY_WORDS: Final = {
    "ssl": "ssl",
    "tls": "ssl",
    "ssl/tls": "ssl",
    "imaps": "ssl",
    "smtps": "ssl",
    "starttls": "starttls",
    "none": "none",
    "plain": "none",
    "": "",
}


@dataclass(frozen=True, slots=True)
class Failure:
    r"""What is known of one failure.

    Attributes:
        stage: where on the way it happened.
        error: the error's text, as a server, a library or a program worded it.
        provider: a service or server product, by any usual name; empty if unknown.
        host: the server name as it was entered, oddities included.
        port: the TCP port.
        security: ``ssl``, ``starttls``, ``none`` or empty if unknown.
        mechanism: the SASL mechanism tried, for example ``PLAIN`` or ``XOAUTH2``.
        username_form: the shape of the login name, for example ``email``, ``local-part``,
            ``domain\user``, ``alias``.
        typed: the code of the toolkit's own error, where there is one.
    """

    stage: Stage
    error: str = ""
    provider: str = ""
    host: str = ""
    port: int | None = None
    security: str = ""
    mechanism: str = ""
    username_form: str = ""
    typed: str = ""

    @classmethod
    def from_error(
        cls,
        error: MailError,
        *,
        provider: str = "",
        host: str = "",
        port: int | None = None,
        security: str = "",
        mechanism: str = "",
        username_form: str = "",
    ) -> Failure:
        """The failure one of the toolkit's own errors tells of; its code stays as evidence.

        Host, port and security come from ``error.tried`` (``HOST:PORT:SECURITY``) where not given.
        """
        tried = error.tried.rsplit(":", 2)
        if len(tried) == 3 and tried[1].isdecimal() and tried[2] in SECURITY_WORDS:  # noqa: PLR2004 - HOST:PORT:SECURITY
            host = host or tried[0]
            port = port if port is not None else int(tried[1])
            security = security or tried[2]
        code = error.response_code
        words = error.evidence or error.message.en
        if code and code.lower() not in words.lower():
            words = f"[{code}] {words}" if not code[:1].isdigit() else f"{code} {words}"
        return cls(
            stage=error.stage,
            error=words,
            provider=provider,
            host=host,
            port=port,
            security=security,
            mechanism=mechanism,
            username_form=username_form,
            typed=error.code,
        )

    @classmethod
    def from_record(cls, record: Mapping[str, object]) -> Failure:
        """The failure a JSON object of the contract of ``explain`` describes.

        Raises:
            InputError: stage or error is missing, or a field has a type or value it cannot have;
                ``field`` names it.
        """
        stage = _string(record, "stage")
        if stage.strip().lower() not in set(Stage):
            raise InputError(
                Text(f"Die Stufe „{stage}“ gibt es nicht.", f"There is no stage “{stage}”."),
                field="stage",
                hint=Text(
                    f"Möglich sind: {', '.join(Stage)}.", f"Possible are: {', '.join(Stage)}."
                ),
            )
        if record.get("error") is None:
            raise InputError(
                Text("Der Fehlertext („error“) fehlt.", "The error text (“error”) is missing."),
                field="error",
            )
        security = _string(record, "security").strip().lower()
        if security not in SECURITY_WORDS:
            raise InputError(
                Text(
                    f"Die Verschlüsselung „{security}“ gibt es nicht.",
                    f"There is no security “{security}”.",
                ),
                field="security",
                hint=Text("Möglich sind ssl, starttls, none.", "Possible are ssl, starttls, none."),
            )
        return cls(
            stage=Stage(stage.strip().lower()),
            error=_string(record, "error"),
            provider=_string(record, "provider"),
            host=_string(record, "host"),
            port=_port(record.get("port")),
            security=SECURITY_WORDS[security],
            mechanism=_string(record, "mechanism"),
            username_form=_string(record, "username_form"),
        )


def _string(record: Mapping[str, object], key: str) -> str:
    value = record.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InputError(
            Text(f"„{key}“ muss ein Text sein.", f"“{key}” must be a text."), field=key
        )
    return value


def _port(value: object) -> int | None:
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value.strip()[:6])
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _MAX_PORT:
        raise InputError(
            Text("„port“ muss eine Portnummer sein.", "“port” must be a port number."), field="port"
        )
    return value
