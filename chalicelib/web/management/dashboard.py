"""/dashboard: the pages with which researchers watch a run and act on it, on a host of their own."""

from __future__ import annotations

from chalice.app import Blueprint, Response

from chalicelib.web.routing import HttpCall, endpoint

routes = Blueprint(__name__)


@endpoint(routes, "/dashboard")
def dashboard_home(call: HttpCall) -> Response:
    """Show the first page of the dashboard."""
    return _answer(call, "GET")


@endpoint(routes, "/dashboard/{tab}")
def dashboard_page(call: HttpCall) -> Response:
    """Show a page of the dashboard, or the page that signs in."""
    return _answer(call, "GET")


@endpoint(routes, "/dashboard/{tab}", ("POST",))
def dashboard_change(call: HttpCall) -> Response:
    """Change something with a form of a page, sign in, or sign out."""
    return _answer(call, "POST")


@endpoint(routes, "/dashboard/{tab}/{id}")
def dashboard_record(call: HttpCall) -> Response:
    """Show one record of a page, such as a participant."""
    return _answer(call, "GET")


@endpoint(routes, "/dashboard/{tab}/{id}", ("POST",))
def dashboard_record_change(call: HttpCall) -> Response:
    """Change one record with a form of its page."""
    return _answer(call, "POST")


@endpoint(routes, "/dashboard/{tab}/{id}/{part}")
def dashboard_part(call: HttpCall) -> Response:
    """Show a part of a record's page, such as the confirmation of an action."""
    return _answer(call, "GET")


@endpoint(routes, "/dashboard/{tab}/{id}/{part}", ("POST",))
def dashboard_part_change(call: HttpCall) -> Response:
    """Carry out an action on one record."""
    return _answer(call, "POST")


def _answer(call: HttpCall, method: str) -> Response:
    # Lazy import: participants' requests start without the modules of the dashboard.
    from chalicelib.dashboard.dashboard_request import DashboardRequest
    from chalicelib.dashboard.entrance import answer

    path = call.parameters.path
    request = DashboardRequest(
        method,
        call.headers,
        call.parameters.lists(),
        path.get("tab", ""),
        path.get("id"),
        path.get("part"),
        call.source,
    )
    rendered = answer(request)
    return Response(
        body=rendered.content or rendered.html, headers=dict(rendered.headers), status_code=rendered.status
    )
