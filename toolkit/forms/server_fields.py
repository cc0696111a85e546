"""Step 5 of the help page: the servers, filled from the address and editable."""

from __future__ import annotations

from collections.abc import Mapping

import ipywidgets as widgets

from toolkit import render
from toolkit.errors import InvalidServer
from toolkit.forms.parts import Field, Slot, card, text_field
from toolkit.language import Text
from toolkit.mail.settings import Security, Server

__all__ = ["ServerFields", "ServerLine"]

HEADING = Text("Server-Daten", "Servers")
PORT = Text("Port", "Port")
SECURITY = Text("Sicherheit", "Security")
SECURITY_NAMES: Mapping[Security, str] = {Security.SSL: "SSL/TLS", Security.STARTTLS: "STARTTLS"}
SMTP_USERNAME = Text("Benutzername für SMTP", "User name for SMTP")
ONLY_IF_OTHER = Text("nur wenn er ein anderer ist", "only if it is another one")


class ServerLine:
    """Host, port and security of one server in one row, with one place for messages."""

    def __init__(self, protocol: str, port: int) -> None:
        self.protocol = protocol
        name = Text(f"{protocol.upper()}-Server", f"{protocol.upper()} server")
        self.host = text_field(name, required=True, placeholder=f"{protocol}.beispiel.de")
        slot = self.host.slot
        self.port = Field(_cell(widgets.IntText(value=port), PORT, 140), slot)
        options = [(label, security) for security, label in SECURITY_NAMES.items()]
        self.security = Field(_cell(widgets.Dropdown(options=options), SECURITY, 190), slot)
        self.origin = Slot("tk-slot", "tk-quietly")
        row = widgets.HBox([self.host.widget, self.port.widget, self.security.widget])
        row.add_class("tk-server")
        self.view = widgets.VBox([row, slot, self.origin])
        self.fields: Mapping[str, Field] = {
            f"{protocol}.host": self.host,
            f"{protocol}.port": self.port,
            f"{protocol}.security": self.security,
        }

    def server(self) -> Server | None:
        """What was entered; None while the host is empty.

        Raises:
            InvalidServer: it is unusable; ``field`` names the part, with the protocol before it.
        """
        if not self.host.widget.value.strip():
            return None
        try:
            return Server(
                self.host.widget.value, self.port.widget.value, self.security.widget.value
            )
        except InvalidServer as error:
            error.field = f"{self.protocol}.{error.field or 'host'}"
            raise

    def fill(self, server: Server | None) -> None:
        """Enter a server found elsewhere; None empties the host."""
        if server is None:
            self.host.widget.value = ""
            return
        self.host.widget.value = server.host
        self.port.widget.value = server.port
        self.security.widget.value = server.security

    @property
    def inputs(self) -> tuple[widgets.Widget, ...]:
        """The three inputs."""
        return tuple(field.widget for field in self.fields.values())


class ServerFields:
    """Both servers and, where it differs, the login name for sending."""

    def __init__(self) -> None:
        self.imap = ServerLine("imap", 993)
        self.smtp = ServerLine("smtp", 465)
        self.smtp_username = text_field(SMTP_USERNAME, placeholder=str(ONLY_IF_OTHER))
        self.found = Slot()
        self.fields: Mapping[str, Field] = {
            **self.imap.fields,
            **self.smtp.fields,
            "smtp_username": self.smtp_username,
        }
        self.view = card(
            HEADING,
            self.found,
            self.imap.view,
            self.smtp.view,
            *(self.smtp_username.widget, self.smtp_username.slot),
        )

    def enable(self, on: bool) -> None:  # noqa: FBT001  # one fact, one meaning
        """Let a person change the fields, or not."""
        for field in self.fields.values():
            field.widget.disabled = not on

    def show_origin(self, line: ServerLine, origin: Text | None) -> None:
        """Say below a server where its values come from; None says nothing."""
        if origin is None:
            line.origin.clear()
        else:
            line.origin.show(render.paragraph(origin))


def _cell(widget: widgets.Widget, label: Text, width: int) -> widgets.Widget:
    widget.description = f"{label} *"
    widget.style.description_width = "initial"
    widget.layout.width = f"{width}px"
    widget.add_class("tk-cell-field")
    return widget
