"""Folders and their roles: pure knowledge, no I/O."""
