"""`petri users role`: the roles of a run's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.markup import escape
from rich.table import Table

from chalicelib.errors import BadRequest
from infra.cli.output import out, show_table

from .users_options import UsersOrder

_USAGE = "Use: petri users role [list], or petri users role add, change or delete NAME."


def change_roles(order: UsersOrder) -> None:
    """List the roles, or make, change or delete one: the order's words are the action and the role's name."""
    # Lazy import: it imports the whole platform.
    from chalicelib.operations.accounts import roles

    run, words, about = order.run, order.words, order.about
    rights = order.named_rights()
    if tuple(words) in ((), ("list",)):
        _show(run)
        return
    if len(words) != 2 or words[0] not in ("add", "change", "delete"):  # noqa: PLR2004 (an action and a name)
        raise BadRequest(_USAGE)
    action, name = words
    if action == "add":
        run(roles.make_role, name, rights or (), about or "")
        out().print(f"Made the role {name}.", markup=False)
    elif action == "change":
        run(roles.change_role, name, rights=rights, about=about)
        out().print(f"Changed the role {name}.", markup=False)
    else:
        run(roles.delete_role, name)
        out().print(f"Deleted the role {name}.", markup=False)


def _show(run: Callable[..., Any]) -> None:
    from chalicelib.operations.management.people.managed_roles import rows_of_roles

    table = Table("role", "rights", "granted to", "what it is for")
    for role in run(rows_of_roles).rows:
        table.add_row(role.id, ", ".join(role.rights), ", ".join(role.holders or ()), escape(role.about))
    show_table(table)
