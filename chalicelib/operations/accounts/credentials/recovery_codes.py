"""Recovery codes: ten secrets that a user keeps for the day when they have lost their phone, each works once.

A code has 120 random bits, so that a hash without salt protects it (NIST SP 800-63B, look-up secrets).
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from typing import Any, Final

from chalicelib.errors import InvalidState
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.accounts.passwords import CREDENTIAL, end_after_change, own_user
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.shared.context import Context

RECOVERY: Final = "recovery-codes"
COUNT: Final = 10
_ENTROPY: Final = 15
_GROUP: Final = 6
_MOST_CHARACTERS: Final = 60


def make_recovery_codes(ctx: Context, username: str) -> list[str]:
    """Return ten new codes, which are shown once; the former ones work no more."""
    made = [base64.b32encode(secrets.token_bytes(_ENTROPY)).decode().lower() for _ in range(COUNT)]
    fields = {
        "username": username,
        "name": RECOVERY,
        "codes": [_hash_of(code) for code in made],
        "since": iso(ctx.now),
    }
    ctx.uow.put_if_unchanged(keys.credential(username, RECOVERY), CREDENTIAL, fields)
    return ["-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP)) for code in made]


def renew_recovery_codes(ctx: Context, username: str, *, kept_session: str = "") -> list[str]:
    """Replace the codes of a user; it is in the audit log, and the user's other sessions end.

    InvalidState for a user without one-time codes, whom recovery codes don't help.
    """
    user = own_user(ctx, username)
    if _stored(ctx, username) is None:
        raise InvalidState("Set up one-time codes first.", code="no_codes")
    record_change(ctx, "credentials.renew_recovery_codes", records=[("users", username)])
    end_after_change(ctx, user, kept_session)
    return make_recovery_codes(ctx, username)


def use_recovery_code(ctx: Context, username: str, code: str) -> bool:
    """Whether a code is one of the user's; it is used up with this commit, of two uses at once in one."""
    item = _stored(ctx, username)
    sent = _hash_of(code)
    if item is None or sent not in item["codes"]:
        return False
    fields = {name: item[name] for name in ("username", "name", "since")}
    left = [each for each in item["codes"] if each != sent]
    ctx.uow.put_if_unchanged(keys.credential(username, RECOVERY), CREDENTIAL, {**fields, "codes": left})
    return True


def count_recovery_codes(ctx: Context, username: str) -> int:
    """Return how many codes a user has left."""
    item = _stored(ctx, username)
    return 0 if item is None else len(item["codes"])


def delete_recovery_codes(ctx: Context, username: str) -> None:
    """Delete the codes of a user."""
    if _stored(ctx, username) is not None:
        ctx.uow.delete_item(keys.credential(username, RECOVERY))


def _stored(ctx: Context, username: str) -> Mapping[str, Any] | None:
    return ctx.uow.item(keys.credential(username, RECOVERY))


def _hash_of(code: str) -> str:
    """Return the hash of a code as it was made: without groups, in small letters."""
    plain = "".join(code[:_MOST_CHARACTERS].lower().replace("-", "").split())
    return hashlib.sha256(plain.encode(errors="surrogatepass")).hexdigest()
