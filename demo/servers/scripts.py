r"""Scripts of providers' refusals and of servers that misbehave: data for ``ScriptedServer``.

The words are the providers' own, as published on the pages named; ids in them are made up.
"""

from __future__ import annotations

from demo.servers.scripted import Close, Pause, Send, Serve, Step, Upgrade

__all__ = [
    "BYE",
    "GMAIL_APP_PASSWORD_IMAP",
    "GMAIL_APP_PASSWORD_SMTP",
    "LOGIN_DISABLED",
    "PREAUTH",
    "SILENT",
    "imap",
    "starttls",
]

_GMAIL = b"IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 XYZZY SASL-IR AUTH=XOAUTH2 AUTH=PLAIN AUTH=PLAIN-CLIENTTOKEN AUTH=OAUTHBEARER"
_GMAIL_NO = b"{tag} NO [ALERT] Application-specific password required: https://support.google.com/accounts/answer/185833 (Failure)\r\n"


def imap(
    *, capability: bytes, login: bytes, greeting: bytes = b"* OK IMAP4rev1 ready\r\n"
) -> tuple[Step, ...]:
    """An IMAP server that tells its capabilities and answers every attempt to log in alike.

    Args:
        capability: what it says it can.
        login: the reply to LOGIN and AUTHENTICATE.
        greeting: its first line.
    """
    rules = {
        rb"^\S+ CAPABILITY$": b"* CAPABILITY "
        + capability
        + b"\r\n{tag} OK CAPABILITY completed\r\n",
        rb"^\S+ ID ": b"* ID NIL\r\n{tag} OK ID completed\r\n",
        rb"^\S+ NOOP$": b"{tag} OK NOOP completed\r\n",
        rb"^\S+ LOGOUT$": b"* BYE see you\r\n{tag} OK LOGOUT completed\r\n",
        rb"^\S+ AUTHENTICATE \S+$": b"+ \r\n",
        rb"^\S+ (LOGIN|AUTHENTICATE) ": login,
        # A SASL response on a line of its own, after the "+" above.
        rb"^[A-Za-z0-9+/]+=*$": login,
    }
    return Send(greeting), Serve(rules)


#: https://support.google.com/accounts/answer/185833 (2-Step Verification is on, the account's
#: own password was used).
GMAIL_APP_PASSWORD_IMAP: tuple[Step, ...] = imap(
    greeting=b"* OK Gimap ready for requests from 127.0.0.1 demo\r\n",
    capability=_GMAIL,
    login=_GMAIL_NO,
)

_GMAIL_534 = (
    b"534-5.7.9 Application-specific password required. For more information, go to\r\n"
    b"534 5.7.9  https://support.google.com/mail/?p=InvalidSecondFactor demo - gsmtp\r\n"
)

#: The same account over SMTP: https://support.google.com/a/answer/3726730 (534, "5.7.9").
GMAIL_APP_PASSWORD_SMTP: tuple[Step, ...] = (
    Send(b"220 smtp.gmail.example ESMTP demo - gsmtp\r\n"),
    Serve(
        {
            rb"^EHLO ": b"250-smtp.gmail.example at your service\r\n250-SIZE 35882577\r\n250-8BITMIME\r\n250-AUTH LOGIN PLAIN XOAUTH2 PLAIN-CLIENTTOKEN OAUTHBEARER XOAUTH\r\n250-ENHANCEDSTATUSCODES\r\n250 SMTPUTF8\r\n",
            rb"^AUTH PLAIN$": b"334 \r\n",
            rb"^AUTH LOGIN$": b"334 VXNlcm5hbWU6\r\n",
            rb"^AUTH ": _GMAIL_534,
            rb"^NOOP": b"250 2.0.0 OK\r\n",
            rb"^RSET": b"250 2.1.5 Flushed\r\n",
            rb"^QUIT": b"221 2.0.0 closing connection\r\n",
            rb"^[A-Za-z0-9+/]+=*$": _GMAIL_534,
        },
        otherwise=b"502 5.5.1 Unrecognized command\r\n",
    ),
)

#: Logged in before any login (RFC 3501, 7.1.4): on STARTTLS ports a way to prevent encryption.
PREAUTH: tuple[Step, ...] = imap(
    greeting=b"* PREAUTH IMAP4rev1 ready, logged in as mallory\r\n",
    capability=b"IMAP4rev1 STARTTLS",
    login=b"{tag} BAD already logged in\r\n",
)

#: Refuses every login in advance (RFC 3501, 6.2.3); a client must not send its password.
LOGIN_DISABLED: tuple[Step, ...] = imap(
    capability=b"IMAP4rev1 LOGINDISABLED", login=b"{tag} NO [PRIVACYREQUIRED] refused\r\n"
)

#: Accepts the connection and never says a word.
SILENT: tuple[Step, ...] = (Pause(3600),)

#: Turns everybody away.
BYE: tuple[Step, ...] = (Send(b"* BYE too many connections\r\n"), Close())


def starttls(*after: Step) -> tuple[Step, ...]:
    """A STARTTLS server that behaves until TLS stands, then plays ``after``."""
    return (
        Send(b"* OK IMAP4rev1 ready\r\n"),
        Serve(
            {
                rb"^\S+ CAPABILITY$": b"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\n{tag} OK done\r\n",
                rb"^\S+ STARTTLS$": b"{tag} OK begin\r\n",
            },
            until=rb"^\S+ STARTTLS$",
        ),
        Upgrade(),
        *after,
    )
