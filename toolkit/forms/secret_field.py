"""A password field that never holds the password.

An ``ipywidgets.Password`` keeps its value as a trait: it ends up in saved widget state, in
checkpoints and in exported HTML. This field keeps what is typed in the browser, sends it once as
the bytes of a custom message when Python asks, and wipes itself. Python hands it on as a
``SecretStr`` and keeps nothing.

::

    field = SecretField(label="Passwort *")
    field.on_enter(load)                       # a person pressed Enter in the field
    field.request(lambda secret: log_in(secret))
"""

from __future__ import annotations

import itertools
import secrets
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from pydantic import SecretStr

from toolkit.language import Text

__all__ = ["SecretField"]

_HERE = Path(__file__).parent
#: Longer than any password a provider accepts; what is longer is not one.
LONGEST = 4096
#: A browser that shows the field answers at once; silence means that nothing shows it.
ANSWER_WITHIN = 10.0

_SHOW = Text("Anzeigen", "Show")
_HIDE = Text("Verbergen", "Hide")

Answer = Callable[[SecretStr | None], None]


class SecretField(anywidget.AnyWidget):
    """A labelled password field; see the module.

    Every trait is for display and may be saved with a notebook; none ever holds the secret.

    Args:
        label: what stands before the field.
        placeholder: shown while the field is empty.
        required: told to screen readers.
    """

    _esm = _HERE / "secret_field.js"
    _css = _HERE / "secret_field.css"

    _key = traitlets.Unicode().tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    placeholder = traitlets.Unicode().tag(sync=True)
    state = traitlets.Unicode().tag(sync=True)
    show_label = traitlets.Unicode().tag(sync=True)
    hide_label = traitlets.Unicode().tag(sync=True)
    required = traitlets.Bool(default_value=False).tag(sync=True)
    disabled = traitlets.Bool(default_value=False).tag(sync=True)
    invalid = traitlets.Bool(default_value=False).tag(sync=True)

    def __init__(
        self, label: str, *, placeholder: str = "", required: bool = False, **layout: Any
    ) -> None:
        super().__init__(
            label=label,
            placeholder=placeholder,
            required=required,
            show_label=str(_SHOW),
            hide_label=str(_HIDE),
            _key=secrets.token_hex(8),
            **layout,
        )
        self._tickets = itertools.count(1)
        self._waiting: dict[int, tuple[Answer, threading.Timer]] = {}
        self._lock = threading.Lock()
        self._entered: list[Callable[[], None]] = []
        self.on_msg(self._received)

    def request(self, answer: Answer, *, within: float = ANSWER_WITHIN) -> None:
        """Ask the browser for what was typed; ``answer`` is called once, when it comes.

        Args:
            answer: receives the secret (empty if nothing was typed), or None when no browser
                answered ``within`` seconds or what came is no text.
            within: seconds to wait.
        """
        ticket = next(self._tickets)
        timer = threading.Timer(within, self._answer, (ticket, None))
        timer.daemon = True
        with self._lock:
            self._waiting[ticket] = (answer, timer)
        timer.start()
        self.send({"kind": "request", "ticket": ticket})

    def wipe(self) -> None:
        """Empty the field in the browser."""
        self.send({"kind": "wipe"})

    def on_enter(self, handler: Callable[[], None]) -> None:
        """Call ``handler`` whenever a person presses Enter in the field."""
        self._entered.append(handler)

    def _received(
        self, _widget: object, content: dict[str, Any], buffers: Sequence[memoryview | bytes]
    ) -> None:
        kind = content.get("kind")
        if kind == "enter":
            for handler in tuple(self._entered):
                handler()
        elif kind == "secret":
            self._answer(content.get("ticket"), _opened(buffers))

    def _answer(self, ticket: object, secret: SecretStr | None) -> None:
        """Hand the secret to whoever holds that ticket; an unknown or used ticket gets nothing."""
        with self._lock:
            waiting = self._waiting.pop(ticket, None) if isinstance(ticket, int) else None
        if waiting is None:
            return
        answer, timer = waiting
        timer.cancel()
        answer(secret)


def _opened(buffers: Sequence[memoryview | bytes]) -> SecretStr | None:
    if len(buffers) != 1 or len(buffers[0]) > LONGEST:
        return None
    try:
        return SecretStr(bytes(buffers[0]).decode("utf-8"))
    except UnicodeDecodeError:
        return None
