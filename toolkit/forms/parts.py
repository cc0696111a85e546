"""What every form is made of: places for markup, fields with their message, guarded work.

Views hold no logic. Whatever goes wrong in a handler ends in a message on the form: a typed error
beside the field it names, anything else as a notice that says where it happened.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

import ipywidgets as widgets

from toolkit import render
from toolkit.errors import ToolkitError
from toolkit.language import Text
from toolkit.progress import Progress, ProgressCallback
from toolkit.render import Html

__all__ = [
    "Field",
    "People",
    "Slot",
    "Work",
    "any_notice",
    "card",
    "error_notice",
    "guarded",
    "style_slot",
    "text_field",
    "unexpected_notice",
]

log = logging.getLogger("toolkit.forms")

Result = TypeVar("Result")

UNEXPECTED = Text(
    "Unerwarteter Fehler im Programm. Es wurde nichts gespeichert, was nicht oben bestätigt ist.",
    "Unexpected error in the program. Nothing was saved that is not confirmed above.",
)
REPORT_IT = Text(
    "Bitte melden Sie diesen Fehler mit den folgenden Zeilen; sie enthalten keine Zugangsdaten.",
    "Please report this error with the following lines; they hold no credentials.",
)
CANCEL = Text("Abbrechen", "Cancel")


class Slot(widgets.HTML):  # type: ignore[misc]  # ipywidgets is untyped
    """A place on a form where markup from ``render`` is shown; empty, it takes no room."""

    def __init__(self, *classes: str) -> None:
        super().__init__(layout=widgets.Layout(display="none"))
        for name in classes or ("tk-slot-wide",):
            self.add_class(name)

    def show(self, *parts: Html) -> None:
        """Replace what is shown; nothing hides the place."""
        self.value = f'<div class="tk">{render.join(*parts)}</div>' if parts else ""
        self.layout.display = "" if parts else "none"

    def clear(self) -> None:
        """Show nothing."""
        self.show()


@cache
def _forms_css() -> str:
    return (Path(__file__).parent / "forms.css").read_text(encoding="utf-8")


def style_slot() -> widgets.Widget:
    """The style sheets, once a form."""
    slot = Slot()
    slot.value = f"<style>{render.style_sheet()}{_forms_css()}</style>"
    slot.layout.display = ""
    slot.layout.margin = "0"
    return slot


def card(heading: Text, *children: widgets.Widget) -> widgets.VBox:
    """A framed part of a form with its heading."""
    head = Slot()
    head.show(render.section(heading))
    box = widgets.VBox([head, *children])
    box.add_class("tk-card")
    return box


class Field:
    """One input with the place below it for what is wrong with it.

    Args:
        widget: the input.
        slot: where its messages go; several inputs in a row may share one.
    """

    def __init__(self, widget: Any, slot: Slot | None = None) -> None:
        self.widget = widget
        self.slot = slot or Slot("tk-slot")

    def complain(self, error: ToolkitError) -> None:
        """Show an error here."""
        self.slot.show(error_notice(error))
        if hasattr(self.widget, "invalid"):
            self.widget.invalid = True
        else:
            self.widget.add_class("tk-wrong")

    def calm(self) -> None:
        """Take the message away."""
        self.slot.clear()
        if hasattr(self.widget, "invalid"):
            self.widget.invalid = False
        else:
            self.widget.remove_class("tk-wrong")


def text_field(label: Text, *, required: bool = False, placeholder: str = "") -> Field:
    """A line of text; mandatory ones are marked with a star."""
    widget = widgets.Text(
        description=f"{label} *" if required else str(label),
        placeholder=placeholder,
        style={"description_width": "var(--tk-label-width)"},
        layout=widgets.Layout(width="100%"),
    )
    widget.add_class("tk-field")
    return Field(widget)


def error_notice(error: ToolkitError) -> Html:
    """An error with its hint and, folded away, what the other side said."""
    shown = render.notice("error", error.message, error.hint)
    if error.evidence:
        said = Text("Technische Einzelheiten", "Technical details")
        return render.join(shown, render.details(said, render.verbatim(error.evidence)))
    return shown


def any_notice(error: BaseException) -> Html:
    """Whatever was raised, as a notice."""
    if isinstance(error, ToolkitError):
        return error_notice(error)
    log.error("unexpected %s in a form", type(error).__name__)
    return unexpected_notice(error)


def unexpected_notice(error: BaseException) -> Html:
    """An exception nobody expected: its kind and where it happened, but not what it says.

    An exception's text may quote what it choked on, a password for example; the lines of a
    traceback quote the program only.
    """
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in frames]
    return render.join(
        render.notice("error", UNEXPECTED, REPORT_IT),
        render.verbatim("\n".join([type(error).__name__, *lines])),
    )


class Work:
    """Runs one piece of work at a time in a thread, with its progress and a way to stop it.

    The form stays responsive: handlers return at once, results arrive through callbacks. A job
    that is abandoned may still hang in a connection; what it brings is then ignored.

    Args:
        lock: held while anything on the form changes, so that two threads never draw at once.
        failed: called with what a job raised.
        changed: called when work has started or ended; ``running`` says which.
    """

    def __init__(
        self,
        lock: threading.RLock,
        failed: Callable[[BaseException], None],
        changed: Callable[[], None],
    ) -> None:
        self._lock = lock
        self._failed = failed
        self._changed = changed
        self._cancel: threading.Event | None = None
        self._abandon = False
        self._bar = widgets.IntProgress(min=0, max=1, value=0)
        self._what = Slot("tk-slot-wide")
        self._stop = widgets.Button(description=str(CANCEL))
        self._stop.on_click(lambda _button: self.stop())
        self.view = widgets.HBox(
            [self._bar, self._what, self._stop], layout=widgets.Layout(display="none")
        )
        self.view.add_class("tk-progress")

    @property
    def running(self) -> bool:
        """Whether something is being done."""
        return self._cancel is not None

    def start(
        self,
        job: Callable[[ProgressCallback, threading.Event], Result],
        done: Callable[[Result], None],
        *,
        abandon: bool,
    ) -> threading.Thread | None:
        """Start a job unless one is running.

        Args:
            job: gets the progress callback and the event that asks it to stop.
            done: gets what the job returned.
            abandon: whether stopping may leave the job alone with its connection at once (it
                changes nothing), or has to wait until it has come to its end.
        """
        with self._lock:
            if self.running:
                return None
            cancel = threading.Event()
            self._cancel, self._abandon = cancel, abandon
            self._bar.value, self._bar.max = 0, 1
            self._what.clear()
            self._stop.disabled = False
            self.view.layout.display = ""
            self._changed()
        thread = threading.Thread(
            target=self._run, args=(job, done, cancel), name="toolkit-form", daemon=True
        )
        thread.start()
        return thread

    def stop(self) -> None:
        """A person pressed "Abbrechen"."""
        with self._lock:
            if self._cancel is None:
                return
            self._cancel.set()
            if self._abandon:
                self._end()
            else:
                self._stop.disabled = True
                self._what.show(render.paragraph(Text("Wird abgebrochen …", "Stopping …")))

    def _run(
        self,
        job: Callable[[ProgressCallback, threading.Event], Result],
        done: Callable[[Result], None],
        cancel: threading.Event,
    ) -> None:
        def show(progress: Progress) -> None:
            with self._lock:
                if self._cancel is cancel and not cancel.is_set():
                    self._bar.max = max(progress.total, 1)
                    self._bar.value = progress.done
                    self._what.show(render.paragraph(progress.what))

        try:
            result = job(show, cancel)
        except BaseException as error:  # noqa: BLE001  # a thread's exception is lost unless shown
            self._finish(cancel, partial(self._failed, error))
        else:
            self._finish(cancel, partial(done, result))

    def _finish(self, cancel: threading.Event, tell: Callable[[], None]) -> None:
        with self._lock:
            if self._cancel is not cancel:
                return  # abandoned: somebody else may be at work by now
            self._end()
            try:
                tell()
            except Exception as error:  # noqa: BLE001  # the same: nobody above us would see it
                self._failed(error)

    def _end(self) -> None:
        self._cancel = None
        self.view.layout.display = "none"
        self._changed()


def guarded(
    failed: Callable[[BaseException], None], handler: Callable[..., None]
) -> Callable[..., None]:
    """A handler that never lets an exception escape into a log nobody reads."""

    def safe(*arguments: Any) -> None:
        try:
            handler(*arguments)
        except Exception as error:  # noqa: BLE001  # shown to the person
            failed(error)

    return safe


class People:
    """Any number of office users, as tick boxes: nobody has to know about Ctrl and click."""

    def __init__(self, label: Text) -> None:
        head = Slot("tk-label")
        head.show(render.paragraph(label))
        self._box = widgets.HBox([], layout=widgets.Layout(flex_flow="row wrap"))
        self._box.add_class("tk-people")
        self._ticks: dict[str, widgets.Checkbox] = {}
        self.view = widgets.HBox([head, self._box])
        self.view.add_class("tk-group")

    def offer(self, names: Sequence[str]) -> None:
        """Show these users; who was ticked stays ticked."""
        ticked = set(self.chosen)
        self._ticks = {
            name: widgets.Checkbox(
                value=name in ticked,
                description=render.plain(name),
                indent=False,
                layout=widgets.Layout(width="auto"),
            )
            for name in names
        }
        self._box.children = tuple(self._ticks.values())

    @property
    def chosen(self) -> tuple[str, ...]:
        """Who is ticked."""
        return tuple(name for name, tick in self._ticks.items() if tick.value)

    def enable(self, on: bool) -> None:  # noqa: FBT001  # one fact, one meaning
        """Let a person change it, or not."""
        for tick in self._ticks.values():
            tick.disabled = not on
