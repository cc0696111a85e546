"""Greetings, framing, literals, floods and TLS: what comes before anybody speaks of mail."""

from __future__ import annotations

from datetime import timedelta

from demo.servers.behaviours.row import (
    ALL,
    BODIES,
    CAPABILITY,
    CONNECT,
    DONE,
    HELLO,
    INBOX,
    RULES,
    SEND,
    Behaviour,
    Shown,
    imap,
    smtp,
)
from demo.servers.scripted import (
    Close,
    HalfClose,
    Pace,
    Pause,
    Repeat,
    Reply,
    Send,
    Serve,
    Upgrade,
)
from toolkit.mail.settings import Security

__all__ = ["FRAMING", "GREETINGS", "LITERALS", "TLS", "floods"]

B = Behaviour
MILLION = 1_000_000
WAIT = Pause(60)

GREETINGS = (
    B("greeting-none", "accepts and never says a word", (WAIT,), ALL, seconds=1),
    B("greeting-late", "greets after a second", imap(Pause(1), HELLO)),
    B("greeting-too-late", "greets after the deadline", imap(Pause(3), HELLO), seconds=1),
    B("greeting-bye", "turns everybody away", (Send(b"* BYE [UNAVAILABLE] full\r\n"), Close())),
    B("greeting-no", "greets with NO", (Send(b"* NO no\r\n"), WAIT)),
    B("greeting-bad", "greets with BAD", (Send(b"* BAD what\r\n"), WAIT)),
    B("greeting-preauth", "is logged in before the login", imap(Send(b"* PREAUTH mallory\r\n"))),
    B("greeting-tagged", "greets with a tagged OK", (Send(b"A1 OK ready\r\n"), WAIT)),
    B("greeting-1mb", "greets with a megabyte", imap(Send(b"* OK " + b"x" * MILLION + b"\r\n"))),
    B("greeting-1mb-smtp", "the same", (Send(b"220 " + b"x" * MILLION + b"\r\n"), WAIT), SEND),
    B("greeting-binary", "greets with noise", (Send(bytes(range(256)) * 64 + b"\r\n"), WAIT), ALL),
    B("greeting-tls-alert", "answers TLS with an alert", (Send(b"\x15\x03\x03\0\2\2\x28"), WAIT), ALL, encrypted=False),
    B("greeting-clear", "speaks clear text on the TLS port", imap(), ALL, encrypted=False),
    B("greeting-http", "is a web server", (Send(b"HTTP/1.1 400 Bad Request\r\n\r\n<html>"), Close()), ALL),
    B("greeting-smtp", "is an SMTP server", smtp(), ("connect", "list")),
    B("greeting-pop3", "is a POP3 server", (Send(b"+OK POP3 ready\r\n"), WAIT), ALL),
    B("greeting-imap", "is an IMAP server, asked to send", imap(), SEND),
    B("greeting-ssh", "is an SSH server", (Send(b"SSH-2.0-OpenSSH_9.2p1\r\n"), WAIT), ALL),
)  # fmt: skip

# Contents keep their own line ends; the longer pattern goes first.
_LF = {
    rb"^\S+ UID FETCH .*BODY": BODIES + b"{tag} OK\n",
    **{
        rule: reply.replace(b"\r\n", b"\n")
        for rule, reply in RULES.items()
        if isinstance(reply, bytes) and b"BODY" not in rule
    },
}

FRAMING = (
    B("lf-only", "ends its lines with LF alone", (Send(b"* OK hi\n"), Serve(_LF))),
    B("bare-cr", "ends its lines with CR alone", (Send(b"* OK IMAP4rev1 ready\r"), WAIT), ALL, seconds=1),
    B("line-10mb", "sends 10 MB without a line's end", (HELLO, Repeat(b"x" * 10_000, 1000), WAIT), ALL, seconds=2),
    B("line-endless", "sends a line that never ends", (Send(b"* OK "), Repeat(b"x" * 10_000, 100_000)), ALL),
    B("list-line-endless", "begins a folder's name and never ends it", imap(list_=(Send(b'* LIST () "/" "'), Repeat(b"x" * 10_000, 100_000)))),
    B("nul", "puts NUL into its answers", imap(list_=b'* LIST () "/" "IN\0BOX"\r\n' + INBOX + DONE)),
    B("eight-bit", "puts 8-bit noise into names and texts", imap(list_=b'* LIST () "/" "\xe4\xf6\xff\x80"\r\n* OK \xff\xfe\r\n' + INBOX + b"{tag} OK f\xfcr Sie\r\n")),
    B("byte-by-byte", "sends every byte in a packet of its own", (Pace(1), *imap()), seconds=20, must={"sync": "ok"}),
    B("byte-by-byte-smtp", "the same", (Pace(1), *smtp()), SEND, seconds=20, must={"send": "ok"}),
    B("byte-a-second", "sends a byte a second", (Pace(1, 1.0), *imap()), ALL, seconds=2),
    B("half-close", "says it is done after the login", imap(list_=(HalfClose(), Pause(5)), namespace=(HalfClose(), Pause(5)))),
    B("rst-at-once", "resets the connection at once", (Close(reset=True),), ALL),
    B("rst-after-greeting", "resets after the greeting", (HELLO, Close(reset=True)), ALL),
    B("rst-in-list", "resets in the middle of LIST", imap(list_=(Send(INBOX), Close(reset=True)))),
    B("rst-in-body", "resets in the middle of a message", imap(bodies=(Send(BODIES[:-60]), Close(reset=True)))),
    B("eof-in-body", "closes in the middle of a message", imap(bodies=(Send(BODIES[:-60]), Close()))),
)  # fmt: skip


