"""The application: every command registered, every error turned into words and an exit status."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import click
import typer

from toolkit.cli import accounts, lines, work
from toolkit.cli.output import EXIT, say_error
from toolkit.errors import ToolkitError

__all__ = ["app", "main"]

app = typer.Typer(
    name="toolkit",
    help="Connect customers' external mailboxes over IMAP, find out why it fails, tabulate what arrived.",
    no_args_is_help=True,
    add_completion=False,
    # A traceback with local variables would print what must not be printed.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(accounts.account_app, name="account")
app.add_typer(accounts.user_app, name="user")
app.command()(lines.discover)
app.command()(lines.explain)
app.command()(lines.map_folders)
app.command()(work.folders)
app.command()(work.mapping)
app.command()(work.sync)
app.command()(work.messages)
app.command()(work.diagnose)
app.command()(work.batch)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status (see `output.EXIT`)."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        status = app(given, standalone_mode=False)
    except ToolkitError as error:
        say_error(error, as_json="--json" in given)
        return EXIT.of(error, given)
    except click.UsageError as error:
        if "--json" in given:
            print(json.dumps({"error": {"code": "usage", "message": error.format_message()}}))
        else:
            error.show()
        return EXIT.USAGE
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return EXIT.CANCELLED
    except BrokenPipeError:
        # The reader (head, a pager) has seen enough; say nothing more to it, at exit either.
        sys.stdout = None
        return EXIT.WELL
    return status if isinstance(status, int) else EXIT.WELL
