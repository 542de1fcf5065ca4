"""/join/fee: the page on which members pay the fee of their class, and the reports of the service."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from chalice.app import Blueprint, Response
from markupsafe import Markup

from chalicelib import services
from chalicelib.errors import Forbidden, InvalidState, PetriError, Refused, VendorError
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.web.routing import HttpCall, endpoint
from chalicelib.web.standalone.standalone_page import PROBLEM, standalone_headers, standalone_page

from .class_joining import BUTTON_LINK, class_page

if TYPE_CHECKING:
    from chalicelib.operations.classes.online_fees import FeeView
    from chalicelib.ports.fee_service import FeeService

routes = Blueprint(__name__)
logger = logging.getLogger("petri.fees")
_BAD_GATEWAY: Final = 502
_LINE: Final = Markup('<p role="status">{}</p>')
_PAY: Final = Markup(
    '<form method="post" action="/join/fee"><input type="hidden" name="seat" value="{seat}">'
    '<input type="hidden" name="key" value="{key}">'
    '<p><button type="submit" class="btn btn-primary btn-lg">{text}</button></p></form>'
)


@endpoint(routes, "/join/fee")
def show_fee(call: HttpCall) -> Response:
    """Show a member the fee of their class: to be paid, being confirmed, or paid."""
    return _shown(lambda: _page(call))


@endpoint(routes, "/join/fee", ("POST",))
def begin_fee(call: HttpCall) -> Response:
    """Send a member to the page of the service on which they pay."""
    return _shown(lambda: _begin(call))


def _begin(call: HttpCall) -> Response:
    # Lazy import: only classes need their modules.
    from chalicelib.operations.classes.online_fees import fee_request

    try:
        fee = call.run(fee_request, *_identity(call))
        address = _service().begin(fee)
    except VendorError as error:
        logger.warning("a payment couldn't be begun: %s", error)
        return _page(call, error)
    except InvalidState:
        return _page(call)
    return _page(call, pay_at=address)


@endpoint(routes, "/join/fee/{service}", ("POST",))
def receive_fee_report(call: HttpCall) -> dict[str, str]:
    """Verify a report of the service, and record what was paid or paid back."""
    from chalicelib.operations.classes.online_fees import record_fee_report

    app = services.current()
    name = call.parameters.path["service"]
    if name != app.config.get("fee_service"):
        raise Forbidden(f"This run accepts no messages from {name}.", code="unverified_sender")
    report = _service().read_webhook(dict(call.headers), call.body, app.clock.now())
    if report is not None:
        app.run(record_fee_report, name, report, caller=OPERATOR_CALLER)
    return {}


def _shown(answer: Callable[[], Response]) -> Response:
    """Return an answer, or a page with what is wrong: a person reads it."""
    try:
        return answer()
    except Refused as refused:
        body = standalone_page("This page can't be shown", PROBLEM.format(refused))
        return Response(body, standalone_headers(), refused.status)


def _service() -> FeeService:
    from chalicelib.fee_services import build_fee_service

    app = services.current()
    found = build_fee_service(app.config.get, app.app_id)
    if found is None:
        raise Forbidden("The fee of this class is paid by hand.", code="fee_by_hand")
    return found


def _identity(call: HttpCall) -> tuple[str, str]:
    return call.parameters.text("seat") or "", call.parameters.text("key") or ""


def _page(call: HttpCall, error: PetriError | None = None, *, pay_at: str = "") -> Response:
    # A link, not a redirect: browsers apply `form-action` to the redirects that follow a form.
    from chalicelib.operations.classes.online_fees import view_fee
    from chalicelib.study.classes import class_texts as texts
    from chalicelib.study.translation import translate

    seat, key = _identity(call)
    view: FeeView = call.run(view_fee, seat, key)

    def said(text: str) -> str:
        return translate(text, view.language).format(fee=view.fee)

    parts = [] if error is None else [PROBLEM.format(said(texts.FEE_FAILED))]
    if view.is_paid:
        parts += [
            _LINE.format(said(texts.FEE_PAID)),
            BUTTON_LINK.format(link=view.link, text=said(texts.BEGIN)),
        ]
    elif pay_at:
        parts.append(BUTTON_LINK.format(link=pay_at, text=said(texts.PAY_FEE)))
    elif call.parameters.text("paid"):
        parts.append(_LINE.format(said(texts.FEE_WAITING)))
    else:
        parts.append(_PAY.format(seat=seat, key=key, text=said(texts.PAY_FEE)))
    body = class_page(view.language, view.class_name, Markup("").join(parts))
    return Response(body, standalone_headers(), 200 if error is None else _BAD_GATEWAY)
