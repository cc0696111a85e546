"""Reading a data file of the catalogue of causes, with errors that name file, line and key."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from toolkit.errors import KnowledgeFileError
from toolkit.language import Text

__all__ = ["Document"]


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file as plain data, able to say at which line a key is.

    Its readers take a value and the keys that lead to it, and raise KnowledgeFileError.
    """

    path: Path
    data: Any

    @classmethod
    def read(cls, path: Path) -> Document:
        """Read a file.

        Raises:
            KnowledgeFileError: it is missing or is not YAML.
        """
        try:
            data = yaml.load(path.read_text("utf-8"), Loader=_loader())  # noqa: S506 - base loaders build strings only
        except (OSError, UnicodeDecodeError) as error:
            raise _wrong(path, 1, "", "cannot be read", "lässt sich nicht lesen") from error
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = mark.line + 1 if mark else 1
            raise _wrong(path, line, "", "is not YAML", "ist kein YAML") from error
        return cls(path, data)

    def line(self, *keys: str | int) -> int:
        """The line of a key, found by reading the file again with positions: errors are rare."""
        node = yaml.compose(self.path.read_text("utf-8"), Loader=_loader())
        line = 1
        for key in keys:
            if isinstance(node, yaml.MappingNode):
                pairs = [(k, v) for k, v in node.value if k.value == str(key)]
                if not pairs:
                    break
                line, node = pairs[0][0].start_mark.line + 1, pairs[0][1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(key, int):
                node = node.value[key]
                line = node.start_mark.line + 1
        return line

    def wrong(self, *keys: str | int, en: str, de: str) -> KnowledgeFileError:
        """The error that a key is wrong."""
        return _wrong(self.path, self.line(*keys), ".".join(str(key) for key in keys), en, de)

    def mapping(self, value: Any, *keys: str | int) -> Mapping[str, Any]:
        """A value that must be a mapping."""
        if not isinstance(value, dict):
            raise self.wrong(*keys, en="must be a mapping", de="muss eine Zuordnung sein")
        return value

    def strings(self, value: Any, *keys: str | int) -> tuple[str, ...]:
        """A list of texts; a single text counts as a list of one."""
        if value is None:
            return ()
        if isinstance(value, str):
            return (value,)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.wrong(
                *keys, en="must be a list of texts", de="muss eine Liste von Texten sein"
            )
        return tuple(value)

    def lines(self, value: Any, *keys: str | int) -> Iterator[str]:
        """The lines of a block of text that are not empty."""
        for block in self.strings(value, *keys):
            yield from (line.strip() for line in block.splitlines() if line.strip())

    def text(self, value: Any, *keys: str | int) -> Text:
        """A value that must have German and English words."""
        words = self.mapping(value, *keys)
        if set(words) != {"de", "en"} or not all(isinstance(w, str) and w for w in words.values()):
            raise self.wrong(*keys, en="must have de and en", de="muss de und en haben")
        return Text(words["de"], words["en"])

    def number(self, value: Any, *keys: str | int) -> float:
        """A value that must be a number."""
        try:
            return float(value)
        except (TypeError, ValueError):
            raise self.wrong(*keys, en="must be a number", de="muss eine Zahl sein") from None

    def weights(self, value: Any, causes: Container[str], *keys: str | int) -> dict[str, float]:
        """Numbers by cause; ``causes`` are the slugs there are."""
        numbers = {}
        for slug, number in self.mapping(value, *keys).items():
            if slug not in causes:
                raise self.wrong(*keys, slug, en="is no cause", de="ist keine Ursache")
            numbers[slug] = self.number(number, *keys, slug)
        return numbers


def _loader() -> type[Any]:
    # libyaml is ten times faster, but not every PyYAML is built with it.
    return getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def _wrong(path: Path, line: int, key: str, en: str, de: str) -> KnowledgeFileError:
    place = f"{path.name}:{line}" + (f" ({key})" if key else "")
    return KnowledgeFileError(Text(f"{place}: {de}", f"{place}: {en}"), field=key)
