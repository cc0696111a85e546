"""The scanner of FETCH answers: whatever way the bytes are cut, the same messages come out."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from io import BytesIO
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.mail.scanner import Fetched, FetchScanner, ScanError, ScanLimits

ANSWER = (
    b'* 1 FETCH (UID 7 FLAGS (\\Seen $Junk) INTERNALDATE "17-Jul-1996 02:44:25 -0700" '
    b"RFC822.SIZE 11 MODSEQ (624140003) BODY[] {11}\r\nhello\r\nyou\n)\r\n"
    b"* 2 EXISTS\r\n"
    b"* 2 FETCH (FLAGS () UID 8 BODY[] {0}\r\n RFC822.SIZE 0)\r\n"
    b"* 3 FETCH (BODY[] {3}\r\nabc UID 9)\r\n"
    b'* 4 fetch (UID 10 BODY[] "a \\"b\\"")\r\n'
    b"* 5 FETCH (UID 11 BODY[] NIL)\r\n"
    b'* 6 FETCH (UID 12 X-GM-LABELS (\\Inbox "UID 99" {4}\r\nUID ) BODY[] {2}\r\nxy)\r\n'
    b"* 7 FETCH (FLAGS (\\Seen))\r\n"
    b"A1 OK done\r\n* 9 EXPUNGE\r\n"
)  # fmt: skip

MESSAGES = [
    Fetched(
        1, 7, ("$Junk", "\\Seen"), 11, datetime(1996, 7, 17, 9, 44, 25, tzinfo=UTC), 624140003,
        b"hello\r\nyou\n",
    ),
    Fetched(2, 8, (), 0, body=b""),
    Fetched(3, 9, body=b"abc"),
    Fetched(4, 10, body=b'a "b"'),
    Fetched(5, 11),
    Fetched(6, 12, body=b"xy"),
    Fetched(7, flags=("\\Seen",)),
]  # fmt: skip


def scan(
    answer: bytes, cuts: list[int], limits: ScanLimits | None = None
) -> tuple[FetchScanner, list[Fetched]]:
    """Feed an answer in pieces of these sizes, the last size over and over."""
    scanner = FetchScanner(b"A1", limits=limits, spool=BytesIO)
    found: list[Fetched] = []
    at = turn = 0
    while at < len(answer):
        space = scanner.buffer()
        size = min(len(space), cuts[min(turn, len(cuts) - 1)], len(answer) - at)
        space[:size] = answer[at : at + size]
        found += scanner.filled(size)
        at, turn = at + size, turn + 1
    return scanner, found


def test_the_answer_is_read_as_written() -> None:
    """Items in any order, literals, quoted strings and NIL; words inside other items are not UIDs."""
    scanner, found = scan(ANSWER, [len(ANSWER)])
    assert found == MESSAGES
    assert (scanner.finished, scanner.status, scanner.text) == (True, b"OK", b"done")
    assert scanner.others == [b"* 2 EXISTS"]
    assert scanner.rest == b"* 9 EXPUNGE\r\n"


@pytest.mark.parametrize("at", range(1, len(ANSWER)))
def test_a_cut_anywhere_changes_nothing(at: int) -> None:
    """Cut in two at every byte, the messages are the same."""
    scanner, found = scan(ANSWER, [at, len(ANSWER)])
    assert found == MESSAGES
    assert scanner.rest == b"* 9 EXPUNGE\r\n"


def test_byte_by_byte_changes_nothing() -> None:
    """One byte at a time."""
    assert scan(ANSWER, [1])[1] == MESSAGES


@given(st.lists(st.integers(1, 60), min_size=1, max_size=40))
def test_any_cuts_change_nothing(cuts: list[int]) -> None:
    """Cut at random, with large literals in a file: content and order are the same."""
    _, found = scan(ANSWER, cuts, ScanLimits(memory=2))
    assert [_content(message.body) for message in found] == [m.body for m in MESSAGES]
    assert [message.uid for message in found] == [m.uid for m in MESSAGES]


def _content(body: bytes | IO[bytes] | None) -> bytes | None:
    return body if body is None or isinstance(body, bytes) else body.read()


def test_a_large_literal_goes_to_a_file_whole() -> None:
    """Past the bound in memory, the content is in a file at its start."""
    content = bytes(range(256)) * 40
    answer = b"* 1 FETCH (UID 1 BODY[] {%d}\r\n%s)\r\nA1 OK\r\n" % (len(content), content)
    scanner, found = scan(answer, [1000], ScanLimits(memory=100))
    assert not isinstance(found[0].body, bytes)
    assert _content(found[0].body) == content
    assert scanner.finished


@pytest.mark.parametrize(
    ("answer", "limit"),
    [
        (b"* 1 FETCH (BODY[] {99999999999999999999}\r\n", True),
        (b"* 1 FETCH (BODY[] {5000000000}\r\n", True),
        (b"x" * 70_000, True),
        (b"* " + b"9" * 70_000 + b"\r\n", True),
        (b"* 1 EXISTS\r\n" * 11, True),
        (b"B7 OK of another command\r\n", False),
        (b"+ go on\r\n", False),
        (b"HTTP/1.1 400 Bad Request\r\n", False),
        (b"A1 MAYBE\r\n", False),
        (b"* 1 FETCH (UID \0)\r\n", False),
    ],
)
def test_what_is_not_imap_or_too_much_ends_in_one_error(answer: bytes, limit: bool) -> None:
    """Sizes beyond belief, endless lines, floods, foreign tags: one error that says which."""
    with pytest.raises(ScanError) as caught:
        scan(answer, [4096], ScanLimits(lines=10))
    assert caught.value.limit is limit


@given(st.binary(max_size=300), st.lists(st.integers(1, 30), min_size=1, max_size=10))
def test_no_bytes_raise_anything_else(noise: bytes, cuts: list[int]) -> None:
    """Noise is an answer or a ScanError, never another exception."""
    for start in (b"", b"* 1 FETCH (", b"* 1 FETCH (UID 1 BODY[] {3}\r\nabc"):
        with contextlib.suppress(ScanError):
            scan(start + noise, cuts, ScanLimits(literal=10_000))


@given(st.integers(0, len(ANSWER) - 1), st.integers(0, 255), st.integers(1, 50))
def test_a_mutated_answer_invents_no_content(at: int, byte: int, cut: int) -> None:
    """One byte changed: every content that still comes out is one of the original octets' runs."""
    mutated = ANSWER[:at] + bytes([byte]) + ANSWER[at + 1 :]
    try:
        _, found = scan(mutated, [cut])
    except ScanError:
        return
    for message in found:
        content = _content(message.body)
        assert content is None or content in mutated or b"\\" in mutated


