"""How JupyterLab and Voilà are started, and that what they are given needs no internet."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from toolkit.forms import server
from toolkit.forms.server import ServerCommand, lab_command, voila_command


@pytest.fixture(params=[lab_command, voila_command])
def command(request: pytest.FixtureRequest, tmp_path: Path) -> ServerCommand:
    made: ServerCommand = request.param(tmp_path, 9000, browser=False)
    return made


def test_both_listen_on_this_machine_only(command: ServerCommand) -> None:
    """Loopback, and never without a token: none is named, so that Jupyter draws one."""
    assert any(one.endswith(".ip=127.0.0.1") for one in command.argv)
    assert not any("token=" in one.lower() for one in command.argv)
    assert not any("password" in one.lower() for one in command.argv)


def test_voila_draws_a_token(tmp_path: Path) -> None:
    """Voilà lets everybody in unless told; this flag tells it."""
    assert "--token" in voila_command(tmp_path, 9000).argv


def test_idle_kernels_are_stopped_and_their_wire_is_encrypted(command: ServerCommand) -> None:
    """A closed tab does not leave a kernel for ever; other users cannot listen in."""
    assert any(one.startswith("--MappingKernelManager.cull_idle_timeout=") for one in command.argv)
    assert "--KernelManager.transport_encryption=auto" in command.argv


def test_the_toolkits_files_come_first(
    command: ServerCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Templates, kernels and settings of the toolkit are found before others."""
    assert set(command.env) == {"JUPYTER_PATH", "JUPYTER_CONFIG_PATH"}
    assert all(one.split(":")[0] == str(server.JUPYTER_FILES) for one in command.env.values())
    monkeypatch.setenv("KANZLEI", "Amsel")
    assert command.environment()["KANZLEI"] == "Amsel"


def test_kernels_write_no_history() -> None:
    """What is typed into cells does not end in history.sqlite."""
    spec = json.loads((server.JUPYTER_FILES / "kernels/python3/kernel.json").read_text())
    assert "--HistoryManager.enabled=False" in spec["argv"]
    assert spec["metadata"]["supported_encryption"] == ["curve"]


def test_jupyterlab_is_german_and_quiet() -> None:
    """German, no news, no look for updates, no saved widget state."""
    path = server.JUPYTER_FILES / "labconfig/default_setting_overrides.json"
    settings = json.loads(path.read_text())
    assert settings["@jupyterlab/translation-extension:plugin"]["locale"] == "de_DE"
    assert settings["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
    assert settings["@jupyter-widgets/jupyterlab-manager:plugin"]["saveState"] is False


def test_no_template_names_another_host() -> None:
    """Nothing the toolkit ships for Jupyter loads from elsewhere."""
    for path in server.JUPYTER_FILES.rglob("*"):
        if path.is_file():
            found = re.findall(r"(?:src|href)=[\"']?(?:https?:)?//|@import|url\(", path.read_text())
            assert found == [], path.name


def test_an_unknown_notebook_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """The message names the notebooks there are."""
    with pytest.raises(SystemExit):
        server.main(["lab", "gibt-es-nicht"])
    assert "onboarding" in capsys.readouterr().err


def test_main_becomes_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is replaced by Jupyter, with the toolkit's variables."""
    ran: list[tuple[str, tuple[str, ...], dict[str, str]]] = []
    monkeypatch.setattr("os.execve", lambda *arguments: ran.append(arguments))
    server.main(["voila", "onboarding", "--port", "9123", "--no-browser"])
    ((program, argv, environment),) = ran
    assert program == argv[0]
    assert "--Voila.port=9123" in argv
    assert "--Voila.open_browser=False" in argv
    assert environment["JUPYTER_PATH"].startswith(str(server.JUPYTER_FILES))