def _body(size: bytes, *what: bytes) -> tuple[Send, Pause]:
    return Send(b"* 1 FETCH (UID 3 BODY[] {" + size + b"}\r\n" + b"".join(what)), WAIT


LITERALS = (
    B("literal-short", "announces less than it sends", imap(bodies=b"* 1 FETCH (UID 3 BODY[] {5}\r\nFrom: a@x\r\n\r\nhello\r\n)\r\n" + DONE), seconds=2),
    B("literal-long", "announces more than it sends", imap(bodies=_body(b"1000", b"only this)\r\n{tag} OK\r\n")), seconds=1),
    B("literal-zero", "a folder's name is an empty literal", imap(list_=b'* LIST () "/" {0}\r\n\r\n' + INBOX + DONE), must={"sync": "ok"}),
    B("literal-name", "INBOX comes as a literal", imap(list_=b'* LIST () "/" {5}\r\nINBOX\r\n' + DONE), must={"sync": "ok"}),
    B("literal-5000-digits", "announces a size of 5,000 digits", imap(list_=(Send(b'* LIST () "/" {' + b"9" * 5000 + b"}\r\n"), WAIT)), seconds=2),
    B("literal-5000-digits-body", "the same for a message", imap(bodies=_body(b"9" * 5000)), seconds=2),
    B("literal-2-63", "announces 2^63 octets", imap(list_=(Send(b'* LIST () "/" {9223372036854775808}\r\n'), WAIT), bodies=_body(b"9223372036854775808")), seconds=2),
    B("literal-500mb-body", "announces 500 MB and sends none", imap(bodies=_body(b"500000000")), seconds=1),
    B("literal-500mb-name", "a folder's name of 500 MB that never comes", imap(list_=(Send(b'* LIST () "/" {500000000}\r\n'), WAIT)), seconds=1),
    B("literal-100mb-name", "a folder's name of 100 MB that does come", imap(list_=(Send(b'* LIST () "/" {100000000}\r\n'), Repeat(b"x" * 10_000, 10_000), Send(b"\r\n" + DONE)))),
    B("literal-100mb-body", "a message of 100 MB where a small one was announced", imap(bodies=(Send(b"* 1 FETCH (UID 3 BODY[] {100000000}\r\n"), Repeat(b"x" * 10_000, 10_000), Send(b")\r\n" + DONE))), seconds=10, unknowable=(3,), owed="a large message is stored without being in memory as a whole"),
    B("literal-quoted", "what looks like a literal inside a quoted string", imap(list_=b'* LIST () "/" "a {5}"\r\n' + INBOX + DONE), must={"sync": "ok"}),
    B("literal-negative", "announces minus one octet", imap(list_=b'* LIST () "/" {-1}\r\n' + INBOX + DONE)),
    B("literal-in-status", "a literal in a tagged answer", imap(list_=INBOX + b"{tag} OK {3}\r\nabc\r\n"), seconds=2),
)  # fmt: skip


def floods() -> tuple[Behaviour, ...]:
    """A million times the same line, before the answer to LIST, SEARCH and FETCH, and forever."""
    rows = []
    for name, line in {
        "exists": b"* 1 EXISTS\r\n",
        "expunge": b"* 1 EXPUNGE\r\n",
        "fetch": b"* 1 FETCH (FLAGS ())\r\n",
        "plus": b"+ \r\n",
        "capability": CAPABILITY,
        "ok": b"* OK [ALERT] x\r\n",
        "list": b'* LIST () "/" a\r\n',
        "search": b"* SEARCH 1\r\n",
        "bad": b"* BAD x\r\n",
        "codes": b"* OK [UIDVALIDITY 1] .\r\n",
    }.items():
        flood = Repeat(line, MILLION)
        in_list: Reply = (flood, Send(INBOX + DONE))
        in_fetch: Reply = (flood, Send(BODIES + DONE))
        does = f"a million lines {line[:20].decode()!r} in LIST and FETCH"
        rows.append(
            B(f"flood-{name}", does, imap(list_=in_list, bodies=in_fetch), ("list", "sync"))
        )
    rows += [
        B("flood-greeting", "a million OK lines instead of a greeting", (HELLO, Repeat(b"* OK hi\r\n", MILLION), WAIT), CONNECT),
        B("flood-login", "a million lines during the login", imap(login=(Repeat(b"* OK hi\r\n", MILLION), WAIT)), CONNECT),
        B("flood-select", "a million EXISTS lines in EXAMINE", imap(examine=(Repeat(b"* 3 EXISTS\r\n", MILLION), Send(DONE))), ("sync",)),
        B("flood-many-kinds", "200,000 lines, each of a kind of its own", imap(list_=b"".join(b"* X%b 1\r\n" % _word(n) for n in range(200_000)) + INBOX + DONE), ("list",)),
        B("flood-big-list", "30,000 folder names of 10 kB", imap(list_=(Repeat(b'* LIST () "/" "' + b"x" * 10_000 + b'"\r\n', 30_000), Send(INBOX + DONE))), ("list", "sync")),
        B("flood-body", "messages nobody asked for, without end", imap(bodies=_STRANGERS), ("sync",)),
    ]  # fmt: skip
    return tuple(rows)


