"""What a hostile or broken server does, as rows of data; `demo.hostile` plays them."""

from __future__ import annotations

from demo.servers.behaviours import login, mail, smtp, wire
from demo.servers.behaviours.row import MESSAGES, Behaviour, Shown, imap

__all__ = ["MESSAGES", "Behaviour", "Shown", "behaviours", "imap"]


def behaviours() -> tuple[Behaviour, ...]:
    """All rows, in the order of the table; some are big, so they are made on demand."""
    return (
        *wire.GREETINGS,
        *wire.FRAMING,
        *wire.LITERALS,
        *wire.floods(),
        *mail.STATES,
        *mail.REFUSALS,
        *mail.UIDS,
        *mail.FOLDERS,
        *mail.long_lists(),
        *login.LOGINS,
        *smtp.SMTP,
        *wire.TLS,
    )
