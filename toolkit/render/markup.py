"""Values and small pieces as markup; everything from outside is escaped here."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from toolkit.formats import plain, visible
from toolkit.language import Text

__all__ = [
    "Html", "Kind", "badge", "bullets", "details", "facts", "figure", "join", "label", "link",
    "notice", "paragraph", "section", "steps", "style_sheet", "text", "verbatim",
]  # fmt: skip

#: How serious a notice or a badge is; the colour is never the only sign of it.
Kind = Literal["info", "success", "warning", "error", "quiet"]


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


def text(value: object) -> Html:
    """One value, escaped, with its writing direction kept to itself."""
    return value if isinstance(value, Html) else Html(f"<bdi>{escape(plain(value))}</bdi>")


def label(words: Text | str | Html) -> str:
    """Our own words or a caller's: escaped all the same, but long sentences are not cut."""
    if isinstance(words, Html):
        return words.markup
    return escape(visible(str(words), longest=20_000))


def _framed(markup: str) -> str:
    # The ignore classes keep JupyterLab from typesetting "$…$" in a subject as mathematics.
    return f'<div class="tk mathjax_ignore tex2jax_ignore">{markup}</div>'


def join(*parts: Html | Text | str) -> Html:
    """Several pieces, one after the other; text among them is escaped."""
    return Html("".join(label(part) for part in parts))


def paragraph(words: Text | str | Html) -> Html:
    """One paragraph."""
    return Html(f"<p>{label(words)}</p>")


def bullets(items: Iterable[Text | str | Html]) -> Html:
    """Points in no order."""
    return Html(f"<ul>{_points(items)}</ul>")


def steps(items: Iterable[Text | str | Html]) -> Html:
    """Points one after the other, numbered."""
    return Html(f"<ol>{_points(items)}</ol>")


def _points(items: Iterable[Text | str | Html]) -> str:
    return "".join(f"<li><bdi>{label(one)}</bdi></li>" for one in items)


def verbatim(words: object, *, longest: int = 20_000) -> Html:
    """Text as it is, line by line: a server's words, a message to copy."""
    return Html(
        f'<pre class="tk-verbatim" dir="auto">\n{escape(plain(str(words), longest=longest))}</pre>'
    )


def badge(kind: Kind, words: Text | str) -> Html:
    """A short word with a colour, for a table's cell."""
    return Html(f'<span class="tk-badge tk-{kind}"><bdi>{label(words)}</bdi></span>')


def notice(kind: Kind, words: Text | str | Html, hint: Text | str | Html | None = None) -> Html:
    """A message to the person: what happened, and what to do about it.

    Screen readers announce it; an error at once, everything else when there is time.
    """
    role = "alert" if kind == "error" else "status"
    more = f'<p class="tk-hint">{label(hint)}</p>' if hint else ""
    return Html(
        f'<div class="tk-notice tk-{kind}" role="{role}">'
        f'<p><strong class="tk-kind">{label(_KIND_WORDS[kind])}:</strong> <bdi>{label(words)}</bdi></p>'
        f"{more}</div>"
    )


def details(summary: Text | str, *parts: Html | Text | str) -> Html:
    """What only some want to read, folded away."""
    return Html(
        f'<details class="tk-details"><summary>{label(summary)}</summary>{join(*parts)}</details>'
    )


def section(heading: Text | str, *parts: Html | Text | str, level: int = 2) -> Html:
    """A heading and what belongs to it; ``level`` 2 to 6."""
    level = min(max(level, 2), 6)
    return Html(f"<section><h{level}>{label(heading)}</h{level}>{join(*parts)}</section>")


def facts(pairs: Mapping[str, object] | Iterable[tuple[Text | str, object]]) -> Html:
    """Names and values, one a line: the head of a report."""
    items: Iterable[tuple[Text | str, object]] = (
        pairs.items() if isinstance(pairs, Mapping) else pairs
    )
    rows = "".join(
        f"<div><dt>{label(name)}</dt><dd>{text(value)}</dd></div>" for name, value in items
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
    below = f"<figcaption>{label(caption)}</figcaption>" if caption else ""
    return Html(
        f'<figure class="tk-figure"><img alt="{escape(visible(str(alternative)))}" '
        f'src="data:image/svg+xml;base64,{data}">{below}</figure>'
    )


@cache
def style_sheet() -> str:
    """The one style sheet of notebooks, forms and pages; light, dark and print."""
    return (Path(__file__).parent.parent / "templates" / "toolkit.css").read_text(encoding="utf-8")
