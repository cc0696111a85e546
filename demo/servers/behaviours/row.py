"""What a row of the hostile matrix is, and the truthful servers most rows are a small change of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from demo.servers.scripted import Reply, Send, Serve, Step
from toolkit.mail.settings import Security

__all__ = [
    "ALL",
    "CAPABILITY",
    "CONNECT",
    "EHLO",
    "HELLO",
    "IMAP",
    "MESSAGES",
    "RULES",
    "SEND",
    "Behaviour",
    "Shown",
    "fetched",
    "imap",
    "smtp",
]

CONNECT = ("connect",)
SEND = ("send",)
IMAP = ("connect", "list", "sync")
ALL = (*IMAP, "send")


@dataclass(frozen=True, slots=True)
class Shown:
    """The certificate a server shows, and how it speaks TLS.

    Attributes:
        hosts: other names than those of loopback.
        starts: validity begins this far from now.
        ends: validity ends this far from now.
        signer: ``ca`` (trusted), ``self``, ``other`` (unknown), ``intermediate`` (left out).
        bits: of the RSA key; 0 for an elliptic curve.
        sha1: signed with SHA-1.
        newest: the newest version of TLS spoken, as in ``ssl.TLSVersion``.
    """

    hosts: tuple[str, ...] = ()
    starts: timedelta = timedelta(days=-1)
    ends: timedelta = timedelta(days=30)
    signer: str = "ca"
    bits: int = 0
    sha1: bool = False
    newest: str = ""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One row: what a server does, and what it is tried with.

    Attributes:
        name: how it is called in the table.
        does: one sentence.
        script: what every connection is played; the first one only, where there is ``again``.
        operations: what it is tried with: connect, list, sync, send.
        again: what later connections are played; `sync` then runs twice, and the second run counts.
        security: how the client connects.
        encrypted: whether the server can do TLS at all.
        shown: its certificate.
        seconds: the client's deadline.
        must: an outcome the row must have, per operation (``ok`` or an error's code).
        unknowable: UIDs of which no client could know that it is told a lie about them.
        owed: what the toolkit does not do yet, where the row does not hold for that reason.
    """

    name: str
    does: str
    script: Sequence[Step]
    operations: tuple[str, ...] = IMAP
    again: Sequence[Step] | None = None
    security: Security = Security.SSL
    encrypted: bool = True
    shown: Shown = Shown()
    seconds: float = 6.0
    must: Mapping[str, str] = field(default_factory=dict)
    unknowable: tuple[int, ...] = ()
    owed: str = ""


#: What a truthful server has in its only folder: UID → content.
MESSAGES: Mapping[int, bytes] = {
    3: b"From: a@kanzlei.example\r\nSubject: Akte 1\r\n\r\neins\r\n",
    7: b"From: b@kanzlei.example\r\nSubject: Akte 2\r\n\r\n* 2 FETCH (UID 3)\r\n",
    4294967295: b"From: c@kanzlei.example\r\nSubject: Akte 3\r\n\r\ndrei }\r\n",
}
DONE = b"{tag} OK done\r\n"
HELLO = Send(b"* OK IMAP4rev1 ready\r\n")
CAPABILITY = b"* CAPABILITY IMAP4rev1 NAMESPACE AUTH=PLAIN\r\n"
META = b'FLAGS (\\Seen) RFC822.SIZE %d INTERNALDATE "01-Jun-2025 10:00:00 +0200"'


def fetched(seq: int, uid: int, body: bytes | None = None) -> bytes:
    """One FETCH answer for a message of `MESSAGES`, or with another content for its UID."""
    content = MESSAGES[uid] if body is None else body
    return b"* %d FETCH (UID %d %b BODY[] {%d}\r\n%b)\r\n" % (
        seq,
        uid,
        META % len(content),
        len(content),
        content,
    )


