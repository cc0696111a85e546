"""A text to change and to copy: a message for an e-mail or a ticket.

What a person changes in the browser stays there; only what Python wrote is a trait.
"""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets

from toolkit.language import Text

__all__ = ["CopyText"]

_HERE = Path(__file__).parent

_COPY = Text("Text kopieren", "Copy text")
_COPIED = Text("Kopiert.", "Copied.")
_BY_HAND = Text(
    "Der Browser erlaubt das Kopieren nicht; der Text ist markiert, bitte Strg+C drücken.",
    "The browser does not allow copying; the text is selected, please press Ctrl+C.",
)


class CopyText(anywidget.AnyWidget):
    """A text area with a button that copies what is in it.

    Args:
        label: names the text area for screen readers.
    """

    _esm = _HERE / "copy_text.js"
    _css = _HERE / "copy_text.css"

    label = traitlets.Unicode().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
    copy_label = traitlets.Unicode().tag(sync=True)
    copied_label = traitlets.Unicode().tag(sync=True)
    by_hand_label = traitlets.Unicode().tag(sync=True)

    def __init__(self, label: Text) -> None:
        super().__init__(
            label=str(label),
            copy_label=str(_COPY),
            copied_label=str(_COPIED),
            by_hand_label=str(_BY_HAND),
        )
