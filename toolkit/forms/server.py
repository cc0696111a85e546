"""How JupyterLab and Voilà are started: on this machine only, in German, without the internet.

Both commands bind to the loopback interface behind a token that Jupyter draws itself, read
settings and templates the toolkit ships (``toolkit/templates/jupyter``), stop kernels nobody looks
at any more, and start kernels that write no history file::

    python -m toolkit.forms.server lab                  # opens the onboarding notebook
    python -m toolkit.forms.server voila troubleshoot --port 8867 --no-browser

What is switched off and why: the news feed and the update check ask jupyter.org; the extension
manager asks PyPI; saved widget state carries what forms show; terminals and remote access serve
nobody here; Voilà's stock template asks a CDN for Font Awesome.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolkit.resources import notebook, notebooks_folder

__all__ = ["ServerCommand", "lab_command", "voila_command"]

#: Voilà templates, kernels and JupyterLab settings of the toolkit.
JUPYTER_FILES = Path(__file__).parent.parent / "templates" / "jupyter"

LAB_PORT = 8888
VOILA_PORT = 8866
#: A form left alone with its kernel, seconds; a kernel with an open tab is never stopped.
IDLE = 1800
#: Voilà leaves a kernel behind for every closed or reloaded tab.
IDLE_VOILA = 300


@dataclass(frozen=True, slots=True)
class ServerCommand:
    """A command line, and the environment variables it needs beside the usual ones."""

    argv: tuple[str, ...]
    env: Mapping[str, str]

    def environment(self) -> dict[str, str]:
        """This process's environment with the command's own variables in front."""
        return os.environ | dict(self.env)


def lab_command(
    target: Path | None = None, port: int = LAB_PORT, *, browser: bool = True
) -> ServerCommand:
    """JupyterLab on a notebook (default: onboarding) or a folder.

    Args:
        target: the notebook or folder to open; the folder becomes the server's root.
        port: on 127.0.0.1; another free one is taken if it is in use.
        browser: open a browser window.
    """
    target = (target or notebook("onboarding")).resolve()
    root = target if target.is_dir() else target.parent
    opened = "/lab" if target.is_dir() else f"/lab/tree/{target.name}"
    return ServerCommand(
        (
            *(sys.executable, "-m", "jupyterlab"),
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.port={port}",
            f"--ServerApp.root_dir={root}",
            f"--LabApp.default_url={opened}",
            f"--ServerApp.open_browser={browser}",
            "--ServerApp.allow_remote_access=False",
            "--ServerApp.terminals_enabled=False",
            "--LabApp.news_url=None",
            "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
            "--LabApp.extension_manager=readonly",
            # The language servers look for themselves on every start; notebooks here hold calls.
            "--LanguageServerManager.autodetect=False",
            # The Voilà preview inside JupyterLab.
            "--VoilaConfiguration.template=toolkit",
            *_kernels(IDLE),
            *_as_root(),
        ),
        _environment(),
    )


def voila_command(
    target: Path | None = None, port: int = VOILA_PORT, *, browser: bool = True
) -> ServerCommand:
    """Voilà on one notebook (default: onboarding) or on the folder of notebooks.

    Args:
        target: the notebook or folder to serve; its folder is the root.
        port: on 127.0.0.1.
        browser: open a browser window.
    """
    return ServerCommand(
        (
            *(sys.executable, "-m", "voila", str((target or notebook("onboarding")).resolve())),
            "--Voila.ip=127.0.0.1",
            f"--Voila.port={port}",
            f"--Voila.open_browser={browser}",
            "--token",  # draw one; without it Voilà lets everybody in
            "--template=toolkit",
            "--VoilaExporter.language_code=de",
            "--VoilaConfiguration.allow_template_override=NO",
            "--VoilaConfiguration.allow_theme_override=NO",
            "--VoilaConfiguration.file_allowlist=[]",
            "--VoilaConfiguration.show_tracebacks=False",
            *_kernels(IDLE_VOILA),
        ),
        _environment(),
    )


def _kernels(seconds: int) -> tuple[str, ...]:
    return (
        # Between server and kernel lie TCP ports any local user can connect to: encrypt them.
        "--KernelManager.transport_encryption=auto",
        f"--MappingKernelManager.cull_idle_timeout={seconds}",
        "--MappingKernelManager.cull_interval=60",
        "--MappingKernelManager.cull_connected=False",
    )


def _as_root() -> tuple[str, ...]:
    """Containers know no other user; JupyterLab refuses root unless told."""
    return ("--allow-root",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()


def _environment() -> dict[str, str]:
    """Jupyter finds the toolkit's files before anybody else's."""
    return {
        name: os.pathsep.join(filter(None, [str(JUPYTER_FILES), os.environ.get(name, "")]))
        for name in ("JUPYTER_PATH", "JUPYTER_CONFIG_PATH")
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Become the server: ``python -m toolkit.forms.server lab|voila [NOTEBOOK]``."""
    parser = argparse.ArgumentParser(prog="python -m toolkit.forms.server")
    parser.add_argument("server", choices=["lab", "voila"])
    parser.add_argument("notebook", nargs="?", default="onboarding", help="name or path")
    parser.add_argument("--port", type=int)
    parser.add_argument("--no-browser", action="store_true")
    given = parser.parse_args(arguments)
    path = Path(given.notebook)
    target = path if path.exists() else notebook(given.notebook)
    if not target.exists():
        names = ", ".join(sorted(one.stem for one in notebooks_folder().glob("*.ipynb")))
        parser.error(f"no notebook {given.notebook!r}; there are: {names}")
    build = lab_command if given.server == "lab" else voila_command
    port = given.port or (LAB_PORT if given.server == "lab" else VOILA_PORT)
    command = build(target, port, browser=not given.no_browser)
    os.execve(command.argv[0], command.argv, command.environment())  # noqa: S606  # no shell


if __name__ == "__main__":
    main()
