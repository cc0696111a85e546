"""The overview of a batch: a row an account, causes counted, what changed, as HTML, CSV, JSON."""

from __future__ import annotations

import csv
import re
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
    "CANCELLED",
    "Overview",
    "Row",
    "failed_row",
    "read_overview",
    "row_from_result",
    "show_rows",
    "write_overview",
]

#: The cause of a row whose notebook was never started.
CANCELLED = "cancelled"

_OK = Text("In Ordnung", "OK")
_NOT_CHECKED = Text("Nicht geprüft", "Not checked")
#: What a spreadsheet takes for a formula's beginning, full-width forms of Asian keyboards too.
_FORMULA = re.compile(r"[\t\r\n]|\s*[=+\-@＝＋－＠]")
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
    first: Mapping[str, Any] = next(iter(result.get("causes") or ()), {})
    # Without the password there is no cause of the servers', but one of ours.
    vault = result.get("vault") or {}
    return Row(
        id=account.id,
        email=account.email,
        ok=bool(result.get("ok")),
        stage=str(result.get("stage") or ""),
        cause=str(first.get("cause") or vault.get("code") or ""),
        cause_name=str(_said(first.get("name") or {}))
        or str(vault.get("message") or "").rstrip("."),
        confidence=first.get("confidence"),
        message=str(_said(result.get("verdict") or {})),
        remedy=str(_said(first.get("remedy") or vault.get("hint") or {})),
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


def write_overview(
    out: Path, rows: Sequence[Row], *, before: Sequence[Row] | None = None
) -> Overview:
    """Write ``overview.html``, ``overview.csv`` and ``overview.json`` into a folder.

    Args:
        out: the folder; it exists.
        rows: the accounts.
        before: an earlier run's rows to compare with; None compares with nothing.
    """
    compared = _compared(rows, before)
    overview = Overview(compared, html=out / "overview.html", csv=out / "overview.csv")
    write_result(out / "overview.json", {"accounts": [row.as_json() for row in compared]})
    # For Excel; a kernel's last words may hold what is no text.
    with overview.csv.open("w", encoding="utf-8-sig", newline="", errors="replace") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(["id", *list(Row.__slots__)[1:]])
        for row in compared:
            writer.writerow([_cell(getattr(row, name)) for name in Row.__slots__])
    overview.html.write_text(_page(overview), encoding="utf-8", errors="replace")
    return overview


def _verdict(rows: Sequence[Row]) -> Text:
    well, number = sum(row.ok for row in rows), len(rows)
    if not rows:
        return Text("Keine Konten ausgewählt.", "No accounts were chosen.")
    if well == number:
        return Text(f"Alle {number} Konten sind in Ordnung.", f"All {number} accounts are well.")
    unchecked = sum(row.cause == CANCELLED for row in rows)
    bad = number - well - unchecked
    verdict = Text(
        f"{bad} von {number} Konten haben ein Problem.",
        f"{bad} of {number} accounts have a problem.",
    )
    if not unchecked:
        return verdict
    return Text(
        f"{verdict.de} {unchecked} wurden nicht geprüft, weil der Lauf abgebrochen wurde.",
        f"{verdict.en} {unchecked} were not checked because the run was cancelled.",
    )


def _compared(rows: Sequence[Row], before: Sequence[Row] | None) -> tuple[Row, ...]:
    if before is None:
        return tuple(rows)
    by_id = {row.id: row for row in before}
    return tuple(replace(row, change=_change(row, by_id.get(row.id))) for row in rows)


def _change(row: Row, before: Row | None) -> str:
    words = Text("", "")
    if row.cause == CANCELLED:
        pass  # nobody looked, so nobody knows
    elif before is None:
        words = Text("neu dabei", "newly included")
    elif before.cause == CANCELLED:
        words = Text("zuvor nicht geprüft", "not checked before")
    elif row.ok and not before.ok:
        words = Text(f"behoben (war: {before.cause_name})", f"mended (was: {before.cause_name})")
    elif not row.ok and before.ok:
        words = Text("neues Problem", "new problem")
    elif row.cause != before.cause:
        words = Text(f"vorher: {before.cause_name}", f"before: {before.cause_name}")
    return str(words)


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
        InputError: there is no overview in it, or it is none of ours.
    """
    content = read_result(out / "overview.json")
    try:
        return tuple(map(_row_from_json, (content or {})["accounts"]))  # type: ignore[call-overload]
    except (KeyError, TypeError, ValueError, AttributeError) as exc:  # another program's JSON
        raise InputError(
            Text(f"In {out} liegt keine Übersicht.", f"There is no overview in {out}."),
            field="folder",
            hint=Text(
                "Den Ordner angeben, in den „toolkit batch --out“ geschrieben hat.",
                "Name the folder that “toolkit batch --out” wrote into.",
            ),
        ) from exc


def _row_from_json(data: Mapping[str, Any]) -> Row:
    """A row as it was written; unknown keys, which a newer version may write, are passed over."""
    texts = ("stage", "cause", "cause_name", "message", "remedy", "page", "change")
    confidence = data.get("confidence")
    return Row(
        id=str(data["id"]),
        email=str(data["email"]),
        ok=data["ok"] is True,
        confidence=None if confidence is None else float(confidence),
        seconds=float(data.get("seconds", 0.0)),
        **{name: str(data.get(name, "")) for name in texts},
    )


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
        "result": _badge(row),
        "stage": str(STAGE_NAMES[Stage(row.stage)]) if row.stage in set(Stage) else "",
        "cause": row.cause_name,
        "confidence": "" if row.confidence is None else f"{row.confidence:.0%}",
        "seconds": round(row.seconds, 1),
        "change": row.change,
        "report": render.link(row.page, Text("öffnen", "open")) if row.page else "",
    }


def _badge(row: Row) -> Html:
    if row.cause == CANCELLED:
        return render.badge("quiet", _NOT_CHECKED)
    if row.ok:
        return render.badge("success", _OK)
    return render.badge("error", Text("Problem", "Problem"))


def _cell(value: object) -> object:
    """A value a spreadsheet will not take for a formula."""
    # https://owasp.org/www-community/attacks/CSV_Injection, 2026-11; blanks in front do not help.
    if isinstance(value, str) and _FORMULA.match(value):
        return "'" + value
    return "" if value is None else value


def _said(texts: Mapping[str, str]) -> Text:
    return Text(texts.get("de", ""), texts.get("en", ""))


def _now() -> str:
    from toolkit import formats

    return formats.moment(datetime.now().astimezone())
