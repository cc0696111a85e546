"""``toolkit user …``."""

from __future__ import annotations

import click

from toolkit.accounts.users import ROLE_TITLES, OfficeRole, OfficeUser
from toolkit.cli.lines import json_option
from toolkit.cli.output import EXIT, print_json, print_rows, print_text
from toolkit.language import Text

__all__ = ["add", "list_"]


@click.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([str(role) for role in OfficeRole]),
    default=str(OfficeRole.USER),
    show_default=True,
)
@json_option
def add(name: str, role: str, *, as_json: bool) -> int:
    """Add an office user, or give one another role."""
    from toolkit.accounts import book
    from toolkit.workspace import Workspace

    user = OfficeUser(name.strip(), OfficeRole(role))
    with Workspace.open() as workspace, workspace.store.write() as connection:
        book.add_user(connection, user)
    if as_json:
        print_json({"name": user.name, "role": str(user.role)})
    else:
        print_text(Text(f"Benutzer {user.name} gespeichert.", f"User {user.name} saved."))
    return EXIT.WELL


@click.command("list")
@json_option
def list_(*, as_json: bool) -> int:
    """All office users."""
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