_STRANGERS = (
    Repeat(b"* 9 FETCH (UID 99 BODY[] {5}\r\nhello)\r\n", MILLION),
    Send(BODIES + DONE),
)


def _word(number: int) -> bytes:
    return bytes(65 + number // 26**power % 26 for power in range(4))


_STARTTLS = b"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\n" + DONE
_EHLO = b"250-x\r\n250 STARTTLS\r\n"
_SHOWN = {
    "expired": ("has expired", Shown(starts=timedelta(days=-90), ends=timedelta(days=-3)), "certificate-expired"),
    "future": ("is not valid yet", Shown(starts=timedelta(days=3), ends=timedelta(days=90)), "certificate-expired"),
    "host": ("names another host", Shown(hosts=("mail.andere.example",)), "certificate-host-mismatch"),
    "self": ("is self-signed", Shown(signer="self"), "certificate-self-signed"),
    "unknown": ("comes from an unknown authority", Shown(signer="other"), "certificate-untrusted"),
    "chain": ("comes without its intermediate", Shown(signer="intermediate"), "certificate-untrusted"),
    "old": ("is good, but TLS ends at 1.1", Shown(newest="TLSv1_1"), "tls-failed"),
    "weak": ("has an RSA key of 1024 bits", Shown(bits=1024), "certificate-rejected"),
    "sha1": ("is signed with SHA-1", Shown(sha1=True, bits=2048), "certificate-rejected"),
}  # fmt: skip

TLS = (
    *(
        B(f"tls-{name}", f"its certificate {does}", script, operations, shown=shown, must=dict.fromkeys(operations, code))
        for name, (does, shown, code) in _SHOWN.items()
        for script, operations in ((imap(), ALL),)
    ),
    B("tls-silent", "accepts and never answers the handshake", (WAIT,), ALL, encrypted=False, seconds=1),
    B("starttls-stripped", "offers no STARTTLS", imap(), CONNECT, security=Security.STARTTLS, must={"connect": "starttls-failed"}),
    B("starttls-refused", "offers STARTTLS and refuses it", imap(capability=_STARTTLS, starttls=b"{tag} NO no\r\n"), CONNECT, security=Security.STARTTLS, must={"connect": "starttls-failed"}),
    B("starttls-injection", "sends more after the OK, in clear", imap(capability=_STARTTLS, starttls=b"{tag} OK go\r\n" + CAPABILITY), CONNECT, security=Security.STARTTLS, must={"connect": "starttls-failed"}),
    B("starttls-preauth", "PREAUTH on the STARTTLS port", imap(Send(b"* PREAUTH hi\r\n")), CONNECT, security=Security.STARTTLS),
    B("starttls-silence", "falls silent after the OK", imap(capability=_STARTTLS, starttls=(Send(b"{tag} OK go\r\n"), WAIT)), CONNECT, security=Security.STARTTLS, seconds=1),
    B("starttls-forged", "forges folders before TLS", (*imap(capability=b'* LIST () "/" forged\r\n' + _STARTTLS)[:-1], Serve({rb"CAPAB": b'* LIST () "/" forged\r\n' + _STARTTLS, rb"STARTTLS": b'* LIST () "/" forged\r\n{tag} OK go\r\n'}, until=rb"STARTTLS$"), Upgrade(), imap()[-1]), security=Security.STARTTLS, must={"sync": "ok"}),
    B("starttls-stripped-smtp", "offers no STARTTLS", smtp(), SEND, security=Security.STARTTLS, must={"send": "starttls-failed"}),
    B("starttls-refused-smtp", "refuses STARTTLS", smtp(ehlo=_EHLO, starttls=b"454 no\r\n"), SEND, security=Security.STARTTLS, must={"send": "starttls-failed"}),
    B("starttls-injection-smtp", "sends more after 220, in clear", smtp(ehlo=_EHLO, starttls=b"220 go\r\n250 AUTH PLAIN\r\n"), SEND, security=Security.STARTTLS, must={"send": "starttls-failed"}),
)  # fmt: skip
