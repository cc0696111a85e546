"""The password field keeps no password."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from pydantic import SecretStr

from toolkit.forms.secret_field import SecretField

SECRET = "Kanarienvogel-7f3a-ß✓"


class Browser:
    """Stands in for the browser: records what Python sends and answers as the script would."""

    def __init__(self, field: SecretField, monkeypatch: pytest.MonkeyPatch) -> None:
        self.field = field
        self.sent: list[dict[str, Any]] = []
        monkeypatch.setattr(field, "send", lambda content, buffers=None: self.sent.append(content))

    def answer(self, value: bytes, ticket: int | None = None) -> None:
        ticket = self.sent[-1]["ticket"] if ticket is None else ticket
        self.field._handle_custom_msg({"kind": "secret", "ticket": ticket}, [memoryview(value)])


@pytest.fixture
def field() -> SecretField:
    return SecretField("Passwort *", required=True)


@pytest.fixture
def browser(field: SecretField, monkeypatch: pytest.MonkeyPatch) -> Browser:
    return Browser(field, monkeypatch)


def test_a_request_is_answered_once(field: SecretField, browser: Browser) -> None:
    """The callback gets the secret as SecretStr; a second answer to the ticket goes nowhere."""
    got: list[SecretStr | None] = []
    field.request(got.append)
    browser.answer(SECRET.encode())
    browser.answer(b"zweite Antwort")
    assert got == [SecretStr(SECRET)]


def test_the_secret_is_in_no_trait_state_or_repr(field: SecretField, browser: Browser) -> None:
    """After an answer nothing that a notebook could save or print holds the secret."""
    field.request(lambda secret: None)
    browser.answer(SECRET.encode())
    everything = json.dumps(
        [field.get_state(), field.trait_values(), vars(field), repr(field), browser.sent],
        default=repr,
        ensure_ascii=False,
    )
    assert SECRET not in everything
    assert "value" not in field.trait_names()


def test_silence_ends_in_none(field: SecretField, browser: Browser) -> None:
    """If no browser shows the field, the caller learns it instead of waiting for ever."""
    done = threading.Event()
    got: list[SecretStr | None] = []
    field.request(lambda secret: (got.append(secret), done.set()), within=0.01)
    assert done.wait(5)
    assert got == [None]
    browser.answer(b"zu spaet")
    assert got == [None]


@pytest.mark.parametrize("value", [b"\xff\xfe", b"x" * 5000])
def test_what_is_no_text_is_no_secret(field: SecretField, browser: Browser, value: bytes) -> None:
    """Bytes that are not UTF-8, or far too many, count as no answer."""
    got: list[SecretStr | None] = []
    field.request(got.append)
    browser.answer(value)
    assert got == [None]


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"kind": "secret"},
        {"kind": "secret", "ticket": "1"},
        {"kind": "secret", "ticket": 99},
        {"kind": 5},
    ],
)
def test_messages_nobody_asked_for_are_ignored(field: SecretField, content: dict[str, Any]) -> None:
    """A forged or stale message reaches no callback and raises nothing."""
    field._handle_custom_msg(content, [])


def test_enter_is_told(field: SecretField) -> None:
    """Enter in the field calls the handlers, without the secret."""
    pressed: list[str] = []
    field.on_enter(lambda: pressed.append("ja"))
    field._handle_custom_msg({"kind": "enter"}, [])
    assert pressed == ["ja"]


def test_the_script_is_inline(field: SecretField) -> None:
    """The browser needs no network: the script travels with the widget and imports nothing."""
    script = field.get_state()["_esm"]
    assert "export default" in script
    assert "import " not in script
    assert "http" not in script
