"""States, folders, UIDs: lies of a server that speaks IMAP well enough."""

from __future__ import annotations

from demo.servers.behaviours.row import (
    BODIES,
    CAPABILITY,
    DONE,
    ENVELOPES,
    EXAMINED,
    FOUND,
    HELLO,
    INBOX,
    MESSAGES,
    META,
    Behaviour,
    fetched,
    imap,
)
from demo.servers.scripted import Close, Send

__all__ = ["FOLDERS", "REFUSALS", "STATES", "UIDS", "long_lists"]

B = Behaviour
SYNC = ("sync",)
LISTS = ("list", "sync")
OK = {"sync": "ok"}
BYE = b"* BYE [UNAVAILABLE] shutting down\r\n"
ONE, TWO, THREE = (fetched(seq, uid) for seq, uid in enumerate(MESSAGES, 1))

STATES = (
    *(
        B(f"bye-{name.strip('_')}", f"says goodbye instead of answering {name.strip('_')}", imap(**{name: (Send(BYE), Close())}))
        for name in ("capability", "authenticate", "login", "namespace", "list_", "status", "examine", "search", "envelopes", "bodies")
    ),
    B("bye-lingering", "says goodbye in LIST and stays", imap(list_=BYE + INBOX + DONE)),
    B("bye-mid-body", "says goodbye between two messages", imap(bodies=(Send(ONE + BYE), Close())), SYNC),
    B("bye-logout-none", "closes on LOGOUT without a word", imap(logout=(Close(),))),
    B("logout-silent", "does not answer LOGOUT", imap(logout=b""), must={"connect": "ok", "sync": "ok"}),
    B("expunge-in-fetch", "expunges between the bodies", imap(bodies=ONE + b"* 1 EXPUNGE\r\n" + TWO + THREE + DONE), SYNC, must=OK),
    B("exists-shrinks", "has fewer messages with every answer", imap(search=b"* 2 EXISTS\r\n" + FOUND + DONE, envelopes=b"* 0 EXISTS\r\n" + ENVELOPES + DONE), SYNC),
    B("tag-unknown", "answers with a tag of its own", imap(list_=INBOX + b"ZZ9 OK done\r\n"), LISTS),
    B("tag-earlier", "answers with an earlier tag", imap(list_=INBOX + b"AAAA1 OK done\r\n"), LISTS, seconds=2),
    B("tag-in-fetch", "answers FETCH with another's tag", imap(bodies=BODIES + b"ZZ9 OK done\r\n"), SYNC),
    B("tag-twice", "answers twice", imap(list_=INBOX + DONE + b"{tag} NO really\r\n"), LISTS),
    B("tag-twice-fetch", "answers FETCH twice", imap(bodies=BODIES + DONE + DONE), SYNC),
    B("plus-stray", "asks for more where nothing is to come", imap(list_=b"+ go on\r\n" + INBOX + DONE, bodies=b"+ \r\n" + BODIES + DONE), LISTS),
    B("nonsense", "answers in prose", imap(any_=b"I do not understand.\r\n")),
    B("html", "answers LIST in HTML", imap(list_=b"<html><script>alert(1)</script>\r\n{tag} OK\r\n"), LISTS),
    B("nesting", "nests 100,000 parentheses", imap(list_=b"* LIST " + b"(" * 100_000 + b"\r\n" + INBOX + DONE, bodies=b"* 1 FETCH " + b"(" * 60_000 + b"\r\n" + BODIES + DONE), LISTS),
    B("nesting-envelope", "nests parentheses in the envelopes", imap(envelopes=b"* 1 FETCH (UID 3 FLAGS " + b"(" * 60_000 + b"\r\n" + ENVELOPES + DONE), SYNC),
    B("quotes-open", "never closes its quotes", imap(list_=b'* LIST () "/" "' + b'\\"' * 50_000 + b"\r\n" + INBOX + DONE, namespace=b'* NAMESPACE (("' + b"\\" * 50_000 + b"\r\n" + DONE), LISTS),
    B("capability-empty", "can nothing", imap(capability=b"* CAPABILITY\r\n" + DONE)),
    B("capability-long", "can 50,000 things", imap(capability=b"* CAPABILITY IMAP4rev1 AUTH=PLAIN " + b"X-Y " * 50_000 + b"\r\n" + DONE)),
    B("capability-lies", "announces everything and does nothing of it", imap(capability=b"* CAPABILITY IMAP4rev1 AUTH=PLAIN NAMESPACE LIST-EXTENDED LIST-STATUS SPECIAL-USE CONDSTORE QRESYNC ESEARCH MOVE UIDPLUS ID QUOTA COMPRESS=DEFLATE ENABLE\r\n" + DONE, namespace=b"{tag} BAD no\r\n")),
)  # fmt: skip

