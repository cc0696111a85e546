"""Sync: plan, transfer, ledger, report."""

from toolkit.sync.report import FolderResult, SyncReport
from toolkit.sync.sync import stored_messages, sync_account

__all__ = ["FolderResult", "SyncReport", "stored_messages", "sync_account"]
