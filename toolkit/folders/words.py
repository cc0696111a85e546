"""Folder names made comparable: one key for every spelling of a name."""

from __future__ import annotations

import re
import unicodedata

from toolkit.mail.utf7 import decode_name

__all__ = ["normalise", "readings"]

# Letters NFKD leaves whole though people type them without their stroke or ligature, and the
# variants of one Arabic letter that keyboards of different languages produce.
_SPELLINGS = {
    "æ": "ae",
    "œ": "oe",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "ħ": "h",
    "ı": "i",
    "ŧ": "t",
    "ə": "e",
    "ک": "ك",
    "ی": "ي",
    "ى": "ي",
    "ې": "ي",
    "ے": "ي",
    "ة": "ه",
    "ہ": "ه",
    "ە": "ه",
    "ھ": "ه",
    "ٱ": "ا",
}
# Marks that spelling drops at will: accents of Latin, Greek and Cyrillic; Hebrew points; Arabic
# vowel signs and hamza; letter-like apostrophes; the Arabic stretch. Marks of other scripts are
# vowels (Devanagari) or voicing (kana) and stay.
_DROPPED = (
    (0x0300, 0x036F),
    (0x0591, 0x05C7),
    (0x064B, 0x065F),
    (0x0670, 0x0670),
    (0x0640, 0x0640),
    (0x02B9, 0x02CF),
)
# What UTF-8 taken for Windows-1252 looks like: a lead byte as an accented letter, then a
# continuation byte as a sign.
_TWICE = re.compile("[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u2122]")
_MAX_KEY = 120  # no name in the lexicon is longer; hostile names of 10 kB cost nothing


class _Fold(dict[int, str]):
    """A translation table that decides each character once."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = self._decide(code)
        return folded

    @staticmethod
    def _decide(code: int) -> str:
        if any(first <= code <= last for first, last in _DROPPED):
            return ""
        char = chr(code)
        if char in _SPELLINGS:
            return _SPELLINGS[char]
        # Letters, marks and numbers make a name; punctuation, symbols, blanks, marks of writing
        # direction, zero-width characters and control characters decorate it.
        return char if unicodedata.category(char)[0] in "LMN" else ""


_FOLD = _Fold()


def normalise(name: str) -> str:
    """The key of a name: compatibility forms, case, accents, blanks and punctuation folded away.

    ``"Gelöschte Elemente"``, ``" GELÖSCHTE-ELEMENTE"`` and ``"geloschte_elemente"`` share one key.
    Names with one key are one name to the lexicon; a name without letters or digits has the key
    ``""``.
    """
    name = name[:_MAX_KEY]
    if name.isascii():
        return name.lower().translate(_FOLD)
    return unicodedata.normalize("NFKD", name.casefold()).casefold().translate(_FOLD)


def readings(name: str) -> tuple[str, ...]:
    """The ways to read a displayed name, likeliest first.

    Old clients created folders with their names encoded twice: modified UTF-7 that was taken for
    text (``Entw&APw-rfe``), UTF-8 taken for Latin-1 or Windows-1252 (``EntwÃ¼rfe``).
    """
    if name.isascii():
        if "&" not in name:
            return (name,)
        decoded = decode_name(name.encode("ascii"))
        return (name,) if decoded == name else (decoded, *readings(decoded)[1:], name)
    repaired = _repaired(name[:_MAX_KEY]) if _TWICE.search(name) else None
    return (name,) if repaired is None else (name, repaired)


def _repaired(name: str) -> str | None:
    """The name whose UTF-8 was read as Windows-1252, or None if it was not."""
    octets = bytearray()
    for char in name:
        try:
            octets += char.encode("cp1252")
        except UnicodeEncodeError:
            if ord(char) > 0xFF:  # noqa: PLR2004 - the five holes of Windows-1252 pass as Latin-1
                return None
            octets.append(ord(char))
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return None
