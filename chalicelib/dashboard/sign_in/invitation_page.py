"""The page on which a person accepts an invitation: they choose a user name and a password, once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from chalicelib import services
from chalicelib.dashboard.dashboard_request import DashboardRequest
from chalicelib.dashboard.page_call import Rendered
from chalicelib.dashboard.rendering import render_alone
from chalicelib.errors import NotFound, Refused, TooManyTries
from chalicelib.operations.accounts.credentials.sign_in_limits import count_failure, require_no_pause
from chalicelib.operations.accounts.invitations.acceptance import (
    NewAccount,
    Offer,
    accept_invitation,
    proposed_username,
    read_offer,
)
from chalicelib.operations.accounts.users import is_free_username
from chalicelib.operations.shared.context import Context, Request

from .complete import complete
from .cookies import FormCookie
from .other_ways.openid_sign_in import acceptance_address, providers
from .password_choice import DIFFERENT

INVITATION: Final = "invitation"
TAKEN: Final = "This user name is taken, looks like another one, or isn't valid. Choose another one."
#: The account under which guesses of links are counted, for each address.
_GUESSES: Final = "invitation links"


def answer_invitation(request: DashboardRequest) -> Rendered:
    """Show an invitation, or accept it and sign the new user in.

    An invitation that is over or not valid is explained on a page of its own. Guessing links pauses for
    longer and longer.
    """
    secret = request.id or ""
    try:
        offer, proposal = services.current().run(_open, secret, request.address)
    except TooManyTries as refused:
        wait = str(max(1, round(refused.retry_after)))
        return replace(_over(str(refused), refused.status), headers={"Retry-After": wait})
    except NotFound as refused:
        services.current().run(count_failure, _GUESSES, request.address)
        return _over(str(refused), refused.status)
    except Refused as refused:
        return _over(str(refused), refused.status)
    if not request.is_change:
        return _show(request, offer, proposal)
    FormCookie.of(request).require_token(request.one("csrf"))
    if request.one("provider"):
        return _go_to_provider(request, offer)
    return _accept(request, offer)


def _accept(request: DashboardRequest, offer: Offer) -> Rendered:
    chosen = NewAccount(
        request.one("username").strip().lower(),
        request.one("first-name").strip(),
        request.one("last-name").strip(),
        request.one("new-password"),
    )
    if chosen.password != request.one("again"):
        return _show(request, offer, chosen.username, DIFFERENT, 400)
    try:
        services.current().run(
            accept_invitation, request.id or "", chosen, request=Request(address=request.address)
        )
    except Refused as refused:
        if refused.code in ("invitation_over", "invitation_void"):
            return _over(str(refused), refused.status)
        return _show(request, offer, chosen.username, str(refused), refused.status)
    return complete(request, chosen.username, how="invitation")


def _go_to_provider(request: DashboardRequest, offer: Offer) -> Rendered:
    """Lead to the provider with whose account the person accepts, once the user name is found to be free."""
    username = request.one("username").strip().lower()
    if not services.current().run(is_free_username, username):
        return _show(request, offer, username, TAKEN, 409)
    try:
        label, address = acceptance_address(request, request.one("provider"), request.id or "", username)
    except NotFound as refused:
        return _show(request, offer, username, str(refused), refused.status)
    return _show(request, offer, username, go_on={"label": label, "address": address})


def _open(ctx: Context, secret: str, address: str) -> tuple[Offer, str]:
    require_no_pause(ctx, _GUESSES, address)
    offer = read_offer(ctx, secret)
    return offer, proposed_username(ctx, offer.invitation.email)


def _show(
    request: DashboardRequest,
    offer: Offer,
    username: str,
    refused: str = "",
    status: int = 200,
    *,
    go_on: Mapping[str, str] | None = None,
) -> Rendered:
    cookie = FormCookie.of(request)
    values: Mapping[str, Any] = {
        "invitation": offer.invitation,
        "what": offer.what,
        "groups": [known.group.name for known in offer.groups],
        "secret": request.id,
        "username": username,
        "first_name": request.one("first-name"),
        "last_name": request.one("last-name"),
        "csrf": cookie.token,
        "refused": refused,
        "go_on": go_on,
        "providers": providers(),
    }
    headers = {} if cookie.is_sent else {"Set-Cookie": cookie.header}
    return render_alone("invitation.html", status=status, headers=headers, **values)


def _over(text: str, status: int) -> Rendered:
    return render_alone("invitation_over.html", status=status, text=text)
