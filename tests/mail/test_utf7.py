"""Modified UTF-7: what servers send is always shown, what we create is always exact."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.mail.utf7 import decode_name, encode_name

# Names a person can type: every character but lone surrogates.
NAMES = st.text(st.characters(exclude_categories=("Cs",)))

KNOWN = [
    (b"INBOX", "INBOX"),
    (b"Entw&APw-rfe", "Entwürfe"),
    (b"Gel&APY-schte Elemente", "Gelöschte Elemente"),
    (b"&g0l6P3ux-", "草稿箱"),
    # RFC 3501's own example
    (b"~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"),
    (b"A&-B", "A&B"),
    (b"&-&AOQ-&-", "&ä&"),
    (b"&2D3cBQ-", "\U0001f405"),
]


@pytest.mark.parametrize(("raw", "name"), KNOWN)
def test_known_names_are_read(raw: bytes, name: str) -> None:
    """Names as servers send them are shown as their owners wrote them."""
    assert decode_name(raw) == name


@pytest.mark.parametrize(("raw", "name"), KNOWN)
def test_known_names_are_written(raw: bytes, name: str) -> None:
    """A name is encoded in the one form the RFC allows."""
    assert encode_name(name) == raw


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"Tom & Jerry", "Tom & Jerry"),  # an ampersand nobody encoded
        (b"A&B-", "A&B-"),  # base64 of impossible length
        (b"&AP-", "&AP-"),  # half a UTF-16 unit
        (b"&2D0-", "&2D0-"),  # half a surrogate pair
        (b"&AOQ", "&AOQ"),  # never shifted back
        (b"&AGEAYg-", "ab"),  # needlessly shifted, still clear
        ("Entwürfe".encode(), "Entwürfe"),  # raw UTF-8
        ("R&D Entwürfe".encode(), "R&D Entwürfe"),  # and its ampersand is one
        ("Entwürfe".encode("latin-1"), "Entwürfe"),  # raw Latin-1
        (b"", ""),
    ],
)
def test_broken_names_are_shown_as_they_are(raw: bytes, name: str) -> None:
    """What is not modified UTF-7 is shown as well as can be."""
    assert decode_name(raw) == name


@given(NAMES)
def test_round_trip(name: str) -> None:
    """Every name survives being encoded and read back, in printable ASCII."""
    raw = encode_name(name)
    assert decode_name(raw) == name
    assert all(0x20 <= byte <= 0x7E for byte in raw)


@given(st.binary())
def test_no_bytes_raise(raw: bytes) -> None:
    """Whatever a server sends as a name can be shown, and printed."""
    decode_name(raw).encode("utf-8")


@given(st.text())
def test_encoding_is_total(name: str) -> None:
    """Even a lone surrogate ends in ASCII."""
    assert encode_name(name).isascii()
