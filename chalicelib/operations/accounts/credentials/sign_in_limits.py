"""Limits attempts to sign in: pauses grow by account and address together.

Guesses from one address don't keep the owner of the account from signing in at another one, so a stranger
can't lock them out. Unknown accounts are limited alike, so that pauses don't tell which accounts exist.
"""

from __future__ import annotations

import ipaddress
import secrets
from datetime import datetime, timedelta
from typing import Final

from chalicelib.errors import TooManyTries
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context

#: How many attempts may fail before the first pause, which doubles with each further one.
FREE_FAILURES: Final = 4
FIRST_PAUSE: Final = timedelta(seconds=2)
LONGEST_PAUSE: Final = timedelta(minutes=15)
#: After this long without an attempt, the failures are forgotten.
FORGOTTEN_AFTER: Final = timedelta(days=1)
#: How many bits of an IPv6 address name a network: one client has all addresses of such a one.
_CLIENT_BITS: Final = 64
#: How many stored records a failure looks at, to delete those that are forgotten.
_LOOKED_AT: Final = 5


def require_no_pause(ctx: Context, account: str, address: str) -> None:
    """Refuse an attempt during a pause: TooManyTries, which says how long to wait."""
    item = ctx.uow.item(_key(ctx, account, address))
    if item is None or item["until"] <= iso(ctx.now):
        return
    wait = (datetime.fromisoformat(item["until"]) - ctx.now).total_seconds()
    raise TooManyTries(
        f"Too many attempts have failed. Wait {_in_words(wait)}, then try again.", retry_after=wait
    )


def count_failure(ctx: Context, account: str, address: str, *, free: int = FREE_FAILURES) -> None:
    """Note a failed attempt; of two at once, one commits first and the other is tried again after it.

    `free`: how many attempts may fail before the first pause.
    """
    key = _key(ctx, account, address)
    item = ctx.uow.item(key)
    is_forgotten = item is None or item["expires"] <= ctx.now.timestamp()
    failures = 1 if item is None or is_forgotten else item["failures"] + 1
    pause = pause_after(failures, free)
    fields = {
        "failures": failures,
        # Without a pause no moment: attempts at the same time began before it.
        "until": iso(ctx.now + pause) if pause else "",
        "expires": int((ctx.now + FORGOTTEN_AFTER).timestamp()),
    }
    ctx.uow.put_if_unchanged(key, "sign_in_limit", fields)
    if item is None:
        _delete_some_forgotten(ctx)


def forget_failures(ctx: Context, account: str, address: str) -> None:
    """Forget the failures of an account at an address, after a sign-in there."""
    key = _key(ctx, account, address)
    if ctx.uow.item(key) is not None:
        ctx.uow.delete_item(key)


def pause_after(failures: int, free: int = FREE_FAILURES) -> timedelta:
    """Return the pause after a number of failures."""
    if failures <= free:
        return timedelta(0)
    # Doubling further than this would overflow.
    doubled: timedelta = FIRST_PAUSE * 2 ** min(failures - free - 1, 20)
    return min(LONGEST_PAUSE, doubled)


def _key(ctx: Context, account: str, address: str) -> keys.Key:
    """Return where the failures are stored: under a keyed hash, since names and addresses are personal."""
    return keys.sign_in_limit(ctx.tokens.keyed(f"sign-in|{account}|{_client_of(address)}"))


def _client_of(address: str) -> str:
    """Return the part of an address that names one client."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, _CLIENT_BITS), strict=False))
    return str(found)


def _delete_some_forgotten(ctx: Context) -> None:
    """Delete forgotten failures among a few records, from a random one on: SQLite has no time to live."""
    page = ctx.uow.page(keys.SIGN_IN_LIMITS, after=secrets.token_hex(12), limit=_LOOKED_AT)
    for item in page.items:
        if item["expires"] <= ctx.now.timestamp():
            ctx.uow.delete_item((item["pk"], item["sk"]), expect=item["v"])


def _in_words(seconds: float) -> str:
    if seconds <= 90:  # noqa: PLR2004 - a minute and a half
        return f"{max(1, round(seconds))} seconds"
    return f"{round(seconds / 60)} minutes"
