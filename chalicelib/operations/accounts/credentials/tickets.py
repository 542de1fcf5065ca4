"""Makes tickets: secrets that work once and soon expire; only their hashes are stored.

A ticket has a purpose, and works for no other: a link that signs in, one with which a user chooses a
password, or an attempt to sign in that goes on with a code.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.accounts.open_sessions import is_expired
from chalicelib.operations.shared.context import Context

#: The purposes of tickets.
SIGNS_IN, CHOOSES_PASSWORD, AWAITS_CODE = "", "password", "code"
#: Random bytes of tickets and of sessions.
ENTROPY: Final = 32
#: Longer texts can't be tickets or sessions, and aren't hashed.
MOST_CHARACTERS: Final = 100


def make_ticket(ctx: Context, actor_id: str, lifetime: timedelta, *, purpose: str, browser: str = "") -> str:
    """Return a new ticket of an actor; expired tickets are deleted.

    `browser`: the hash of the cookie of the only browser that may use it.
    """
    delete_expired(ctx, keys.TICKETS)
    ticket = secrets.token_urlsafe(ENTROPY)
    fields = {
        "actor": actor_id,
        "expires": iso(ctx.now + lifetime),
        "purpose": purpose,
        "browser": browser,
    }
    ctx.uow.put_item(keys.ticket(digest(ticket)), "ticket", fields)
    return ticket


def valid_ticket(ctx: Context, ticket: str, *, purpose: str, browser: str = "") -> Mapping[str, Any] | None:
    """Return what is stored of a ticket; None when it was used, has expired, or is for something else."""
    item = stored(ctx, keys.ticket(digest(ticket)), ticket)
    if item is None or item.get("purpose", SIGNS_IN) != purpose or item.get("browser", "") != browser:
        return None
    return item


def use_ticket(ctx: Context, item: Mapping[str, Any]) -> None:
    """Use up a ticket in this commit; of two uses at once, one commits and the other is refused."""
    ctx.uow.delete_item((item["pk"], item["sk"]), expect=item["v"])


def stored(ctx: Context, key: keys.Key, text: str) -> Mapping[str, Any] | None:
    """Return what is stored of a ticket or of a session; None when there is none, or it has ended."""
    if not 0 < len(text) <= MOST_CHARACTERS:
        return None
    item = ctx.uow.item(key)
    return None if item is None or is_expired(item, ctx.now) else item


def delete_expired(ctx: Context, collection: str) -> None:
    """Delete the expired tickets or sessions."""
    for item in ctx.uow.items(collection):
        if is_expired(item, ctx.now):
            ctx.uow.delete_item((collection, item["sk"]))


def digest(text: str) -> str:
    """Return the hash under which a ticket or a session is stored; both are random, so it needs no salt."""
    return hashlib.sha256(text[: MOST_CHARACTERS + 1].encode(errors="surrogatepass")).hexdigest()
