"""What a user sees of their own account: how they sign in, and where they are signed in."""

from __future__ import annotations

from dataclasses import dataclass, field

from chalicelib.access.rights import Right
from chalicelib.operations.accounts.account_records import ApiToken, User
from chalicelib.operations.accounts.actors import find_user, rights_of_user, tokens_of
from chalicelib.operations.accounts.open_sessions import OpenSession, list_sessions
from chalicelib.operations.accounts.passwords import has_password
from chalicelib.operations.shared.access import require_actor
from chalicelib.operations.shared.context import Context

from .one_time_codes import has_codes, new_secret, setup_address
from .recovery_codes import count_recovery_codes


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """The account of the actor; the operator, who has none, has sessions only."""

    user: User | None
    rights: tuple[Right, ...]
    tokens: tuple[ApiToken, ...]
    sessions: tuple[OpenSession, ...]
    has_password: bool = False
    has_codes: bool = False
    recovery_codes: int = 0
    #: The secret that is being set up, and the address that its QR code contains.
    new_secret: str | None = field(default=None, repr=False)
    setup_address: str = field(default="", repr=False)


def read_own_account(ctx: Context) -> OwnAccount:
    """Return the account of the calling actor."""
    actor = require_actor(ctx)
    sessions = tuple(one for one in list_sessions(ctx) if one.actor == actor.id)
    user = find_user(ctx, actor.username or "")
    if user is None:
        return OwnAccount(None, tuple(Right), (), sessions)
    held = rights_of_user(ctx, user)
    name = user.username
    secret = new_secret(ctx, name)
    return OwnAccount(
        user,
        tuple(right for right in Right if right in held),
        tuple(tokens_of(ctx, name)),
        sessions,
        has_password=has_password(ctx, name),
        has_codes=has_codes(ctx, name),
        recovery_codes=count_recovery_codes(ctx, name),
        new_secret=secret,
        setup_address="" if secret is None else setup_address(ctx, name, secret),
    )
