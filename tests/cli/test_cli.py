"""The command line end to end, as another program would use it, against a real Dovecot."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from toolkit.cli import main
from toolkit.cli.output import print_rows, print_text, say_error
from toolkit.errors import InputError
from toolkit.language import Text

if TYPE_CHECKING:
    from pathlib import Path

    from demo.servers.live import LiveMailbox


class Cli:
    """Runs commands in this process, with standard input and output of their own."""

    def __init__(self) -> None:
        self.status = 0
        self.errors = ""

    def __call__(self, *arguments: str, given: str = "") -> Any:
        """The JSON a command prints (a list of lines for JSON Lines)."""
        out, err = io.StringIO(), io.StringIO()
        stdin, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(given.encode()))
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                self.status = main(arguments)
        finally:
            sys.stdin = stdin
        self.errors = err.getvalue()
        lines = [json.loads(line) for line in out.getvalue().splitlines()]
        return lines[0] if len(lines) == 1 else lines


@pytest.fixture
def cli(home: Path) -> Cli:
    """The command line in an empty home."""
    return Cli()


def add(cli: Cli, mailbox: LiveMailbox, *more: str) -> str:
    """Add a live mailbox; its id."""
    settings = mailbox.settings
    answer = cli(
        "account", "add", mailbox.login, "--imap", str(settings.imap), "--smtp", str(settings.smtp),
        "--username", mailbox.login, "--display-name", "Kanzlei", "--owner", "Müller",
        "--viewer", "Müller", "--password-stdin", "--json", *more,
        given=mailbox.password + "\n",
    )  # fmt: skip
    assert cli.status == 0, cli.errors
    assert isinstance(answer["id"], str)
    return answer["id"]


def test_an_account_goes_from_address_to_synced_messages(
    cli: Cli, live_mailbox: LiveMailbox
) -> None:
    """add, folders, mapping, sync, messages, diagnose: each answers as the contract says."""
    account = add(cli, live_mailbox)
    folders = cli("folders", account, "--json")
    assert cli.status == 0
    assert folders["mapping"]["sent"] == "Gesendete Elemente"
    assert {row["name"]: row["messages"] for row in folders["folders"]}["INBOX"] == 5
    assert {"name", "raw", "flags", "messages"} <= folders["folders"][0].keys()

    mapping = cli("mapping", account, "--accept", "--json")
    assert (cli.status, mapping["mapping"]["trash"]) == (0, "Gelöschte Elemente")
    mapping = cli("mapping", account, "--set", "archive=", "--json")
    assert (cli.status, mapping["mapping"]["archive"]) == (0, None)
    assert cli("mapping", account, "--json")["mapping"]["drafts"] == "Entwürfe"

    synced = cli("sync", account, "--json")
    assert (cli.status, synced["ok"]) == (0, True)
    (only,) = synced["accounts"]
    assert (only["id"], only["ok"]) == (account, True)
    assert sum(row["new"] for row in only["folders"]) == 11
    for row in only["folders"]:
        parts = row["new"] + row["already_here"] + row["skipped"] + row["failed"]
        assert row["on_server"] == parts

    inbox = cli("messages", account, "--folder", "INBOX", "--json")
    there = {message.uid: message for message in live_mailbox.stored("INBOX")}
    assert {row["uid"]: row["sha256"] for row in inbox} == {
        uid: message.sha256 for uid, message in there.items()
    }
    assert set(inbox[0]) == {"folder", "uid", "sha256", "flags", "size", "internaldate"}

    diagnosis = cli("diagnose", account, "--json")
    assert (cli.status, diagnosis["ok"], diagnosis["causes"]) == (0, True, [])
    assert {f["stage"] for f in diagnosis["findings"]} >= {"dns", "tls", "auth", "smtp-auth"}


def test_accounts_and_users_are_listed_changed_and_deleted_as_rights_allow(
    cli: Cli, live_mailbox: LiveMailbox
) -> None:
    """A stranger is refused with the reason; owner and manager may; delete spares unprocessed mail."""
    account = add(cli, live_mailbox)
    cli("user", "add", "Schmidt", "--json")
    cli("user", "add", "Amt", "--role", "kanzleiverwaltung", "--json")
    assert {user["name"] for user in cli("user", "list", "--json")["users"]} == {
        "Müller", "Schmidt", "Amt",
    }  # fmt: skip
    refused = cli("account", "deactivate", account, "--as", "Schmidt", "--json")
    assert (cli.status, refused["error"]["code"]) == (1, "access-denied")
    assert cli("account", "deactivate", account, "--as", "Amt", "--json")["active"] is False
    cli("sync", account, "--all-folders", "--json")
    assert cli.status == 1
    assert cli("account", "reactivate", account, "--as", "Müller", "--json")["active"] is True
    cli("mapping", account, "--accept", "--json")
    cli("sync", account, "--json")
    kept = cli("account", "delete", account, "--json")
    assert (cli.status, kept["error"]["code"]) == (1, "account-in-use")
    assert "5 unbearbeitete" in kept["error"]["message"]
    live_mailbox.server.expunge(live_mailbox.login, "INBOX", range(1, 6))
    cli("sync", account, "--json")
    assert cli("account", "delete", account, "--json")["deleted"] is True
    assert cli("account", "list", "--json") == {"accounts": []}


def test_a_wrong_password_and_a_wrong_port_have_their_own_status_and_words(
    cli: Cli, live_mailbox: LiveMailbox
) -> None:
    """3 where the server was not reached or refused the login; diagnose exits 1 and names causes."""
    account = add(cli, live_mailbox)
    cli("account", "add", "tot@kanzlei.example", "--imap", "127.0.0.1:1:ssl", "--smtp",
        "127.0.0.1:1:ssl", "--owner", "Müller", "--password-stdin", "--json", given="x\n")  # fmt: skip
    assert cli.status == 0
    unreached = cli("folders", "tot@kanzlei.example", "--json")
    assert (cli.status, unreached["error"]["code"]) == (3, "connect-refused")
    assert "nimmt auf Port 1 keine Verbindung an" in cli.errors
    both = cli("sync", account, "tot@kanzlei.example", "--all-folders", "--json")
    assert (cli.status, [one["ok"] for one in both["accounts"]]) == (3, [True, False])
    diagnosis = cli("diagnose", "tot@kanzlei.example", "--json")
    assert (cli.status, diagnosis["stage"]) == (1, "tcp")
    assert diagnosis["causes"][0]["cause"] in ("server-down", "wrong-host-or-port", "port-blocked")


def test_bad_usage_exits_2_and_saves_nothing(cli: Cli) -> None:
    """Unknown commands, ids, malformed servers and missing passwords are told apart in words."""
    server = "imap.kanzlei.example:993:ssl"
    cases = [
        (["nonsense"], ""),
        (["account", "show", "nobody", "--json"], ""),
        (["sync", "--json"], ""),
        (["account", "add", "a@b.example", "--owner", "M", "--imap", "host:port:tls", "--smtp",
          server, "--password-stdin", "--json"], "geheim\n"),
        (["account", "add", "a@b.example", "--owner", "M", "--imap", server, "--smtp", server,
          "--password-stdin", "--json"], "\n"),
        (["account", "add", "kein-at", "--owner", "M", "--imap", server, "--smtp", server,
          "--password-stdin", "--json"], "geheim\n"),
        (["batch", "--out", "x"], ""),
    ]  # fmt: skip
    for arguments, given in cases:
        cli(*arguments, given=given)
        assert cli.status == 2, arguments
    assert cli("account", "list", "--json") == {"accounts": []}


def test_lines_answer_in_order_and_a_bad_line_spoils_only_itself(cli: Cli, tmp_path: Path) -> None:
    """Same ids, same order, an error object for what cannot be read, and status 1."""
    lines = [
        '{"id": "a", "address": "ra@gmx.de", "dns": {}, "unknown": 1}',
        "not json",
        '{"id": "c"}',
        "[1]",
        '{"id": 5, "address": "ra@web.de", "dns": {}}',
    ]
    file = tmp_path / "in.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    answers = cli("discover", "--jsonl", str(file))
    assert cli.status == 1
    assert [answer["id"] for answer in answers] == ["a", None, "c", None, 5]
    assert answers[0]["provider"] == "gmx"
    assert all({"code", "message"} == answers[n]["error"].keys() for n in (1, 2, 3))
    from_stdin = cli("discover", "--jsonl", "-", given=lines[0] + "\n")
    assert (cli.status, from_stdin) == (0, answers[0])


def test_explain_and_map_folders_answer_one_line(cli: Cli) -> None:
    """Both verbs answer with the contract's keys."""
    told = cli("explain", "--jsonl", "-", given='{"id": 1, "stage": "tcp", "error": "timed out"}\n')
    assert {"cause", "confidence", "evidence", "remedy"} <= told["causes"][0].keys()
    listing = {"id": 2, "delimiter": "/", "folders": [
        {"name": "INBOX", "flags": []}, {"name": "Gesendet", "flags": []}]}  # fmt: skip
    mapped = cli("map-folders", "--jsonl", "-", given=json.dumps(listing) + "\n")
    assert mapped["mapping"]["sent"] == "Gesendet"
    assert mapped["mapping"]["trash"] is None
    assert {"mapping", "also", "virtual", "reasons"} <= mapped.keys()


