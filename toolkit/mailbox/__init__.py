"""The office mailbox: one live view over all accounts a user may see."""

from toolkit.mailbox.view import OfficeMailbox, office_mailbox

__all__ = ["OfficeMailbox", "office_mailbox"]
