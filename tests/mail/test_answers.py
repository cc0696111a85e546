r"""Answers of servers, byte for byte: what imaplib hands over in, values out.

A line is ``bytes``; a line that ends in a literal is ``(line, literal)``, and the rest of the row
follows as a line of its own.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.mail import answers
from toolkit.mail.answers import (
    Envelope,
    FolderState,
    folder_state,
    parse_envelopes,
    parse_list,
    parse_search,
    parse_status,
    quote,
)
from toolkit.mail.folder import Folder, Namespaces

# Any bytes, and bytes made of the words of the protocol.
TOKENS = [
    *rb"\ ( ) {5} NIL BODY[] FLAGS 1 INBOX INTERNALDATE RFC822.SIZE UID".split(),
    *(b'"', b'"/"', b'"1-Jan-0001 00:00:00 +1400"', b"UID 7", b'BODY[] "', b"\xff"),
]
WORDS = st.lists(st.sampled_from(TOKENS), max_size=12).flatmap(
    lambda words: st.sampled_from([b"".join(words), b" ".join(words)])
)
LINES = st.one_of(st.binary(max_size=60), WORDS)
ITEMS = st.lists(st.one_of(LINES, st.tuples(LINES, st.binary(max_size=20)), st.none()), max_size=6)


# -- LIST -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "folder"),
    [
        (rb'(\HasNoChildren) "/" "INBOX"', Folder(b"INBOX", "INBOX", "/", ("\\HasNoChildren",))),
        (rb'() "/" INBOX', Folder(b"INBOX", "INBOX", "/", ())),
        (rb'() "." "INBOX.Sent"', Folder(b"INBOX.Sent", "INBOX.Sent", ".", ())),
        (rb'() NIL "Flat"', Folder(b"Flat", "Flat", None, ())),
        (rb'() nil "Flat"', Folder(b"Flat", "Flat", None, ())),
        (rb'() "" "Flat"', Folder(b"Flat", "Flat", None, ())),
        # A backslash between the levels, escaped as RFC 3501, 4.3 wants it.
        (rb'() "\\" "A\\B"', Folder(rb"A\B", "A\\B", "\\", ())),
        (rb'() "/" "say \"hi\" \\ bye"', Folder(rb'say "hi" \ bye', 'say "hi" \\ bye', "/", ())),
        # Numbers are names; IMAPClient would make them integers.
        (rb'() "/" "007"', Folder(b"007", "007", "/", ())),
        (rb'() "/" 2019', Folder(b"2019", "2019", "/", ())),
        (rb'() "/" "NIL"', Folder(b"NIL", "NIL", "/", ())),
        (
            rb'(\noselect \HASCHILDREN) "/" "Akten"',
            Folder(b"Akten", "Akten", "/", ("\\noselect", "\\HASCHILDREN")),
        ),
        (rb'() "/" "Entw&APw-rfe"', Folder(b"Entw&APw-rfe", "Entwürfe", "/", ())),
        (b'() "/" "Entw\xc3\xbcrfe"', Folder("Entwürfe".encode(), "Entwürfe", "/", ())),
        (rb'() "/" "A & B"', Folder(b"A & B", "A & B", "/", ())),
        (rb'() "/" " leading"', Folder(b" leading", " leading", "/", ())),
        # RFC 5258's extended data after the name, quoted name or atom.
        (rb'() "/" "Foo" ("CHILDINFO" ("SUBSCRIBED"))', Folder(b"Foo", "Foo", "/", ())),
        (rb'() "/" Foo ("CHILDINFO" ("SUBSCRIBED"))', Folder(b"Foo", "Foo", "/", ())),
        (rb'()  "/"  "blanks"  ', Folder(b"blanks", "blanks", "/", ())),
    ],
)
def test_a_list_row_is_read(line: bytes, folder: Folder) -> None:
    """Flags as sent, delimiter, raw name as sent, name for people."""
    assert parse_list([line]) == (folder,)


def test_flags_are_found_in_any_case() -> None:
    """A container is one, however the server writes it."""
    (folder,) = parse_list([rb'(\noselect) "/" "Akten"'])
    assert folder.has_flag("\\Noselect")
    assert not folder.selectable


def test_a_name_may_come_as_a_literal() -> None:
    """The literal's bytes are the name, quotes, line breaks and all; the row's rest is no row."""
    items = [
        (rb'(\HasNoChildren) "/" {9}', b'a"b\\c\r\nd)'),
        b"",
        (b"() NIL {3}", b"007"),
        b' ("CHILDINFO" ("SUBSCRIBED"))',
        rb'() "/" "after"',
    ]
    assert [(f.raw, f.delimiter) for f in parse_list(items)] == [
        (b'a"b\\c\r\nd)', "/"),
        (b"007", None),
        (b"after", "/"),
    ]


def test_each_folder_is_listed_once_in_the_servers_order() -> None:
    """A repeated row is one folder; names that only look alike are two."""
    lines = [
        rb'() "/" "B"',
        rb'() "/" "A"',
        rb'(\Sent) "/" "B"',
        b'() "/" "\xc3\x84"',
        b'() "/" "A\xcc\x88"',
    ]
    assert [f.raw for f in parse_list(lines)] == [b"B", b"A", b"\xc3\x84", b"A\xcc\x88"]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        None,
        b"()",
        b'"/" "INBOX"',
        b'() "/"',
        b'() "/" ',
        b'() "/" ""',
        b'() "//" "two delimiters"',
        b'() / "bare delimiter"',
        b'(\\Sent "/" "unclosed"',
        b'() "/" "unclosed',
        b"NIL",
        b"\xff\xfe\x00",
    ],
)
def test_a_broken_row_is_passed_over(line: bytes | None) -> None:
    """A row nobody can read costs that row, not the list."""
    assert [f.raw for f in parse_list([line, rb'() "/" "good"'])] == [b"good"]


# -- STATUS ---------------------------------------------------------------------------------


def test_status_is_read_by_raw_name() -> None:
    """Quoted, bare and literal names; numbers are names; unknown items are kept."""
    items = [
        b'"INBOX" (MESSAGES 3 UNSEEN 1 UIDNEXT 9 UIDVALIDITY 1700000000)',
        b"007 (messages 5)",
        b'"say \\"hi\\" (1)" (MESSAGES 2)',
        (b"{6}", b'a"(b) '),
        b" (MESSAGES 4 SIZE 9223372036854775807)",
        b'"" (MESSAGES 1)',
    ]
    assert parse_status(items) == {
        b"INBOX": {"MESSAGES": 3, "UNSEEN": 1, "UIDNEXT": 9, "UIDVALIDITY": 1_700_000_000},
        b"007": {"MESSAGES": 5},
        b'say "hi" (1)': {"MESSAGES": 2},
        b'a"(b) ': {"MESSAGES": 4, "SIZE": 2**63 - 1},
        b"": {"MESSAGES": 1},
    }


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"INBOX ()", {b"INBOX": {}}),
        (b"INBOX (MESSAGES)", {b"INBOX": {}}),
        (b"INBOX (MESSAGES -1 UNSEEN 2)", {b"INBOX": {"UNSEEN": 2}}),
        (b"INBOX (MESSAGES NIL)", {b"INBOX": {}}),
        (b"INBOX (MESSAGES 9223372036854775808)", {b"INBOX": {}}),
        (b"INBOX (MESSAGES " + b"9" * 5000 + b")", {b"INBOX": {}}),
        (b"INBOX MESSAGES 3", {}),
        (b"", {}),
        (None, {}),
    ],
)
def test_a_broken_status_counts_nothing(
    line: bytes | None, status: dict[bytes, dict[str, int]]
) -> None:
    """What is no number is left out; what is no answer is passed over."""
    assert parse_status([line]) == status


def test_a_literal_name_does_not_reach_the_next_answer() -> None:
    """A name whose numbers never come is not given those of another folder."""
    items = [(b"{1}", b"a"), b"", b'"b" (MESSAGES 2)']
    assert parse_status(items) == {b"b": {"MESSAGES": 2}}


# -- FETCH ----------------------------------------------------------------------------------

DATE = datetime(1996, 7, 17, 2, 44, 25, tzinfo=timezone(timedelta(hours=-7)))


@pytest.mark.parametrize(
    ("line", "envelope"),
    [
        (
            rb'1 (UID 7 FLAGS (\Seen $Forwarded) RFC822.SIZE 44827 INTERNALDATE "17-Jul-1996 02:44:25 -0700")',
            Envelope(7, ("$Forwarded", "\\Seen"), 44827, DATE),
        ),
        # Any order, any case; a one-digit day is padded by a blank (RFC 3501, 9: date-day-fixed).
        (
            rb'1 (flags () internaldate " 7-JUL-1996 02:44:25 +0000" rfc822.size 0 uid 4294967295)',
            Envelope(2**32 - 1, (), 0, datetime(1996, 7, 7, 2, 44, 25, tzinfo=UTC)),
        ),
        (rb"1 (UID 7 FLAGS (\Recent \recent \Answered))", Envelope(7, ("\\Answered",))),
        (rb"1 (UID 7 FLAGS (a a A))", Envelope(7, ("A", "a"))),
        (rb"1 (UID 7)", Envelope(7)),
        (rb"1 (UID 7 RFC822.SIZE 9223372036854775807)", Envelope(7, size=2**63 - 1)),
        (rb"1 (UID 7 RFC822.SIZE 9223372036854775808)", Envelope(7)),
        (rb"1 (UID 7 RFC822.SIZE -1)", Envelope(7)),
        # A keyword is no UID, and neither is a quoted text.
        (rb"1 (FLAGS (UID 9) UID 7)", Envelope(7, ("9", "UID"))),
        (rb'1 (X "UID 9 \" UID 8" UID 7)', Envelope(7)),
        (b"1 (UID 7 FLAGS (\xff))", Envelope(7, ("\ufffd",))),
    ],
)
def test_an_envelope_is_read(line: bytes, envelope: Envelope) -> None:
    """Flags sorted and without \\Recent, size, date with its zone; what is missing is None."""
    assert parse_envelopes([line]) == {envelope.uid: envelope}


@pytest.mark.parametrize(
    "date",
    [
        b"30-Feb-2020 00:00:00 +0000",
        b"00-Jan-2020 00:00:00 +0000",
        b"01-Foo-2020 00:00:00 +0000",
        b"01-Jan-0000 00:00:00 +0000",
        b"01-Jan-0001 00:00:00 +1400",  # before the first day there is
        b"31-Dec-9999 23:59:59 -0100",  # after the last
        b"01-Jan-2020 24:00:00 +0000",
        b"01-Jan-2020 00:00:60 +0000",
        b"01-Jan-2020 00:00:00 +9999",
        b"01-Jan-2020 00:00:00 GMT",
        b"01-M\xe4r-2020 00:00:00 +0000",
        b"2020-01-01T00:00:00Z",
        b"",
    ],
)
def test_an_impossible_date_is_none(date: bytes) -> None:
    """The message counts, not its date."""
    assert parse_envelopes([b'1 (UID 7 INTERNALDATE "' + date + b'")']) == {7: Envelope(7)}


@pytest.mark.parametrize(
    "line",
    [
        b"1 (FLAGS ())",  # unsolicited
        b"1 (UID 0)",
        b"1 (UID 4294967296)",
        b"1 (UID 99999999999)",
        b"1 (UID -1)",
        b"1 (UID)",
        b"1 (XUID 7)",
        b"",
    ],
)
def test_without_a_uid_there_is_no_message(line: bytes) -> None:
    """Rows without a possible UID belong to nobody."""
    assert parse_envelopes([line]) == {}


# -- SEARCH, EXAMINE, quoting ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("items", "uids"),
    [
        ([b"3 1 2 2"], (1, 2, 3)),
        ([b""], ()),
        ([], ()),
        ([None], ()),
        ([b"1 2", b"3"], (1, 2, 3)),
        ([b"0 4294967295 4294967296 -1 x 1:5 " + b"9" * 5000], (4294967295,)),
        ([b"1 2 (MODSEQ 917162500)"], (1, 2)),
    ],
)
def test_search_answers_are_read(items: list[bytes | None], uids: tuple[int, ...]) -> None:
    """All answers together, each UID once, ascending; the rest is passed over."""
    assert parse_search(items) == uids


def test_a_folder_state_is_read() -> None:
    """The numbers EXAMINE brings; what an old server does not know is None."""
    full = {
        "UIDVALIDITY": [b"17"],
        "EXISTS": [b"3"],
        "UIDNEXT": [b"9"],
        "HIGHESTMODSEQ": [b"9223372036854775807"],
    }
    assert folder_state(full) == FolderState(17, 3, 9, 2**63 - 1)
    assert folder_state({"UIDVALIDITY": [b"17"], "EXISTS": [b"0"]}) == FolderState(17, 0)
    again = {"UIDVALIDITY": [b"17", b"17"], "EXISTS": [b"3", b"3"], "UIDNEXT": [b"9", b"8"]}
    assert folder_state(again) == FolderState(17, 3)


@pytest.mark.parametrize(
    "untagged",
    [
        {},
        {"EXISTS": [b"3"]},
        {"UIDVALIDITY": [b"17"]},
        {"UIDVALIDITY": [], "EXISTS": [b"3"]},
        {"UIDVALIDITY": [b"0"], "EXISTS": [b"3"]},
        {"UIDVALIDITY": [b"17", b"18"], "EXISTS": [b"3"]},
        {"UIDVALIDITY": [b"17"], "EXISTS": [b"3", b"4"]},
        {"UIDVALIDITY": [b"4294967296"], "EXISTS": [b"3"]},
        {"UIDVALIDITY": [b"9" * 5000], "EXISTS": [b"3"]},
        {"UIDVALIDITY": [b"x"], "EXISTS": [b"3"]},
        {"UIDVALIDITY": [None], "EXISTS": [b"3"]},
        {"UIDVALIDITY": [b"17"], "EXISTS": [b"-1"]},
    ],
)
def test_an_untrustworthy_folder_has_no_state(untagged: dict[str, list[bytes]]) -> None:
    """UIDVALIDITY or EXISTS missing, zero, contradictory or impossible: no UID could be trusted."""
    assert folder_state(untagged) is None


@given(ITEMS)
def test_no_answer_raises(items: list[bytes | tuple[bytes, bytes] | None]) -> None:
    """Whatever a server sends is read or passed over, and every value can be stored."""
    for folder in parse_list(items):
        assert folder.raw
        folder.name.encode("utf-8")
    parse_status(items)
    parse_search(items)
    for uid, envelope in parse_envelopes(items).items():
        assert 0 < uid < 2**32
        assert envelope.size is None or 0 <= envelope.size < 2**63
        if envelope.internaldate is not None:
            envelope.internaldate.astimezone(UTC)
    folder_state({"UIDVALIDITY": items, "EXISTS": items, "UIDNEXT": items})


@given(st.binary())
def test_a_quoted_name_is_read_back(raw: bytes) -> None:
    """Quoting is exact, or refused where a line would end: nothing can become a second command."""
    if not raw or any(byte in raw for byte in b"\r\n\0"):
        if raw:
            with pytest.raises(ValueError, match="CR, LF or NUL"):
                quote(raw)
        return
    quoted = quote(raw)
    assert [f.raw for f in parse_list([b'() "/" ' + quoted])] == [raw]
    assert list(parse_status([quoted + b" (MESSAGES 1)"])) == [raw]


def test_long_hostile_lines_are_read_in_linear_time() -> None:
    """A megabyte made to make an expression backtrack is over in moments."""
    for line in (
        b"(" * 1_000_000,
        b'() "/" ' + b'"' * 1_000_000,
        b'() "/" ' + b"\\" * 1_000_000,
        b'() "/" "' + b" " * 1_000_000,
        b"x " + b" (" * 500_000,
        b"1 (" + b"UID " * 250_000,
        b"1 (" + b'BODY[] "' * 120_000,
        b"1 (" + b"FLAGS (" * 140_000,
        b'"\\' * 500_000,
    ):
        parse_list([line])
        parse_status([line])
        parse_envelopes([line])


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'(("" "/")) NIL NIL', Namespaces(("",))),
        (
            b'(("INBOX." ".")) (("user." ".")) (("shared." ".")("#news" NIL))',
            Namespaces(("INBOX.",), ("user.",), ("shared.", "#news")),
        ),
        (b'(("" "/" "X-PARAM" ("a" "b"))) (("~" "/")) NIL', Namespaces(("",), ("~",))),
        (b'NIL (("Andere Benutzer/" "/")) NIL', Namespaces((), ("Andere Benutzer/",))),
        (b'(("a\\"b" "/")) NIL NIL', Namespaces(('a"b',))),
        (b"nonsense", None),
        (b"", None),
    ],
)
def test_namespaces_are_read_as_rfc_2342_writes_them(
    line: bytes, expected: Namespaces | None
) -> None:
    """Own, other people's and shared prefixes; NIL is none; extensions are passed over."""
    assert answers.parse_namespaces([line]) == expected


@given(st.binary(max_size=200))
def test_no_namespace_answer_raises(line: bytes) -> None:
    """Noise is no namespace."""
    answers.parse_namespaces([line])
