"""The catalogue of causes: vocabulary, remedies, signs, tests and providers, read from YAML.

Five kinds of files beside this module:

- ``causes.yaml``: every cause with its name, definition and remedy in German and English;
- ``causes_signs_*.yaml``: *signs*, what points to which cause and how strongly;
- ``causes_stages.yaml``: how likely a cause is where nothing but the stage is known;
- ``causes_tests.yaml``: tests an engineer can make, their cost, and which causes they tell apart;
- ``causes_providers.yaml``: names, hosts and traits of services and server products.

A sign holds when one of its ``text``, ``code``, ``status`` or ``typed`` entries is found (if it
has any) and every ``when`` condition and no ``unless`` condition is met. It then adds its
``points`` (natural log-odds: +2 makes a cause about seven times likelier) and sets its ``tag``,
which other signs may ask for: synonyms are gathered in one tag, and what the tag means at which
provider, port or stage is said once.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toolkit.diagnosis.causes_document import Document
from toolkit.diagnosis.phrases import Phrase, words_of
from toolkit.errors import Stage
from toolkit.language import Text

__all__ = [
    "CONDITIONS",
    "VAGUE",
    "Catalogue",
    "Cause",
    "Provider",
    "Sign",
    "Test",
    "catalogue",
    "load",
]

#: What a sign may ask for in ``when`` and ``unless``.
CONDITIONS = frozenset(
    {"stage", "provider", "fact", "tag", "port", "security", "mechanism", "username"}
)
#: The tag `explain` sets where no sign recognised the wording with any certainty.
VAGUE = "vague"
_SIGN_KEYS = frozenset(
    {"text", "code", "status", "typed", "when", "unless", "tag", "points", "why", "source", "date"}
)
_FOLDER = Path(__file__).parent

Conditions = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Cause:
    """One word of the vocabulary; ``at`` holds remedies in a provider's own words."""

    slug: str
    name: Text
    definition: Text
    remedy: Text
    at: Mapping[str, Text] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sign:
    """What points to causes; ``where`` is ``file:line``, for messages and evidence."""

    where: str
    texts: tuple[Phrase, ...]
    codes: frozenset[str]
    statuses: frozenset[str]
    typed: frozenset[str]
    when: Conditions
    unless: Conditions
    tags: frozenset[str]
    points: Mapping[str, float]
    why: Text | None
    source: str
    date: str

    @property
    def reads_error(self) -> bool:
        """Whether the sign looks at the error itself, not only at its circumstances."""
        return bool(self.texts or self.codes or self.statuses or self.typed)


@dataclass(frozen=True, slots=True)
class Test:
    """A test that tells causes apart: ``outcomes`` are groups of causes with the same result.

    ``cost`` is in minutes of an engineer's and a customer's time, roughly.
    """

    slug: str
    cost: float
    words: Text
    outcomes: tuple[frozenset[str], ...]

    def separates(self, one: str, other: str) -> bool:
        """Whether the two causes lead to different results; unlisted causes share one result."""
        return self._outcome(one) != self._outcome(other)

    def _outcome(self, cause: str) -> int:
        return next((n for n, group in enumerate(self.outcomes) if cause in group), -1)


@dataclass(frozen=True, slots=True)
class Provider:
    """A service or server product: its names, hosts (suffixes) and traits signs can ask for."""

    id: str
    names: frozenset[str]
    hosts: tuple[str, ...]
    marks: tuple[str, ...]
    traits: frozenset[str]

    @property
    def labels(self) -> frozenset[str]:
        """The id and the traits: what ``when: {provider: …}`` compares with."""
        return self.traits | {self.id}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything `explain` knows."""

    causes: Mapping[str, Cause]
    signs: tuple[Sign, ...]
    stages: Mapping[Stage, Mapping[str, float]]
    tests: tuple[Test, ...]
    providers: Mapping[str, Provider]
    by_word: Mapping[str, tuple[tuple[int, Phrase], ...]]

    def wordings(self, text: str) -> Mapping[int, Phrase]:
        """The longest phrase of each sign that a normalised text has, by the sign's index."""
        found: dict[int, Phrase] = {}
        for word in ("", *words_of(text)):
            for index, phrase in self.by_word.get(word, ()):
                known = found.get(index)
                longer = known is None or len(phrase.words) > len(known.words)
                if longer and phrase.within(text):
                    found[index] = phrase
        return found

    def test(self, slug: str) -> Test | None:
        """One test by its slug."""
        return next((test for test in self.tests if test.slug == slug), None)


