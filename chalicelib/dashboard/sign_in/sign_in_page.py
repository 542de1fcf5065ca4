"""Renders the sign-in page: the form for user name and password, and a button for each other way."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.dashboard.dashboard_request import DashboardRequest
from chalicelib.dashboard.page_call import Rendered
from chalicelib.dashboard.rendering import render_alone

from .cookies import FormCookie
from .ways import available_ways


def show_sign_in(
    request: DashboardRequest,
    *,
    ticket: str = "",
    was_sent: bool = False,
    refused: str = "",
    username: str = "",
    challenge: str = "",
    said: str = "",
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Rendered:
    """Show the sign-in page.

    Args:
        request: The request, whose browser gets the cookie to which the form belongs.
        ticket: A valid ticket: the page then shows the button that uses it.
        was_sent: Whether the request brought a ticket.
        refused: Why an attempt was refused.
        username: The user name that the form shows.
        challenge: The attempt that goes on with a code: the page then asks for one.
        said: What has happened before.
        status: The HTTP status.
        headers: More headers.

    Returns:
        The page.

    """
    cookie = FormCookie.of(request)
    values = {
        "ticket": ticket,
        "was_sent": was_sent,
        "refused": refused,
        "username": username,
        "challenge": challenge,
        "is_recovery": bool(challenge and request.one("recovery")),
        "said": said,
        "csrf": cookie.token,
        "ways": available_ways(),
    }
    given = {} if cookie.is_sent else {"Set-Cookie": cookie.header}
    return render_alone("sign_in.html", status=status, headers={**given, **(headers or {})}, **values)
