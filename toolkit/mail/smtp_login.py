"""Logging in to a submission server by SASL (RFC 4954)."""

from __future__ import annotations

import ssl
from typing import Protocol as Shape

from toolkit.errors import MailError
from toolkit.mail.budget import LoginBudget
from toolkit.mail.dialogue import Dialogue
from toolkit.mail.login_failures import Place, mechanism_is_the_matter, without_responses
from toolkit.mail.sasl import ChannelBinding, Credential, SaslError, choose
from toolkit.mail.settings import Protocol, Server

__all__ = ["log_in"]

_CONTINUE = 334
_SUCCESS = 235
#: RFC 4954, 4: unrecognised authentication type.
_UNRECOGNISED = 504
#: RFC 4954, 4: with an initial response the command still has to fit into 512 octets.
_LINE = 512
_TEMPORARY = range(400, 500)


class Connection(Shape):
    """What is needed of smtplib."""

    def docmd(self, cmd: str, args: str = "") -> tuple[int, bytes]:
        """Send a line, read a reply."""


def log_in(
    connection: Connection,
    sock: object,
    server: Server,
    offered: frozenset[str],
    credential: Credential,
    *,
    mechanism: str | None = None,
    budget: LoginBudget | None = None,
) -> str:
    """Log in by the strongest mechanism; returns its name.

    Where the server does not take a mechanism after all, one other is tried; credentials it
    refused are not sent again.

    Args:
        connection: an SMTP connection after EHLO.
        sock: its socket; must be a TLS one.
        server: where it leads.
        offered: the mechanisms of the server's EHLO answer under TLS.
        credential: what to log in with.
        mechanism: only this one.
        budget: counts the attempts.

    Raises:
        LoginUnsafe: nothing offered can carry the credential safely, or the budget is spent.
        LoginRefused: the server rejected the credentials (5xx).
        LoginUnavailable: it could not check them now (4xx).
        LoginUnproven: it did not show that it knows the password.
    """
    place = Place(server, Protocol.SMTP)
    if not isinstance(sock, ssl.SSLSocket):
        raise place.no_tls()

    def binding() -> ChannelBinding | None:
        from toolkit.mail.binding import channel_binding

        return channel_binding(sock)

    mechanisms, reasons = choose(
        offered, credential, host=server.host, port=server.port, binding=binding, pinned=mechanism
    )
    if not mechanisms:
        if reasons:
            raise place.unfit(reasons)
        raise place.none_offered(
            credential, "AUTH " + " ".join(sorted(offered)), (mechanism or "").upper()
        )
    for one, more in zip(mechanisms, (len(mechanisms) > 1, False), strict=False):
        if budget is not None:
            budget.spend(Protocol.SMTP, server, credential.username)
        if _authenticated(connection, credential, place, Dialogue(one, lenient=True), another=more):
            break
    if budget is not None:
        budget.forget(Protocol.SMTP, server, credential.username)
    return one.name


def _authenticated(
    connection: Connection,
    credential: Credential,
    place: Place,
    dialogue: Dialogue,
    *,
    another: bool,
) -> bool:
    """Log in; False if the server does not take the mechanism and there is another."""
    try:
        code, answer = _converse(connection, dialogue)
        if code == _SUCCESS:
            dialogue.finish()
            return True
    except SaslError as problem:
        raise without_responses(place.broken(problem), dialogue) from None
    except MailError as error:
        raise without_responses(error, dialogue) from None
    said = answer.decode("utf-8", "replace")
    if another and (code == _UNRECOGNISED or mechanism_is_the_matter(dialogue, said)):
        return False
    enhanced = said.split(" ", 1)[0] if said[:1].isdigit() else ""
    raise without_responses(
        place.ended(
            dialogue,
            credential,
            temporary=code in _TEMPORARY,
            code=enhanced or str(code),
            said=f"{code} {said}",
        ),
        dialogue,
    )


def _converse(connection: Connection, dialogue: Dialogue) -> tuple[int, bytes]:
    command = f"AUTH {dialogue.mechanism.name}"
    initial = dialogue.begin(_LINE - len(command) - len(" \r\n"))
    code, answer = connection.docmd(command if initial is None else f"{command} {initial}")
    while code == _CONTINUE:
        code, answer = connection.docmd(dialogue.answer(answer))
    return code, answer
