"""Executed notebooks become pages that ask nobody for anything."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest

from toolkit import render
from toolkit.batch.export import export_html

LOADING = {"script", "link", "img", "iframe", "object", "embed", "video", "audio", "source", "base"}


class Resources(HTMLParser):
    """What a page would load, and the tags it has."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag in LOADING:
            self.loaded += [
                value or "" for name, value in attrs if name in {"src", "href", "srcset", "data"}
            ]


def notebook(*outputs: Any, source: str = "from toolkit import diagnose", **metadata: Any) -> Any:
    made = nbformat.v4.new_notebook(metadata=metadata)
    cell = nbformat.v4.new_code_cell(source)
    cell.outputs = list(outputs)
    made.cells = [nbformat.v4.new_markdown_cell("# Befund\n\nEin **Satz**."), cell]
    return made


def displayed(**data: Any) -> Any:
    return nbformat.v4.new_output(
        "display_data", data={k.replace("__", "/"): v for k, v in data.items()}
    )


WIDGETS = {
    "application/vnd.jupyter.widget-state+json": {"state": {"a": {"value": "Kanarienvogel"}}}
}
EVERYTHING = [
    displayed(text__html=render.notice("error", "<script src=https://x.example>")._repr_html_()),
    displayed(application__javascript="alert(1)"),
    nbformat.v4.new_output(
        "display_data",
        data={
            "application/vnd.jupyter.widget-view+json": {"model_id": "a"},
            "text/plain": "VBox()",
            "text/html": "<p>Ersatz</p>",
        },
    ),
    nbformat.v4.new_output("display_data", data={"image/svg+xml": "<svg onload='x'></svg>"}),
    displayed(text__latex="$x$"),
    nbformat.v4.new_output("stream", name="stdout", text="\x1b[31m<b>rot</b>\x1b[0m"),
    nbformat.v4.new_output("error", ename="E", evalue="v", traceback=["\x1b[31mE\x1b[0m: <i>"]),
]


@pytest.fixture
def exported(tmp_path: Path) -> str:
    source = tmp_path / "konto 1.ipynb"
    nbformat.write(notebook(*EVERYTHING, title="Konto 1", widgets=WIDGETS), source)
    return export_html(source, tmp_path / "konto 1.html").read_text(encoding="utf-8")


def test_nothing_is_loaded_and_nothing_runs(exported: str) -> None:
    """No script, no frame, and every source is part of the page itself."""
    parsed = Resources()
    parsed.feed(exported)
    assert all(one.startswith("data:image/") for one in parsed.loaded)
    assert not {"script", "iframe", "link", "object", "embed", "base"} & set(parsed.tags)
    assert "default-src 'none'" in exported
    assert not re.search(r"(?:@import|url\()", exported)


def test_what_was_shown_is_there(exported: str) -> None:
    """Prose, render's markup, streams, plots and tracebacks arrive, escaped where they are text."""
    assert 'lang="de"' in exported
    assert "<title>Konto 1</title>" in exported
    assert "<strong>Satz</strong>" in exported
    assert '<div class="tk-notice tk-error" role="alert">' in exported
    assert "&lt;script src=https://x.example&gt;" in exported
    assert '<span class="ansi-red-fg">&lt;b&gt;rot&lt;/b&gt;</span>' in exported
    assert "data:image/svg+xml;base64," in exported
    assert "&lt;i&gt;" in exported
    assert "<p>Ersatz</p>" in exported
    assert "<summary>Programmzeilen</summary>" in exported


def test_widget_state_stays_behind(exported: str) -> None:
    """Saved widget state, where passwords have been found, is not copied into the page."""
    assert "Kanarienvogel" not in exported
    assert "widget-state" not in exported


def test_an_empty_notebook_is_a_page(tmp_path: Path) -> None:
    """A notebook that failed before its first cell still becomes a page."""
    source = tmp_path / "leer.ipynb"
    nbformat.write(nbformat.v4.new_notebook(), source)
    written = export_html(source, tmp_path / "leer.html").read_text(encoding="utf-8")
    assert "<title>leer</title>" in written


def test_the_last_value_of_a_cell_is_shown(tmp_path: Path) -> None:
    """What a cell ends with is its result, and the reason the page exists."""
    result = nbformat.v4.new_output(
        "execute_result", data={"text/html": "<p>Befund</p>", "text/plain": "Html()"}
    )
    nbformat.write(notebook(result), tmp_path / "a.ipynb")
    markup = export_html(tmp_path / "a.ipynb", tmp_path / "a.html").read_text(encoding="utf-8")
    assert "<p>Befund</p>" in markup
    assert "Html()" not in markup
