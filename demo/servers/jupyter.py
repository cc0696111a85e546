"""JupyterLab and Voilà as people start them, for browser tests and screenshots.

::

    with Jupyter.lab(notebooks, folder=tmp_path, environment={"TOOLKIT_HOME": str(home)}) as server:
        page.goto(server.address("onboarding.ipynb"))

The command line is the product's own (``toolkit.forms.server``), without a browser window and on
a free port; whatever Jupyter keeps for a user lies in the given folder. The token is drawn by the
server itself and read from its log, so that it is in no argument and no environment.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from demo.servers.process import ServerFailed, ServerProcess, answers, free_port

if TYPE_CHECKING:
    from toolkit.forms.server import ServerCommand

__all__ = ["Jupyter"]

_STARTED = re.compile(rb"http://127\.0\.0\.1:(\d+)(/[^\s?]*)\?token=([0-9a-f]{16,})")
#: Where Jupyter and IPython keep what belongs to a user.
_PLACES = (
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_DATA_DIR",
    "JUPYTER_RUNTIME_DIR",
    "JUPYTERLAB_SETTINGS_DIR",
    "JUPYTERLAB_WORKSPACES_DIR",
    "IPYTHONDIR",
)


class Jupyter:
    """A running JupyterLab or Voilà. Made by ``lab`` or ``voila``; a context manager.

    Attributes:
        base: ``http://127.0.0.1:PORT``.
        token: what a browser has to show.
        log: the server's log, readable by the owner only, for the token is in it.
    """

    def __init__(
        self, command: ServerCommand, kind: str, folder: Path, environment: Mapping[str, str]
    ) -> None:
        """Start it and wait until it answers; use ``lab`` or ``voila``."""
        folder.mkdir(parents=True, exist_ok=True)
        self._kind = kind
        self.log = folder / f"{kind}.log"
        self.log.touch(mode=0o600)
        own = {name: str(folder / "jupyter" / name.lower()) for name in _PLACES}
        self._process = ServerProcess(
            command.argv,
            log=self.log,
            environment={**os.environ, **own, **command.env, **environment},
            folder=folder,
        )
        self._process.wait_until(lambda: self._started() is not None, seconds=90)
        started = self._started()
        if started is None:  # pragma: no cover - wait_until saw it
            raise ServerFailed("the address vanished from the log")
        self.base, self._front, self.token = started
        port = int(self.base.rpartition(":")[2])
        self._process.wait_until(lambda: answers("127.0.0.1", port))

    @classmethod
    def lab(
        cls, target: Path, *, folder: Path, environment: Mapping[str, str] | None = None
    ) -> Self:
        """JupyterLab.

        Args:
            target: a notebook or a folder of notebooks.
            folder: for the log and what Jupyter keeps.
            environment: variables beside the caller's own.

        Raises:
            ServerFailed: it did not start; the message shows its log.
        """
        from toolkit.forms.server import lab_command

        return cls(
            lab_command(target, free_port(), browser=False), "lab", folder, environment or {}
        )

    @classmethod
    def voila(
        cls, target: Path, *, folder: Path, environment: Mapping[str, str] | None = None
    ) -> Self:
        """Voilà; arguments and errors as for ``lab``."""
        from toolkit.forms.server import voila_command

        return cls(
            voila_command(target, free_port(), browser=False), "voila", folder, environment or {}
        )

    def address(self, notebook: str = "") -> str:
        """The address to open, token included: of one notebook by its file name, or the front page."""
        if not notebook:
            path = self._front
        else:
            path = f"/{'lab/tree' if self._kind == 'lab' else 'voila/render'}/{quote(notebook)}"
        return f"{self.base}{path}?token={self.token}"

    def stop(self) -> None:
        """Stop it with its kernels. May be called twice."""
        self._process.stop(seconds=15)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _started(self) -> tuple[str, str, str] | None:
        found = _STARTED.search(self.log.read_bytes())
        if not found:
            return None
        return f"http://127.0.0.1:{int(found[1])}", found[2].decode(), found[3].decode()
