"""Begins the session of a user who has proved who they are, whichever way they did it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from chalicelib import services
from chalicelib.dashboard.dashboard_request import DashboardRequest
from chalicelib.dashboard.page_call import Rendered
from chalicelib.dashboard.sessions import (
    SESSION_LIFETIME,
    Browser,
    begin_operator_session,
    begin_user_session,
)
from chalicelib.operations.shared.context import Context, Request

from .cookies import SessionCookie

HOME: Final = "/dashboard"


def complete(
    request: DashboardRequest,
    username: str,
    *,
    how: str,
    within: Callable[[Context], None] | None = None,
    lifetime: timedelta = SESSION_LIFETIME,
    sign_out: tuple[str, str] = ("", ""),
) -> Rendered:
    """Sign a user in: begin a session, give the browser a new cookie, and open the dashboard.

    The sign-in is in the audit log as the user's. Unauthorized when there is no such user, or they have no
    rights any more.

    Args:
        request: The request that completed the proof.
        username: The user.
        how: The way in words, for the list of sessions and the audit log: `password and code`.
        within: Called in the commit that begins the session, to use up what works once, such as a code or a
            state; it raises Refused to keep the session from beginning.
        lifetime: How long the session lasts.
        sign_out: The label of the provider with whose account the user signs in, and the address at which
            they sign out there; "" for none.

    Returns:
        The redirect to the dashboard, with the cookie of the new session.

    """
    cookie = SessionCookie.of(request)
    token = services.current().run(
        begin_user_session,
        username,
        browser_of(request, cookie),
        how=how,
        within=within,
        lifetime=lifetime,
        sign_out=sign_out,
        request=Request(address=request.address),
    )
    return signed_in(cookie, token)


def complete_operator(request: DashboardRequest, *, how: str, within: Callable[[Context], None]) -> Rendered:
    """Sign the operator in, who has typed the password of the settings; see `complete`."""
    cookie = SessionCookie.of(request)
    token = services.current().run(
        begin_operator_session,
        browser_of(request, cookie),
        how=how,
        within=within,
        request=Request(address=request.address),
    )
    return signed_in(cookie, token)


def browser_of(request: DashboardRequest, cookie: SessionCookie) -> Browser:
    """Return what a new session notes about the browser, and the session that it has had."""
    agent = request.headers.get("user-agent") or ""
    return Browser(cookie.token, cookie.is_secure, agent, request.address)


def signed_in(cookie: SessionCookie, token: str) -> Rendered:
    """Return the redirect to the dashboard that gives the browser its session."""
    return Rendered(status=303, headers={"Location": HOME, "Set-Cookie": cookie.header(token)})
