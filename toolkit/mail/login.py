"""Logging in to an IMAP server: by SASL, or by LOGIN where the server offers nothing better.

The transport is encrypted already. Nothing a server says about the attempt leaves with the
password in it. Referrals (RFC 2221) are not followed.
"""

from __future__ import annotations

import ssl

from toolkit.errors import LoginFailed, MailError
from toolkit.language import Text
from toolkit.mail.answers import quote, shown
from toolkit.mail.budget import LoginBudget
from toolkit.mail.dialogue import Dialogue
from toolkit.mail.failures import response_code
from toolkit.mail.login_failures import Place, mechanism_is_the_matter, without_responses
from toolkit.mail.sasl import (
    ChannelBinding,
    Credential,
    CredentialKind,
    SaslError,
    choose,
)
from toolkit.mail.settings import Protocol
from toolkit.mail.transport import Transport

__all__ = ["log_in"]

# RFC 5530: these do not speak about the credentials.
_NOT_THE_PASSWORD = {
    "UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "CONTACTADMIN", "THROTTLED", "OVERQUOTA",
}  # fmt: skip
#: RFC 7162, 4: servers read lines of 8192 octets; this leaves room for tag and command.
_ROOM = 8000


def log_in(
    transport: Transport,
    credential: Credential,
    *,
    mechanism: str | None = None,
    budget: LoginBudget | None = None,
) -> str:
    """Log in by the strongest mechanism and learn the capabilities anew; returns its name.

    Where the server does not take a mechanism after all, one other is tried; credentials it
    refused are not sent again.

    Raises:
        LoginUnsafe: nothing offered can carry the credential safely, or the budget is spent.
        LoginRefused: the server rejected the credentials.
        LoginUnavailable: it could not check them now.
        LoginUnproven: it did not show that it knows the password.
    """
    place = Place(transport.server, Protocol.IMAP)
    ways = _ways(transport, credential, place, mechanism)
    name = ""
    for way, more in zip(ways, (len(ways) > 1, False), strict=False):
        if budget is not None:
            budget.spend(Protocol.IMAP, transport.server, credential.username)
        if way is None:
            _login(transport, credential, place)
            name = "LOGIN"
        elif _authenticated(transport, credential, place, way, another=more):
            name = way.mechanism.name
        if name:
            break
    if budget is not None:
        budget.forget(Protocol.IMAP, transport.server, credential.username)
    transport.state = "AUTH"
    transport.forget_what_was_learnt()
    return name


def _ways(
    transport: Transport, credential: Credential, place: Place, pinned: str | None
) -> tuple[Dialogue | None, ...]:
    """What to try in turn; None is the LOGIN command."""
    sock = transport.sock
    if not isinstance(sock, ssl.SSLSocket):
        raise place.no_tls()

    def binding() -> ChannelBinding | None:
        from toolkit.mail.binding import channel_binding

        return channel_binding(sock)

    capabilities = {word.upper() for word in transport.capabilities}
    offered = {word[5:] for word in capabilities if word.startswith("AUTH=")}
    server = transport.server
    mechanisms, reasons = choose(
        offered, credential, host=server.host, port=server.port, binding=binding, pinned=pinned
    )
    ways: tuple[Dialogue | None, ...] = tuple(map(Dialogue, mechanisms))
    command = (
        credential.kind is CredentialKind.PASSWORD
        and "LOGINDISABLED" not in capabilities
        and "LOGIN" not in offered
        and (pinned is None or pinned.upper() == "LOGIN")
    )
    # The last resort: it carries ASCII only, and says everything in one line as PLAIN does.
    if command and (pinned or not mechanisms) and not _has_nul(credential):
        ways += (None,)
    if ways:
        return ways
    if reasons or _has_nul(credential):
        raise place.unfit(reasons)
    disabled = "LOGINDISABLED " if "LOGINDISABLED" in capabilities else ""
    offers = " ".join(f"AUTH={one}" for one in sorted(offered))
    raise place.none_offered(credential, f"{disabled}{offers}".strip(), (pinned or "").upper())


def _has_nul(credential: Credential) -> bool:
    return "\0" in credential.username or "\0" in credential.secret.get_secret_value()


class _Responder:
    """What imaplib asks for the next line; it wants a bound method."""

    def __init__(self, dialogue: Dialogue) -> None:
        self.dialogue = dialogue

    def process(self, challenge: bytes | None) -> bytes:
        return self.dialogue.answer(challenge or b"").encode("ascii")


def _authenticated(
    transport: Transport,
    credential: Credential,
    place: Place,
    dialogue: Dialogue,
    *,
    another: bool,
) -> bool:
    """Log in by SASL; False if the server does not take the mechanism and there is another."""
    try:
        kind, said = _converse(transport, dialogue)
        if kind == "OK":
            dialogue.finish()
            return True
    except SaslError as problem:
        # The dialogue hangs in the air, or a server we cannot trust believes us logged in.
        transport.shutdown()
        raise without_responses(place.broken(problem), dialogue) from None
    except MailError as error:
        raise without_responses(error, dialogue) from None
    code = response_code(said)
    if another and not code and (
        # Refused at its name, before anything was said about who we are.
        not dialogue.exchanged or mechanism_is_the_matter(dialogue, said)
    ):  # fmt: skip
        return False
    raise without_responses(
        place.ended(
            dialogue, credential, temporary=code in _NOT_THE_PASSWORD, code=code, said=said
        ),
        dialogue,
    )


def _converse(transport: Transport, dialogue: Dialogue) -> tuple[str, str]:
    arguments = [dialogue.mechanism.name]
    if "SASL-IR" in {word.upper() for word in transport.capabilities}:  # RFC 4959
        initial = dialogue.begin(_ROOM)
        if initial is not None:
            arguments.append(initial)
    # imaplib takes a bound method for what answers challenges.
    transport.literal = _Responder(dialogue).process  # type: ignore[assignment]
    kind, data = transport._simple_command("AUTHENTICATE", *arguments)  # noqa: SLF001
    return kind, shown(data)


def _login(transport: Transport, credential: Credential, place: Place) -> None:
    """The LOGIN command (RFC 3501, 6.2.3)."""
    try:
        user, password = (
            quote(text.encode("ascii"))
            for text in (credential.username, credential.secret.get_secret_value())
        )
    except ValueError:
        host = transport.server.host
        raise place.unsafe(
            Text(
                f"{host} kann Umlaute oder Sonderzeichen in Benutzername oder Passwort nicht entgegennehmen.",
                f"{host} cannot take non-ASCII characters in username or password.",
            ),
            "no AUTH=PLAIN",
        ) from None
    kind, data = transport._simple_command("LOGIN", user, password)  # noqa: SLF001
    if kind != "OK":
        raise _refused_login(place, credential, shown(data))


def _refused_login(place: Place, credential: Credential, said: str) -> LoginFailed:
    code = response_code(said)
    if code in _NOT_THE_PASSWORD:
        return place.unavailable(code, said)
    return place.refused(code, said, credential.kind)
