"""Sets and checks the passwords of users; each change is in the audit log, and ends the user's sessions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib.access.rules import Mode
from chalicelib.errors import NotFound
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.audit.record_change import raise_rights_version, record_change
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.row_access import require_mode, require_touched

from .account_records import User
from .actors import find_user, keep_user, rights_of_user
from .credentials.password_hashing import dummy_hash, hash_password, needs_new_hash
from .credentials.password_rules import check_password
from .credentials.sign_in_indexes import forget_sign_in
from .open_sessions import delete_sign_ins

PASSWORD: Final = "password"  # noqa: S105 - the name of a record
CREDENTIAL: Final = "credential"


@dataclass(frozen=True, slots=True)
class StoredPassword:
    """What an attempt to sign in is compared with: a user's hash, or one that no password matches."""

    hash: str = field(repr=False)
    is_set: bool
    #: Whether it is the operator's, from the settings.
    is_operators: bool = False


def set_password(
    ctx: Context, username: str, password: str, *, kept_session: str = "", of_new: User | None = None
) -> None:
    """Set the password of a user, in the name of the calling actor, who is the user or may do all.

    The user's other sessions and sign-in links end, and changes of theirs that are under way are refused.
    BadRequest for a password that is too short or that others guess; NotFound for an unknown user.

    Args:
        ctx: The context, whose caller is the user or an actor with System admin.
        username: The user.
        password: The new password.
        kept_session: The id of the session in which the user does this, which goes on.
        of_new: The user, if this commit makes them.

    """
    user = of_new or own_user(ctx, username)
    check_password(password, (user.username, user.name, user.email, str(ctx.settings.title), ctx.app_id))
    stored: dict[str, Any] = {
        "username": username,
        "name": PASSWORD,
        "hash": hash_password(username, password),
        "changed": iso(ctx.now),
    }
    record_change(ctx, "credentials.set_password", records=[("users", username)])
    ctx.uow.put_if_unchanged(keys.credential(username, PASSWORD), CREDENTIAL, stored)
    end_after_change(ctx, user, kept_session)


def own_user(ctx: Context, username: str, *, for_removal: bool = False) -> User:
    """Return a user whose credentials the actor may change, or remove; NotFound for an unknown one."""
    mode = Mode.DELETE if for_removal else Mode.UPDATE
    require_mode(ctx, CREDENTIAL, mode)
    user = find_user(ctx, username)
    if user is None:
        raise NotFound(f"There is no user {username[:40]!r}.", code="user_not_found")
    rights = sorted(rights_of_user(ctx, user)) if for_removal else []
    row = {"id": username, "username": username, "rights": rights}
    require_touched(ctx, CREDENTIAL, mode, [row])
    keep_user(ctx, username)
    return user


def has_password(ctx: Context, username: str) -> bool:
    """Whether a user can sign in with a password."""
    return stored_password(ctx, username).is_set


def stored_password(ctx: Context, username: str) -> StoredPassword:
    """Return what the password of a user is compared with; an unknown name is answered alike."""
    item = ctx.uow.item(keys.credential(username, PASSWORD)) if username else None
    # Made for each name: a process makes it once, and its first attempt takes longer for every name alike.
    dummy = dummy_hash()
    return StoredPassword(dummy if item is None else item["hash"], is_set=item is not None)


def renew_hash(ctx: Context, username: str, password: str, stored: StoredPassword) -> None:
    """Hash a password again that was just right, if today's parameters are stronger than its hash's."""
    item = ctx.uow.item(keys.credential(username, PASSWORD))
    if item is not None and item["hash"] == stored.hash and needs_new_hash(stored.hash):
        fields = {name: item[name] for name in ("username", "name", "changed")}
        fields["hash"] = hash_password(username, password)
        ctx.uow.put_if_unchanged(keys.credential(username, PASSWORD), CREDENTIAL, fields)


def end_after_change(ctx: Context, user: User, kept_session: str = "") -> None:
    """After a change of credentials, end the user's other sessions and refuse changes under way."""
    delete_sign_ins(ctx, user.actor_id, kept=kept_session)
    raise_rights_version(ctx, user.actor_id)


def delete_credentials(ctx: Context, username: str) -> None:
    """Delete all credentials of a user who is removed."""
    for item in ctx.uow.items(keys.credentials(username)):
        ctx.uow.delete_item((item["pk"], item["sk"]))
        forget_sign_in(ctx, item, is_blocked=True)
