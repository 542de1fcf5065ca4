"""Signs in with user name and password.

Unknown users, wrong passwords and users without rights get the same answer after the same time. The hash is
computed outside of the unit of work, and the commit decides: it refuses the attempt during a pause, whatever
the password was, so that attempts at the same time don't get around the pauses.
"""

from __future__ import annotations

import contextlib
from datetime import timedelta
from functools import partial
from typing import Final

from chalicelib import services
from chalicelib.dashboard.dashboard_request import DashboardRequest
from chalicelib.dashboard.page_call import Rendered
from chalicelib.errors import TooManyTries, Unauthorized
from chalicelib.operations.accounts.account_records import user_actor_id
from chalicelib.operations.accounts.actors import find_actor, keep_user
from chalicelib.operations.accounts.configured_operator import operator_password
from chalicelib.operations.accounts.credentials.one_time_codes import has_codes
from chalicelib.operations.accounts.credentials.password_hashing import is_password
from chalicelib.operations.accounts.credentials.tickets import AWAITS_CODE, make_ticket
from chalicelib.operations.accounts.passwords import StoredPassword, renew_hash, stored_password
from chalicelib.operations.shared.context import Context

from .attempts import count_wrong_password, forget_attempts, require_attempt, show_paused
from .complete import complete, complete_operator
from .cookies import FormCookie
from .sign_in_page import show_sign_in

WRONG: Final = "Username or password is wrong. Check both, and try again."
#: How long a right password waits for the code that follows it.
CHALLENGE_LIFETIME: Final = timedelta(minutes=5)
_MOST_CHARACTERS: Final = 64


def sign_in_with_password(request: DashboardRequest) -> Rendered:
    """Check user name and password, and sign in, ask for a code, or show the form again."""
    username = request.one("username").strip().lower()[:_MOST_CHARACTERS]
    password = request.one("password")
    run = services.current().run
    try:
        stored = run(_read, username, request.address)
        if is_password(username, stored.hash, password) and stored.is_set:
            # A user without rights is refused like one who doesn't exist.
            with contextlib.suppress(Unauthorized):
                return _go_on(request, username, password, stored)
        run(count_wrong_password, username, request.address)
    except TooManyTries as refused:
        return show_paused(request, refused, username=username)
    return show_sign_in(request, refused=WRONG, username=username, status=401)


def _go_on(request: DashboardRequest, username: str, password: str, stored: StoredPassword) -> Rendered:
    """Sign in, or ask for a code where the user has set up such codes."""
    accept = partial(_accept, username=username, address=request.address, password=password, stored=stored)
    if stored.is_operators:
        return complete_operator(request, how="password of the settings", within=accept)
    browser = FormCookie.of(request).digest
    challenge = services.current().run(_challenge, username, accept, browser)
    if challenge is None:
        return complete(request, username, how="password", within=accept)
    return show_sign_in(request, username=username, challenge=challenge)


def _read(ctx: Context, username: str, address: str) -> StoredPassword:
    require_attempt(ctx, username, address)
    return _password_of(ctx, username)


def _password_of(ctx: Context, username: str) -> StoredPassword:
    """Return what the password of a user, or of the operator of the settings, is compared with."""
    operators = operator_password(ctx, username)
    return operators or stored_password(ctx, username)


def _accept(ctx: Context, *, username: str, address: str, password: str, stored: StoredPassword) -> None:
    """Accept a right password, unless the address pauses or the password has just changed."""
    require_attempt(ctx, username, address)
    if _password_of(ctx, username).hash != stored.hash:
        raise Unauthorized(WRONG, code="sign_in_refused")
    renew_hash(ctx, username, password, stored)
    if not has_codes(ctx, username):
        forget_attempts(ctx, username, address)


def _challenge(ctx: Context, username: str, accept: partial[None], browser: str) -> str | None:
    """Return a ticket with which this browser goes on with a code; None when no code is asked for."""
    if not has_codes(ctx, username):
        return None
    accept(ctx)
    actor = find_actor(ctx, user_actor_id(username))
    if actor is None or not actor.rights:
        raise Unauthorized(WRONG, code="sign_in_refused")
    keep_user(ctx, username)
    return make_ticket(ctx, actor.id, CHALLENGE_LIFETIME, purpose=AWAITS_CODE, browser=browser)