EXAMINED = (
    b"* FLAGS (\\Seen)\r\n* 3 EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 17] .\r\n"
    b"* OK [UIDNEXT 4294967295] .\r\n"
)
FOUND = b"* SEARCH 3 7 4294967295\r\n"
ENVELOPES = b"".join(
    b"* %d FETCH (UID %d %b)\r\n" % (seq, uid, META % len(body))
    for seq, (uid, body) in enumerate(MESSAGES.items(), 1)
)
BODIES = b"".join(fetched(seq, uid) for seq, uid in enumerate(MESSAGES, 1))
INBOX = b'* LIST () "/" INBOX\r\n'
#: Pattern → reply of an IMAP server that tells the truth.
RULES: Mapping[bytes, Reply] = {
    rb"^\S+ CAPABILITY$": CAPABILITY + DONE,
    rb"^\S+ LOGOUT$": b"* BYE see you\r\n" + DONE,
    rb"^\S+ AUTHENTICATE PLAIN$": b"+ \r\n",
    rb"^[A-Za-z0-9+/]+=*$": DONE,
    rb"^\S+ NAMESPACE$": b'* NAMESPACE (("" "/")) NIL NIL\r\n' + DONE,
    rb"^\S+ LIST ": INBOX + DONE,
    rb"^\S+ STATUS ": b"* STATUS INBOX (MESSAGES 3 UNSEEN 0 UIDNEXT 4294967295 UIDVALIDITY 17)\r\n"
    + DONE,
    rb"^\S+ (EXAMINE|SELECT) ": EXAMINED + DONE,
    rb"^\S+ UID SEARCH ": FOUND + DONE,
    rb"^\S+ UID FETCH .*BODY": BODIES + DONE,
    rb"^\S+ UID FETCH ": ENVELOPES + DONE,
    rb"^\S+ NOOP$": DONE,
}
_NAMES = {
    "capability": rb"^\S+ CAPABILITY$",
    "login": rb"^[A-Za-z0-9+/]+=*$",
    "authenticate": rb"^\S+ AUTHENTICATE ",
    "namespace": rb"^\S+ NAMESPACE$",
    "list_": rb"^\S+ LIST ",
    "status": rb"^\S+ STATUS ",
    "examine": rb"^\S+ (EXAMINE|SELECT) ",
    "search": rb"^\S+ UID SEARCH ",
    "bodies": rb"^\S+ UID FETCH .*BODY",
    "envelopes": rb"^\S+ UID FETCH [^B]*$",
    "starttls": rb"^\S+ STARTTLS$",
    "logout": rb"^\S+ LOGOUT$",
    "any_": rb"^\S+ ",
}


def imap(*before: Step, **replies: Reply) -> tuple[Step, ...]:
    """A truthful IMAP server but for some replies; ``before`` instead of its greeting."""
    own = {_NAMES[name]: reply for name, reply in replies.items()}
    rules = {**own, **{rule: reply for rule, reply in RULES.items() if rule not in own}}
    return (*(before or (HELLO,)), Serve(rules))


EHLO = b"250-mail.example\r\n250-SIZE 10485760\r\n250-8BITMIME\r\n250-AUTH PLAIN\r\n250 ENHANCEDSTATUSCODES\r\n"
_SMTP: Mapping[bytes, Reply] = {
    rb"^EHLO ": EHLO,
    rb"^AUTH PLAIN$": b"334 \r\n",
    rb"^AUTH PLAIN ": b"235 2.7.0 welcome\r\n",
    rb"^MAIL ": b"250 2.1.0 ok\r\n",
    rb"^RCPT ": b"250 2.1.5 ok\r\n",
    rb"^DATA$": b"354 go on\r\n",
    rb"^\.$": b"250 2.0.0 queued\r\n",
    rb"^(NOOP|RSET)": b"250 2.0.0 ok\r\n",
    rb"^QUIT": b"221 2.0.0 bye\r\n",
}
_SMTP_NAMES = {
    "ehlo": rb"^EHLO ",
    "auth": rb"^AUTH PLAIN ",
    "mail": rb"^MAIL ",
    "rcpt": rb"^RCPT ",
    "rcpt_two": rb"^RCPT .*two@",
    "data": rb"^DATA$",
    "dot": rb"^\.$",
    "starttls": rb"^STARTTLS",
    "quit_": rb"^QUIT",
    "any_": rb"^",
}


def smtp(*before: Step, **replies: Reply) -> tuple[Step, ...]:
    """A truthful submission server but for some replies; ``before`` instead of its greeting."""
    own = {_SMTP_NAMES[name]: reply for name, reply in replies.items()}
    rules = {**own, **{rule: reply for rule, reply in _SMTP.items() if rule not in own}}
    greeting = before or (Send(b"220 mail.example ESMTP ready\r\n"),)
    return (*greeting, Serve(rules, b"502 5.5.1 what?\r\n"))
