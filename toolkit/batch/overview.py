"""The overview of a batch: a row an account, causes counted, what changed, as HTML, CSV, JSON."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from toolkit import render
from toolkit.batch.choose import BatchAccount
from toolkit.batch.result import read_result, write_result
from toolkit.diagnosis.findings import STAGE_NAMES
from toolkit.errors import InputError, Stage
from toolkit.language import Text
from toolkit.render import Html

__all__ = [
    "Overview",
    "Row",
    "failed_row",
    "read_overview",
    "row_from_result",
    "show_rows",
    "write_overview",
]

_OK = Text("In Ordnung", "OK")
_COLUMNS = {
    "email": Text("Adresse", "Address"),
    "result": Text("Ergebnis", "Result"),
    "stage": Text("Erreichte Stufe", "Stage reached"),
    "cause": Text("Wahrscheinliche Ursache", "Likely cause"),
    "confidence": Text("Sicherheit", "Confidence"),
    "seconds": Text("Dauer in s", "Seconds"),
    "change": Text("Seit dem letzten Lauf", "Since the last run"),
    "report": Text("Bericht", "Report"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One account of a batch.

    Attributes:
        stage: the stage that failed, or the last one reached; empty if none was.
        cause: slug of the likeliest cause; empty if all is well.
        cause_name: the same for people.
        message: what happened, in one sentence.
        remedy: what to do about it; empty if all is well.
        page: the executed notebook as HTML, beside the overview.
        change: what changed since an earlier run; empty if nothing did or there was none.
    """

    id: str
    email: str
    ok: bool
    stage: str = ""
    cause: str = ""
    cause_name: str = ""
    confidence: float | None = None
    message: str = ""
    remedy: str = ""
    seconds: float = 0.0
    page: str = ""
    change: str = ""

    def as_json(self) -> dict[str, object]:
        """The row as data."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Overview:
    """A finished batch: its rows, and where it was written."""

    rows: tuple[Row, ...]
    html: Path
    csv: Path

    @property
    def ok(self) -> bool:
        """Whether every account is."""
        return all(row.ok for row in self.rows)

    @property
    def verdict(self) -> Text:
        """The result in one sentence."""
        return _verdict(self.rows)

    def as_json(self) -> dict[str, object]:
        """What ``toolkit batch --json`` prints."""
        return {
            "ok": self.ok,
            "verdict": self.verdict.as_json(),
            "html": str(self.html),
            "csv": str(self.csv),
            "accounts": [row.as_json() for row in self.rows],
        }


def row_from_result(
    account: BatchAccount, result: Mapping[str, Any], *, seconds: float, page: Path | None
) -> Row:
    """The row for a diagnosis that ran through, from the JSON its notebook wrote."""
    causes = result.get("causes") or [{}]
    remedy = causes[0].get("remedy") or {}
    return Row(
        id=account.id,
        email=account.email,
        ok=bool(result.get("ok")),
        stage=str(result.get("stage") or ""),
        cause=str(causes[0].get("cause") or ""),
        cause_name=str(_said(causes[0].get("name") or {})),
        confidence=causes[0].get("confidence"),
        message=str(_said(result.get("verdict") or {})),
        remedy=str(_said(remedy)),
        seconds=seconds,
        page=page.name if page is not None else "",
    )


def failed_row(
    account: BatchAccount,
    cause: str,
    message: Text,
    *,
    evidence: str = "",
    seconds: float = 0.0,
    page: Path | None = None,
) -> Row:
    """The row for an account whose notebook did not bring a diagnosis."""
    return Row(
        id=account.id,
        email=account.email,
        ok=False,
        cause=cause,
        cause_name=str(message).rstrip("."),
        message=f"{message} {evidence}".strip(),
        seconds=seconds,
        page=page.name if page is not None else "",
    )


def write_overview(out: Path, rows: Sequence[Row], *, since: Path | None = None) -> Overview:
    """Write ``overview.html``, ``overview.csv`` and ``overview.json`` into a folder."""
    compared = _compared(rows, since)
    overview = Overview(compared, html=out / "overview.html", csv=out / "overview.csv")
    write_result(out / "overview.json", {"accounts": [row.as_json() for row in compared]})
    with overview.csv.open("w", encoding="utf-8-sig", newline="") as file:  # for Excel
        writer = csv.writer(file, delimiter=";")
        writer.writerow(["id", *list(Row.__slots__)[1:]])
        for row in compared:
            writer.writerow([_cell(getattr(row, name)) for name in Row.__slots__])
    overview.html.write_text(_page(overview), encoding="utf-8")
    return overview


def _verdict(rows: Sequence[Row]) -> Text:
    well, number = sum(row.ok for row in rows), len(rows)
    if not rows:
        return Text("Keine Konten ausgewählt.", "No accounts were chosen.")
    if well == number:
        return Text(f"Alle {number} Konten sind in Ordnung.", f"All {number} accounts are well.")
    return Text(
        f"{number - well} von {number} Konten haben ein Problem.",
        f"{number - well} of {number} accounts have a problem.",
    )


def _compared(rows: Sequence[Row], since: Path | None) -> tuple[Row, ...]:
    if since is None:
        return tuple(rows)
    before = {row.id: row for row in read_overview(since)}
    return tuple(replace(row, change=_change(row, before.get(row.id))) for row in rows)


def _change(row: Row, before: Row | None) -> str:
    if before is None:
        return str(Text("neu dabei", "newly included"))
    if row.ok and not before.ok:
        return str(
            Text(f"behoben (war: {before.cause_name})", f"mended (was: {before.cause_name})")
        )
    if not row.ok and before.ok:
        return str(Text("neues Problem", "new problem"))
    if row.cause != before.cause:
        return str(Text(f"vorher: {before.cause_name}", f"before: {before.cause_name}"))
    return ""


def show_rows(rows: Sequence[Row], *, linked: bool = False) -> tuple[Html, ...]:
    """The overview's parts as markup: verdict, table, causes, remedies.

    Args:
        rows: the accounts.
        linked: link each account's page, for a page that lies beside them.
    """
    left_out = {"change"} if not any(row.change for row in rows) else set()
    left_out |= set() if linked else {"report"}
    table = render.table(
        [_shown(row) for row in rows],
        [render.Column(key, title) for key, title in _COLUMNS.items() if key not in left_out],
        caption=Text("Alle Konten", "All accounts"),
    )
    bad = [row for row in rows if not row.ok]
    parts = [render.notice("warning" if bad or not rows else "success", _verdict(rows)), table]
    if bad:
        remedies = [
            render.notice("error", f"{row.email}: {row.message}", row.remedy or None) for row in bad
        ]
        parts.append(_causes(bad))
        parts.append(render.section(Text("Was zu tun ist", "What to do"), *remedies))
    return tuple(parts)


def read_overview(out: Path) -> tuple[Row, ...]:
    """The rows an earlier run wrote into a folder.

    Raises:
        InputError: there is no overview in it.
    """
    content = read_result(out / "overview.json")
    rows = content.get("accounts") if content is not None else None
    if not isinstance(rows, list):
        raise InputError(
            Text(f"In {out} liegt keine Übersicht.", f"There is no overview in {out}."),
            field="folder",
            hint=Text(
                "Den Ordner angeben, in den „toolkit batch --out“ geschrieben hat.",
                "Name the folder that “toolkit batch --out” wrote into.",
            ),
        )
    known = set(Row.__slots__)
    return tuple(Row(**{key: value for key, value in row.items() if key in known}) for row in rows)


def _causes(bad: Sequence[Row]) -> Html:
    counted = Counter(row.cause_name for row in bad)
    return render.table(
        [
            {
                "cause": name,
                "count": count,
                "accounts": ", ".join(row.email for row in bad if row.cause_name == name),
            }
            for name, count in counted.most_common()
        ],
        [
            render.Column("cause", Text("Ursache", "Cause")),
            render.Column("count", Text("Konten", "Accounts")),
            render.Column("accounts", Text("Welche", "Which")),
        ],
        caption=Text("Ursachen, häufigste zuerst", "Causes, most frequent first"),
    )


def _page(overview: Overview) -> str:
    number = len(overview.rows)
    return render.page(
        Text("Diagnose der E-Mail-Konten", "Diagnosis of the mail accounts"),
        *show_rows(overview.rows, linked=True),
        subtitle=Text(f"{number} Konten, {_now()}", f"{number} accounts, {_now()}"),
        footer=Text(
            "Enthält keine Nachrichteninhalte und keine Passwörter.",
            "Holds no message content and no passwords.",
        ),
    )


def _shown(row: Row) -> dict[str, object]:
    return {
        "email": row.email,
        "result": render.badge(
            "success" if row.ok else "error", _OK if row.ok else Text("Problem", "Problem")
        ),
        "stage": str(STAGE_NAMES[Stage(row.stage)]) if row.stage in set(Stage) else "",
        "cause": row.cause_name,
        "confidence": "" if row.confidence is None else f"{row.confidence:.0%}",
        "seconds": round(row.seconds, 1),
        "change": row.change,
        "report": render.link(row.page, Text("öffnen", "open")) if row.page else "",
    }


def _cell(value: object) -> object:
    """A value a spreadsheet will not take for a formula."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return "" if value is None else value


def _said(texts: Mapping[str, str]) -> Text:
    return Text(texts.get("de", ""), texts.get("en", ""))


def _now() -> str:
    from toolkit import formats

    return formats.moment(datetime.now().astimezone())
