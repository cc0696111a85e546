"""Which causes a failure most likely has, in words, with evidence and the next test to make.

::

    from toolkit.diagnosis.explain import Failure, explain
    from toolkit.errors import Stage

    causes = explain(Failure(Stage.AUTH, "NO LOGIN failed.", provider="office365"))
    causes[0].cause, causes[0].confidence, causes[0].next_test

The model is small and explains itself: each stage has a prior over the causes, each sign of the
catalogue that holds adds log-odds, and the softmax of the sums gives the confidences. No weight
was fitted by a program; they were set by hand from the sources the catalogue names and checked
against example cases. `TEMPERATURE` and `DOUBT` alone scale the confidences as a whole.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass

from toolkit.diagnosis.causes import VAGUE, Catalogue, Cause, Conditions, Sign, Test, catalogue
from toolkit.diagnosis.facts import Facts, facts_of
from toolkit.diagnosis.failure import Failure
from toolkit.diagnosis.phrases import Phrase
from toolkit.language import Text

__all__ = ["Failure", "RankedCause", "describe_test", "explain", "explain_record"]

#: How much the sums are flattened: signs overlap, so their log-odds add up to too much.
TEMPERATURE = 1.0
#: The share of confidence kept back for what the catalogue does not know.
DOUBT = 0.04
#: The prior weight, in the units of causes_stages.yaml, of a cause a stage does not list.
_UNLISTED = 0.25
_MAX_EVIDENCE = 6
_WORTH_SAYING = 0.4
#: From how many points on a wording counts as recognised.
_TELLING = 2.4

_UNKNOWN = Text(
    "Der Wortlaut ist nicht bekannt; die Reihenfolge folgt nur aus Stufe „{stage}“ und Umständen.",
    "The wording is not known; the order follows from stage “{stage}” and circumstances only.",
)
_AGAINST = Text("dagegen spricht: {what}", "against it: {what}")
_USUAL = Text("eine übliche Ursache auf Stufe „{stage}“", "a usual cause at stage “{stage}”")
#: Conditions that go without saying, or that only the catalogue's author understands.
_UNSAID = frozenset({"stage", "tag"})
_CONDITION_NAMES: Mapping[str, Text] = {
    "stage": Text("Stufe", "stage"),
    "provider": Text("Anbieter", "provider"),
    "fact": Text("Umstand", "fact"),
    "port": Text("Port", "port"),
    "security": Text("Verschlüsselung", "security"),
    "mechanism": Text("Anmeldeverfahren", "mechanism"),
    "username": Text("Form des Benutzernamens", "form of the user name"),
}


_NO_NAME = Text("", "")


@dataclass(frozen=True, slots=True)
class RankedCause:
    """One likely cause.

    Attributes:
        cause: slug of the vocabulary (``causes.yaml``).
        confidence: 0 to 1; among answers given with 0.8, eight in ten are meant to be right.
        evidence: what speaks for it and against it, in the reader's language, strongest first.
        name: the cause for people, a few words.
        remedy: what to do, in the provider's own words where the catalogue has them.
        next_test: slug of the cheapest test that tells this cause from its strongest rival;
            `describe_test` gives its words. None where no test does.
    """

    cause: str
    confidence: float
    evidence: tuple[str, ...]
    remedy: Text
    next_test: str | None = None
    name: Text = _NO_NAME

    def as_json(self) -> dict[str, object]:
        """The cause as the contract of ``explain`` writes it."""
        answer: dict[str, object] = {
            "cause": self.cause,
            "confidence": self.confidence,
            "evidence": list(self.evidence),
            "name": self.name.as_json(),
            "remedy": self.remedy.as_json(),
        }
        if self.next_test is not None:
            answer["next_test"] = self.next_test
            words = describe_test(self.next_test)
            if words is not None:
                answer["next_test_words"] = words.as_json()
        return answer


@dataclass(frozen=True, slots=True)
class _Hit:
    """A sign that holds, and what in the error it found."""

    sign: Sign
    found: str


def explain(failure: Failure, *, limit: int = 5) -> tuple[RankedCause, ...]:
    """The likeliest causes of a failure, most likely first, at most ``limit`` of them.

    Never fails, whatever the text; an unknown wording gets its stage's likeliest causes and says
    so. Confidences lie in 0–1 and sum to at most 1.
    """
    known = catalogue()
    facts = facts_of(failure, known)
    hits = _hits(facts, known)
    scores = _scores(failure, hits, known)
    ranked = sorted(scores, key=lambda slug: (-scores[slug], slug))
    shares = _shares(scores)
    unread = not any(hit.found for hit in hits)
    answer = []
    for slug in ranked[: max(limit, 0)]:
        rival = next((other for other in ranked if other != slug), slug)
        test = _next_test(slug, rival, known.tests)
        lines = [str(_UNKNOWN.format(stage=failure.stage))] if unread else []
        lines += _evidence(slug, hits, facts, known.stages[failure.stage])
        answer.append(
            RankedCause(
                cause=slug,
                confidence=round(shares[slug], 4),
                evidence=tuple(lines[:_MAX_EVIDENCE]),
                remedy=_remedy(known.causes[slug], facts),
                next_test=test.slug if test else None,
                name=known.causes[slug].name,
            )
        )
    return tuple(answer)


def explain_record(record: Mapping[str, object]) -> dict[str, object]:
    """Answer one JSON object of the contract of ``toolkit explain --jsonl``.

    Raises:
        InputError: the record cannot be read; an unknown provider is no error.
    """
    causes = explain(Failure.from_record(record))
    return {"id": record.get("id"), "causes": [cause.as_json() for cause in causes]}


def describe_test(slug: str) -> Text | None:
    """What to do for a test named in `RankedCause.next_test`; None if there is no such test."""
    test = catalogue().test(slug)
    return test.words if test else None


def _hits(facts: Facts, known: Catalogue) -> list[_Hit]:
    """The signs that hold, in the catalogue's order: those that set tags before those that ask."""
    hits: list[_Hit] = []
    tags: set[str] = set()
    wordings = known.wordings(facts.text)
    for index, sign in enumerate(known.signs):
        if VAGUE in sign.when.get("tag", ()) and VAGUE not in tags:
            if any(hit.found and _decides(hit.sign) for hit in hits):
                break
            tags.add(VAGUE)
        if not _met(sign.when, facts, tags, every=True):
            continue
        if sign.unless and _met(sign.unless, facts, tags, every=False):
            continue
        found = _found(sign, facts, wordings.get(index))
        if found or not sign.reads_error:
            hits.append(_Hit(sign, found))
            tags |= sign.tags
    return hits


