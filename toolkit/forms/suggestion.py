"""Server data filled in from the address, in the background, while the person goes on typing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from toolkit import onboarding, render
from toolkit.forms import found as words
from toolkit.forms.account_fields import AccountFields
from toolkit.forms.parts import guarded
from toolkit.forms.server_fields import ServerFields
from toolkit.language import Text
from toolkit.providers.result import Outcome

if TYPE_CHECKING:
    from toolkit.providers.result import Discovery

__all__ = ["Suggestion"]

#: Seconds without a key before the address counts as typed.
PAUSE = 0.6

BY_HAND = Text("von Hand eingetragen", "entered by hand")
LOOKING = Text("Server-Daten zu {domain} werden gesucht …", "Looking for the servers of {domain} …")


class Suggestion:
    """Watches the address and fills the fields nobody has filled by hand.

    Args:
        account: the person's fields; their address is watched.
        servers: the server fields to fill.
        lock: held while the form changes.
        failed: shows an exception on the form.
    """

    def __init__(
        self,
        account: AccountFields,
        servers: ServerFields,
        lock: threading.RLock,
        failed: Callable[[BaseException], None],
    ) -> None:
        self._account = account
        self._servers = servers
        self._lock = lock
        self._failed = failed
        self._timer: threading.Timer | None = None
        self._asked = ""
        self._filling = False
        self._by_hand: set[int] = set()
        self.provider: str | None = None
        account.email.widget.observe(guarded(failed, self._typed), names="value")
        for widget in self._filled_widgets():
            widget.observe(guarded(failed, self._edited), names="value")

    def forget(self) -> None:
        """Start over: nothing was entered by hand, nothing is suggested."""
        with self._lock:
            self._asked = ""
            self._by_hand.clear()
            self.provider = None
            self._filling = True
            for line in (self._servers.imap, self._servers.smtp):
                line.fill(None)
                self._servers.show_origin(line, None)
            self._filling = False
            self._servers.found.clear()
            self._account.hints.clear()
            self._account.note.clear()
            self._account.suggest(None)

    def _filled_widgets(self) -> tuple[widgets.Widget, ...]:
        return (
            self._account.username.widget,
            *self._servers.imap.inputs,
            *self._servers.smtp.inputs,
            self._servers.smtp_username.widget,
        )

    def _edited(self, change: dict[str, Any]) -> None:
        """A person changed a field: it is theirs until they empty it."""
        with self._lock:
            if self._filling:
                return
            widget = change["owner"]
            if widget.value in ("", None):
                self._by_hand.discard(id(widget))
            else:
                self._by_hand.add(id(widget))
            for line in (self._servers.imap, self._servers.smtp):
                if widget in line.inputs:
                    self._servers.show_origin(line, BY_HAND)

    def _typed(self, change: dict[str, Any]) -> None:
        """The address changed: ask once the person pauses."""
        with self._lock:
            self._asked = change["new"].strip()
            self.provider = None  # it was the former address's
            if self._timer is not None:
                self._timer.cancel()
            if "@" not in self._asked.strip("@"):
                return
            self._timer = threading.Timer(PAUSE, guarded(self._failed, self._ask), (self._asked,))
            self._timer.daemon = True
            self._timer.start()

    def _ask(self, address: str) -> None:
        """In a thread: presets at once, then what the network knows."""
        first = onboarding.suggest_settings(address, online=False)
        with self._lock:
            if address != self._asked:
                return
            self._show(first)
            if first.outcome is not Outcome.UNKNOWN:
                return
            domain = address.rpartition("@")[2]
            self._servers.found.show(render.paragraph(LOOKING.format(domain=domain)))
        found = onboarding.suggest_settings(address)
        with self._lock:
            if address == self._asked:
                self._show(found)

    def _show(self, found: Discovery) -> None:
        """Fill what nobody filled by hand, and say where it comes from."""
        account, servers = self._account, self._servers
        self.provider = found.provider.id if found.provider else None
        account.suggest(found.suggest)
        account.note.show(*words.about_address(found))
        account.hints.show(*words.preparation(found))
        servers.found.show(*words.about_servers(found))
        self._filling = True
        try:
            self._fill(account.username.widget, found.login_username or "")
            self._fill(servers.smtp_username.widget, found.smtp_login_username or "")
            for line, server in ((servers.imap, found.imap), (servers.smtp, found.smtp)):
                if not self._by_hand & {id(one) for one in line.inputs}:
                    line.fill(server)
                    servers.show_origin(line, words.origin(found) if server else None)
        finally:
            self._filling = False

    def _fill(self, widget: widgets.Widget, value: str) -> None:
        if id(widget) not in self._by_hand:
            widget.value = value