#: RFC 5530's codes, and what a refusal of each step looks like.
REFUSALS = (
    *(
        B(f"examine-{code.lower()}", f"refuses to open the folder: {code}", imap(examine=b"{tag} NO [%b] no\r\n" % code.encode()), SYNC, must={"sync": "command-refused"})
        for code in ("NOPERM", "INUSE", "CORRUPTION", "NONEXISTENT", "CANNOT", "SERVERBUG")
    ),
    B("list-no", "refuses LIST", imap(list_=b"{tag} NO [LIMIT] no\r\n"), LISTS),
    B("status-no", "refuses STATUS", imap(status=b"{tag} NO [CANNOT] no\r\n"), LISTS, must={"list": "ok"}),
    B("search-bad", "refuses SEARCH", imap(search=b"{tag} BAD what\r\n"), SYNC),
    B("fetch-no", "refuses to hand out messages", imap(bodies=b"{tag} NO [EXPUNGEISSUED] gone\r\n"), SYNC),
    B("fetch-partly", "hands out one and refuses the rest", imap(bodies=ONE + b"{tag} NO some are gone\r\n"), SYNC),
    B("fetch-holds-back", "holds one message back and says OK", imap(bodies=ONE + TWO + DONE), SYNC, must={"sync": "command-refused"}),
    B("fetch-nil", "gives NIL for a message", imap(bodies=b"* 1 FETCH (UID 3 BODY[] NIL)\r\n" + TWO + THREE + DONE), SYNC),
)  # fmt: skip

_ENV = b"* %d FETCH (UID %b " + META % 50 + b")\r\n"


def _uids(words: bytes) -> bytes:
    return b"* SEARCH " + words + b"\r\n" + DONE


