"""The folders of an account as nested lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from toolkit.formats import number
from toolkit.language import Text
from toolkit.render.markup import Html, badge, label, paragraph, text

if TYPE_CHECKING:
    from toolkit.mail.folder import Folder

__all__ = ["folder_order", "folder_tree"]

FOLDERS_OF_THE_ACCOUNT = Text("Ordner des E-Mail-Kontos", "Folders of the account")


def folder_tree(
    folders: Iterable[Folder],
    *,
    roles: Mapping[bytes, Text | str] | None = None,
    caption: Text | str = FOLDERS_OF_THE_ACCOUNT,
) -> Html:
    """The folders of an account as nested lists, with message counts and the roles they have.

    Args:
        folders: as the server listed them; a container that was not listed is shown in grey.
        roles: raw folder name → what the office mailbox calls it.
        caption: the list's title.
    """
    names = roles or {}
    listed = sorted(folders, key=folder_order)
    top: dict[str, _Node] = {}
    for folder in listed[:_MOST_FOLDERS]:
        level = top
        *above, last = _steps(folder)
        for step in above:
            level = level.setdefault(step, _Node()).inside
        level.setdefault(last, _Node()).folders.append(folder)
    left_out = len(listed) - _MOST_FOLDERS
    more = Text("… und {n} weitere Ordner", "… and {n} more folders")
    end = paragraph(more.format(n=number(left_out))) if left_out > 0 else ""
    return Html(
        f'<nav class="tk-tree"><p class="tk-caption">{label(caption)}</p>'
        f"{_branches(top, names)}{end}</nav>"
    )


def folder_order(folder: Folder) -> tuple[object, ...]:
    """Sort key for people: the inbox first, everything else by name; servers list at random."""
    path = [step.casefold() for step in folder.path]
    return (path[0] != "inbox", path)


# A server may list 100,000 folders on a hundred levels; no person reads or indents further.
_MOST_FOLDERS = 2000
_DEEPEST = 12


def _steps(folder: Folder) -> tuple[str, ...]:
    path = folder.path
    if len(path) <= _DEEPEST:
        return path
    return (*path[: _DEEPEST - 1], (folder.delimiter or "").join(path[_DEEPEST - 1 :]))


class _Node:
    """One step of a folder's path; two folders of one name (raw names differ) share it."""

    __slots__ = ("folders", "inside")

    def __init__(self) -> None:
        self.folders: list[Folder] = []
        self.inside: dict[str, _Node] = {}


def _branches(nodes: Mapping[str, _Node], roles: Mapping[bytes, Text | str]) -> str:
    if not nodes:
        return ""
    items = []
    for name, node in nodes.items():
        lines = [_branch(name, one, roles) for one in node.folders] or [_container(name)]
        lines[-1] += _branches(node.inside, roles)
        items += [f"<li>{line}</li>" for line in lines]
    return f"<ul>{''.join(items)}</ul>"


def _container(name: str) -> str:
    return f'<span class="tk-container">{text(name)}</span>'


def _branch(name: str, folder: Folder, roles: Mapping[bytes, Text | str]) -> str:
    line = f"<span>{text(name)}</span>" if folder.selectable else _container(name)
    if folder.messages is not None:
        line += f' <span class="tk-count">{number(folder.messages)}</span>'
    if folder.raw in roles:
        line += f" {badge('info', roles[folder.raw])}"
    return line
