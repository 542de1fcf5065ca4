"""Makes the links with which users choose a password: the first one, or one in place of a lost one.

No password is sent or typed by another person, so that only its user ever knows it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from chalicelib.access.rights import Right
from chalicelib.access.rules import Mode
from chalicelib.errors import Forbidden, NotFound
from chalicelib.operations.accounts.account_records import User
from chalicelib.operations.accounts.actors import find_user, keep_user, rights_of_user
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.shared.access import require_right
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.row_access import require_mode

from .tickets import CHOOSES_PASSWORD, make_ticket

LINK_LIFETIME: Final = timedelta(days=1)


def make_password_ticket(ctx: Context, username: str) -> str:
    """Return a ticket with which a user chooses a password, once, within a day; it is in the audit log.

    The caller manages the lab, is a person, and has all rights of the user.
    """
    require_mode(ctx, "credential", Mode.DELETE)
    user = user_within_rights(ctx, username)
    record_change(ctx, "users.make_password_link", records=[("users", username)])
    keep_user(ctx, username)
    return make_ticket(ctx, user.actor_id, LINK_LIFETIME, purpose=CHOOSES_PASSWORD)


def user_within_rights(ctx: Context, username: str) -> User:
    """Return a user whose rights the calling actor has too, who manages the lab.

    NotFound for an unknown user, Forbidden for one with a right that the actor lacks.
    """
    actor = require_right(ctx, Right.MANAGE_LAB)
    user = find_user(ctx, username)
    if user is None:
        raise NotFound(f"There is no user {username[:40]!r}.", code="user_not_found")
    if not all(actor.may(right) for right in rights_of_user(ctx, user)):
        raise Forbidden(f"User {username} has rights that you don't have.", code="right_missing")
    return user
