"""Roles and rights as forms of the dashboard offer and read them."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.access.rights import Actor, Right
from chalicelib.dashboard.page_call import PageCall
from chalicelib.errors import BadRequest
from chalicelib.operations.management.people.managed_roles import RoleRow


def grantable(actor: Actor, roles: Sequence[RoleRow]) -> tuple[list[str], list[str]]:
    """Return the roles and the single rights that an actor may grant: those within their own."""
    within = [role.id for role in roles if all(actor.may(Right(right)) for right in role.rights)]
    return within, [right.value for right in Right if actor.may(right)]


def chosen_rights(call: PageCall) -> list[Right]:
    """Return the rights that are checked in a form; BadRequest for an unknown one."""
    names = call.all("rights")
    if not set(names) <= set(Right):
        raise BadRequest("One of these rights doesn't exist. Reload the page, and choose again.")
    return [Right(name) for name in names]
