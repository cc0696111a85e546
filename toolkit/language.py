"""German first, English second: a text in both languages, and which one the person reads."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

__all__ = ["Language", "Text", "current_language"]

Language = Literal["de", "en"]


def current_language() -> Language:
    """The language of the person at the keyboard: ``TOOLKIT_LANG``, German unless it says ``en``."""
    return "en" if os.environ.get("TOOLKIT_LANG", "de").lower().startswith("en") else "de"


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in both languages, side by side so that neither is forgotten.

    ``str(text)`` is the current language's; ``text.format(host="…")`` fills both.
    """

    de: str
    en: str

    def __str__(self) -> str:
        return self.within(current_language())

    def within(self, language: Language) -> str:
        """The sentence in one language."""
        return self.en if language == "en" else self.de

    def format(self, **values: object) -> Text:
        """Both sentences with their ``{names}`` filled in."""
        return Text(self.de.format(**values), self.en.format(**values))

    def as_json(self) -> dict[str, str]:
        """``{"de": …, "en": …}``, the form the JSON Lines verbs answer in."""
        return {"de": self.de, "en": self.en}
