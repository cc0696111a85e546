"""An executed notebook as one HTML page that asks nobody for anything.

nbconvert's own templates load require.js, MathJax and a widget manager from content delivery
networks; this one has no script at all, folds the code away and forbids the rest by policy.
"""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.language import Text, current_language
from toolkit.render import style_sheet

if TYPE_CHECKING:
    from nbconvert import HTMLExporter

__all__ = ["export_html"]

TEMPLATES = Path(__file__).parent.parent / "templates" / "jupyter" / "nbconvert" / "templates"
TEMPLATE = "toolkit-report"

# The richest kind of an output that needs no script; a widget's fallback is one of them.
_SHOWN = [
    "text/html",
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "text/markdown",
    "text/latex",
    "text/plain",
    # Known, so that nbconvert does not warn; the template shows nothing for them.
    "application/javascript",
    "application/vnd.jupyter.widget-view+json",
]
_CODE = Text("Programmzeilen", "Code")


# The exporter keeps state while it works; notebooks run several at a time.
_one_at_a_time = threading.Lock()


def export_html(notebook: Path, out: Path) -> Path:
    """Write an executed notebook as a stand-alone page.

    Args:
        notebook: the ``.ipynb`` to read; widget state in it is left out.
        out: the ``.html`` to write; its folder exists.

    Returns:
        ``out``.

    Raises:
        OSError: one of the files cannot be read or written.
        ValueError: the file is no notebook (nbformat's errors derive from it).
    """
    with _one_at_a_time:
        markup, _ = _exporter().from_filename(str(notebook), resources=_resources(notebook))
    out.write_text(markup, encoding="utf-8")
    return out


def _resources(notebook: Path) -> dict[str, Any]:
    return {
        "metadata": {"name": notebook.stem},
        "toolkit_css": style_sheet(),
        "toolkit_words": {"code": str(_CODE)},
    }


@cache
def _exporter() -> HTMLExporter:
    """One exporter for a whole batch: building its templates takes longer than using them."""
    from nbconvert import HTMLExporter
    from traitlets.config import Config

    exporter: HTMLExporter = HTMLExporter(  # type: ignore[no-untyped-call]
        template_name=TEMPLATE,
        extra_template_basedirs=[str(TEMPLATES)],
        language_code=current_language(),
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        config=Config({"NbConvertBase": {"display_data_priority": _SHOWN}}),
    )
    return exporter
