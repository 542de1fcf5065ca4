"""Signs in with user name and password.

Unknown users, wrong passwords and users without rights get the same answer after the same time. The hash is
computed outside of the unit of work, and the commit decides: it refuses the attempt during a pause, whatever
the password was, so that attempts at the same time don't get around the pauses.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from functools import partial
from typing import Final

from chalicelib import services
from chalicelib.dashboard.dashboard_request import DashboardRequest
from chalicelib.dashboard.page_call import Rendered
from chalicelib.errors import TooManyTries, Unauthorized
from chalicelib.operations.accounts.credentials.password_hashing import is_password
from chalicelib.operations.accounts.passwords import StoredPassword, renew_hash, stored_password
from chalicelib.operations.accounts.sign_in_limits import count_failure, forget_failures, require_no_pause
from chalicelib.operations.shared.context import Context

from .complete import complete
from .sign_in_page import show_sign_in

WRONG: Final = "User name or password is wrong. Check both, and try again."
_MOST_CHARACTERS: Final = 64


def sign_in_with_password(request: DashboardRequest) -> Rendered:
    """Check user name and password, and sign in or show the form again."""
    username = request.one("username").strip().lower()[:_MOST_CHARACTERS]
    password = request.one("password")
    run = services.current().run
    try:
        stored = run(_read, username, request.address)
        if is_password(username, stored.hash, password) and stored.is_set:
            accept = partial(
                _accept, username=username, address=request.address, password=password, stored=stored
            )
            # A user without rights is refused like one who doesn't exist.
            with contextlib.suppress(Unauthorized):
                return complete(request, username, how="password", within=accept)
        run(_count_failure, username, request.address)
        return show_sign_in(request, refused=WRONG, username=username, status=401)
    except TooManyTries as refused:
        return show_paused(request, refused, username=username)


def show_paused(
    request: DashboardRequest, refused: TooManyTries, *, username: str = "", challenge: str = ""
) -> Rendered:
    """Show the form with how long to wait."""
    page = show_sign_in(
        request, refused=str(refused), username=username, challenge=challenge, status=refused.status
    )
    return replace(page, headers={**page.headers, "Retry-After": str(max(1, round(refused.retry_after)))})


def _read(ctx: Context, username: str, address: str) -> StoredPassword:
    require_no_pause(ctx, username, address)
    return stored_password(ctx, username)


def _count_failure(ctx: Context, username: str, address: str) -> None:
    require_no_pause(ctx, username, address)
    count_failure(ctx, username, address)


def _accept(ctx: Context, *, username: str, address: str, password: str, stored: StoredPassword) -> None:
    """Let a right password begin a session, unless the address pauses or the password has just changed."""
    require_no_pause(ctx, username, address)
    if stored_password(ctx, username).hash != stored.hash:
        raise Unauthorized(WRONG, code="sign_in_refused")
    forget_failures(ctx, username, address)
    renew_hash(ctx, username, password, stored)
