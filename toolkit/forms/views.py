"""What the notebooks show of results: pure functions from a job's value to markup."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit import formats, render
from toolkit.diagnosis.findings import STAGE_NAMES, Outcome
from toolkit.language import Text
from toolkit.render import Column, Html, Kind

if TYPE_CHECKING:
    from toolkit.diagnosis.findings import Diagnosis, Finding
    from toolkit.mailbox.view import OfficeMailbox

__all__ = [
    "show_account_diagnosis",
    "show_batch",
    "show_diagnosis",
    "show_findings",
    "show_mailbox",
]

_OUTCOMES: Mapping[Outcome, tuple[Kind, Text]] = {
    Outcome.OK: ("success", Text("in Ordnung", "ok")),
    Outcome.FAILED: ("error", Text("gescheitert", "failed")),
    Outcome.SKIPPED: ("quiet", Text("nicht erreicht", "not reached")),
}


def show_account_diagnosis(account_id: str, result: str = "") -> Html:
    """Diagnose a saved account and show it; what `notebooks/diagnose_account.ipynb` calls.

    An office without that account is told so in words; everything else that goes wrong is a
    finding of the diagnosis.
    """
    from toolkit.batch.result import diagnose_for_report

    if not account_id:
        return render.notice(
            "info",
            Text("Es wurde noch kein Konto angegeben.", "No account was named yet."),
            Text(
                "Oben die Id eines Kontos eintragen; „toolkit account list“ zeigt alle.",
                "Enter an account's id above; “toolkit account list” shows all.",
            ),
        )
    return show_diagnosis(diagnose_for_report(account_id, result))


def show_batch(folder: str) -> Html:
    """The overview a batch wrote into a folder."""
    from toolkit.batch.overview import read_overview, show_rows

    if not folder:
        return render.notice(
            "info",
            Text("Es wurde noch kein Ordner angegeben.", "No folder was named yet."),
            Text(
                "Oben den Ordner eintragen, in den „toolkit batch --out“ geschrieben hat.",
                "Enter the folder above that “toolkit batch --out” wrote into.",
            ),
        )
    return render.join(*show_rows(read_overview(Path(folder))))


def show_diagnosis(diagnosis: Diagnosis) -> Html:
    """A diagnosis: whose, the verdict, the causes with what to do, the stages."""
    return render.join(
        render.facts(
            [
                (Text("Konto", "Account"), diagnosis.subject),
                (Text("Anbieter", "Provider"), diagnosis.provider or "–"),
                (Text("Dauer", "Duration"), formats.duration(diagnosis.seconds)),
            ]
        ),
        render.notice("success" if diagnosis.ok else "error", diagnosis.verdict),
        *([_causes(diagnosis)] if diagnosis.causes else []),
        show_findings(diagnosis.findings),
    )


def show_findings(findings: tuple[Finding, ...] | list[Finding]) -> Html:
    """The stages as a table: how each went, how long it took, what was seen."""
    return render.table(
        [
            {
                "protocol": finding.protocol.upper(),
                "stage": STAGE_NAMES[finding.stage],
                "outcome": render.badge(*_OUTCOMES[finding.outcome]),
                "milliseconds": round(finding.seconds * 1000),
                "tried": finding.tried,
                "evidence": finding.evidence,
            }
            for finding in findings
        ],
        [
            Column("protocol", Text("Protokoll", "Protocol")),
            Column("stage", Text("Stufe", "Stage")),
            Column("outcome", Text("Ergebnis", "Outcome")),
            Column("milliseconds", Text("Dauer in ms", "Milliseconds")),
            Column("tried", Text("Versucht", "Tried")),
            Column("evidence", Text("Befund", "Evidence")),
        ],
        caption=Text("Stufen", "Stages"),
    )


def show_mailbox(mailbox: OfficeMailbox) -> Html:
    """A user's office mailbox: the newest messages, and why these accounts and no others."""
    columns = [str(name) for name in mailbox.frame().columns]
    return render.join(
        render.table(mailbox.frame(), columns, caption=mailbox.title),
        render.details(
            Text("Warum diese Konten?", "Why these accounts?"),
            *(render.paragraph(reason) for reason in mailbox.reasons),
        ),
    )


def _causes(diagnosis: Diagnosis) -> Html:
    return render.table(
        [
            {
                "cause": cause.cause,
                "confidence": f"{cause.confidence:.0%}",
                "remedy": str(cause.remedy),
                "evidence": "; ".join(cause.evidence),
            }
            for cause in diagnosis.causes
        ],
        [
            Column("cause", Text("Ursache", "Cause")),
            Column("confidence", Text("Sicherheit", "Confidence")),
            Column("remedy", Text("Was zu tun ist", "What to do")),
            Column("evidence", Text("Wofür das spricht", "Evidence")),
        ],
        caption=Text("Wahrscheinliche Ursachen", "Likely causes"),
    )
