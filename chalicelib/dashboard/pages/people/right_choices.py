"""Roles and rights as forms of the dashboard offer and read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from chalicelib.access.rights import Actor, Right
from chalicelib.dashboard.page_call import PageCall
from chalicelib.errors import BadRequest
from chalicelib.operations.management.people.managed_roles import RoleRow

_MOST_DAYS: Final = 3_650


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


def chosen_days(call: PageCall) -> int | None:
    """Return the days of a form; None when it has none, BadRequest for another text than a number."""
    text = call.one("days")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) <= _MOST_DAYS):
        raise BadRequest(f"The days are a whole number from 1 to {_MOST_DAYS}.")
    return int(text)
