"""JupyterLab and Voilà start, ask for their token, run a notebook, and stop."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from demo.servers.jupyter import Jupyter

pytestmark = [pytest.mark.slow, pytest.mark.browser]


@pytest.fixture
def notebooks(tmp_path: Path) -> Path:
    folder = tmp_path / "notebooks"
    folder.mkdir()
    cell: dict[str, object] = {
        "cell_type": "code",
        "id": "gruss",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": "import os\nprint('Guten Tag,', os.environ['TOOLKIT_GREETED'])",
    }
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    book = {"cells": [cell], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    (folder / "gruss.ipynb").write_text(json.dumps(book))
    return folder


def status(address: str) -> int:
    try:
        with urllib.request.urlopen(address) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        refused.close()
        return refused.code


def test_lab_runs_a_notebook_in_the_environment_given(
    notebooks: Path, tmp_path: Path, page: Page
) -> None:
    """In Chromium the cell's output shows the variable; without the token there is no access."""
    environment = {"TOOLKIT_GREETED": "Frau Kanzlei"}
    with Jupyter.lab(notebooks, folder=tmp_path, environment=environment) as server:
        assert status(f"{server.base}/api/contents") == 403
        assert status(f"{server.base}/api/contents?token={server.token}") == 200
        page.goto(server.address("gruss.ipynb"))
        expect(page.get_by_role("button", name="Leerlauf")).to_be_visible(timeout=60_000)
        page.locator(".jp-Notebook .jp-Cell").first.click()
        page.keyboard.press("Shift+Enter")
        expect(page.locator(".jp-OutputArea-output").first).to_have_text(
            "Guten Tag, Frau Kanzlei", timeout=60_000
        )
    assert server.log.stat().st_mode & 0o077 == 0
    with pytest.raises(urllib.error.URLError):
        status(server.base)


def test_voila_shows_the_output_and_no_code(notebooks: Path, tmp_path: Path, page: Page) -> None:
    """Voilà runs the notebook on load; a visitor without the token sees nothing of it."""
    environment = {"TOOLKIT_GREETED": "Herr Kanzlei"}
    with Jupyter.voila(
        notebooks / "gruss.ipynb", folder=tmp_path, environment=environment
    ) as server:
        page.goto(server.base)
        expect(page.get_by_text("Guten Tag")).to_have_count(0)
        page.goto(server.address())
        expect(page.get_by_text("Guten Tag, Herr Kanzlei")).to_be_visible(timeout=60_000)
        assert "TOOLKIT_GREETED" not in page.content()
