"""Plots: what becomes a bar, and that nothing hostile gets out of a name."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET

from toolkit.forms.plots import FolderBar, describe_folders, folder_bars, plot_folders
from toolkit.sync import FolderResult


def test_bars_add_up_and_empty_folders_have_none() -> None:
    """A bar is as long as its folder, part by part."""
    rows = [
        FolderResult("INBOX", on_server=10, new=4, already_here=3, skipped=1, failed=2),
        FolderResult("leer"),
    ]
    (bar,) = folder_bars(rows)
    assert bar == FolderBar("INBOX", new=4, already_here=3, skipped=1, failed=2)
    assert bar.total == 10


def test_of_many_folders_the_small_ones_share_a_bar() -> None:
    """No message is lost from the picture, however many folders there are."""
    rows = [FolderResult(f"Akte {n}", on_server=n, new=n) for n in range(1, 101)]
    bars = folder_bars(rows)
    assert len(bars) == 15
    assert bars[0].name == "Akte 100"
    assert bars[-1].name == "86 weitere Ordner"
    assert sum(bar.total for bar in bars) == sum(range(1, 101))


def test_the_plot_is_a_whole_svg_document_and_always_the_same_size() -> None:
    """Well-formed, without scripts and references to elsewhere, and without pyplot."""
    bars = folder_bars([FolderResult("INBOX", on_server=4, new=1, already_here=2, failed=1)])
    svg = plot_folders(bars)
    root = ET.fromstring(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("width") == ET.fromstring(plot_folders(bars)).get("width")
    assert "<script" not in svg
    links = [
        value for one in root.iter() for key, value in one.attrib.items() if key.endswith("href")
    ]
    assert all(link.startswith("#") for link in links)
    assert "matplotlib.pyplot" not in sys.modules


def test_hostile_names_stay_names() -> None:
    """Mathematics, markup, missing glyphs, control characters and endless names are drawn as text."""
    names = [
        "$\\frac{1}{",
        "$x^2$",
        "<script>alert(1)</script>",
        "契約 🗂",
        "a\u202eb\x00",
        "x" * 10_000,
    ]
    rows = [FolderResult(name, on_server=1, new=1) for name in names]
    bars = folder_bars(rows)
    assert max(len(bar.name) for bar in bars) < 80
    svg = plot_folders(bars)
    ET.fromstring(svg)
    assert "<script" not in svg
    assert "\u202e" not in describe_folders(bars)


def test_no_messages_make_an_empty_plot() -> None:
    """Nothing to draw is no error."""
    ET.fromstring(plot_folders(folder_bars([FolderResult("leer")])))


def test_the_plot_is_told_in_words() -> None:
    """Who cannot see it hears the largest folders."""
    rows = [FolderResult(name, on_server=n, new=n) for name, n in (("INBOX", 1234), ("Archiv", 5))]
    words = describe_folders(folder_bars(rows))
    assert (
        words == "Balkendiagramm der Nachrichten je Ordner; die größten: INBOX: 1.234, Archiv: 5."
    )