UIDS = (
    B("uid-duplicate", "gives one UID two contents", imap(bodies=fetched(1, 3) + fetched(2, 3, b"forged") + TWO + THREE + DONE), SYNC),
    B("uid-forged-first", "gives one UID two contents, the forged one first", imap(bodies=fetched(2, 3, b"forged") + ONE + TWO + THREE + DONE), SYNC),
    B("uid-zero", "knows a UID 0", imap(search=_uids(b"0 3 7 4294967295"), envelopes=_ENV % (9, b"0") + ENVELOPES + DONE), SYNC, must=OK),
    B("uid-above", "knows a UID above 2^32", imap(search=_uids(b"3 7 4294967295 4294967296"), envelopes=_ENV % (9, b"4294967296") + ENVELOPES + DONE), SYNC, must=OK),
    B("uid-huge", "knows a UID of 5,000 digits", imap(search=_uids(b"9" * 5000 + b" 3 7 4294967295"), bodies=b"* 1 FETCH (UID " + b"9" * 5000 + b" FLAGS ())\r\n" + BODIES + DONE), SYNC),
    B("uid-decreasing", "lists its UIDs downwards", imap(search=_uids(b"4294967295 7 3"), bodies=THREE + TWO + ONE + DONE), SYNC, must=OK),
    B("uid-strange", "sends messages nobody asked for", imap(bodies=b"* 8 FETCH (UID 99 BODY[] {6}\r\nforged)\r\n" + BODIES + DONE), SYNC, must=OK),
    B("uid-missing", "sends a content without a UID", imap(bodies=b"* 8 FETCH (BODY[] {6}\r\nforged)\r\n" + BODIES + DONE), SYNC),
    B("uid-missing-all", "names no UID in its envelopes", imap(envelopes=b"* 1 FETCH (FLAGS ())\r\n" * 3 + DONE), SYNC),
    B("uid-in-flag", "hides a UID in a keyword", imap(bodies=b"* 8 FETCH (FLAGS (UID 3) BODY[] {6}\r\nforged)\r\n" + BODIES + DONE), SYNC),
    B("envelopes-short", "leaves one message out of the envelopes", imap(envelopes=b"".join(ENVELOPES.splitlines(keepends=True)[:2]) + DONE), SYNC),
    B("exists-zero", "says the folder is empty, though it is not", imap(examine=EXAMINED.replace(b"3 EXISTS", b"0 EXISTS") + DONE), SYNC, unknowable=tuple(MESSAGES)),
    B("exists-huge", "has 2^64 messages", imap(examine=EXAMINED.replace(b"3 EXISTS", b"18446744073709551616 EXISTS") + DONE), SYNC),
    B("size-lie", "announces sizes that are not", imap(envelopes=ENVELOPES.replace(b"RFC822.SIZE ", b"RFC822.SIZE 9") + DONE), SYNC),
    B("size-huge", "announces 2^70 octets", imap(envelopes=ENVELOPES.replace(b"RFC822.SIZE ", b"RFC822.SIZE 11805916207174113") + DONE), SYNC),
    B("date-broken", "dates its messages on the 99th", imap(envelopes=ENVELOPES.replace(b"01-Jun", b"99-Foo") + DONE, bodies=BODIES.replace(b"01-Jun", b"99-Foo") + DONE), SYNC, must=OK),
    B("uidnext-missing", "names no UIDNEXT", imap(examine=b"* 3 EXISTS\r\n* OK [UIDVALIDITY 17] .\r\n" + DONE), SYNC, must=OK),
    B("uidnext-falling", "has a UIDNEXT below its UIDs", imap(examine=EXAMINED.replace(b"[UIDNEXT 4294967295]", b"[UIDNEXT 2]") + DONE), SYNC),
    *(
        B(f"uidvalidity-{name}", f"its UIDVALIDITY: {said.decode()!r}", imap(examine=EXAMINED.replace(b"* OK [UIDVALIDITY 17] .\r\n", said) + DONE), SYNC, must={"sync": "protocol-violation"})
        for name, said in {
            "missing": b"", "zero": b"* OK [UIDVALIDITY 0] .\r\n", "huge": b"* OK [UIDVALIDITY 4294967296] .\r\n",
            "twice": b"* OK [UIDVALIDITY 17] .\r\n* OK [UIDVALIDITY 18] .\r\n", "empty": b"* OK [UIDVALIDITY] .\r\n",
        }.items()
    ),
    B("uidvalidity-in-fetch", "renumbers between EXAMINE and FETCH", imap(bodies=b"* OK [UIDVALIDITY 18] .\r\n" + BODIES + DONE), SYNC),
    B("uidvalidity-in-search", "renumbers between EXAMINE and SEARCH", imap(search=b"* OK [UIDVALIDITY 18] .\r\n" + FOUND + DONE), SYNC),
    B("uidvalidity-again", "renumbers before the next connection", imap(), SYNC, again=imap(examine=EXAMINED.replace(b"17", b"18") + DONE)),
    B("again-empty", "is empty all of a sudden", imap(), SYNC, again=imap(examine=EXAMINED.replace(b"3 EXISTS", b"0 EXISTS") + DONE), unknowable=tuple(MESSAGES)),
    B("again-mute", "finds no message any more, though it counts three", imap(), SYNC, again=imap(search=b"* SEARCH\r\n" + DONE)),
    B("again-other", "has another content under an old UID", imap(), SYNC, again=imap(bodies=fetched(1, 3, b"forged") + TWO + THREE + DONE), must=OK),
    B("modseq-reset", "its MODSEQ falls", imap(examine=EXAMINED + b"* OK [HIGHESTMODSEQ 900] .\r\n" + DONE), SYNC, again=imap(examine=EXAMINED + b"* OK [HIGHESTMODSEQ 1] .\r\n" + DONE), must=OK),
    B("modseq-none", "NOMODSEQ", imap(examine=EXAMINED + b"* OK [NOMODSEQ] .\r\n" + DONE), SYNC, must=OK),
    B("vanished-unknown", "unknown messages vanished", imap(search=b"* VANISHED (EARLIER) 41,43:116\r\n" + FOUND + DONE), SYNC, must=OK),
    B("vanished-all", "everything vanished, up to 2^32", imap(search=b"* VANISHED 1:4294967295\r\n" + FOUND + DONE, bodies=b"* VANISHED 1:4294967295\r\n" + BODIES + DONE), SYNC),
    B("closed", "says CLOSED before the folder's state", imap(examine=b"* OK [CLOSED] .\r\n" + EXAMINED + DONE), SYNC, must=OK),
)  # fmt: skip


def _list(*names: bytes, delimiter: bytes = b'"/"', flags: bytes = b"") -> bytes:
    rows = b"".join(b"* LIST (%b) %b %b\r\n" % (flags, delimiter, name) for name in names)
    return rows + INBOX + DONE


