"""``toolkit user …``."""

from __future__ import annotations

from typing import Annotated

import typer

from toolkit.cli.lines import JsonOption
from toolkit.cli.output import EXIT, print_json, print_rows, print_text
from toolkit.language import Text

__all__ = ["add", "list_"]


def add(
    name: Annotated[str, typer.Argument(help="The user's name.")],
    *,
    role: Annotated[str, typer.Option(help="administrator, kanzleiverwaltung or user.")] = "user",
    as_json: JsonOption = False,
) -> int:
    """Add an office user, or give one another role."""
    from toolkit.accounts import book
    from toolkit.accounts.users import OfficeRole, OfficeUser
    from toolkit.workspace import Workspace

    if role not in set(OfficeRole):
        raise typer.BadParameter(
            f"'{role}' is not one of {', '.join(OfficeRole)}.", param_hint="--role"
        )
    user = OfficeUser(name.strip(), OfficeRole(role))
    with Workspace.open() as workspace, workspace.store.write() as connection:
        book.add_user(connection, user)
    if as_json:
        print_json({"name": user.name, "role": str(user.role)})
    else:
        print_text(Text(f"Benutzer {user.name} gespeichert.", f"User {user.name} saved."))
    return EXIT.WELL


def list_(*, as_json: JsonOption = False) -> int:
    """All office users."""
    from toolkit.accounts.users import ROLE_TITLES
    from toolkit.onboarding import office_users
    from toolkit.workspace import Workspace

    with Workspace.open() as workspace:
        found = office_users(workspace)
    if as_json:
        print_json({"users": [{"name": u.name, "role": str(u.role)} for u in found]})
    else:
        headings = (str(Text("Name", "Name")), str(Text("Rolle", "Role")))
        print_rows(headings, [(user.name, str(ROLE_TITLES[user.role])) for user in found])
    return EXIT.WELL
