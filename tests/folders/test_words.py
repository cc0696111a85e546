"""Folder names made comparable."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.folders.words import normalise, readings


@pytest.mark.parametrize(
    "name",
    [
        "Gelöschte Elemente",
        "GELÖSCHTE ELEMENTE",
        " Gelöschte-Elemente ",
        "gelo\u0308schte_elemente",  # decomposed, as macOS writes it
        "\u200fGelöschte\u200b Elemente\ufeff",  # marks nobody sees
        "Gelöschte\u00a0Elemente",  # a blank that is none
        "Ｇｅｌöｓｃｈｔｅ Elemente",  # full width
        "🗑 Gelöschte Elemente",
        "[Gelöschte Elemente]",
    ],
)
def test_spellings_share_a_key(name: str) -> None:
    """Case, accents' encoding, blanks, punctuation and invisible marks do not matter."""
    assert normalise(name) == "geloschteelemente"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Удалённые", "удаленные"),
        ("پیش‌نویس‌ها", "پیش نویس ها"),
        ("Silinmiş Öğeler", "SİLİNMİŞ ÖĞELER"),
        ("المُسودّات", "المسودات"),
        ("ゴミ箱", "ｺﾞﾐ箱"),
        ("Kôš", "kos"),
        ("Søppel", "soppel"),
    ],
)
def test_scripts_have_their_own_spellings(one: str, other: str) -> None:
    """Dots, vowel signs, half-width kana, joiners and strokes are dropped as people drop them."""
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(("one", "other"), [("कमल", "कामिल"), ("か", "が"), ("ส่ง", "สง")])
def test_vowels_and_voicing_are_letters(one: str, other: str) -> None:
    """Marks that make another word stay."""
    assert normalise(one) != normalise(other)


@given(st.text(max_size=80))
def test_a_key_is_stable(name: str) -> None:
    """A key is its own key, and composed or decomposed does not matter."""
    key = normalise(name)
    assert normalise(key) == key
    assert normalise(unicodedata.normalize("NFC", name)) == normalise(
        unicodedata.normalize("NFD", name)
    )


def test_a_hostile_name_is_cut() -> None:
    """Ten kilobytes of name cost what a hundred letters cost."""
    assert len(normalise("ä" * 10_000)) <= 200


@pytest.mark.parametrize(
    ("shown", "meant"),
    [
        ("Entw&APw-rfe", "Entwürfe"),  # modified UTF-7 taken for text
        ("EntwÃ¼rfe", "Entwürfe"),  # UTF-8 taken for Windows-1252
        ("Ã‰lÃ©ments envoyÃ©s", "Éléments envoyés"),
        ("Entw&AMMAvA-rfe", "Entwürfe"),  # both
    ],
)
def test_names_encoded_twice_are_read(shown: str, meant: str) -> None:
    """What an old client encoded twice is read as it was meant, after it is read as it stands."""
    assert meant in readings(shown)


@pytest.mark.parametrize("name", ["Müller & Söhne", "R&D", "Posta İn", "Ã", "Café"])
def test_ordinary_names_have_one_reading(name: str) -> None:
    """Nothing is repaired that is not broken."""
    assert readings(name) == (name,)


@given(st.text(max_size=60))
def test_every_name_can_be_read(name: str) -> None:
    """No name raises, and the list is never empty."""
    assert readings(name)
