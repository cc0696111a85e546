"""Fields, messages and guarded work."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from toolkit.errors import Cancelled, InvalidAccount
from toolkit.forms.parts import (
    Field,
    People,
    Slot,
    Work,
    error_notice,
    guarded,
    text_field,
    unexpected_notice,
)
from toolkit.language import Text
from toolkit.progress import Progress, ProgressCallback, check_cancelled
from toolkit.render import paragraph

SECRET = "Kanarienvogel-91c2"


def wrong(evidence: str = "") -> InvalidAccount:
    return InvalidAccount(
        Text("Der Anzeigename fehlt.", "The display name is missing."),
        field="display_name",
        hint=Text("Bitte ausfüllen.", "Please fill it in."),
        evidence=evidence,
    )


class Form:
    """The smallest form: what failed and what was done is written down."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.failures: list[BaseException] = []
        self.results: list[Any] = []
        self.changes: list[bool] = []
        self.work = Work(self.lock, self.failures.append, self._changed)

    def _changed(self) -> None:
        self.changes.append(self.work.running)

    def start(self, job: Any, *, abandon: bool = False) -> threading.Thread | None:
        return self.work.start(job, self.results.append, abandon=abandon)


@pytest.fixture
def form() -> Form:
    return Form()


def finish(thread: threading.Thread | None) -> None:
    assert thread is not None
    thread.join(10)
    assert not thread.is_alive()


def test_an_error_is_shown_beside_its_field_and_goes_away() -> None:
    """Message and hint appear below the input, which is marked; calm takes both back."""
    field = text_field(Text("Anzeigename", "Display name"), required=True)
    assert field.widget.description == "Anzeigename *"
    field.complain(wrong())
    assert "Der Anzeigename fehlt." in field.slot.value
    assert "Bitte ausfüllen." in field.slot.value
    assert field.slot.layout.display == ""
    assert "tk-wrong" in field.widget._dom_classes
    field.calm()
    assert field.slot.value == ""
    assert field.slot.layout.display == "none"
    assert "tk-wrong" not in field.widget._dom_classes


def test_what_a_server_said_is_folded_away_and_escaped() -> None:
    """Evidence is there for who wants it, as text."""
    shown = str(error_notice(wrong("NO <script>alert(1)</script>")))
    assert "<details" in shown
    assert "&lt;script&gt;" in shown


def test_an_unexpected_error_says_where_but_not_what() -> None:
    """The notice names kind and place; the exception's text may quote a password."""
    try:
        int(SECRET)
    except ValueError as error:
        shown = str(unexpected_notice(error))
    assert "ValueError" in shown
    assert "test_parts.py" in shown
    assert SECRET not in shown


def test_a_guarded_handler_lets_nothing_escape() -> None:
    """What a handler raises reaches the form."""
    failures: list[BaseException] = []
    guarded(failures.append, lambda: 1 / 0)()
    assert [type(one) for one in failures] == [ZeroDivisionError]


def test_work_reports_progress_and_its_result(form: Form) -> None:
    """A job's progress is drawn, its result handed on, and the bar hidden afterwards."""
    seen: list[tuple[int, str]] = []

    def job(progress: ProgressCallback, _cancel: threading.Event) -> str:
        progress(Progress(1, 3, Text("Lade <Ordner> …", "Loading …")))
        seen.append((form.work._bar.value, form.work._what.value))
        return "fertig"

    finish(form.start(job))
    assert form.results == ["fertig"]
    assert seen[0][0] == 1
    assert "Lade &lt;Ordner&gt; …" in seen[0][1]
    assert form.work.view.layout.display == "none"
    assert form.changes == [True, False]


def test_what_a_job_raises_is_shown(form: Form) -> None:
    """An exception in the thread is not lost."""

    def job(_progress: ProgressCallback, _cancel: threading.Event) -> None:
        raise wrong()

    finish(form.start(job))
    assert [type(one) for one in form.failures] == [InvalidAccount]
    assert not form.work.running


def test_only_one_job_at_a_time(form: Form) -> None:
    """A second click while something runs starts nothing."""
    go = threading.Event()
    first = form.start(lambda _progress, _cancel: go.wait(10))
    assert form.start(lambda _progress, _cancel: "zweiter") is None
    go.set()
    finish(first)
    assert form.results == [True]


def test_an_abandoned_job_frees_the_form_at_once(form: Form) -> None:
    """Cancelling a hanging connection does not wait for it, and what it brings is ignored."""
    go = threading.Event()
    hanging = form.start(lambda _progress, _cancel: go.wait(10), abandon=True)
    form.work.stop()
    assert not form.work.running
    finish(form.start(lambda _progress, _cancel: "neu"))
    go.set()
    finish(hanging)
    assert form.results == ["neu"]


def test_a_job_that_writes_is_asked_to_stop_and_waited_for(form: Form) -> None:
    """A sync stops at its next step; until then the form says that it is stopping."""
    started, go = threading.Event(), threading.Event()

    def job(_progress: ProgressCallback, cancel: threading.Event) -> None:
        started.set()
        go.wait(10)
        check_cancelled(cancel)

    thread = form.start(job)
    assert started.wait(10)
    form.work.stop()
    assert form.work.running
    assert "Wird abgebrochen" in form.work._what.value
    go.set()
    finish(thread)
    assert [type(one) for one in form.failures] == [Cancelled]


def test_people_are_ticked_and_stay_ticked() -> None:
    """Offering more users keeps who was chosen."""
    people = People(Text("Einsehbar durch", "Visible to"))
    people.offer(["Anna Amsel", "<b>Bernd</b>"])
    people._ticks["<b>Bernd</b>"].value = True
    people.offer(["Anna Amsel", "<b>Bernd</b>", "Carla"])
    assert people.chosen == ("<b>Bernd</b>",)


def test_an_empty_slot_takes_no_room() -> None:
    """Shown markup opens the place, clearing closes it."""
    slot = Slot()
    assert slot.layout.display == "none"
    slot.show(paragraph("a < b"))
    assert slot.value == '<div class="tk"><p>a &lt; b</p></div>'
    slot.clear()
    assert slot.layout.display == "none"


def test_a_field_over_a_secret_marks_it_invalid() -> None:
    """The password field is told through its own trait, which screen readers hear."""
    from toolkit.forms.secret_field import SecretField

    field = Field(SecretField("Passwort *"))
    field.complain(wrong())
    assert field.widget.invalid
    field.calm()
    assert not field.widget.invalid
