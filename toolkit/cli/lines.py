"""The JSON Lines verbs: one object a line in, one a line out, same id, in order."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click

from toolkit.cli.output import EXIT, print_json, print_rows
from toolkit.errors import InputError
from toolkit.language import Text

__all__ = ["answer_lines", "discover", "explain", "json_option", "map_folders"]

Verb = Callable[[Mapping[str, object]], dict[str, object]]

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
_lines_option = click.option(
    "--jsonl", metavar="FILE", help="Read JSON Lines from FILE, - for standard input."
)


@click.command()
@click.argument("address", required=False)
@_lines_option
@click.option("--offline", is_flag=True, help="Presets only, no look-up.")
@json_option
def discover(address: str | None, jsonl: str | None, *, offline: bool, as_json: bool) -> int:
    """Server data for an address, before any password is asked."""
    from toolkit.providers.discovery import discover_record

    if jsonl is not None:
        return answer_lines(jsonl, discover_record)
    if address is None:
        raise click.UsageError("ADDRESS or --jsonl FILE is needed.")
    from toolkit.onboarding import suggest_settings

    found = suggest_settings(address, online=not offline).as_json()
    if as_json:
        print_json(found)
    else:
        print_rows(("", ""), ((key, _compact(value)) for key, value in found.items()), address)
    return EXIT.WELL


@click.command()
@_lines_option
def explain(jsonl: str | None) -> int:
    """Ranked causes for a failure: what went wrong, and what to do."""
    from toolkit.diagnosis.explain import explain_record

    if jsonl is None:
        raise click.UsageError("--jsonl FILE is needed.")
    return answer_lines(jsonl, explain_record)


@click.command("map-folders")
@_lines_option
def map_folders(jsonl: str | None) -> int:
    """Propose which folder takes which role of the office mailbox."""
    from toolkit.folders.proposal import map_folders_record

    if jsonl is None:
        raise click.UsageError("--jsonl FILE is needed.")
    return answer_lines(jsonl, map_folders_record)


def answer_lines(source: str, verb: Verb) -> int:
    """Answer every line; one that cannot be read answers with its error, and the status is 1."""
    status = EXIT.WELL
    with _opened(source) as lines:
        for line in lines:
            if not line.strip():
                continue
            record: object = None
            try:
                record = json.loads(line)
                if not isinstance(record, dict):
                    raise _not_an_object(line)
                # A null value means the key is missing.
                given = {key: value for key, value in record.items() if value is not None}
                answer = {"id": record.get("id"), **verb(given)}
            except (InputError, ValueError, RecursionError) as exc:
                status = EXIT.FOUND
                code = exc.code if isinstance(exc, InputError) else "invalid-json"
                known = record.get("id") if isinstance(record, dict) else None
                answer = {"id": known, "error": {"code": code, "message": str(exc)}}
            print_json(answer)
            sys.stdout.flush()
    return status


@contextmanager
def _opened(source: str) -> Iterator[TextIO]:
    if source == "-":
        # Bytes that are not UTF-8 spoil their line, not the run.
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
        yield sys.stdin
        return
    path = Path(source)
    if not path.is_file():
        raise click.BadParameter(f"there is no file {source}", param_hint="--jsonl")
    with path.open(encoding="utf-8", errors="replace") as file:
        yield file


def _not_an_object(line: str) -> InputError:
    shown = line.strip()[:60]
    return InputError(
        Text(f"Die Zeile ist kein JSON-Objekt: {shown}", f"The line is no JSON object: {shown}")
    )


def _compact(value: object) -> str:
    if value is None or value == []:
        return "–"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
