"""Signs in with a link that works once, which a command or a person who manages the run has made."""

from __future__ import annotations

from chalicelib import services
from chalicelib.dashboard.dashboard_request import DashboardRequest
from chalicelib.dashboard.page_call import Rendered
from chalicelib.dashboard.sessions import begin_session, is_valid_ticket
from chalicelib.errors import Unauthorized

from .complete import signed_in
from .cookies import SessionCookie
from .sign_in_page import show_sign_in


def show_link(request: DashboardRequest) -> Rendered:
    """Show the page whose button signs in: programs that open links press no buttons."""
    ticket = request.one("ticket")
    is_valid = services.current().run(is_valid_ticket, ticket)
    return show_sign_in(request, ticket=ticket if is_valid else "", was_sent=True)


def use_link(request: DashboardRequest) -> Rendered:
    """Use up the ticket of a link, and sign its actor in."""
    cookie = SessionCookie.of(request)
    try:
        token = services.current().run(
            begin_session,
            request.one("ticket"),
            former=cookie.token,
            is_secure=cookie.is_secure,
            agent=request.headers.get("user-agent") or "",
            address=request.address,
        )
    except Unauthorized:
        return show_sign_in(request, was_sent=bool(request.one("ticket")), status=401)
    return signed_in(cookie, token)