_TWINS = ('"' + "Entwürfe" + '"', '"' + "Entwu\u0308rfe" + '"')
FOLDERS = (
    B("list-nil-delimiter", "knows no hierarchy", imap(list_=b"* LIST () NIL INBOX\r\n" + DONE), must=OK),
    B("list-delimiters", "has another delimiter for every folder", imap(list_=b"".join(b'* LIST () "%b" "a%bb"\r\n' % (d, d) for d in (b".", b"/", b"\\\\", b'\\"', b"|")) + INBOX + DONE), LISTS),
    B("list-noselect", "its folders cannot be opened", imap(list_=_list(b"a", b"b", flags=b"\\NoSelect"), status=b"{tag} NO\r\n"), LISTS, must={"list": "ok"}),
    B("list-nonexistent", "lists folders that do not exist", imap(list_=_list(b"a", flags=b"\\NonExistent")), LISTS, must={"list": "ok"}),
    B("list-inbox-case", "writes iNbOx", imap(list_=b'* LIST () "/" iNbOx\r\n' + DONE), LISTS),
    B("list-empty", "lists nothing", imap(list_=DONE), LISTS),
    B("list-empty-name", "has a folder without a name", imap(list_=_list(b'""')), LISTS),
    B("list-duplicate", "lists a folder twice", imap(list_=_list(b"INBOX", b"INBOX")), LISTS, must=OK),
    B("list-10kb", "has a name of 10 kB", imap(list_=_list(b'"' + b"x" * 10_000 + b'"')), LISTS),
    B("list-100-levels", "has 100 levels", imap(list_=_list(b'"' + b"/".join([b"a"] * 100) + b'"')), LISTS),
    B("list-utf7-broken", "has broken modified UTF-7", imap(list_=_list(b'"&AOQ"', b'"&!!-"', b'"&2AA-"', b'"a&"')), LISTS),
    B("list-utf8", "has raw UTF-8", imap(list_=_list('"Entwürfe"'.encode(), b'"\xff"')), LISTS),
    B("list-twins", "has names that look alike (NFC, NFD)", imap(list_=_list(*(n.encode() for n in _TWINS))), LISTS),
    B("list-dots", "has folders .. and /", imap(list_=_list(b'".."', b'"/"', b'"../../etc"', b'"."')), LISTS),
    B("list-control", "has control characters in names", imap(list_=_list(b'"a\x01\x1b[31m\x7f"', b'"b\x08"')), LISTS),
    B("list-newline", "has a line break in a literal name", imap(list_=b'* LIST () "/" {6}\r\na\r\nb c\r\n' + INBOX + DONE), LISTS, must={"list": "ok"}),
    B("list-html", "has HTML in names", imap(list_=_list(b'"<script>alert(1)</script>"')), LISTS),
    B("list-flags-odd", "gives every folder every use", imap(list_=_list(b"INBOX", b"b", b"c", flags=b"\\Sent \\Trash \\Drafts \\Junk \\All")), LISTS),
    B("namespace-nil", "has no namespace", imap(namespace=b"* NAMESPACE NIL NIL NIL\r\n" + DONE), LISTS, must={"list": "ok"}),
    B("namespace-overlap", "has namespaces within each other", imap(namespace=b'* NAMESPACE (("" "/")("INBOX" "/")) (("" "/")) (("INBOX" "."))\r\n' + DONE), LISTS, must={"list": "ok"}),
    B("namespace-broken", "breaks off in NAMESPACE", imap(namespace=b'* NAMESPACE (("" "/"\r\n' + DONE), LISTS),
    B("status-other", "answers STATUS for another folder", imap(status=b"* STATUS other (MESSAGES 99)\r\n" + DONE), LISTS, must={"list": "ok"}),
    B("status-huge", "counts 2^64 messages", imap(status=b"* STATUS INBOX (MESSAGES 18446744073709551616 UIDNEXT -1)\r\n" + DONE), LISTS, must={"list": "ok"}),
    B("status-broken", "breaks off in STATUS", imap(status=b"* STATUS INBOX (MESSAGES\r\n" + DONE), LISTS, must={"list": "ok"}),
)  # fmt: skip


def long_lists() -> tuple[Behaviour, ...]:
    """Folder lists as long as they come; big, so made on demand."""
    rows = b"".join(
        b'* LIST (\\HasNoChildren) "/" "Akten/2025/%06d"\r\n' % n for n in range(100_000)
    )
    counted = b"".join(
        b'* STATUS "Akten/2025/%06d" (MESSAGES 3 UNSEEN 0 UIDNEXT 9 UIDVALIDITY 4)\r\n' % n
        for n in range(20_000)
    )
    able = CAPABILITY.replace(b"NAMESPACE", b"LIST-EXTENDED LIST-STATUS")
    many = b"".join(b"* %d FETCH (UID %d %b)\r\n" % (n, n, META % 50) for n in range(1, 5001))
    return (
        B("list-100000", "has 100,000 folders", imap(list_=rows + INBOX + DONE, capability=able + DONE), ("list",), seconds=20, must={"list": "ok"}),
        B("list-20000-status", "counts 20,000 folders at once", imap(HELLO, list_=rows[: len(rows) // 5] + counted + INBOX + DONE, capability=able + DONE), ("list",), seconds=20, must={"list": "ok"}),
        B("envelopes-5000", "sends 5,000 envelopes where three were asked for", imap(envelopes=many + ENVELOPES + DONE), SYNC, must=OK),
    )  # fmt: skip
