"""YAML text → plain data that remembers its lines; every scalar stays the text it is.

Nothing is guessed about types (the country code ``NO`` stays ``NO``), and every mistake can name
its line, because PyYAML's nodes carry their marks. The C parser is used where libyaml is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from toolkit.language import Text

__all__ = ["Item", "Problem", "Syntax", "read_items"]

_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in the file: where it is, what it is, what to do about it."""

    line: int
    key: str
    text: Text
    advice: Text

    def within(self, file: str) -> Text:
        """``file:line: key: what; what to do``, in both languages."""
        place = f"{file}:{self.line}: " + (f"{self.key}: " if self.key else "")
        return Text(
            f"{place}{self.text.de} {self.advice.de}", f"{place}{self.text.en} {self.advice.en}"
        )


class Syntax(Exception):
    """The text is not YAML at all; carries the one problem there is to tell."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem.text))
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Item:
    """One node: ``value`` is a text, a tuple of items, or pairs of key item and value item."""

    line: int
    kind: str  #: ``text``, ``list`` or ``mapping``
    text: str = ""
    items: tuple[Item, ...] = ()
    pairs: tuple[tuple[Item, Item], ...] = ()

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)


def read_items(text: str) -> Item:
    """The whole document.

    Raises:
        Syntax: the text is not YAML, or holds nothing, or refers to itself.
    """
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Syntax(_broken((mark.line + 1) if mark else 1, error.problem or "")) from None
    except yaml.YAMLError as error:  # a character YAML does not allow; position is an offset
        position = getattr(error, "position", 0) or 0
        raise Syntax(_broken(text.count("\n", 0, position) + 1, str(error))) from None
    if node is None:
        raise Syntax(
            Problem(
                1,
                "",
                Text("Die Datei ist leer.", "The file is empty."),
                Text("Mindestens ein Anbieter gehört hinein.", "It needs at least one provider."),
            )
        )
    return _item(node, ())


def _broken(line: int, said: str) -> Problem:
    said = said.splitlines()[0] if said else ""
    return Problem(
        line,
        "",
        Text(f"Das ist kein gültiges YAML ({said}).", f"This is not valid YAML ({said})."),
        Text(
            "Einrückung, Doppelpunkte und Anführungszeichen dieser Zeile prüfen.",
            "Check indentation, colons and quotation marks of this line.",
        ),
    )


def _item(node: yaml.Node, above: tuple[int, ...]) -> Item:
    line = node.start_mark.line + 1
    if id(node) in above:  # an anchor that contains itself
        raise Syntax(_broken(line, "an alias refers to itself"))
    if isinstance(node, yaml.ScalarNode):
        return Item(line, "text", text=node.value)
    above = (*above, id(node))
    if isinstance(node, yaml.SequenceNode):
        return Item(line, "list", items=tuple(_item(child, above) for child in node.value))
    return Item(
        line,
        "mapping",
        pairs=tuple((_item(key, above), _item(value, above)) for key, value in node.value),
    )
