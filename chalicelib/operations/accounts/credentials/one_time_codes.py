"""One-time codes of an app on the user's phone (TOTP, RFC 6238), as a second proof after the password.

A code is accepted in the half minute for which it is made and in the two beside it, since clocks differ, and
once: the last step that was used is stored with a condition, so that two uses at once don't both succeed.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from chalicelib.errors import BadRequest, InvalidState
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.accounts.actors import find_user
from chalicelib.operations.accounts.passwords import CREDENTIAL, end_after_change, has_password, own_user
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.shared.context import Context

from .recovery_codes import delete_recovery_codes, make_recovery_codes

CODES: Final = "one-time-codes"
#: Codes that are being set up, until the user has shown that their app makes them.
NEW_CODES: Final = "new-one-time-codes"
SETUP_LIFETIME: Final = timedelta(minutes=15)
STEP_SECONDS: Final = 30
DIGITS: Final = 6


def begin_codes(ctx: Context, username: str) -> None:
    """Make a secret for a user's app; codes are asked for only after `confirm_codes`."""
    # Lazy import: only accounts with codes need it.
    import pyotp

    user = own_user(ctx, username)
    if not has_password(ctx, username):
        raise InvalidState("Choose a password first: codes are asked for after it.", code="no_password")
    fields = {
        "username": user.username,
        "name": NEW_CODES,
        "secret": pyotp.random_base32(),
        "until": iso(ctx.now + SETUP_LIFETIME),
    }
    ctx.uow.put_if_unchanged(keys.credential(username, NEW_CODES), CREDENTIAL, fields)


def new_secret(ctx: Context, username: str) -> str | None:
    """Return the secret that is being set up; None when none is, or it was begun too long ago."""
    item = ctx.uow.item(keys.credential(username, NEW_CODES))
    return None if item is None or item["until"] <= iso(ctx.now) else str(item["secret"])


def confirm_codes(ctx: Context, username: str, code: str, *, kept_session: str = "") -> list[str]:
    """Ask for codes from now on, since the user's app makes the right ones; return ten recovery codes.

    The user's other sessions end. BadRequest for a wrong code.
    """
    user = own_user(ctx, username)
    secret = new_secret(ctx, username)
    if secret is None:
        raise InvalidState("Setting up one-time codes took too long. Begin again.", code="setup_expired")
    step = _step_of(ctx, secret, code, after=0)
    if step is None:
        raise BadRequest(
            "This code is wrong. Check that the clock of your phone is right, and type the code that the app "
            "shows now.",
            code="wrong_code",
        )
    record_change(ctx, "credentials.set_up_codes", records=[("users", username)])
    ctx.uow.delete_item(keys.credential(username, NEW_CODES))
    fields = {"username": username, "name": CODES, "secret": secret, "last_step": step, "since": iso(ctx.now)}
    ctx.uow.put_if_unchanged(keys.credential(username, CODES), CREDENTIAL, fields)
    end_after_change(ctx, user, kept_session)
    return make_recovery_codes(ctx, username)


def has_codes(ctx: Context, username: str) -> bool:
    """Whether a code is asked for after the user's password."""
    return _stored(ctx, username) is not None


def use_code(ctx: Context, username: str, code: str) -> bool:
    """Whether a code is the user's, now and for the first time; it is used up with this commit."""
    item = _stored(ctx, username)
    if item is None:
        return False
    step = _step_of(ctx, item["secret"], code, after=item["last_step"])
    if step is None:
        return False
    fields = {name: item[name] for name in ("username", "name", "secret", "since")}
    ctx.uow.put_if_unchanged(keys.credential(username, CODES), CREDENTIAL, {**fields, "last_step": step})
    return True


def turn_off_codes(ctx: Context, username: str, *, kept_session: str = "") -> None:
    """Ask for no codes any more: the user themselves, or a person who manages them after a lost phone.

    The user's recovery codes and other sessions end too. InvalidState when none are asked for.
    """
    user = own_user(ctx, username, for_removal=True)
    if not has_codes(ctx, username):
        raise InvalidState(f"{user.name} signs in without one-time codes already.", code="no_codes")
    record_change(ctx, "credentials.turn_off_codes", records=[("users", username)])
    ctx.uow.delete_item(keys.credential(username, CODES))
    delete_recovery_codes(ctx, username)
    end_after_change(ctx, user, kept_session)


def setup_address(ctx: Context, username: str, secret: str) -> str:
    """Return the otpauth:// address that the QR code contains."""
    # Lazy import: only accounts with codes need it.
    import pyotp

    user = find_user(ctx, username)
    name = username if user is None else user.username
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=f"{ctx.settings.title} ({ctx.app_id})")


def _stored(ctx: Context, username: str) -> Mapping[str, Any] | None:
    return ctx.uow.item(keys.credential(username, CODES))


def _step_of(ctx: Context, secret: str, code: str, *, after: int) -> int | None:
    """Return the step for which a code is made, if it is later than the last one that was used."""
    # Lazy import: only accounts with codes need it.
    import pyotp

    digits = "".join(code.split())
    if not (len(digits) == DIGITS and digits.isascii() and digits.isdigit()):
        return None
    now = int(ctx.now.timestamp()) // STEP_SECONDS
    maker = pyotp.TOTP(secret)
    for step in (now - 1, now, now + 1):
        if hmac.compare_digest(maker.generate_otp(step), digits) and step > after:
            return step
    return None
