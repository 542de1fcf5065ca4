"""Answers the requests for /dashboard: checks host, session and CSRF token, and calls the page."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from chalicelib import services
from chalicelib.access.rights import Actor
from chalicelib.errors import Forbidden, NotFound, Refused

from . import doorbell, own_host, sessions
from .dashboard_request import DashboardRequest
from .navigation import first_page, is_here
from .operation_calls import run_for_each, run_operation
from .page_call import DashboardPage, PageCall, Rendered, redirect
from .pages.materials.public_entry_page import PUBLIC_STUDY, answer_public_entry
from .registry import find_page
from .rendering import render_alone, render_error
from .sign_in.complete import HOME
from .sign_in.cookies import SessionCookie
from .sign_in.invitation_page import INVITATION, answer_invitation
from .sign_in.kept_preferences import preferences_in
from .sign_in.other_ways.lab_sign_in import comes_from_lab
from .sign_in.routes_of_sign_in import answer_sign_in
from .sign_in.sign_in_page import show_sign_in

SIGN_IN, SIGN_OUT = "sign-in", "sign-out"
OK: Final = 200
#: The ids of forms differ each time a page is rendered; a page in which only they differ hasn't changed.
_FORM_IDS: Final = re.compile(r'name="form" value="[0-9a-f]{32}"')
_POLICY: Final = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; img-src 'self' data:"
)
_SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
logger = logging.getLogger("petri")


def answer(request: DashboardRequest) -> Rendered:
    """Answer a request; every error becomes a page, and an unexpected one is logged.

    NotFound when the request came to another host, where pages of the experiment are served.
    """
    app = services.current()
    if not own_host.is_own_host(request.headers, app.origin_keys):
        raise NotFound("No page or route exists at this address; check the address.", code="not_found")
    try:
        return _with_security(request, _unless_known(request, _routed(request, SessionCookie.of(request))))
    except Refused as refused:
        return _with_security(request, render_error(refused.status, str(refused)))
    except Exception:  # the last handler: an error of a page is logged and shown as one
        logger.exception("a page of the dashboard failed")
        return _with_security(request, render_error(500, "This page failed. The log has the error."))


def _routed(request: DashboardRequest, cookie: SessionCookie) -> Rendered:
    address = services.current().dashboard_url
    is_foreign = request.is_change and not own_host.is_same_origin(request.headers, address)
    if is_foreign and not comes_from_lab(request):
        raise Forbidden("This change doesn't come from a page of the dashboard; open the dashboard itself.")
    answered = _without_session(request)
    if answered is not None:
        return answered
    session = _run(sessions.find_session, cookie.token, is_secure=cookie.is_secure) if cookie.token else None
    if session is None:
        return _signed_out(request)
    if request.is_change and not sessions.is_same_token(request.one("csrf"), session.csrf):
        raise Forbidden("This form is out of date. Go back, reload the page, and try again.")
    if request.tab == SIGN_OUT:
        return _sign_out(request, cookie, session)
    if request.tab == doorbell.TAB and request.is_change:
        return doorbell.answer_doorbell(session, request.headers)
    return _page(request, session)


def _without_session(request: DashboardRequest) -> Rendered | None:
    """Answer a request for a page that needs no session; None for any other."""
    if request.tab == SIGN_IN:
        return answer_sign_in(request)
    if request.tab == INVITATION and request.id is not None and request.part is None:
        return answer_invitation(request)
    return answer_public_entry(request) if request.tab == PUBLIC_STUDY else None


def _page(request: DashboardRequest, session: sessions.DashboardSession) -> Rendered:
    page = find_page(request.tab or first_page())
    if page is None or not is_here(page):
        raise NotFound(f"The dashboard has no page {request.tab!r}.")
    _require_right(session.actor, page)
    if session.actor.username is None:
        session = replace(session, preferences=preferences_in(request.headers))
    origin = own_host.origin_of(request.headers, services.current().dashboard_url)
    call = PageCall(
        actor=session.actor,
        tab=page.name,
        id=request.id,
        part=request.part,
        method=request.method,
        query={name: values for name, values in request.fields.items() if name not in {"csrf", "form"}},
        run=partial(run_operation, session.actor, request.address, form=request.one("form"), origin=origin),
        run_for_each=partial(run_for_each, session.actor, request.address, form=request.one("form")),
        is_fragment=request.is_fragment,
        csrf=session.csrf,
        session=session,
        address=request.address,
        origin=origin,
    )
    return page.render(call)


def _require_right(actor: Actor, page: DashboardPage) -> None:
    if page.right is not None and not actor.may(page.right):
        raise Forbidden(
            f"The page {page.title} needs the right {page.right.value!r}; ask a lab admin for it."
        )


def _sign_out(
    request: DashboardRequest, cookie: SessionCookie, session: sessions.DashboardSession
) -> Rendered:
    """End the session; a user of a provider is offered to sign out there, too.

    That is a link, not a redirect: browsers apply `form-action` to the redirects that follow a form.
    """
    if not request.is_change:
        return redirect(HOME)
    _run(sessions.end_session, cookie.token)
    label, address = session.sign_out
    if address:
        headers = {"Set-Cookie": cookie.header("")}
        return render_alone("signed_out.html", headers=headers, provider=label, address=address)
    return Rendered(status=303, headers={"Location": f"{HOME}/{SIGN_IN}", "Set-Cookie": cookie.header("")})


def _signed_out(request: DashboardRequest) -> Rendered:
    """Refuse a request without a session; htmx opens the sign-in page in place of the fragment."""
    if request.is_fragment:
        return Rendered(status=401, headers={"HX-Redirect": f"{HOME}/{SIGN_IN}"})
    return show_sign_in(request, status=401)


def _unless_known(request: DashboardRequest, rendered: Rendered) -> Rendered:
    """Answer 304 to a fragment that the browser shows already."""
    if not request.is_fragment or request.is_change or rendered.status != OK:
        return rendered
    shown = _FORM_IDS.sub("", rendered.html)
    tag = f'"{hashlib.sha256(shown.encode()).hexdigest()[:20]}"'
    if request.headers.get("if-none-match") == tag:
        return Rendered(status=304, headers={"ETag": tag})
    return replace(rendered, headers={**rendered.headers, "ETag": tag})


def _run(operation: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return services.current().run(operation, *args, **kwargs)


def _with_security(request: DashboardRequest, rendered: Rendered) -> Rendered:
    origins = f"{doorbell.socket_origin(request.headers)} {rendered.connects_to}".strip()
    pictures = f"{_POLICY} {rendered.pictures_from}".rstrip()
    policy = f"{pictures}; connect-src 'self' {origins}".rstrip()
    policy += f"; form-action 'self' {rendered.posts_to}".rstrip()
    headers = {**_SECURITY_HEADERS, "Content-Security-Policy": policy, **rendered.headers}
    return replace(rendered, headers=headers)
