"""`petri users group`: groups of users, such as labs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.markup import escape
from rich.table import Table

from chalicelib.errors import BadRequest
from infra.cli.output import out, show_table

from .users_options import UsersOrder, required

_USAGE = (
    "Use: petri users group [list], or petri users group add, delete, grant or revoke NICKNAME, or petri "
    "users group add-member, remove-member, accept or refuse NICKNAME USERNAME."
)
_OF_GROUPS, _OF_MEMBERS = 2, 3


def change_groups(order: UsersOrder) -> None:
    """List the groups, or change one: the order's words are the action, the nickname, and a member."""
    words = order.words
    if tuple(words) in ((), ("list",)):
        _show(order.run)
    elif len(words) == _OF_GROUPS and words[0] in ("add", "delete", "grant", "revoke"):
        _change_group(order, words[0], words[1])
    elif len(words) == _OF_MEMBERS and words[0] in ("add-member", "remove-member", "accept", "refuse"):
        _change_members(order, words[0], words[1], words[2])
    else:
        raise BadRequest(_USAGE)


def _change_group(order: UsersOrder, action: str, nickname: str) -> None:
    # Lazy import: it imports the whole platform.
    from chalicelib.operations.accounts.groups import groups

    run = order.run
    if action == "add":
        name, about = order.name or nickname, order.about or ""
        run(groups.make_group, nickname, name, about=about, is_private=order.is_private)
        out().print(f"Made the group {nickname}.", markup=False)
        return
    if action == "delete":
        run(groups.delete_group, nickname)
        out().print(f"Deleted the group {nickname}.", markup=False)
        return
    role = required(order.role, "--role")
    if action == "grant":
        run(groups.grant_to_group, nickname, role, until=order.until)
        out().print(f"Granted {role} to the members of {nickname}.", markup=False)
    else:
        run(groups.revoke_from_group, nickname, role)
        out().print(f"Revoked {role} from the members of {nickname}.", markup=False)


def _change_members(order: UsersOrder, action: str, nickname: str, username: str) -> None:
    from chalicelib.operations.accounts.groups import admissions, memberships

    run = order.run
    if action == "add-member":
        run(memberships.add_member, nickname, username, is_admin=order.is_admin, until=order.until)
        said = f"{username} is a member of {nickname}."
    elif action == "remove-member":
        run(memberships.remove_member, nickname, username)
        said = f"{username} is no longer a member of {nickname}."
    elif action == "accept":
        run(admissions.accept_request, nickname, username)
        said = f"{username} is a member of {nickname}."
    else:
        run(admissions.refuse_request, nickname, username)
        said = f"Refused the request of {username} to join {nickname}."
    out().print(said, markup=False)


def _show(run: Callable[..., Any]) -> None:
    from chalicelib.operations.management.people.managed_groups import rows_of_groups

    groups = run(rows_of_groups).rows
    if not groups:
        out().print("No groups; to make one, run: petri users group add NICKNAME --name NAME")
        return
    table = Table("group", "name", "roles and rights", "members", "asked to join")
    for group in groups:
        members = [each.username + (" (admin)" if each.is_admin else "") for each in group.members]
        asked = [each.username for each in group.requests if each.status == "open"]
        table.add_row(
            group.id + (" (private)" if group.is_private else ""),
            escape(group.name),
            ", ".join(each.what for each in group.grants if each.is_active),
            ", ".join(members),
            ", ".join(asked),
        )
    show_table(table)
