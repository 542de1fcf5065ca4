"""Answers the requests to /dashboard/sign-in, which come from browsers without a session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from chalicelib.dashboard.dashboard_request import DashboardRequest
from chalicelib.dashboard.page_call import Rendered
from chalicelib.errors import NotFound

from .code_sign_in import sign_in_with_code
from .cookies import FormCookie
from .link_sign_in import show_link, use_link
from .other_ways.lab_sign_in import comes_from_lab
from .password_choice import choose_password, show_choice
from .password_sign_in import sign_in_with_password
from .sign_in_page import show_sign_in
from .ways import find_way

#: The forms of the page, by the last segment of their address.
_FORMS: Final[Mapping[str, Callable[[DashboardRequest], Rendered]]] = MappingProxyType(
    {"password": sign_in_with_password, "code": sign_in_with_code, "new-password": choose_password}
)


def answer_sign_in(request: DashboardRequest) -> Rendered:
    """Show the sign-in page, use a link, check a form of the page, or go on with another way.

    The origin of a change has been checked. NotFound for an address that leads nowhere.
    """
    if request.id is None:
        return _page(request)
    if request.is_change and not comes_from_lab(request):
        FormCookie.of(request).require_token(request.one("csrf"))
    form = _FORMS.get(request.id) if request.part is None else None
    if form is not None:
        if request.is_change:
            return form(request)
        return show_choice(request) if form is choose_password else show_sign_in(request)
    way = find_way(request.id)
    if way is not None and request.part is None and request.is_change:
        return way.begin(request)
    if way is not None and request.part is not None and way.resume is not None:
        return way.resume(request)
    raise NotFound("There is no such way to sign in. Open /dashboard/sign-in.", code="not_found")


def _page(request: DashboardRequest) -> Rendered:
    if request.is_change:
        return use_link(request)
    return show_link(request) if request.one("ticket") else show_sign_in(request)
