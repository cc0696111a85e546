"""What people see of a job's result: pure functions from its value to markup."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from toolkit import formats, render
from toolkit.diagnosis.findings import STAGE_NAMES, Outcome
from toolkit.language import Text
from toolkit.render import Column, Html, Kind

if TYPE_CHECKING:
    from toolkit.diagnosis.findings import Diagnosis, Finding
    from toolkit.mailbox.view import OfficeMailbox

__all__ = ["show_diagnosis", "show_findings", "show_mailbox"]

_OUTCOMES: Mapping[Outcome, tuple[Kind, Text]] = {
    Outcome.OK: ("success", Text("in Ordnung", "ok")),
    Outcome.FAILED: ("error", Text("gescheitert", "failed")),
    Outcome.SKIPPED: ("quiet", Text("nicht erreicht", "not reached")),
}


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
                "cause": cause.name,
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
