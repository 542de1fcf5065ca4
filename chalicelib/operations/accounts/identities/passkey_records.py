"""Stores the passkeys of users, and compares how often they were used: a copy of one is noticed by that."""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from chalicelib.errors import InvalidState, NotFound
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.accounts.account_records import checked_text
from chalicelib.operations.accounts.credentials.sign_in_indexes import OPENID, PASSKEY, forget_sign_in
from chalicelib.operations.accounts.passwords import CREDENTIAL, end_after_change, has_password, own_user
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.shared.context import Context

from .used_sign_ins import use_once

#: More passkeys than this are more than a person's devices.
MOST_PASSKEYS: Final = 20
logger = logging.getLogger("petri")


@dataclass(frozen=True, slots=True)
class StoredPasskey:
    """A user's passkey."""

    username: str
    #: The id under which the user's page lists it.
    digest: str
    #: The user's own name for it.
    label: str
    credential_id: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    sign_count: int
    created: str
    last_used: str
    #: Whether it was used with a lower count than before, so that a copy of it may exist.
    is_blocked: bool

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> StoredPasskey:
        """Read a stored passkey."""
        return cls(
            item["username"],
            item["name"].removeprefix(PASSKEY),
            item["label"],
            _decoded(item["credential_id"]),
            _decoded(item["public_key"]),
            item["sign_count"],
            item["created"],
            item["last_used"],
            item["blocked"],
        )


@dataclass(frozen=True, slots=True)
class AddedPasskey:
    """A passkey that was verified a moment ago, and the attempt that made it."""

    label: str
    credential_id: bytes
    public_key: bytes
    sign_count: int
    #: What identifies the attempt, and when it ends.
    attempt: str
    ends: datetime


def user_handle(ctx: Context, username: str) -> bytes:
    """Return what stands for a user in their passkeys: it doesn't identify the person."""
    return ctx.tokens.keyed(f"passkeys of {username}").encode()


def passkeys_of(ctx: Context, username: str) -> list[StoredPasskey]:
    """Return a user's passkeys, oldest first."""
    found = map(StoredPasskey.from_item, ctx.uow.items(keys.credentials(username), PASSKEY))
    return sorted(found, key=lambda each: each.created)


def find_passkey(ctx: Context, credential_id: bytes) -> StoredPasskey | None:
    """Return the passkey with this id; None for an unknown one."""
    digest = _digest(credential_id)
    index = ctx.uow.item(keys.passkey(digest))
    item = None if index is None else ctx.uow.item(keys.credential(index["username"], f"{PASSKEY}{digest}"))
    return None if item is None else StoredPasskey.from_item(item)


def add_passkey(ctx: Context, username: str, added: AddedPasskey) -> None:
    """Add a passkey to the calling user; the attempt is used up.

    InvalidState for one that exists already, or too many of them.
    """
    use_once(ctx, added.attempt, added.ends)
    own_user(ctx, username)
    digest = _digest(added.credential_id)
    name = f"{PASSKEY}{digest}"
    if ctx.uow.item(keys.passkey(digest)) is not None:
        raise InvalidState("This passkey is added already.", code="passkey_exists")
    if len(passkeys_of(ctx, username)) >= MOST_PASSKEYS:
        raise InvalidState(f"You have {MOST_PASSKEYS} passkeys. Remove one first.", code="too_many_passkeys")
    label = checked_text(added.label.strip()[:60] or "Passkey", "The name")
    fields = {
        "username": username,
        "name": name,
        "label": label,
        "credential_id": _encoded(added.credential_id),
        "public_key": _encoded(added.public_key),
        "sign_count": added.sign_count,
        "created": iso(ctx.now),
        "last_used": "",
        "blocked": False,
    }
    record_change(ctx, "credentials.add_passkey", records=[("users", username)], fields={"label": label})
    ctx.uow.put_item(keys.credential(username, name), CREDENTIAL, fields)
    ctx.uow.put_item(keys.passkey(digest), "passkey", {"username": username})


def remove_passkey(ctx: Context, username: str, digest: str, *, kept_session: str = "") -> None:
    """Remove a passkey; the user's other sessions end. NotFound for an unknown one.

    InvalidState for the last way in which the user can sign in by themselves.
    """
    user = own_user(ctx, username, for_removal=True)
    item = ctx.uow.item(keys.credential(username, f"{PASSKEY}{digest}"))
    if item is None:
        raise NotFound("There is no such passkey. Reload the page.", code="credential_not_found")
    require_other_way(ctx, username, item["sk"])
    fields = {"label": item["label"]}
    record_change(ctx, "credentials.remove_passkey", records=[("users", username)], fields=fields)
    ctx.uow.delete_item((item["pk"], item["sk"]), expect=item["v"])
    forget_sign_in(ctx, item)
    end_after_change(ctx, user, kept_session)


def require_other_way(ctx: Context, username: str, name: str) -> None:
    """Refuse to remove the last credential with which a user can sign in by themselves."""
    others = [
        item["sk"]
        for kind in (OPENID, PASSKEY)
        for item in ctx.uow.items(keys.credentials(username), kind)
        if item["sk"] != name and not item.get("blocked")
    ]
    if not others and not has_password(ctx, username):
        raise InvalidState(
            "This is the only way in which you can sign in. Set a password or add another way first.",
            code="last_way",
        )


def count_use(ctx: Context, passkey: StoredPasskey, count: int) -> bool:
    """Note a use of a passkey with its own count; False, and the passkey is blocked, for a count not higher.

    Both counts are 0 where a passkey doesn't count. The caller commits either way.
    """
    key = keys.credential(passkey.username, f"{PASSKEY}{passkey.digest}")
    item = ctx.uow.item(key)
    if item is None or item["blocked"]:
        return False
    before = int(item["sign_count"])
    is_higher = count > before or count == before == 0
    fields = {name: value for name, value in item.items() if name not in {"pk", "sk", "kind", "v"}}
    if is_higher:
        fields |= {"sign_count": count, "last_used": iso(ctx.now)}
    else:
        logger.warning("a passkey was used with a lower count than before, and is blocked now")
        fields |= {"blocked": True}
    ctx.uow.put_if_unchanged(key, CREDENTIAL, fields)
    return is_higher


def _digest(credential_id: bytes) -> str:
    return hashlib.sha256(credential_id).hexdigest()


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text)
