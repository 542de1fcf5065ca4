"""Changes the profiles of users: their own, and with Manage lab those of others within one's rights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Final

from chalicelib.access.rights import Actor, Right
from chalicelib.access.rules import Mode
from chalicelib.errors import Forbidden, InvalidState, NotFound
from chalicelib.model import keys
from chalicelib.operations.accounts.account_records import User, checked_text
from chalicelib.operations.accounts.actors import (
    find_user,
    raise_versions_of_user,
    require_unexpired,
    rights_despite_expiry,
)
from chalicelib.operations.accounts.open_sessions import delete_sign_ins
from chalicelib.operations.accounts.rights_limits import within_own_time
from chalicelib.operations.accounts.similar_names import refuse_disguise
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.row_access import require_mode, require_touched

MAX_AFFILIATIONS: Final = 10
MAX_PREFERENCES: Final = 20
#: What only actors who manage the lab change, and not about themselves.
_FOR_MANAGERS: Final = ("is_bot", "expires")


@dataclass(frozen=True, slots=True)
class ProfileChanges:
    """What to change about a user; what is None stays."""

    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    affiliations: Sequence[str] | None = None
    #: Those that are named change, the others stay.
    preferences: Mapping[str, str] | None = None
    is_bot: bool | None = None
    #: From when on the user may only view.
    expires: datetime | None = None

    def named(self) -> dict[str, Any]:
        """Return what changes, by name."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in values.items() if value is not None}


def change_profile(
    ctx: Context, username: str, changes: ProfileChanges, *, never_expires: bool = False
) -> User:
    """Change the profile of a user; NotFound for one whom the actor may not see.

    Users change their own, but not when it expires or whether it is a program's. Another's takes Manage lab
    and the rights of that user, and it expires with the rights of the actor at the latest.

    Args:
        ctx: The context.
        username: The user.
        changes: What to change.
        never_expires: Takes the end of the account away.

    Returns:
        The user.

    """
    actor = require_unexpired(ctx)
    user = _known(ctx, username)
    changed = changes.named()
    if never_expires:
        changed["expires"] = None
    for_managers = sorted(set(changed) & set(_FOR_MANAGERS))
    if for_managers:
        _require_manager(actor, user)
    if "preferences" in changed:
        changed["preferences"] = {**user.preferences, **changed["preferences"]}
    _check(changed)
    if "expires" in changed:
        rights = rights_despite_expiry(ctx, username)
        changed["expires"] = within_own_time(ctx, actor, rights, changed["expires"])
    new = replace(user, **{**changed, "modified": ctx.now})
    record_change(ctx, "users.change", records=[("users", username)], fields=changed)
    ctx.uow.put_if_unchanged(keys.user(username), "user", new.to_fields())
    if for_managers:
        raise_versions_of_user(ctx, username)
    if new.is_bot:
        delete_sign_ins(ctx, user.actor_id)
    return new


def own_profile(ctx: Context) -> User:
    """Return the user who acts, or whose token does; InvalidState for the operator, who has no profile."""
    actor = require_mode(ctx, "user", Mode.READ)
    user = None if actor.username is None else find_user(ctx, actor.username)
    if user is None:
        raise InvalidState("The operator is no user, and has no profile.", code="not_a_user")
    return user


def _known(ctx: Context, username: str) -> User:
    require_mode(ctx, "user", Mode.UPDATE)
    user = find_user(ctx, username)
    if user is None:
        raise NotFound(f"There is no user {username[:40]!r}.", code="user_not_found")
    rights = sorted(rights_despite_expiry(ctx, username))
    require_touched(ctx, "user", Mode.UPDATE, [{"id": username, "username": username, "rights": rights}])
    return user


def _require_manager(actor: Actor, user: User) -> None:
    if not actor.may(Right.MANAGE_LAB) or actor.username == user.username:
        raise Forbidden(
            "Only another person who manages the lab changes when an account expires and whether it is a "
            "program's.",
            code="row_protected",
        )


def _check(changed: Mapping[str, Any]) -> None:
    for name in ("name", "first_name", "last_name", "email", "phone"):
        if name in changed:
            checked_text(changed[name], f"The {name.replace('_', ' ')}")
    for name in ("name", "first_name", "last_name"):
        refuse_disguise(changed.get(name, ""))
    if changed.get("name") == "":
        raise InvalidState("A user has a name. Write one.", code="name_missing")
    affiliations = changed.get("affiliations", ())
    preferences = changed.get("preferences", {})
    if len(affiliations) > MAX_AFFILIATIONS or len(preferences) > MAX_PREFERENCES:
        raise InvalidState(
            f"A user has at most {MAX_AFFILIATIONS} affiliations and {MAX_PREFERENCES} preferences.",
            code="too_many_entries",
        )
    for text in (*affiliations, *preferences, *preferences.values()):
        checked_text(text, "An affiliation or a preference")
