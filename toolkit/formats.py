"""Values as people write them: numbers, dates, sizes, and hostile text made visible.

Plain text only; :mod:`toolkit.render` makes HTML of it and the command line prints it.
"""

from __future__ import annotations

import math
import numbers
import unicodedata
from contextlib import suppress
from datetime import date, datetime, timedelta
from enum import Enum

from toolkit.language import Text, current_language

__all__ = [
    "LONGEST",
    "NOTHING",
    "duration",
    "missing",
    "moment",
    "number",
    "plain",
    "size",
    "visible",
]

#: Longer values are cut in tables and attributes: a server may name a folder in 10 kB.
LONGEST = 400
NOTHING = "–"

# Joiners are part of words (Persian) and of emoji; every other format character only deceives.
_JOINERS = frozenset("\u200c\u200d")
_SPACES = frozenset("\t\n\r")


def number(value: float, digits: int | None = None) -> str:
    """A number in the reader's notation: ``1.234`` and ``0,5`` in German.

    Args:
        value: any integer or float; NaN becomes a dash.
        digits: decimals to show; None shows none for whole numbers, else up to two.
    """
    if not math.isfinite(value):
        return NOTHING if math.isnan(value) else ("∞" if value > 0 else "−∞")
    if digits is None and float(value).is_integer():
        english = f"{int(value):,d}"
    elif digits is None:
        english = f"{value:,.2f}".rstrip("0").rstrip(".")
    else:
        english = f"{value:,.{digits}f}"
    english = english.replace("-", "−")
    if current_language() == "en":
        return english
    return english.translate(str.maketrans(",.", ".,"))


def moment(value: date | datetime) -> str:
    """A date, with the time where there is one: ``24.11.2026 14:05``.

    A time that knows its zone is shown in this machine's.
    """
    german = current_language() == "de"
    if not isinstance(value, datetime):
        return value.strftime("%d.%m.%Y" if german else "%Y-%m-%d")
    # pandas' own kind of datetime converts to no zone, or wrongly, where it is not told which.
    plainly = getattr(value, "to_pydatetime", None)
    if plainly is not None:
        value = plainly(warn=False)
        assert isinstance(value, datetime)
    if value.tzinfo is not None:
        with suppress(OverflowError, OSError, ValueError):  # the years 1 and 9999 have none
            value = value.astimezone()
    return value.strftime("%d.%m.%Y %H:%M" if german else "%Y-%m-%d %H:%M")


def duration(seconds: float | timedelta) -> str:
    """How long something took: ``340 ms``, ``2,4 s``, ``3 min 05 s``."""
    span = seconds.total_seconds() if isinstance(seconds, timedelta) else float(seconds)
    if not math.isfinite(span):
        return NOTHING
    minute, thousand = 60, 1000
    if round(span * thousand) < thousand:
        return f"{number(round(span * thousand))} ms"
    if round(span, 1) < minute:
        return f"{number(span, 1)} s"
    minutes, rest = divmod(round(span), minute)
    if minutes < minute:
        return f"{minutes} min {rest:02d} s"
    return f"{number(minutes // minute)} h {minutes % minute:02d} min"


def size(octets: float) -> str:
    """A size in bytes, in binary units as mail programs show them: ``1,4 MB``."""
    amount = float(octets)
    if not math.isfinite(amount):
        return NOTHING
    step = 1024
    for unit in ("Bytes", "kB", "MB", "GB"):
        if abs(amount) < step:
            return f"{number(amount, 0 if unit == 'Bytes' else 1)} {unit}"
        amount /= step
    return f"{number(amount, 1)} TB"


def plain(value: object, *, longest: int = LONGEST) -> str:
    """One value as plain text for people: not yet escaped, nothing invisible left, not endless."""
    if missing(value):
        return NOTHING
    if type(value).__name__ in {"bool", "bool_"}:  # numpy's counts too
        yes = Text("ja", "yes") if value else Text("nein", "no")
        return str(yes)
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, numbers.Real):  # numpy's numbers are registered as such
        return number(float(value) if not isinstance(value, numbers.Integral) else int(value))
    if isinstance(value, (datetime, date)):
        return moment(value)
    if isinstance(value, timedelta):
        return duration(value)
    if isinstance(value, bytes):
        value = value.decode("utf-8", "backslashreplace")
    if isinstance(value, (list, tuple, set, frozenset)):
        value = ", ".join(plain(one, longest=longest) for one in value) or NOTHING
    return visible(str(value), longest=longest)


def visible(words: str, *, longest: int = LONGEST) -> str:
    """Make what cannot be seen visible, as ``[U+202E]``, and cut what is too long."""
    if len(words) > longest:
        words = f"{words[:longest]}… ({number(len(words))} {Text('Zeichen', 'characters')})"
    if words.isprintable():
        return words
    return "".join(_visible_character(one) for one in words)


def _visible_character(character: str) -> str:
    if character.isprintable() or character in _JOINERS or character in _SPACES:
        return character
    # Separators other than the space, controls, format characters (bidi overrides among them)
    # and lone surrogates, which could not even be written to a file.
    if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
        return f"[U+{ord(character):04X}]"
    return character


def missing(value: object) -> bool:
    """None, NaN, NaT, pandas' NA and the empty text."""
    if value is None or value == "":
        return True
    return type(value).__name__ in {"NAType", "NaTType"} or (
        isinstance(value, float) and math.isnan(value)
    )
