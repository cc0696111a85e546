"""The overview of a batch: rows in, HTML, CSV and JSON out; nothing a server said becomes markup."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from toolkit.batch import BatchAccount, Row
from toolkit.batch.overview import (
    CANCELLED,
    failed_row,
    read_overview,
    row_from_result,
    show_rows,
    write_overview,
)
from toolkit.errors import InputError
from toolkit.language import Text

WELL = Row("a1", "anna@kanzlei.example", ok=True, stage="fetch", seconds=1.25, page="a1.html")
WRONG = Row(
    "b2",
    "bernd@kanzlei.example",
    ok=False,
    stage="auth",
    cause="wrong-password",
    cause_name="Falsches Passwort",
    confidence=0.8,
    message="IMAP, Anmeldung: abgelehnt.",
    remedy="Das Passwort neu eingeben.",
    seconds=2.0,
    page="b2.html",
)
STOPPED = failed_row(
    BatchAccount("c3", "c@kanzlei.example"), CANCELLED, Text("Abgebrochen.", "Cancelled.")
)

#: Text as servers, CSV files and dying kernels produce it, with what breaks out of markup.
HOSTILE = st.text(st.characters(), max_size=40) | st.sampled_from(
    [
        "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</table><h1>", "' onclick='x",
        "&lt;b&gt;", "javascript:alert(1)", "\u202egnp.exe", "\ud800", "\x00\x1b[31m", "]]><!--", "</style>",
    ]
)  # fmt: skip
ROWS = st.builds(
    Row,
    id=HOSTILE, email=HOSTILE, ok=st.booleans(), stage=HOSTILE | st.just("auth"), cause=HOSTILE,
    cause_name=HOSTILE, confidence=st.none() | st.floats(0, 1), message=HOSTILE, remedy=HOSTILE,
    seconds=st.floats(0, 200), page=HOSTILE, change=HOSTILE,
)  # fmt: skip


class Tags(HTMLParser):
    """Every tag with its attributes' names, and where links lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]


def written(out: Path, name: str = "overview.html") -> str:
    return (out / name).read_text(encoding="utf-8-sig")


OURS = [WELL, replace(WRONG, change="x", remedy="y"), STOPPED]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ROWS, min_size=1, max_size=3))
@example([replace(WELL, email="<script>", page="javascript:alert(1)")])
def test_no_row_can_put_a_tag_into_the_overview(tmp_path: Path, rows: list[Row]) -> None:
    """Tags and attributes are those of harmless rows; links lead to files beside it, nowhere else."""
    write_overview(tmp_path, OURS)
    known = Tags(written(tmp_path))
    write_overview(tmp_path, rows)
    page = Tags(written(tmp_path))
    assert page.tags <= known.tags | {"details", "summary"}
    assert page.attributes <= known.attributes
    assert not {"script", "img", "iframe"} & page.tags
    assert not [one for one in page.links if ":" in one.partition("/")[0]]
    # The other two files take whatever text there is, too.
    assert len(json.loads(written(tmp_path, "overview.json"))["accounts"]) == len(rows)
    assert len(read_overview(tmp_path)) == len(rows)


def test_rows_are_rows_in_all_three_files(tmp_path: Path) -> None:
    """Order, values, German headings, and links to the pages that exist."""
    overview = write_overview(tmp_path, [WELL, WRONG])
    assert read_overview(tmp_path) == (WELL, WRONG) == overview.rows
    with overview.csv.open(encoding="utf-8-sig", newline="") as file:
        first, second = csv.DictReader(file, delimiter=";")
    assert (first["id"], first["ok"], first["cause"]) == ("a1", "True", "")
    assert (second["email"], second["cause"], second["confidence"]) == (
        "bernd@kanzlei.example",
        "wrong-password",
        "0.8",
    )
    page = written(tmp_path)
    assert "1 von 2 Konten haben ein Problem." in page
    for words in ("Falsches Passwort", "Das Passwort neu eingeben.", "Anmeldung", "80", "2 Konten"):
        assert words in page
    assert Tags(page).links == ["./a1.html", "./b2.html"]
    assert not overview.ok


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "\u00a0=", "＝", "\t@"]
)
def test_no_cell_of_the_csv_is_a_formula(tmp_path: Path, start: str) -> None:
    """What a spreadsheet would calculate is text with an apostrophe in front."""
    attack = start + 'HYPERLINK("http://x.example";"klick")|cmd\'/c calc\'!A1'
    texts = dict.fromkeys(
        ("id", "email", "stage", "cause", "cause_name", "message", "remedy"), attack
    )
    overview = write_overview(tmp_path, [Row(**texts, ok=False, page=attack, change=attack)])  # type: ignore[arg-type]
    with overview.csv.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file, delimiter=";")
    cells = [row[name] for name in (*texts, "page")]
    assert cells == ["'" + attack] * len(cells)


def test_the_csv_is_one_excel_opens(tmp_path: Path) -> None:
    """Byte order mark, semicolons, one line a row though a message has line ends and semicolons."""
    overview = write_overview(tmp_path, [replace(WRONG, message='zwei;\nZeilen "x"')])
    raw = overview.csv.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfid;email;")
    with overview.csv.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file, delimiter=";"))
    assert len(rows) == 2
    assert 'zwei;\nZeilen "x"' in rows[1]


