"""Kernels nobody else on the machine can talk to."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager

__all__ = ["PrivateKernelManager"]


class PrivateKernelManager(AsyncKernelManager):
    """A kernel behind sockets in a folder only its owner can enter, instead of TCP ports.

    TCP ports on loopback are open to every user of the machine, and what passes is not encrypted.
    """

    def __init__(self, **settings: Any) -> None:
        # Short, for a socket's path may not be longer than about a hundred characters.
        folder = tempfile.mkdtemp(prefix="tk-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        connection_file = str(Path(folder) / "k.json")
        super().__init__(**{**settings, "transport": "ipc", "connection_file": connection_file})
