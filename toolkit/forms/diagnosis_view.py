"""A diagnosis on the form: the stages while they are walked, then the causes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from toolkit import render
from toolkit.diagnosis.causes import catalogue
from toolkit.diagnosis.explain import describe_test
from toolkit.diagnosis.findings import STAGE_NAMES, Outcome
from toolkit.diagnosis.probe import OPTIONAL, WAY
from toolkit.errors import MailError, Stage
from toolkit.forms.parts import error_notice
from toolkit.language import Text
from toolkit.mail.settings import Protocol
from toolkit.render import Column, Html, Kind
from toolkit.views import show_findings

if TYPE_CHECKING:
    from toolkit.diagnosis.explain import RankedCause
    from toolkit.diagnosis.findings import Diagnosis, Finding

__all__ = ["show_causes", "show_details", "show_stages", "show_verdict"]

#: So many causes are named; what comes after them is mostly noise.
_MOST_CAUSES = 3
#: From here on a cause is worth a line of its own.
_WORTH_NAMING = 0.03

_TITLES: Mapping[Protocol, Text] = {
    Protocol.IMAP: Text("Empfang (IMAP)", "Receiving (IMAP)"),
    Protocol.SMTP: Text("Versand (SMTP)", "Sending (SMTP)"),
}
_AT = Text("{title}: {server}", "{title}: {server}")
_OUTCOMES: Mapping[Outcome, tuple[Kind, Text]] = {
    Outcome.OK: ("success", Text("✓ in Ordnung", "✓ ok")),
    Outcome.FAILED: ("error", Text("✗ gescheitert", "✗ failed")),
    Outcome.SKIPPED: ("quiet", Text("nicht erreicht", "not reached")),
}
_RUNNING: tuple[Kind, Text] = ("info", Text("läuft …", "running …"))
_WAITING: tuple[Kind, Text] = ("quiet", Text("wartet", "waiting"))
_NOT_TRIED: tuple[Kind, Text] = ("quiet", Text("nicht geprüft", "not tried"))
_NOT_NEEDED: tuple[Kind, Text] = ("quiet", Text("nicht nötig", "not needed"))

_STAGE = Text("Stufe", "Stage")
_OUTCOME = Text("Ergebnis", "Outcome")
_DURATION = Text("Dauer", "Time")
_SURE = Text("{percent} % sicher", "{percent} % sure")
_REMEDY = Text("Was zu tun ist", "What to do")
_EVIDENCE = Text("Wofür das spricht", "What speaks for it")
_NEXT_TEST = Text("So lässt es sich überprüfen", "How to make sure")
_LIKELIEST = Text("Wahrscheinlichste Ursache: {name}", "Likeliest cause: {name}")
_OTHERS = Text("Weitere mögliche Ursachen", "Other possible causes")
_NO_CAUSE = Text(
    "Zu diesem Fehler ist keine Ursache bekannt; die technischen Einzelheiten helfen weiter.",
    "No cause is known for this error; the technical details help.",
)
_DETAILS = Text("Technische Einzelheiten", "Technical details")
_UNSAVED = Text(
    "Diese Adresse ist nicht als Konto gespeichert: Geprüft wurde ohne Anmeldung, nur bis zu dem, was die Server von sich aus sagen.",
    "This address is not saved as an account: it was probed without logging in, up to what the servers say of themselves.",
)


def show_stages(
    protocol: Protocol, findings: Iterable[Finding], *, running: bool
) -> tuple[Html, ...]:
    """One protocol's stages in the order of the way, and the error that ended it.

    Args:
        protocol: whose stages.
        findings: what was met so far, of both protocols, in any order.
        running: whether more is to come; the first stage without a finding is then under way.
    """
    met = {one.stage: one for one in findings if one.protocol is protocol}
    failed = next((one for one in met.values() if one.outcome is Outcome.FAILED), None)
    order = [*WAY[protocol], *(stage for stage in met if stage not in WAY[protocol])]
    rows = []
    under_way = running and failed is None
    for stage in order:
        finding = met.get(stage)
        if finding is None and stage in OPTIONAL:
            continue
        if finding is None:
            badge = _badge_without(stage, met, failed=failed is not None, running=running)
            if under_way:
                badge, under_way = _RUNNING, False
        else:
            badge = _OUTCOMES[finding.outcome]
        timed = finding is not None and finding.outcome is not Outcome.SKIPPED
        rows.append(
            {
                "stage": STAGE_NAMES[stage],
                "outcome": render.badge(*badge),
                "seconds": finding.seconds if finding is not None and timed else None,
            }
        )
    columns = [
        Column("stage", _STAGE),
        Column("outcome", _OUTCOME),
        Column("seconds", _DURATION, show=render.duration, align="end"),
    ]
    tried = next((one.tried for one in met.values() if one.tried), "")
    title = _TITLES[protocol]
    if tried:
        title = _AT.format(title=title, server=tried)
    shown = [render.table(rows, columns, caption=title)]
    if failed is not None and failed.error is not None:
        shown.append(render.notice("error", failed.error.message, failed.error.hint))
    return tuple(shown)


def _badge_without(
    stage: Stage, met: Mapping[Stage, Finding], *, failed: bool, running: bool
) -> tuple[Kind, Text]:
    """How a stage without a finding stands."""
    if failed:
        return _OUTCOMES[Outcome.SKIPPED]
    if running:
        return _WAITING
    # An empty inbox holds no message to read.
    return _NOT_NEEDED if stage is Stage.FETCH and Stage.SELECT in met else _NOT_TRIED


def show_verdict(diagnosis: Diagnosis) -> tuple[Html, ...]:
    """The result in one sentence, and why it rests on no login if it does not."""
    kind: Kind = "success" if diagnosis.logged_in else "info"
    if not diagnosis.ok:
        kind = "error" if diagnosis.failure else "warning"
    shown = [render.notice(kind, diagnosis.verdict)]
    if diagnosis.account_id is None:
        shown.append(render.notice("quiet", _UNSAVED))
    elif diagnosis.vault is not None:
        shown.append(render.notice("warning", diagnosis.vault.message, diagnosis.vault.hint))
    return tuple(shown)


def show_causes(diagnosis: Diagnosis) -> tuple[Html, ...]:
    """The likeliest cause with what to do and why, the others folded; nothing if all is well."""
    if diagnosis.failure is None:
        return ()
    if not diagnosis.causes:
        return (render.paragraph(_NO_CAUSE),)
    first, *rest = diagnosis.causes[:_MOST_CAUSES]
    shown = [render.section(_LIKELIEST.format(name=_name(first)), *_cause(first), level=3)]
    others = [one for one in rest if one.confidence >= _WORTH_NAMING]
    if others:
        folded = [render.details(f"{_percent(one)}: {_name(one)}", *_cause(one)) for one in others]
        shown.append(render.section(_OTHERS, *folded, level=3))
    return tuple(shown)


def show_details(diagnosis: Diagnosis) -> Html:
    """What only an engineer wants to read, folded: servers, timings, the servers' own words."""
    errors = [one.error for one in diagnosis.findings if isinstance(one.error, MailError)]
    return render.details(
        _DETAILS,
        render.facts(
            [
                (Text("Geprüft", "Probed"), diagnosis.subject),
                (Text("Konto", "Account"), diagnosis.account_id),
                (Text("Anbieter", "Provider"), diagnosis.provider),
                (Text("Ursache", "Cause"), _slugs(diagnosis.causes)),
                (Text("Dauer", "Duration"), render.duration(diagnosis.seconds)),
            ]
        ),
        show_findings(diagnosis.findings),
        *(_raw_error(error) for error in errors),
    )


