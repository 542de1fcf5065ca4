"""Goes on with a sign-in after the password: with a one-time code, or with a recovery code."""

from __future__ import annotations

from functools import partial
from typing import Final

from chalicelib import services
from chalicelib.dashboard.dashboard_request import DashboardRequest
from chalicelib.dashboard.page_call import Rendered
from chalicelib.errors import TooManyTries, Unauthorized
from chalicelib.operations.accounts.account_records import username_of
from chalicelib.operations.accounts.credentials.one_time_codes import use_code
from chalicelib.operations.accounts.credentials.recovery_codes import use_recovery_code
from chalicelib.operations.accounts.credentials.sign_in_limits import count_failure
from chalicelib.operations.accounts.credentials.tickets import AWAITS_CODE, use_ticket, valid_ticket
from chalicelib.operations.shared.context import Context

from .attempts import (
    count_wrong_code,
    forget_attempts,
    forget_wrong_codes,
    require_attempt,
    require_code_attempt,
    show_paused,
)
from .complete import complete
from .cookies import FormCookie
from .sign_in_page import show_sign_in

WRONG: Final = "This code is wrong, or it was used already. Wait for the next one, and type it."
WRONG_RECOVERY: Final = "This recovery code is wrong, or it was used already. Type another one."
TOO_LATE: Final = "Signing in took too long. Begin again with your password."


def sign_in_with_code(request: DashboardRequest) -> Rendered:
    """Check the code that follows the password, and sign in or show the form again.

    A recovery code can't be guessed, so wrong one-time codes of others don't keep its owner from using one.
    """
    challenge = request.one("challenge")
    browser = FormCookie.of(request).digest
    run = services.current().run
    username = run(_challenged, challenge, browser)
    if username is None:
        return show_sign_in(request, refused=TOO_LATE, status=401)
    is_recovery = not request.one("code").strip() and bool(request.one("recovery").strip())
    accept = _accept_recovery if is_recovery else _accept_code
    use = partial(
        accept,
        username=username,
        address=request.address,
        sent=request.one("recovery" if is_recovery else "code"),
        challenge=challenge,
        browser=browser,
    )
    try:
        try:
            how = "password and recovery code" if is_recovery else "password and code"
            return complete(request, username, how=how, within=use)
        except Unauthorized:
            run(_count_wrong_recovery if is_recovery else count_wrong_code, username, request.address)
    except TooManyTries as refused:
        return show_paused(request, refused, username=username, challenge=challenge)
    wrong = WRONG_RECOVERY if is_recovery else WRONG
    return show_sign_in(request, refused=wrong, username=username, challenge=challenge, status=401)


def _challenged(ctx: Context, challenge: str, browser: str) -> str | None:
    item = valid_ticket(ctx, challenge, purpose=AWAITS_CODE, browser=browser)
    return None if item is None else username_of(item["actor"])


def _accept_code(
    ctx: Context, *, username: str, address: str, sent: str, challenge: str, browser: str
) -> None:
    require_code_attempt(ctx, username, address)
    _use_challenge(ctx, challenge, browser)
    if not use_code(ctx, username, sent):
        raise Unauthorized(WRONG, code="sign_in_refused")
    forget_attempts(ctx, username, address)
    forget_wrong_codes(ctx, username)


def _accept_recovery(
    ctx: Context, *, username: str, address: str, sent: str, challenge: str, browser: str
) -> None:
    require_attempt(ctx, username, address)
    _use_challenge(ctx, challenge, browser)
    if not use_recovery_code(ctx, username, sent):
        raise Unauthorized(WRONG_RECOVERY, code="sign_in_refused")
    forget_attempts(ctx, username, address)


def _count_wrong_recovery(ctx: Context, username: str, address: str) -> None:
    require_attempt(ctx, username, address)
    count_failure(ctx, username, address)


def _use_challenge(ctx: Context, challenge: str, browser: str) -> None:
    item = valid_ticket(ctx, challenge, purpose=AWAITS_CODE, browser=browser)
    if item is None:
        raise Unauthorized(TOO_LATE, code="sign_in_refused")
    use_ticket(ctx, item)
