"""Batch: one executed diagnostic notebook per account, and one overview."""

from toolkit.batch.choose import BatchAccount, choose_accounts
from toolkit.batch.overview import Overview, Row
from toolkit.batch.runner import run_batch

__all__ = ["BatchAccount", "Overview", "Row", "choose_accounts", "run_batch"]
