"""The limits and the answers that the forms of the sign-in page share."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chalicelib.dashboard.dashboard_request import DashboardRequest
from chalicelib.dashboard.page_call import Rendered
from chalicelib.errors import TooManyTries
from chalicelib.operations.accounts.credentials.sign_in_limits import (
    count_failure,
    forget_failures,
    require_no_pause,
)
from chalicelib.operations.shared.context import Context

from .sign_in_page import show_sign_in

#: How many codes may be wrong for an account from all addresses together, before the first pause. Only a
#: client that knows the password gets there, and guessing six digits from many addresses must not succeed.
_FREE_CODES: Final = 10


def require_attempt(ctx: Context, username: str, address: str) -> None:
    """Refuse an attempt during a pause of this account at this address."""
    require_no_pause(ctx, username, address)


def count_wrong_password(ctx: Context, username: str, address: str) -> None:
    """Note an attempt with a wrong password, unless it was made during a pause."""
    require_no_pause(ctx, username, address)
    count_failure(ctx, username, address)


def require_code_attempt(ctx: Context, username: str, address: str) -> None:
    """Refuse a one-time code during a pause of the account at this address, or at all addresses."""
    require_no_pause(ctx, username, address)
    require_no_pause(ctx, _codes_of(username), "")


def count_wrong_code(ctx: Context, username: str, address: str) -> None:
    """Note a wrong one-time code, for this address and for all together."""
    require_code_attempt(ctx, username, address)
    count_failure(ctx, username, address)
    count_failure(ctx, _codes_of(username), "", free=_FREE_CODES)


def forget_attempts(ctx: Context, username: str, address: str) -> None:
    """Forget the failed attempts, after a sign-in."""
    forget_failures(ctx, username, address)


def forget_wrong_codes(ctx: Context, username: str) -> None:
    """Forget the wrong codes of an account, after a right one."""
    forget_failures(ctx, _codes_of(username), "")


def show_paused(
    request: DashboardRequest, refused: TooManyTries, *, username: str = "", challenge: str = ""
) -> Rendered:
    """Show the form with how long to wait."""
    page = show_sign_in(
        request, refused=str(refused), username=username, challenge=challenge, status=refused.status
    )
    return replace(page, headers={**page.headers, "Retry-After": str(max(1, round(refused.retry_after)))})


def _codes_of(username: str) -> str:
    return f"codes of {username}"
