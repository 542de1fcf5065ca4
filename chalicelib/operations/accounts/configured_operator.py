"""The operator's sign-in by `dashboard_user` and `dashboard_password`, for runs that set a password."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Final

from chalicelib.errors import BadRequest
from chalicelib.operations.shared.context import Context

from .actors import find_user
from .credentials.password_hashing import hash_password
from .credentials.password_rules import check_password
from .passwords import StoredPassword

_PASSWORD: Final = "dashboard_password"  # noqa: S105 - the name of a setting
_MOST_CHARACTERS: Final = 64
logger = logging.getLogger("petri")


def operator_password(ctx: Context, username: str) -> StoredPassword | None:
    """Return what the operator's password is compared with, if this is the operator's name; None otherwise.

    A user of the run with the same name keeps it, and a password that others would guess has no effect.
    """
    password = ctx.config.get(_PASSWORD)
    if not password:
        return None
    name = ctx.settings.dashboard_user.strip().lower()[:_MOST_CHARACTERS]
    try:
        check_password(str(password), (name, str(ctx.settings.title), ctx.app_id))
    except BadRequest as problem:
        logger.warning("dashboard_password has no effect: %s Set another one.", problem)
        return None
    # Made for each name, so that the time of an answer doesn't tell the operator's.
    hashed = _hash_of(name, str(password))
    if username != name or find_user(ctx, name) is not None:
        return None
    return StoredPassword(hashed, is_set=True, is_operators=True)


@lru_cache(maxsize=1)
def _hash_of(name: str, password: str) -> str:
    return hash_password(name, password)
