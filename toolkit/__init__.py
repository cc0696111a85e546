"""Connect customers' external mailboxes over IMAP, find out why it fails, tabulate what arrived."""

from __future__ import annotations

__version__ = "0.1.0"
