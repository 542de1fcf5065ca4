"""Maintains where it is stored whose account at a provider, or whose passkey, signs in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.model import keys
from chalicelib.operations.shared.context import Context

#: What the names of credentials begin with.
OPENID: Final = "openid:"
PASSKEY: Final = "passkey:"


def forget_sign_in(ctx: Context, credential: Mapping[str, Any], *, is_blocked: bool = False) -> None:
    """Delete the index of a credential that is deleted, if it has one.

    `is_blocked`: the user is removed, so that their account at a provider makes no new user by itself.
    """
    kind, _, digest = str(credential["sk"]).partition(":")
    if f"{kind}:" == PASSKEY:
        ctx.uow.delete_item(keys.passkey(digest))
    if f"{kind}:" == OPENID and is_blocked:
        ctx.uow.put_if_unchanged(keys.openid_account(digest), "openid_account", {"username": ""})
    elif f"{kind}:" == OPENID:
        ctx.uow.delete_item(keys.openid_account(digest))
