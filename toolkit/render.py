"""The only place that turns data into HTML.

Names, subjects, addresses and server texts are hostile: every value passes through :func:`text`,
which escapes it, isolates its writing direction and makes control characters visible. What comes
out is an :class:`Html`; nothing else in the toolkit builds one (a test reads the sources).

::

    from toolkit import render

    rows = [{"folder": "INBOX", "new": 1234}]
    columns = [Column("folder", Text("Ordner", "Folder")), Column("new", Text("neu", "new"))]
    display(render.table(rows, columns, caption="Erster Abgleich"))
    path.write_text(render.page("Überblick", render.table(rows, columns)), encoding="utf-8")

No JavaScript, no external resource, no inline style: a page carries one style sheet and a content
security policy that allows that sheet by its hash and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import numbers
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from toolkit.formats import duration, missing, moment, number, plain, size, visible
from toolkit.language import Text, current_language

if TYPE_CHECKING:
    import pandas as pd

    from toolkit.mail.folder import Folder

__all__ = [
    "Column",
    "Html",
    "Kind",
    "badge",
    "bullets",
    "details",
    "duration",
    "facts",
    "figure",
    "folder_order",
    "folder_tree",
    "join",
    "link",
    "moment",
    "notice",
    "number",
    "page",
    "paragraph",
    "plain",
    "section",
    "size",
    "steps",
    "style_sheet",
    "table",
    "text",
    "verbatim",
]

#: How serious a notice or a badge is; the colour is never the only sign of it.
Kind = Literal["info", "success", "warning", "error", "quiet"]
Align = Literal["start", "end"]

NO_ENTRIES = Text("Keine Einträge.", "No entries.")
FOLDERS_OF_THE_ACCOUNT = Text("Ordner des E-Mail-Kontos", "Folders of the account")

_KIND_WORDS: Mapping[str, Text] = {
    "info": Text("Hinweis", "Note"),
    "success": Text("In Ordnung", "All well"),
    "warning": Text("Achtung", "Attention"),
    "error": Text("Fehler", "Error"),
    "quiet": Text("Hinweis", "Note"),
}


@dataclass(frozen=True, slots=True)
class Html:
    """Markup made by this module. ``str()`` is the bare markup; a notebook shows it with its style."""

    markup: str

    def __str__(self) -> str:
        return self.markup

    def _repr_html_(self) -> str:
        return str(self.styled())

    def styled(self) -> Html:
        """The markup with the style sheet, for a notebook's output or a widget of its own."""
        return Html(f"<style>{style_sheet()}</style>{_framed(self.markup)}")


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


# --- values as markup ------------------------------------------------------------------------


def text(value: object) -> Html:
    """One value, escaped, with its writing direction kept to itself."""
    return value if isinstance(value, Html) else Html(f"<bdi>{escape(plain(value))}</bdi>")


def _label(words: Text | str | Html) -> str:
    """Our own words or a caller's: escaped all the same, but long sentences are not cut."""
    if isinstance(words, Html):
        return words.markup
    return escape(visible(str(words), longest=20_000))


def _framed(markup: str) -> str:
    # The ignore classes keep JupyterLab from typesetting "$…$" in a subject as mathematics.
    return f'<div class="tk mathjax_ignore tex2jax_ignore">{markup}</div>'


def join(*parts: Html | Text | str) -> Html:
    """Several pieces, one after the other; text among them is escaped."""
    return Html("".join(_label(part) for part in parts))


def paragraph(words: Text | str | Html) -> Html:
    """One paragraph."""
    return Html(f"<p>{_label(words)}</p>")


def bullets(items: Iterable[Text | str | Html]) -> Html:
    """Points in no order."""
    return Html(f"<ul>{_points(items)}</ul>")


def steps(items: Iterable[Text | str | Html]) -> Html:
    """Points one after the other, numbered."""
    return Html(f"<ol>{_points(items)}</ol>")


def _points(items: Iterable[Text | str | Html]) -> str:
    return "".join(f"<li><bdi>{_label(one)}</bdi></li>" for one in items)