def test_tables_for_people_show_markup_as_text(
    live_mailbox: LiveMailbox, cli: Cli, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder named like the table library's markup is shown as it is called."""
    live_mailbox.server.create(live_mailbox.login, "[red]Akte")
    assert main(["folders", add(cli, live_mailbox)]) == 0
    assert "[red]Akte" in capsys.readouterr().out


def test_words_for_people_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Escape sequences in a server's words are replaced, in sentences, tables and errors."""
    hostile = "Akte\x1b]0;x\x07\u202e"
    print_text(hostile)
    print_rows(("a",), [(hostile,)])
    say_error(InputError(Text(hostile, hostile), hint=Text(hostile, hostile)), as_json=False)
    shown = capsys.readouterr()
    for text in (shown.out, shown.err):
        assert "Akte" in text
        assert not {"\x1b", "\x07", "\u202e"} & set(text)


def test_the_module_is_the_command(home: Path) -> None:
    """``python -m toolkit`` exits with the command's status and prints what it answers."""
    done = subprocess.run(
        [sys.executable, "-m", "toolkit", "account", "list", "--json"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TOOLKIT_HOME": str(home)},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, '{"accounts": []}\n', "")


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """--help lists them; each has help of its own."""
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    for command in ("discover", "explain", "map-folders", "folders", "mapping", "sync", "messages",
                    "diagnose", "batch", "account", "user"):  # fmt: skip
        assert command in shown
        assert main([command, "--help"]) == 0
