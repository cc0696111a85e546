"""Plots as SVG text: pure functions, drawn without a display and without pyplot's global state."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from toolkit import formats
from toolkit.language import Text

if TYPE_CHECKING:
    from toolkit.sync.report import FolderResult

__all__ = ["FolderBar", "describe_folders", "folder_bars", "plot_folders"]

#: So many folders have a bar of their own; the others share one.
_MOST_BARS = 15
_LONGEST_NAME = 32
_FEW = 3

_REST = Text("{count} weitere Ordner", "{count} more folders")
_X_AXIS = Text("Nachrichten auf dem Server", "Messages on the server")
# Told apart in print and by everybody's eyes: by lightness and by hatching.
_PARTS: Sequence[tuple[str, Text, str, str]] = (
    ("already_here", Text("schon da", "already here"), "#b9c7d6", ""),
    ("new", Text("neu", "new"), "#1f4e79", ""),
    ("skipped", Text("ausgelassen", "skipped"), "#f2d9a6", "///"),
    ("failed", Text("fehlgeschlagen", "failed"), "#c23b3b", "xxx"),
)


@dataclass(frozen=True, slots=True)
class FolderBar:
    """One bar: ``new + already_here + skipped + failed`` messages of a folder."""

    name: str
    new: int
    already_here: int
    skipped: int
    failed: int

    @property
    def total(self) -> int:
        """The bar's length."""
        return self.new + self.already_here + self.skipped + self.failed


def folder_bars(rows: Sequence[FolderResult]) -> tuple[FolderBar, ...]:
    """The bars of a report in its order: empty folders have none, many small ones share the last."""
    bars = [
        FolderBar(
            formats.plain(row.folder, longest=_LONGEST_NAME),
            row.new,
            row.already_here,
            row.skipped,
            row.failed,
        )
        for row in rows
        if row.on_server
    ]
    if len(bars) <= _MOST_BARS:
        return tuple(bars)
    largest = sorted(bars, key=lambda bar: -bar.total)
    kept, rest = largest[: _MOST_BARS - 1], largest[_MOST_BARS - 1 :]
    shared = FolderBar(
        str(_REST.format(count=formats.number(len(rest)))),
        sum(bar.new for bar in rest),
        sum(bar.already_here for bar in rest),
        sum(bar.skipped for bar in rest),
        sum(bar.failed for bar in rest),
    )
    return (*kept, shared)


def plot_folders(bars: Sequence[FolderBar]) -> str:
    """Messages a folder as lying, stacked bars: what was there, what is new, what is missing.

    Returns:
        A whole SVG document on a white ground, the same for the same bars.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    figure = Figure(figsize=(8.4, 1.1 + 0.34 * len(bars)), facecolor="white", layout="constrained")
    axes = figure.add_subplot()
    places = list(range(len(bars)))
    left = [0] * len(bars)
    for part, words, colour, hatch in _PARTS:
        counts = [getattr(bar, part) for bar in bars]
        if not any(counts):
            continue
        axes.barh(
            places, counts, left=left, height=0.62, label=str(words), color=colour, hatch=hatch,
            edgecolor="white" if hatch else colour, linewidth=0,
        )  # fmt: skip
        left = [before + count for before, count in zip(left, counts, strict=True)]
    most = max((bar.total for bar in bars), default=0)
    for place, bar in zip(places, bars, strict=True):
        axes.text(bar.total + most * 0.01, place, formats.number(bar.total), va="center", size=9)
    # A folder may be called "$x^2$": names are no mathematics.
    axes.set_yticks(places, [bar.name for bar in bars], parse_math=False)
    axes.invert_yaxis()
    axes.set_xlim(0, max(most * 1.1, 1))
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: formats.number(round(value))))
    axes.set_xlabel(str(_X_AXIS), size=9)
    axes.tick_params(labelsize=9, length=0)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    if left and any(left):
        figure.legend(loc="outside upper left", ncols=len(_PARTS), frameon=False, fontsize=9)
    return _svg(figure)


def describe_folders(bars: Sequence[FolderBar]) -> str:
    """The plot in words, for who cannot see it."""
    largest = sorted(bars, key=lambda bar: -bar.total)[:_FEW]
    named = ", ".join(f"{bar.name}: {formats.number(bar.total)}" for bar in largest)
    words = Text(
        "Balkendiagramm der Nachrichten je Ordner; die größten: {named}.",
        "Bar chart of messages per folder; the largest: {named}.",
    )
    return str(words.format(named=named))


def _svg(figure: Any) -> str:
    import warnings

    from matplotlib.backends.backend_svg import FigureCanvasSVG

    out = io.StringIO()
    with warnings.catch_warnings():
        # A folder's name may have letters the plot's font lacks; they become boxes.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        canvas: Any = FigureCanvasSVG(figure)
        canvas.print_svg(out, metadata={"Date": None, "Creator": None})
    return out.getvalue()