def verbatim(words: object, *, longest: int = 20_000) -> Html:
    """Text as it is, line by line: a server's words, a message to copy."""
    return Html(
        f'<pre class="tk-verbatim" dir="auto">\n{escape(plain(str(words), longest=longest))}</pre>'
    )


def badge(kind: Kind, words: Text | str) -> Html:
    """A short word with a colour, for a table's cell."""
    return Html(f'<span class="tk-badge tk-{kind}"><bdi>{_label(words)}</bdi></span>')


def notice(kind: Kind, words: Text | str | Html, hint: Text | str | Html | None = None) -> Html:
    """A message to the person: what happened, and what to do about it.

    Screen readers announce it; an error at once, everything else when there is time.
    """
    role = "alert" if kind == "error" else "status"
    more = f'<p class="tk-hint">{_label(hint)}</p>' if hint else ""
    return Html(
        f'<div class="tk-notice tk-{kind}" role="{role}">'
        f'<p><strong class="tk-kind">{_label(_KIND_WORDS[kind])}:</strong> <bdi>{_label(words)}</bdi></p>'
        f"{more}</div>"
    )


def details(summary: Text | str, *parts: Html | Text | str) -> Html:
    """What only some want to read, folded away."""
    return Html(
        f'<details class="tk-details"><summary>{_label(summary)}</summary>{join(*parts)}</details>'
    )


def section(heading: Text | str, *parts: Html | Text | str, level: int = 2) -> Html:
    """A heading and what belongs to it; ``level`` 2 to 6."""
    level = min(max(level, 2), 6)
    return Html(f"<section><h{level}>{_label(heading)}</h{level}>{join(*parts)}</section>")


def facts(pairs: Mapping[str, object] | Iterable[tuple[Text | str, object]]) -> Html:
    """Names and values, one a line: the head of a report."""
    items: Iterable[tuple[Text | str, object]] = (
        pairs.items() if isinstance(pairs, Mapping) else pairs
    )
    rows = "".join(
        f"<div><dt>{_label(name)}</dt><dd>{text(value)}</dd></div>" for name, value in items
    )
    return Html(f'<dl class="tk-facts">{rows}</dl>')


def link(path: Path | str, words: object, *, base: Path | None = None) -> Html:
    """A link to a file on this machine, relative to the folder ``base`` the page will lie in.

    Only a relative path is ever written: no scheme can come from data. Without ``base``, ``path``
    is that relative path already.

    Raises:
        ValueError: an absolute path without ``base``.
    """
    if base is None and Path(path).is_absolute():
        raise ValueError("an absolute path needs the folder of the page")
    target = os.path.relpath(path, base) if base is not None else os.fspath(path)
    href = quote(target.replace(os.sep, "/"), safe="/", errors="surrogatepass")
    return Html(f'<a href="./{href}"><bdi>{escape(plain(words))}</bdi></a>')


def figure(svg: str, alternative: Text | str, caption: Text | str = "") -> Html:
    """A plot as an image: an SVG inside ``<img>`` can neither run scripts nor load anything."""
    data = base64.b64encode(svg.encode(errors="replace")).decode("ascii")
    below = f"<figcaption>{_label(caption)}</figcaption>" if caption else ""
    return Html(
        f'<figure class="tk-figure"><img alt="{escape(visible(str(alternative)))}" '
        f'src="data:image/svg+xml;base64,{data}">{below}</figure>'
    )


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
        f'<th scope="col"{_class(end)}>{_label(column.title or column.key)}</th>'
        for column, end in zip(shown, ends, strict=True)
    )
    body = "".join(_row(record, shown, ends) for record in records)
    if not records:
        body = f'<tr><td colspan="{max(len(shown), 1)}" class="tk-empty">{_label(empty)}</td></tr>'
    foot = f"<tfoot>{_row(total, shown, ends)}</tfoot>" if total is not None else ""
    title = f"<caption>{_label(caption)}</caption>" if caption else ""
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


# --- folders ---------------------------------------------------------------------------------


