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

from toolkit.formats import duration, moment, number, plain, size
from toolkit.render.markup import (
    Html,
    Kind,
    badge,
    bullets,
    details,
    facts,
    figure,
    join,
    link,
    notice,
    paragraph,
    section,
    steps,
    style_sheet,
    text,
    verbatim,
)
from toolkit.render.page import page
from toolkit.render.table import Column, table
from toolkit.render.tree import folder_order, folder_tree

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