def test_what_changed_since_the_last_run_is_said(tmp_path: Path) -> None:
    """New, mended, newly broken, another cause, still the same, not looked at."""
    well, wrong = (replace(row, change="") for row in (WELL, WRONG))
    other = replace(wrong, cause="server-down", cause_name="Server steht")
    now = {
        "neu": wrong, "behoben": well, "kaputt": wrong, "anders": other, "gleich": wrong, "gut": well,
        "abgebrochen": STOPPED, "nachgeholt": wrong,
    }  # fmt: skip
    then = {
        "behoben": wrong, "kaputt": well, "anders": wrong, "gleich": wrong, "gut": well,
        "abgebrochen": well, "nachgeholt": STOPPED, "verschwunden": wrong,
    }  # fmt: skip
    before = [replace(row, id=name) for name, row in then.items()]
    rows = [replace(row, id=name) for name, row in now.items()]
    overview = write_overview(tmp_path, rows, before=before)
    assert {row.id: row.change for row in overview.rows} == {
        "neu": "neu dabei",
        "behoben": "behoben (war: Falsches Passwort)",
        "kaputt": "neues Problem",
        "anders": "vorher: Falsches Passwort",
        "gleich": "",
        "gut": "",
        "abgebrochen": "",
        "nachgeholt": "zuvor nicht geprüft",
    }
    assert "Seit dem letzten Lauf" in written(tmp_path)
    write_overview(tmp_path, rows)
    assert "Seit dem letzten Lauf" not in written(tmp_path)


def test_what_was_cancelled_is_no_problem_of_the_account(tmp_path: Path) -> None:
    """The verdict counts what nobody looked at apart, and its badge says so."""
    overview = write_overview(tmp_path, [WELL, WRONG, STOPPED, replace(STOPPED, id="d4")])
    assert overview.verdict.de == (
        "1 von 4 Konten haben ein Problem. 2 wurden nicht geprüft, weil der Lauf abgebrochen wurde."
    )
    assert written(tmp_path).count("Nicht geprüft") == 2
    assert not overview.ok


def test_no_account_is_not_all_accounts(tmp_path: Path) -> None:
    """An empty choice says so; a whole good one says that."""
    assert write_overview(tmp_path, []).verdict.de == "Keine Konten ausgewählt."
    assert write_overview(tmp_path, [WELL]).verdict.de == "Alle 1 Konten sind in Ordnung."
    assert "Was zu tun ist" not in "".join(map(str, show_rows([WELL])))


def test_a_diagnosis_becomes_a_row() -> None:
    """The likeliest cause with its remedy in the reader's language; the page by its name."""
    account = BatchAccount("b2", "bernd@kanzlei.example")
    result = {
        "ok": False,
        "stage": "auth",
        "verdict": {"de": "IMAP, Anmeldung: abgelehnt.", "en": "IMAP, login: refused."},
        "causes": [
            {
                "cause": "wrong-password",
                "name": {"de": "Falsches Passwort", "en": "Wrong password"},
                "confidence": 0.8,
                "remedy": {"de": "Das Passwort neu eingeben.", "en": "Enter the password again."},
            },
            {"cause": "locked"},
        ],
    }
    assert row_from_result(account, result, seconds=2.0, page=Path("/x/b2.html")) == WRONG
    well = row_from_result(account, {"ok": True, "stage": "fetch"}, seconds=1, page=None)
    assert (well.ok, well.cause, well.page) == (True, "", "")


def test_an_account_without_its_password_has_a_cause() -> None:
    """A diagnosis that stopped before the login is no empty cause: the vault's reason is it."""
    result = {
        "ok": False,
        "stage": "greeting",
        "causes": [],
        "verdict": {"de": "Beide Server antworten.", "en": "Both servers answer."},
        "vault": {
            "code": "secret-missing",
            "message": "Für das Konto b2 ist kein Passwort hinterlegt.",
            "hint": {"de": "Das Passwort neu eingeben.", "en": "Enter the password again."},
        },
    }
    row = row_from_result(BatchAccount("b2", "b@k.example"), result, seconds=1, page=None)
    assert (row.ok, row.cause, row.remedy) == (
        False,
        "secret-missing",
        "Das Passwort neu eingeben.",
    )
    assert row.cause_name == "Für das Konto b2 ist kein Passwort hinterlegt"


@pytest.mark.parametrize(
    "content",
    [
        None, "", "{}", "[]", "{", '{"accounts": 5}', '{"accounts": [5]}', '{"accounts": [{}]}',
        '{"accounts": [{"id": "a", "email": "b", "ok": true, "seconds": "x"}]}', "\x00",
    ],
)  # fmt: skip
def test_what_is_no_overview_is_said(tmp_path: Path, content: str | None) -> None:
    """A missing, empty, cut or foreign file is one typed error that names the folder."""
    if content is not None:
        (tmp_path / "overview.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="keine Übersicht") as raised:
        read_overview(tmp_path)
    assert str(tmp_path) in str(raised.value)


def test_a_newer_overview_is_read_as_far_as_it_is_known(tmp_path: Path) -> None:
    """Unknown keys are passed over, missing ones have their defaults."""
    (tmp_path / "overview.json").write_text(
        '{"accounts": [{"id": "a", "email": "b", "ok": true, "neu": 1}], "x": 2}', encoding="utf-8"
    )
    assert read_overview(tmp_path) == (Row("a", "b", ok=True),)
