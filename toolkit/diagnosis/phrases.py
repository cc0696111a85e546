"""Finding known wordings in an error text, whatever client wrapped it and however it is spelt.

A *phrase* is plain words, not a regular expression, so that a support engineer can add one and
no text, however hostile, makes the search slow:

- words match whole words; a ``*`` at the edge of a word leaves that edge open
  (``quota*`` finds ``quotaexceeded``);
- a ``$`` at the end wants the text to end there, full stops and brackets aside;
- ``..`` between words is a gap of at most `GAP` characters;
- case, quotes, hyphens, underscores, backslashes and the kind of white space make no difference.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

__all__ = ["GAP", "MAX_TEXT", "Phrase", "normalise", "words_of"]

#: Longest text looked at, in characters; of a longer one its beginning and its end.
MAX_TEXT = 16_000
#: How far apart the two sides of ``..`` may be, in characters.
GAP = 90

_HEAD, _TAIL = MAX_TEXT * 5 // 8, MAX_TEXT * 3 // 8
# Line ends as repr() and JSON write them, and Python's b'' and u'' prefixes: their letters would
# otherwise stick to the words beside them.
_ESCAPED_BREAK = re.compile(r"\\+r\\+n|\\+[rnt](?![A-Za-z])|\\+n(?=[A-Z*])")
_LITERAL_PREFIX = re.compile(r"(?<![\w'])[bu](?=['\"])", re.IGNORECASE)
# An apostrophe inside a word goes ("doesn't"), any other quote separates.
_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")
_CLOSED_UP = str.maketrans(
    dict.fromkeys("\u200b\u200c\u200d\u200e\u200f\ufeff\u00ad") | dict.fromkeys("’‘‚`´", "'")
)
_BLANKED = str.maketrans(dict.fromkeys("'\"“”„«»\\_-–—‐‑\u00a0", " "))
# A phrase that is its own normal form; nearly all are, and reading thousands has to be quick.
_PLAIN = re.compile(r"[a-z0-9]+(?: [a-z0-9]+)*")
_WORD = re.compile(r"[^\W_]+")


def normalise(text: str) -> str:
    """The text as phrases are compared: folded, without quotes and hyphens, of bounded length."""
    if len(text) > MAX_TEXT:
        text = f"{text[:_HEAD]} {text[-_TAIL:]}"
    if "\\" in text:
        text = _ESCAPED_BREAK.sub(" ", text)
    if "'" in text or '"' in text:
        text = _LITERAL_PREFIX.sub("", text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)[: 2 * MAX_TEXT].translate(_CLOSED_UP)
    text = text.casefold()
    if "'" in text:
        text = _APOSTROPHE.sub("", text)
    text = text.translate(_BLANKED)
    return " ".join(text.split())


def words_of(text: str) -> tuple[str, ...]:
    """The different words of a normalised text, in their order."""
    return tuple(dict.fromkeys(_WORD.findall(text)))


class _Piece(NamedTuple):
    text: str
    open_left: bool
    open_right: bool
    at_end: bool = False

    def find(self, text: str, start: int, end: int) -> int:
        """Where the piece starts in ``text[start:end]`` as whole words, or -1."""
        at = text.find(self.text, start, end)
        while at >= 0:
            last = at + len(self.text)
            left = self.open_left or at == 0 or not (text[at - 1].isalnum() and text[at].isalnum())
            right = (
                self.open_right
                or last >= len(text)
                or not (text[last].isalnum() and text[last - 1].isalnum())
            )
            if left and right and not (self.at_end and text[last:].strip(" .,:;!)]}>")):
                return at
            at = text.find(self.text, at + 1, end)
        return -1


class Phrase(NamedTuple):
    """One wording; ``words`` is how its author wrote it."""

    words: str
    pieces: tuple[_Piece, ...]

    @classmethod
    def parse(cls, words: str) -> Phrase:
        """Read a phrase.

        Raises:
            ValueError: it has no word, or one side of a ``..`` has none.
        """
        if _PLAIN.fullmatch(words):
            return cls(words, (_Piece(words, open_left=False, open_right=False),))
        pieces = []
        for part in words.split(" .. "):
            bare = part.strip()
            at_end = bare[-1:] == "$"
            bare = bare.rstrip("$").rstrip() if at_end else bare
            left = bare[:1] == "*" and bare[1:2] not in {"", " "}
            right = bare[-1:] == "*" and bare[-2:-1] not in {"", " "}
            text = normalise(bare[left : len(bare) - right])
            if not _WORD.search(text):
                raise ValueError(words)
            pieces.append(_Piece(text, left, right, at_end))
        return cls(words, tuple(pieces))

    @property
    def key(self) -> str:
        """A whole word every text with this phrase has; empty if there is none to rely on."""
        text, open_left, open_right, _ = self.pieces[0]
        found = _WORD.search(text)
        if found is None or (open_left and found.start() == 0):
            return ""
        if open_right and found.end() == len(text):
            return ""
        return found[0]

    @property
    def quoted(self) -> str:
        """The phrase as it is shown to people."""
        return self.words.replace(" .. ", " … ").strip("*$")

    def within(self, text: str) -> bool:
        """Whether a normalised text has the phrase. Linear in the text's length."""
        first, rest = self.pieces[0], self.pieces[1:]
        at = first.find(text, 0, len(text))
        while at >= 0:
            end = at + len(first.text)
            for piece in rest:
                found = piece.find(text, end, end + GAP + len(piece.text))
                if found < 0:
                    break
                end = found + len(piece.text)
            else:
                return True
            at = first.find(text, at + 1, len(text))
        return False
