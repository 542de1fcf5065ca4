"""Remembers which sign-ins were used, so that each works once."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

from chalicelib.errors import Forbidden
from chalicelib.model import keys
from chalicelib.operations.shared.context import Context

#: How many earlier sign-ins are looked at each time, and forgotten when they are over.
_CLEARED_AT_ONCE: Final = 25


def use_once(ctx: Context, secret: str, ends: datetime) -> None:
    """Use up a sign-in in this commit; Forbidden when it was used before, or has ended.

    Args:
        ctx: The context of the commit.
        secret: What identifies the sign-in; its hash is stored.
        ends: Until when the sign-in could be used; it is remembered until then.

    """
    key = keys.used_sign_in(hashlib.sha256(secret.encode()).hexdigest())
    if ctx.now >= ends or ctx.uow.item(key) is not None:
        raise Forbidden("This sign-in was used before, or took too long. Begin again.", code="sign_in_used")
    # Some of the old ones each time: a class of hundreds may sign in at once.
    for item in ctx.uow.page(keys.USED_SIGN_INS, limit=_CLEARED_AT_ONCE).items:
        if item["expires"] < ctx.now.timestamp():
            ctx.uow.delete_item((item["pk"], item["sk"]))
    # A sign-in that ends now is remembered a second longer, since the moments of records are whole seconds.
    ctx.uow.put_item(key, "used_sign_in", {"expires": int(ends.timestamp()) + 1})