@functools.cache
def catalogue() -> Catalogue:
    """The product's catalogue, read once.

    Raises:
        KnowledgeFileError: a file of it is wrong; file, line and key are named.
    """
    return load(_FOLDER)


def load(folder: Path) -> Catalogue:
    """Read and check a catalogue's files from a folder.

    Raises:
        KnowledgeFileError: a file is missing or wrong; file, line and key are named.
    """
    causes = _causes(Document.read(folder / "causes.yaml"))
    signs: list[Sign] = []
    for path in sorted(folder.glob("causes_signs_*.yaml")):
        signs += _signs(Document.read(path), causes)
    signs.sort(key=_turn)
    return Catalogue(
        causes=causes,
        signs=tuple(signs),
        stages=_stages(Document.read(folder / "causes_stages.yaml"), causes),
        tests=_tests(Document.read(folder / "causes_tests.yaml"), causes),
        providers=_providers(Document.read(folder / "causes_providers.yaml")),
        by_word=_index(signs),
    )


def _turn(sign: Sign) -> int:
    """Signs that ask for a tag come after those that set one, single words come last."""
    if VAGUE in sign.when.get("tag", ()):
        return 2
    return int("tag" in sign.when or "tag" in sign.unless)


def _index(signs: Sequence[Sign]) -> dict[str, tuple[tuple[int, Phrase], ...]]:
    """Phrases by a word a text must have, so that a text meets only phrases with its own words."""
    by_word: dict[str, list[tuple[int, Phrase]]] = {}
    for index, sign in enumerate(signs):
        for phrase in sign.texts:
            by_word.setdefault(phrase.key, []).append((index, phrase))
    return {word: tuple(phrases) for word, phrases in by_word.items()}


def _causes(document: Document) -> dict[str, Cause]:
    causes = {}
    for slug, entry in document.mapping(document.data).items():
        row = document.mapping(entry, slug)
        for key in row.keys() - {"name", "is", "do", "at"}:
            raise document.wrong(slug, key, en="is unknown", de="ist unbekannt")
        at = document.mapping(row.get("at", {}), slug, "at")
        causes[slug] = Cause(
            slug,
            document.text(row.get("name"), slug, "name"),
            document.text(row.get("is"), slug, "is"),
            document.text(row.get("do"), slug, "do"),
            {name: document.text(words, slug, "at", name) for name, words in at.items()},
        )
    return causes


def _signs(document: Document, causes: Mapping[str, Cause]) -> Iterator[Sign]:
    top = document.mapping(document.data)
    sources = document.mapping(top.get("sources"), "sources")
    rows = top.get("signs")
    if not isinstance(rows, list):
        raise document.wrong("signs", en="must be a list", de="muss eine Liste sein")
    for number, entry in enumerate(rows):
        here = ("signs", number)
        row = document.mapping(entry, *here)
        for key in row.keys() - _SIGN_KEYS:
            raise document.wrong(*here, key, en="is unknown", de="ist unbekannt")
        source, date = _source(document, row, sources, here)
        sign = Sign(
            where=f"{document.path.name}[{number}]",
            texts=_phrases(document, row.get("text"), here),
            codes=frozenset(c.upper() for c in document.strings(row.get("code"), *here, "code")),
            statuses=frozenset(document.strings(row.get("status"), *here, "status")),
            typed=frozenset(document.strings(row.get("typed"), *here, "typed")),
            when=_conditions(document, row, "when", here),
            unless=_conditions(document, row, "unless", here),
            tags=frozenset(document.strings(row.get("tag"), *here, "tag")),
            points=document.weights(row.get("points", {}), causes, *here, "points"),
            why=document.text(row["why"], *here, "why") if "why" in row else None,
            source=source,
            date=date,
        )
        if not (sign.points or sign.tags) or not (sign.reads_error or sign.when):
            raise document.wrong(
                *here, en="never holds or says nothing", de="trifft nie zu oder sagt nichts"
            )
        yield sign


