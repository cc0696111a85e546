"""The application: every command registered, every error turned into words and an exit status."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from typing import ParamSpec

import typer

from toolkit.cli import accounts, lines, users, work
from toolkit.cli.output import EXIT, say_error
from toolkit.errors import ToolkitError

__all__ = ["app", "main"]

Parameters = ParamSpec("Parameters")

app = typer.Typer(
    name="toolkit",
    help="Connect customers' external mailboxes over IMAP, find out why it fails, tabulate what arrived.",
    no_args_is_help=True,
    add_completion=False,
    # A traceback with local variables would print what must not be printed.
    pretty_exceptions_enable=False,
    # Plain help starts twice as fast as a drawn one.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _exits(command: Callable[Parameters, int]) -> Callable[Parameters, None]:
    """Make a command's return value the exit status."""

    @functools.wraps(command)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        try:
            status = command(*args, **kwargs)
        except KeyboardInterrupt:
            status = EXIT.CANCELLED
        raise typer.Exit(status)

    return run


def _register(group: typer.Typer, *commands: Callable[..., int]) -> typer.Typer:
    for command in commands:
        group.command(command.__name__.strip("_").replace("_", "-"))(_exits(command))
    return group


_register(app, lines.discover, lines.explain, lines.map_folders)
_register(app, work.folders, work.mapping, work.sync, work.messages, work.diagnose, work.batch)
app.add_typer(
    _register(
        typer.Typer(
            help="The office's external mail accounts.", no_args_is_help=True, rich_markup_mode=None
        ),
        accounts.add,
        accounts.list_,
        accounts.show,
        accounts.deactivate,
        accounts.reactivate,
        accounts.delete,
    ),
    name="account",
)
app.add_typer(
    _register(
        typer.Typer(help="The office's users.", no_args_is_help=True, rich_markup_mode=None),
        users.add,
        users.list_,
    ),
    name="user",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status (see `output.EXIT`)."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        app(given)
    except ToolkitError as error:
        say_error(error, as_json="--json" in given)
        return EXIT.of(error, given)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else EXIT.USAGE
    return EXIT.WELL