def folder_tree(
    folders: Iterable[Folder],
    *,
    roles: Mapping[bytes, Text | str] | None = None,
    caption: Text | str = FOLDERS_OF_THE_ACCOUNT,
) -> Html:
    """The folders of an account as nested lists, with message counts and the roles they have.

    Args:
        folders: as the server listed them; a container that was not listed is shown in grey.
        roles: raw folder name → what the office mailbox calls it.
        caption: the list's title.
    """
    names = roles or {}
    listed = sorted(folders, key=folder_order)
    top: dict[str, _Node] = {}
    for folder in listed[:_MOST_FOLDERS]:
        level = top
        *above, last = _steps(folder)
        for step in above:
            level = level.setdefault(step, _Node()).inside
        level.setdefault(last, _Node()).folders.append(folder)
    left_out = len(listed) - _MOST_FOLDERS
    more = Text("… und {n} weitere Ordner", "… and {n} more folders")
    end = paragraph(more.format(n=number(left_out))) if left_out > 0 else ""
    return Html(
        f'<nav class="tk-tree"><p class="tk-caption">{_label(caption)}</p>'
        f"{_branches(top, names)}{end}</nav>"
    )


def folder_order(folder: Folder) -> tuple[object, ...]:
    """Sort key for people: the inbox first, everything else by name; servers list at random."""
    path = [step.casefold() for step in folder.path]
    return (path[0] != "inbox", path)


# A server may list 100,000 folders on a hundred levels; no person reads or indents further.
_MOST_FOLDERS = 2000
_DEEPEST = 12


def _steps(folder: Folder) -> tuple[str, ...]:
    path = folder.path
    if len(path) <= _DEEPEST:
        return path
    return (*path[: _DEEPEST - 1], (folder.delimiter or "").join(path[_DEEPEST - 1 :]))


class _Node:
    """One step of a folder's path; two folders of one name (raw names differ) share it."""

    __slots__ = ("folders", "inside")

    def __init__(self) -> None:
        self.folders: list[Folder] = []
        self.inside: dict[str, _Node] = {}


def _branches(nodes: Mapping[str, _Node], roles: Mapping[bytes, Text | str]) -> str:
    if not nodes:
        return ""
    items = []
    for name, node in nodes.items():
        lines = [_branch(name, one, roles) for one in node.folders] or [_container(name)]
        lines[-1] += _branches(node.inside, roles)
        items += [f"<li>{line}</li>" for line in lines]
    return f"<ul>{''.join(items)}</ul>"


def _container(name: str) -> str:
    return f'<span class="tk-container">{text(name)}</span>'


def _branch(name: str, folder: Folder, roles: Mapping[bytes, Text | str]) -> str:
    line = f"<span>{text(name)}</span>" if folder.selectable else _container(name)
    if folder.messages is not None:
        line += f' <span class="tk-count">{number(folder.messages)}</span>'
    if folder.raw in roles:
        line += f" {badge('info', roles[folder.raw])}"
    return line


# --- pages -----------------------------------------------------------------------------------


@cache
def style_sheet() -> str:
    """The one style sheet of notebooks, forms and pages; light, dark and print."""
    return (Path(__file__).parent / "templates" / "toolkit.css").read_text(encoding="utf-8")


def page(
    title: Text | str,
    *body: Html | Text | str,
    subtitle: Text | str = "",
    footer: Text | str = "",
) -> str:
    """A whole stand-alone HTML document: no script, nothing loaded, readable in ten years.

    Args:
        title: shown as the heading and in the browser's tab.
        body: the pieces of the page in order.
        subtitle: one line below the heading, for example date and number of accounts.
        footer: one line at the end.
    """
    css = style_sheet()
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode("ascii")
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    below = f'<p class="tk-subtitle">{_label(subtitle)}</p>' if subtitle else ""
    end = f"<footer>{_label(footer)}</footer>" if footer else ""
    return (
        f'<!DOCTYPE html>\n<html lang="{current_language()}" class="tk-page">\n<head>\n'
        '<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{_label(title)}</title>\n<style>{css}</style>\n</head>\n"
        f'<body class="tk"><header><h1>{_label(title)}</h1>{below}</header>\n'
        f"<main>{join(*body)}</main>{end}</body>\n</html>\n"
    )
