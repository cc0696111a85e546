"""Tables."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING, Literal

from toolkit.formats import missing, visible
from toolkit.language import Text
from toolkit.render.markup import Html, label, text

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Column", "table"]

Align = Literal["start", "end"]
NO_ENTRIES = Text("Keine Einträge.", "No entries.")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: which key of a row, under which title, shown how.

    ``show`` turns a value into text or :class:`Html` (for example :func:`size`); without it
    :func:`text` decides by type. Numbers are aligned to the end unless ``align`` says otherwise.
    """

    key: str
    title: Text | str = ""
    show: Callable[..., str | Html] | None = None
    align: Align | None = None


def table(
    rows: pd.DataFrame | Iterable[Mapping[str, object]],
    columns: Sequence[Column | str] | None = None,
    *,
    caption: Text | str = "",
    empty: Text | str = NO_ENTRIES,
    total: Mapping[str, object] | None = None,
) -> Html:
    """A table of rows of data.

    Args:
        rows: a DataFrame (its index is not shown) or mappings from key to value.
        columns: which keys, in which order; None shows all keys of the first row.
        caption: the table's title, read out first by a screen reader.
        empty: shown instead of rows where there are none.
        total: one more row below a line, for example sums.
    """
    records = _records(rows)
    if columns is None:
        columns = [str(key) for key in (records[0] if records else getattr(rows, "columns", ()))]
    shown = [one if isinstance(one, Column) else Column(one, one) for one in columns]
    ends = [_aligned(column, records) == "end" for column in shown]
    head = "".join(
        f'<th scope="col"{_class(end)}>{label(column.title or column.key)}</th>'
        for column, end in zip(shown, ends, strict=True)
    )
    body = "".join(_row(record, shown, ends) for record in records)
    if not records:
        body = f'<tr><td colspan="{max(len(shown), 1)}" class="tk-empty">{label(empty)}</td></tr>'
    foot = ""
    if total is not None:  # what has no sum is left blank
        sums: dict[str, object] = {column.key: Html("") for column in shown}
        foot = f"<tfoot>{_row(sums | dict(total), shown, ends)}</tfoot>"
    title = f"<caption>{label(caption)}</caption>" if caption else ""
    name = f' role="region" aria-label="{escape(visible(str(caption)))}"' if caption else ""
    return Html(
        f'<div class="tk-scroll" tabindex="0"{name}><table class="tk-table">{title}'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>{foot}</table></div>"
    )


def _records(rows: pd.DataFrame | Iterable[Mapping[str, object]]) -> list[Mapping[str, object]]:
    names = getattr(rows, "columns", None)
    if names is None:
        return list(rows)  # type: ignore[arg-type]  # without columns it is no DataFrame
    keys = [str(name) for name in names]
    frame = rows.itertuples(index=False, name=None)  # type: ignore[union-attr]
    return [dict(zip(keys, values, strict=True)) for values in frame]


def _row(record: Mapping[str, object], columns: Sequence[Column], ends: Sequence[bool]) -> str:
    cells = "".join(
        f"<td{_class(end)}>{_cell(column, record.get(column.key))}</td>"
        for column, end in zip(columns, ends, strict=True)
    )
    return f"<tr>{cells}</tr>"


def _cell(column: Column, value: object) -> Html:
    if column.show is None or isinstance(value, Html) or missing(value):
        return text(value)
    return text(column.show(value))


def _class(end: bool) -> str:  # noqa: FBT001  # one fact, one meaning
    return ' class="tk-end"' if end else ""


def _aligned(column: Column, records: Sequence[Mapping[str, object]]) -> Align:
    """Numbers to the end, so that digits stand below digits."""
    if column.align:
        return column.align
    values = [record.get(column.key) for record in records]
    known = [one for one in values if not missing(one)]
    numeric = known and all(
        isinstance(one, (numbers.Real, timedelta)) and not isinstance(one, bool) for one in known
    )
    return "end" if numeric else "start"
