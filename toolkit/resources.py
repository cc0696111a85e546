"""Where the product's own files are: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from pathlib import Path

__all__ = ["notebook", "notebooks_folder", "providers_file"]

_PACKAGE = Path(__file__).parent
_SHIPPED = _PACKAGE / "shipped"
_TOP = _SHIPPED if _SHIPPED.is_dir() else _PACKAGE.parent


def providers_file() -> Path:
    """The path of ``providers.yaml``."""
    return _TOP / "providers.yaml"


def notebooks_folder() -> Path:
    """The folder of the notebooks."""
    return _TOP / "notebooks"


def notebook(name: str) -> Path:
    """The path of one notebook, by its name without ending."""
    return notebooks_folder() / f"{name}.ipynb"
