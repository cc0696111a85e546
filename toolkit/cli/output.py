"""What commands print: JSON for programs, tables for people; errors on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from enum import IntEnum

from toolkit.errors import (
    Cancelled,
    ConfigError,
    InputError,
    MailError,
    ToolkitError,
)

__all__ = ["EXIT", "print_json", "print_rows", "print_text", "say_error"]

#: Commands whose failure to reach the server has a status of its own.
_REACHING = {"folders", "mapping", "sync"}


class EXIT(IntEnum):
    """Exit statuses."""

    WELL = 0
    FOUND = 1
    USAGE = 2
    UNREACHED = 3
    CANCELLED = 4

    @classmethod
    def of(cls, error: ToolkitError, arguments: Sequence[str]) -> EXIT:
        """The status for an error that ended a command."""
        if isinstance(error, Cancelled):
            return cls.CANCELLED
        if isinstance(error, MailError):
            return cls.UNREACHED if _REACHING.intersection(arguments[:1]) else cls.FOUND
        if isinstance(error, InputError | ConfigError):
            return cls.USAGE
        return cls.FOUND


def print_json(value: object) -> None:
    """One JSON value on one line."""
    print(json.dumps(value, ensure_ascii=False))


def print_text(text: object) -> None:
    """A sentence for people; server texts in it cannot steer the terminal."""
    print(_harmless(str(text)))


def print_rows(headings: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> None:
    """A table for people."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title) if title else None, title_justify="left", header_style="bold")
    values = [[_shown(value) for value in row] for row in rows]
    for column, heading in enumerate(headings):
        numeric = bool(values) and all(_is_number(row[column]) for row in values)
        table.add_column(heading, justify="right" if numeric else "left", overflow="fold")
    for row in values:
        # Text, not markup: a folder called "[red]" is a folder called "[red]".
        table.add_row(*(Text(_harmless(value)) for value in row))
    Console().print(table)


def say_error(error: ToolkitError, *, as_json: bool) -> None:
    """The error: as data on standard output under ``--json``, in words on standard error always."""
    if as_json:
        print_json({"error": error.as_json()})
    lines = [str(error.message)]
    if error.hint is not None:
        lines.append(f"→ {error.hint}")
    if error.evidence:
        lines.append(f"  [{error.code}] {error.evidence}")
    print(_harmless("\n".join(lines)), file=sys.stderr)


def _shown(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "ja" if value else "nein"
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal()


def _harmless(text: str) -> str:
    """Without control characters, which could recolour, retitle or rewrite the terminal."""
    return "".join(c if c == "\n" or c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