def _decides(sign: Sign) -> bool:
    """Whether a sign's wording says something of its own, by its points or by what its tags mean."""
    return bool(sign.tags) or max(sign.points.values(), default=0) >= _TELLING


def _met(conditions: Conditions, facts: Facts, tags: set[str], *, every: bool) -> bool:
    """Whether every one (or any one) of the conditions is met."""
    results = (
        bool(wanted & tags) if name == "tag" else bool(wanted & facts.words[name])
        for name, wanted in conditions.items()
    )
    return all(results) if every else any(results)


def _found(sign: Sign, facts: Facts, wording: Phrase | None) -> str:
    """What of the error a sign found; empty if nothing. Never more than the sign's own words."""
    if facts.typed in sign.typed and facts.typed:
        return facts.typed
    codes = sign.codes & facts.codes
    if codes:
        return f"[{min(codes)}]"
    if wording is not None:
        return wording.quoted
    statuses = sign.statuses & facts.statuses
    return min(statuses) if statuses else ""


def _scores(failure: Failure, hits: list[_Hit], known: Catalogue) -> dict[str, float]:
    prior = known.stages[failure.stage]
    scores = {slug: math.log(prior.get(slug, _UNLISTED)) for slug in known.causes}
    for hit in hits:
        for slug, points in hit.sign.points.items():
            scores[slug] += points
    return scores


def _shares(scores: Mapping[str, float]) -> dict[str, float]:
    """Softmax of the scores, less the share kept back for the unknown."""
    top = max(scores.values())
    powers = {slug: math.exp((score - top) / TEMPERATURE) for slug, score in scores.items()}
    total = sum(powers.values())
    return {slug: (1 - DOUBT) * power / total for slug, power in powers.items()}


def _next_test(slug: str, rival: str, tests: tuple[Test, ...]) -> Test | None:
    """The cheapest test that separates the two; ``tests`` are sorted by cost."""
    return next((test for test in tests if test.separates(slug, rival)), None)


def _remedy(cause: Cause, facts: Facts) -> Text:
    """The cause's remedy, in the provider's own words where there are some."""
    labels = facts.words["provider"]
    return next((words for name, words in cause.at.items() if name in labels), cause.remedy)


def _evidence(slug: str, hits: list[_Hit], facts: Facts, prior: Mapping[str, float]) -> list[str]:
    """What speaks for and against a cause, strongest first, in the reader's language."""
    said = [(hit.sign.points[slug], hit) for hit in hits if slug in hit.sign.points]
    said.sort(key=lambda pair: -abs(pair[0]))
    lines = []
    for points, hit in said:
        if abs(points) < _WORTH_SAYING:
            continue
        words = _describe(hit, facts)
        lines.append(str(words if points > 0 else _AGAINST.format(what=words)))
    if not lines and slug in prior:
        lines.append(str(_USUAL.format(stage=min(facts.words["stage"]))))
    return list(dict.fromkeys(lines))


def _describe(hit: _Hit, facts: Facts) -> Text:
    """A sign in words: what it found, why that matters or which circumstances it asked for."""
    sign = hit.sign
    parts = []
    if hit.found:
        parts.append(Text(f"„{hit.found}“", f"“{hit.found}”"))
    if sign.why is not None:
        parts.append(sign.why)
    else:
        parts += [
            _condition(name, frozenset(values & facts.words[name]))
            for name, values in sign.when.items()
            if name not in _UNSAID
        ]
    if not parts:
        parts.append(_condition("stage", facts.words["stage"]))
    de = "; ".join(part.de for part in parts)
    en = "; ".join(part.en for part in parts)
    return Text(f"{de} [{sign.source}]", f"{en} [{sign.source}]")


@functools.cache
def _condition(name: str, values: frozenset[str]) -> Text:
    names = _CONDITION_NAMES[name]
    listed = ", ".join(sorted(values))
    return Text(f"{names.de}: {listed}", f"{names.en}: {listed}")
