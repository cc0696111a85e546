"""The application: every command registered, every error turned into words and an exit status."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from toolkit.cli import accounts, lines, users, work
from toolkit.cli.output import EXIT, say_error
from toolkit.errors import ToolkitError

__all__ = ["app", "main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def app() -> None:
    """Connect customers' external mailboxes, find out why it fails, tabulate what arrived."""


@app.group()
def account() -> None:
    """The office's external mail accounts."""


@app.group()
def user() -> None:
    """The office's users."""


def _register(group: click.Group, *commands: click.Command) -> None:
    for command in commands:
        group.add_command(command)


_register(app, lines.discover, lines.explain, lines.map_folders)
_register(app, work.folders, work.mapping, work.sync, work.messages, work.diagnose, work.batch)
_register(account, accounts.add, accounts.list_, accounts.show)
_register(account, accounts.deactivate, accounts.reactivate, accounts.delete)
_register(user, users.add, users.list_)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status (see `output.EXIT`)."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        status = app.main(given, prog_name="toolkit", standalone_mode=False)
    except ToolkitError as error:
        say_error(error, as_json="--json" in given)
        return EXIT.of(error, given)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return EXIT.CANCELLED
    return status if isinstance(status, int) else EXIT.WELL
