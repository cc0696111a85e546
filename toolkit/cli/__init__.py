"""The command line: a thin face over the same verbs the notebooks use."""

from toolkit.cli.main import main

__all__ = ["main"]
