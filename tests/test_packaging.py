"""The files that say what the project needs agree with each other."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TOP = Path(__file__).parent.parent
#: conda-forge calls these otherwise.
CONDA_NAMES = {"psycopg": "psycopg"}


def _pyproject() -> dict[str, Requirement]:
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = {}
    for line in [*project["dependencies"], *project["optional-dependencies"]["demo"]]:
        requirement = Requirement(line)
        found[canonicalize_name(requirement.name)] = requirement
    return found


def test_environment_yml_mirrors_pyproject() -> None:
    """Conda users get the same packages in the same ranges, the demo's included."""
    content = yaml.safe_load((TOP / "environment.yml").read_text(encoding="utf-8"))
    lines = [line for line in content["dependencies"] if isinstance(line, str)]
    lines += [
        line for part in content["dependencies"] if isinstance(part, dict) for line in part["pip"]
    ]
    conda = {
        canonicalize_name(requirement.name): requirement.specifier
        for requirement in map(Requirement, lines)
        if requirement.name not in ("python", "pip")
    }
    assert conda == {name: needed.specifier for name, needed in _pyproject().items()}


def test_the_lock_holds_every_dependency_within_its_range_and_names_no_host() -> None:
    """requirements.lock pins and hashes all of them; no index or URL stands in it."""
    text = (TOP / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text
    assert "index" not in re.sub(r"[\w-]*index[\w-]*==", "", text)
    pinned = {
        canonicalize_name(name): version
        for name, version in re.findall(
            r"^([\w.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", text, re.MULTILINE
        )
    }
    for name, requirement in _pyproject().items():
        assert requirement.specifier.contains(pinned[name], prereleases=True), name


@pytest.mark.slow
def test_the_built_wheel_carries_everything_and_runs(tmp_path: Path) -> None:
    """The wheel holds providers.yaml, the notebooks and all data; its command answers from them."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=TOP,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
        names = set(archive.namelist())
    shipped = {path.name for path in (TOP / "notebooks").glob("*.ipynb")}
    assert {f"toolkit/shipped/notebooks/{name}" for name in shipped} <= names
    data = {
        path.relative_to(TOP).as_posix()
        for path in (TOP / "toolkit").rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"
    }
    assert data <= names
    answer = subprocess.run(
        [sys.executable, "-m", "toolkit", "discover", "--offline", "--json", "ra@gmx.de"],
        cwd=tmp_path / "site",  # the current folder comes first on the path
        check=True,
        capture_output=True,
        text=True,
    )
    assert '"provider": "gmx"' in answer.stdout