def test_an_unbalanced_quote_before_a_brace_is_no_literal() -> None:
    """A quoted string cannot hold a line's end, so nothing is read on its account."""
    scanner, found = scan(b'* 1 FETCH (UID 1 X "a {3}\r\nA1 OK\r\n', [7])
    assert scanner.finished
    assert all(message.body is None for message in found)


@pytest.mark.parametrize(
    ("row", "body"),
    [
        (b"(UID 7 BODY[] {3}\r\nabc)", b"abc"),
        (b"(uid 7 body[] {3}\r\nabc)", b"abc"),
        (b"(BODY[] {3}\r\nabc UID 7)", b"abc"),
        (b"(UID 7 BODY[] {0}\r\n)", b""),
        (b'(UID 7 BODY[] "")', b""),
        (rb'(UID 7 BODY[] "a \"b\" \\")', rb'a "b" \ '.rstrip()),
        (b'(BODY[] "x" UID 7)', b"x"),
        # A message that says "UID 9" is still message 7.
        (b'(BODY[] "UID 9" UID 7)', b"UID 9"),
        (b"(BODY[] {5}\r\nUID 9 UID 7)", b"UID 9"),
        (b"(UID 7 BODY[] NIL)", None),
        (b"(UID 7 FLAGS ())", None),
        # Another literal of the same message is not its content.
        (b"(UID 7 X {3}\r\nabc BODY[] {2}\r\nok)", b"ok"),
        (b"(UID 7 BODY[] {2}\r\nok X {3}\r\nabc)", b"ok"),
        (b"(UID 7 BODY[HEADER] {3}\r\nabc)", None),
        (b"(UID 7 RFC822.SIZE " + b"9" * 5000 + b" BODY[] {1}\r\nx)", b"x"),
        (b"(UID 7 MODSEQ (" + b"9" * 5000 + b") BODY[] {1}\r\nx)", b"x"),
    ],
)
def test_a_content_belongs_to_its_uid(row: bytes, body: bytes | None) -> None:
    """Every content goes to the UID of its own row, wherever that stands."""
    _, found = scan(b"* 1 FETCH " + row + b"\r\nA1 OK\r\n", [5])
    assert [(message.uid, message.body) for message in found] == [(7, body)]


@pytest.mark.parametrize("uid", [b"0", b"-1", b"4294967296", b"99999999999", b"x", b""])
def test_an_impossible_uid_is_none(uid: bytes) -> None:
    """0, above 32 bits or no number at all: the row belongs to nobody."""
    _, found = scan(b"* 1 FETCH (UID %s BODY[] {1}\r\nx)\r\nA1 OK\r\n" % uid, [9])
    assert all(message.uid is None for message in found)