def _cause(cause: RankedCause) -> tuple[Html, ...]:
    shown = [
        render.paragraph(
            render.join(render.badge("info", _percent(cause)), " ", _definition(cause))
        ),
        render.section(_REMEDY, render.paragraph(cause.remedy), level=4),
    ]
    test = describe_test(cause.next_test) if cause.next_test else None
    if test is not None:
        shown.append(render.details(_NEXT_TEST, render.paragraph(test)))
    if cause.evidence:
        shown.append(render.details(_EVIDENCE, render.bullets(cause.evidence)))
    return tuple(shown)


def _raw_error(error: MailError) -> Html:
    facts = [
        (Text("Fehler", "Error"), error.code),
        (Text("Stufe", "Stage"), STAGE_NAMES[error.stage]),
        (Text("Versucht", "Tried"), error.tried),
        (Text("Antwortcode", "Response code"), error.response_code),
    ]
    return render.join(render.facts(facts), error_notice(error))


def _slugs(causes: Sequence[RankedCause]) -> str:
    return ", ".join(f"{one.cause} {one.confidence:.2f}" for one in causes)


def _name(cause: RankedCause) -> str:
    return str(cause.name) or cause.cause


def _definition(cause: RankedCause) -> str:
    known = catalogue().causes.get(cause.cause)
    return str(known.definition) if known else ""


def _percent(cause: RankedCause) -> Text:
    return _SURE.format(percent=round(cause.confidence * 100))
