"""Addresses as people type and paste them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.providers import Address, Rejected, parse_address
from toolkit.providers.address import to_ascii_domain, transliterate


@pytest.mark.parametrize(
    ("text", "local", "domain"),
    [
        ("  max@gmx.de ", "max", "gmx.de"),
        ("\u00a0max@gmx.de\u2003", "max", "gmx.de"),
        ("\ufeffmax@\u200bgmx.de\u200e", "max", "gmx.de"),
        ("\u202amax@gmx.de\u202c", "max", "gmx.de"),
        ("ma\u00adx@gmx.de", "max", "gmx.de"),
        ("MAX@GMX.DE", "MAX", "gmx.de"),
        ("Kanzlei Müller <max@gmx.de>", "max", "gmx.de"),
        ('"Müller, Anna" < max@gmx.de >;', "max", "gmx.de"),
        ("<max@gmx.de>", "max", "gmx.de"),
        ("Max <max@gmx.de> (privat)", "max", "gmx.de"),
        ("mailto:max@gmx.de", "max", "gmx.de"),
        ("MAILTO:max%40gmx.de?subject=Akte", "max", "gmx.de"),
        ("E-Mail: max@gmx.de", "max", "gmx.de"),
        ("'max@gmx.de'", "max", "gmx.de"),
        ("„max@gmx.de“", "max", "gmx.de"),
        ('"max"@gmx.de', "max", "gmx.de"),
        ('"max muster"@gmx.de', '"max muster"', "gmx.de"),
        ("max@gmx.de.", "max", "gmx.de"),
        ("max@gmx.de,", "max", "gmx.de"),
        ("max＠gmx．de", "max", "gmx.de"),
        ("max+akte@gmx.de", "max+akte", "gmx.de"),
        ("o'neill@gmx.de", "o'neill", "gmx.de"),
        ("post@kanzlei-müller.example", "post", "xn--kanzlei-mller-4ob.example"),
        ("post@kanzlei-mu\u0308ller.example", "post", "xn--kanzlei-mller-4ob.example"),
        ("post@KANZLEI-MÜLLER.example", "post", "xn--kanzlei-mller-4ob.example"),
        ("post@xn--kanzlei-mller-4ob.example", "post", "xn--kanzlei-mller-4ob.example"),
        ("post@straße.example", "post", "xn--strae-oqa.example"),
    ],
)
def test_reads_what_is_meant(text: str, local: str, domain: str) -> None:
    """What only looks different is taken for the address it is."""
    assert parse_address(text) == Address(local, domain)


@pytest.mark.parametrize(
    ("text", "hint", "domain", "suggest"),
    [
        ("", "not_an_address", None, None),
        ("   ", "not_an_address", None, None),
        ("max", "not_an_address", None, None),
        ("@web.de", "not_an_address", "web.de", None),
        ("max@", "not_an_address", None, None),
        ("max@firma@gmx.de", "not_an_address", None, None),
        ("max@@gmx.de", "not_an_address", None, "max@gmx.de"),
        ("max@gmx,de", "not_an_address", None, "max@gmx.de"),
        ("max@gmx..de", "not_an_address", None, "max@gmx.de"),
        ("max@ gmx.de", "not_an_address", None, "max@gmx.de"),
        ("max @gmx.de", "not_an_address", "gmx.de", "max@gmx.de"),
        ("max.@gmx.de", "not_an_address", "gmx.de", "max@gmx.de"),
        ("ma..x@gmx.de", "not_an_address", "gmx.de", "ma.x@gmx.de"),
        ("max muster@gmx.de", "not_an_address", "gmx.de", None),
        ("max(at)gmx.de", "not_an_address", None, "max@gmx.de"),
        ("max [at] gmx [punkt] de", "not_an_address", None, "max@gmx.de"),
        ("max@gmx.de; anna@web.de", "several_addresses", None, None),
        ("max@localhost", "no_public_domain", "localhost", None),
        ("max@server.local", "no_public_domain", "server.local", None),
        ("max@192.168.1.1", "no_public_domain", "192.168.1.1", None),
        ("max@[192.168.1.1]", "not_an_address", None, None),
        ("max@[IPv6:::1]", "not_an_address", None, None),
        ("max@t_online.de", "not_an_address", None, "max@t-online.de"),
        (f"{'a' * 65}@gmx.de", "not_an_address", "gmx.de", None),
        (f"max@{'a' * 64}.de", "not_an_address", None, None),
        ("max@xn--.de", "not_an_address", None, None),
        ("müller@gmx.de", "non_ascii_local_part", "gmx.de", "mueller@gmx.de"),
        ("josé.größe@gmx.de", "non_ascii_local_part", "gmx.de", "jose.groesse@gmx.de"),
        ("иван@gmx.de", "non_ascii_local_part", "gmx.de", None),
        ("Kanzlei Müller max@gmx.de", "not_an_address", "gmx.de", None),
    ],
)
def test_refuses_what_is_none(
    text: str, hint: str, domain: str | None, suggest: str | None
) -> None:
    """A mistake is named, and a mending suggested only where nobody else could be meant."""
    why = parse_address(text)
    assert isinstance(why, Rejected)
    assert hint in why.hints
    assert (why.domain, why.suggest, why.safe_id) == (domain, suggest, False)


@pytest.mark.parametrize(
    "text",
    [
        "DE.BRAK.6b1c0b1e-0d3c-4f0e-9d5d-0f6f3a1b2c3d.1a2b",
        "DE.Justiz.6b1c0b1e.4f0e",
        "de.bnotk.12345",
        "SAFE-ID: DE.BRAK.abc",
        "govello-1234567890123-000123456",
        "safe-sp1-1234567890-012345678",
    ],
)
def test_recognises_bea_ids(text: str) -> None:
    """A SAFE-ID or EGVP id is no address, and is told apart from a mistyped one."""
    why = parse_address(text)
    assert isinstance(why, Rejected)
    assert why.safe_id


def test_a_domain_that_looks_like_a_safe_id_is_none() -> None:
    """A name without @ that merely starts with de is not taken for a beA id."""
    why = parse_address("de.kanzlei")
    assert isinstance(why, Rejected)
    assert not why.safe_id


@given(st.text(max_size=80))
def test_any_text_gives_a_result(text: str) -> None:
    """Nothing raises; an address that comes out is read as itself again."""
    parsed = parse_address(text)
    if isinstance(parsed, Address):
        assert parsed.domain.isascii()
        assert parse_address(str(parsed)) == parsed
    elif parsed.suggest is not None:
        assert isinstance(parse_address(parsed.suggest), Address)


@given(
    st.from_regex(r"[a-z0-9][a-z0-9.+_-]{0,20}", fullmatch=True),
    st.sampled_from(["@", " @", "@@", "(at)", "＠", "@\u200b"]),
    st.from_regex(r"[a-zäöüß0-9,._-]{1,24}", fullmatch=True),
    st.sampled_from(["{}", " <{}>", "mailto:{}", "Name <{}>", "'{}';", "({})", "{}."]),
)
def test_near_addresses_give_a_result(local: str, at: str, domain: str, form: str) -> None:
    """What is nearly an address never raises, and a suggestion is always an address."""
    parsed = parse_address(form.format(local + at + domain))
    if isinstance(parsed, Rejected) and parsed.suggest is not None:
        assert isinstance(parse_address(parsed.suggest), Address)


def test_a_huge_paste_is_quickly_refused() -> None:
    """A whole document in the address field is no address."""
    assert isinstance(parse_address("a@b " * 500_000), Rejected)
    assert isinstance(parse_address("<" * 100_000 + "a@gmx.de"), Rejected)


def test_the_tag_is_taken_off() -> None:
    """Only a plus with something before it starts a tag."""
    assert Address("max+akte+2", "gmx.de").untagged == "max"
    assert Address("+max", "gmx.de").untagged == "+max"
    assert Address('"a+b c"', "gmx.de").untagged == '"a+b c"'


def test_idna_keeps_sharp_s_apart() -> None:
    """IDNA 2008 does not fold ß; forbidden characters give no domain."""
    assert to_ascii_domain("straße.de") == "xn--strae-oqa.de"
    assert to_ascii_domain("strasse.de") == "strasse.de"
    assert to_ascii_domain("i❤.ws") is None
    assert transliterate("Jürgen Groß") == "JuergenGross"
