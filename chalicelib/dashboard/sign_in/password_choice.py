"""Lets a user choose a password with a link that works once: the first one, or one in place of a lost one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib import services
from chalicelib.access.rights import Actor
from chalicelib.dashboard.dashboard_request import DashboardRequest
from chalicelib.dashboard.page_call import Rendered
from chalicelib.dashboard.rendering import render_alone
from chalicelib.errors import BadRequest, Unauthorized
from chalicelib.operations.accounts.account_records import username_of
from chalicelib.operations.accounts.actors import find_actor
from chalicelib.operations.accounts.credentials.tickets import CHOOSES_PASSWORD, use_ticket, valid_ticket
from chalicelib.operations.accounts.passwords import set_password
from chalicelib.operations.shared.context import Context, Request, caller_of

from .cookies import FormCookie
from .sign_in_page import show_sign_in

GONE: Final = (
    "This link has been used, or has expired. Ask the person who sent it for a new one, or sign in if you "
    "have chosen a password."
)
CHOSEN: Final = "Your password is set. Sign in with it."
DIFFERENT: Final = "The two passwords differ. Type the same one twice."


def show_choice(request: DashboardRequest, refused: str = "", status: int = 200) -> Rendered:
    """Show the form for a new password; looking doesn't use the link up."""
    ticket = request.one("ticket")
    actor = services.current().run(_find, ticket)
    if actor is None:
        return show_sign_in(request, refused=GONE, status=401)
    cookie = FormCookie.of(request)
    values: Mapping[str, Any] = {
        "ticket": ticket,
        "username": actor.username or "",
        "name": actor.name,
        "csrf": cookie.token,
        "refused": refused,
    }
    headers = {} if cookie.is_sent else {"Set-Cookie": cookie.header}
    return render_alone("password_choice.html", status=status, headers=headers, **values)


def choose_password(request: DashboardRequest) -> Rendered:
    """Set the password and use up the link; the user then signs in with it."""
    ticket = request.one("ticket")
    password = request.one("new-password")
    run = services.current().run
    actor = run(_find, ticket)
    if actor is None:
        return show_sign_in(request, refused=GONE, status=401)
    if password != request.one("again"):
        return show_choice(request, DIFFERENT, 400)
    try:
        run(_choose, ticket, password, caller=caller_of(actor), request=Request(address=request.address))
    except BadRequest as refused:
        return show_choice(request, str(refused), refused.status)
    except Unauthorized as refused:
        return show_sign_in(request, refused=str(refused), status=401)
    return show_sign_in(request, said=CHOSEN, username=actor.username or "")


def _find(ctx: Context, ticket: str) -> Actor | None:
    item = valid_ticket(ctx, ticket, purpose=CHOOSES_PASSWORD)
    return None if item is None else find_actor(ctx, item["actor"])


def _choose(ctx: Context, ticket: str, password: str) -> None:
    item = valid_ticket(ctx, ticket, purpose=CHOOSES_PASSWORD)
    if item is None:
        raise Unauthorized(GONE, code="ticket_invalid")
    set_password(ctx, username_of(item["actor"]), password)
    use_ticket(ctx, item)