def _phrases(document: Document, value: Any, here: tuple[str | int, ...]) -> tuple[Phrase, ...]:
    phrases = []
    for words in document.lines(value, *here, "text"):
        try:
            phrases.append(Phrase.parse(words))
        except ValueError:
            raise document.wrong(
                *here, "text", en=f"empty phrase {words!r}", de=f"leere Wendung {words!r}"
            ) from None
    return tuple(phrases)


def _conditions(
    document: Document, row: Mapping[str, Any], key: str, here: tuple[str | int, ...]
) -> Conditions:
    conditions = {}
    for name, values in document.mapping(row.get(key, {}), *here, key).items():
        if name not in CONDITIONS:
            raise document.wrong(*here, key, name, en="is unknown", de="ist unbekannt")
        conditions[name] = frozenset(document.strings(values, *here, key, name))
    return conditions


def _source(
    document: Document,
    row: Mapping[str, Any],
    sources: Mapping[str, Any],
    here: tuple[str | int, ...],
) -> tuple[str, str]:
    """The entry's source and date, written out or by its short name in ``sources``."""
    name = row.get("source")
    if isinstance(name, str) and name in sources:
        entry = document.mapping(sources[name], "sources", name)
        source, date = entry.get("title"), row.get("date", entry.get("date"))
    else:
        source, date = name, row.get("date")
    if not (isinstance(source, str) and source and isinstance(date, str) and date):
        raise document.wrong(
            *here, "source", en="source or date is missing", de="Quelle oder Datum fehlt"
        )
    return source, date


def _stages(document: Document, causes: Mapping[str, Cause]) -> dict[Stage, Mapping[str, float]]:
    stages: dict[Stage, Mapping[str, float]] = {}
    for name, row in document.mapping(document.data).items():
        if name not in set(Stage):
            raise document.wrong(name, en="is no stage", de="ist keine Stufe")
        stages[Stage(name)] = document.weights(row, causes, name)
    for stage in Stage:
        if stage not in stages:
            raise document.wrong(en=f"{stage} is missing", de=f"{stage} fehlt")
    return stages


def _tests(document: Document, causes: Mapping[str, Cause]) -> tuple[Test, ...]:
    tests = []
    for slug, entry in document.mapping(document.data).items():
        row = document.mapping(entry, slug)
        groups = []
        for number, group in enumerate(row.get("outcomes", ())):
            names = document.strings(group, slug, "outcomes", number)
            for name in names:
                if name not in causes:
                    raise document.wrong(
                        slug,
                        "outcomes",
                        number,
                        en=f"{name}: no cause",
                        de=f"{name}: keine Ursache",
                    )
            groups.append(frozenset(names))
        tests.append(
            Test(
                slug,
                document.number(row.get("cost"), slug, "cost"),
                document.text(row.get("words"), slug, "words"),
                tuple(groups),
            )
        )
    return tuple(sorted(tests, key=lambda test: test.cost))


def _providers(document: Document) -> dict[str, Provider]:
    providers = {}
    for name, entry in document.mapping(document.data).items():
        row = document.mapping(entry, name)
        for key in row.keys() - {"names", "hosts", "marks", "traits"}:
            raise document.wrong(name, key, en="is unknown", de="ist unbekannt")
        providers[name] = Provider(
            name,
            frozenset({name, *document.strings(row.get("names"), name, "names")}),
            document.strings(row.get("hosts"), name, "hosts"),
            document.strings(row.get("marks"), name, "marks"),
            frozenset(document.strings(row.get("traits"), name, "traits")),
        )
    return providers
