"""/page: the page of a study that is due for a participant, its answers, uploads, and reminders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from chalice.app import Blueprint, Response
from markupsafe import Markup

from chalicelib import services
from chalicelib.errors import BadRequest

from .parameters import read_json
from .responses import HEADERS
from .routing import HttpCall, endpoint
from .standalone.standalone_page import standalone_page

if TYPE_CHECKING:
    from chalicelib.operations.study.flow.reminders import StopTexts
    from chalicelib.operations.study.pages.page_requests import PageRequests

routes = Blueprint(__name__)
#: A scroll position is sent as a whole number of thousandths of the page.
PER_MILLE = 1000
_STOP_FORM = Markup(
    '<form method="post" action="{action}">'
    '<button type="submit" class="btn btn-primary btn-lg">{button}</button></form>'
)


@endpoint(routes, "/page")
def page_get(call: HttpCall) -> dict[str, Any]:
    """Return the page that is due for the participant; the first call begins their part."""
    return _pages(call).get_page()


@endpoint(routes, "/page", ("POST",))
def page_post(call: HttpCall) -> dict[str, Any]:
    """Store the answers of a page, and return the one that follows."""
    parameters = call.parameters
    answers = parameters.json_object("answers")
    if answers is None:
        answers = {}
    timings = parameters.json_object("timings")
    return _pages(call).post_page(
        _serial(call), answers, timings, _events(call), is_timeout=parameters.flag("timeout")
    )


@endpoint(routes, "/page/open", ("POST",))
def page_open(call: HttpCall) -> dict[str, Any]:
    """Open a page of the book in which the participant is, and return it."""
    return _pages(call).open_page(_serial(call), call.parameters.require("path"), _events(call))


@endpoint(routes, "/page/finish", ("POST",))
def page_finish(call: HttpCall) -> dict[str, Any]:
    """Finish the book in which the participant is, and return the page that follows it."""
    return _pages(call).finish_book(_serial(call), _events(call))


@endpoint(routes, "/page/contents")
def page_contents(call: HttpCall) -> dict[str, Any]:
    """Return the contents of the book in which the participant is, as HTML."""
    return _pages(call).contents()


@endpoint(routes, "/page/reading", ("POST",))
def page_reading(call: HttpCall) -> dict[str, Any]:
    """Keep how far a page of a book was scrolled; at the end of a page without questions, it is finished."""
    position = call.parameters.number("position")
    return _pages(call).keep_reading(
        _serial(call), position / PER_MILLE, is_at_end=call.parameters.flag("end")
    )


@endpoint(routes, "/page/annotations")
def page_annotations(call: HttpCall) -> dict[str, Any]:
    """Return the participant's own annotations of the page of a book that is due."""
    return _pages(call).annotations(call.parameters.text("path") or "")


@endpoint(routes, "/page/annotations", ("POST",))
def page_annotations_post(call: HttpCall) -> dict[str, Any]:
    """Store an annotation of the page of a book that is due, or change it."""
    sent = call.parameters.json_object("annotation")
    if sent is None:
        raise BadRequest("annotation must be an object: id, visibility, body and target.")
    return _pages(call).keep_annotation(call.parameters.require("path"), sent)


@endpoint(routes, "/page/annotations/delete", ("POST",))
def page_annotations_delete(call: HttpCall) -> dict[str, Any]:
    """Delete one of the participant's annotations of the page of a book that is due."""
    parameters = call.parameters
    return _pages(call).remove_annotation(parameters.require("path"), parameters.require("id"))


@endpoint(routes, "/page/draft", ("POST",))
def page_draft(call: HttpCall) -> dict[str, Any]:
    """Keep what is typed on a page with `keep_draft`, for another device and the end of the time limit."""
    fields = call.parameters.one("fields")
    fields = read_json(fields, "fields") if isinstance(fields, str) and fields else fields
    answers = call.parameters.json_object("answers") or {}
    return _pages(call).keep_draft(_serial(call), answers, fields)


@endpoint(routes, "/page/events", ("POST",))
def page_events(call: HttpCall) -> dict[str, Any]:
    """Record the events of a page that is closed without an answer."""
    return _pages(call).keep_events(_serial(call), _events(call))


@endpoint(routes, "/page/leave", ("POST",))
def page_leave(call: HttpCall) -> dict[str, Any]:
    """Stop the clock of a timed assignment whose page was closed."""
    return _pages(call).leave_page(_serial(call), call.parameters.text("leaves") or "")


@endpoint(routes, "/page/class")
def page_class(call: HttpCall) -> dict[str, Any]:
    """Return what a member of a class reads about it: assignments, due dates, released grades."""
    # Lazy import: only members of classes need it.
    from chalicelib.operations.assignments.own_class import own_class

    shown = call.run(own_class)
    return {"title": shown.title, "heading": shown.heading, "html": shown.html}


@endpoint(routes, "/page/echo", ("POST",))
def page_echo(call: HttpCall) -> dict[str, Any]:
    """Take an echo that the page of a live session sends back at once, to measure the latency of the line."""
    return _pages(call).take_echo(call.parameters.require("echo"))


@endpoint(routes, "/page/upload", ("POST",))
def page_upload(call: HttpCall) -> dict[str, Any]:
    """Return the form for a file of the page that is due."""
    parameters = call.parameters
    described = {
        "size": parameters.number("size"),
        "sha256": parameters.require("sha256"),
        "type": parameters.text("type") or "application/octet-stream",
    }
    item, ending = parameters.require("item"), parameters.text("ending") or ""
    return _pages(call).grant_upload(_serial(call), item, described, ending)


@endpoint(routes, "/page/upload/{participant_id}/{name}")
def page_upload_get(call: HttpCall) -> Response:
    """Send the operator to the address from which they download a participant's file."""
    participant_id = call.parameters.path_number("participant_id")
    address = _pages(call).link_to_upload(participant_id, call.parameters.path["name"])
    # The address is a permission: it must not be stored, or passed on as a referrer.
    headers = {"Location": address, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Response("", {**headers, "X-Content-Type-Options": "nosniff"}, 303)


@endpoint(routes, "/page/live", ("POST",))
def page_live(call: HttpCall) -> dict[str, Any]:
    """Pass a message of a live element or a chat to the study, or to the group."""
    # Lazy import: as in `_pages`.
    from chalicelib.operations.study_live import messages

    message = messages.read_message(call.parameters.one("message"))
    return messages.handle_message(call.run, services.current().run, _serial(call), message)


@endpoint(routes, "/page/reminders")
def reminders_stop_html(call: HttpCall) -> Response:
    """Show the page with the button that stops reminders; programs that open links press no buttons."""
    participant_id, key = _asked(call)
    texts = _pages(call).allow_stopping(participant_id, key)
    query = urlencode({"participant": participant_id, "key": key})
    form = _STOP_FORM.format(action=f"/page/reminders?{query}", button=texts.button)
    return _html(_stop_page(texts, texts.question, form))


@endpoint(routes, "/page/reminders", ("POST",))
def reminders_stop(call: HttpCall) -> Response:
    """Stop the reminders of one participant; idempotent. Mail programs send this for one click (RFC 8058)."""
    participant_id, key = _asked(call)
    texts = _pages(call).stop_reminders(participant_id, key)
    return _html(_stop_page(texts, texts.stopped, ""))


def _stop_page(texts: StopTexts, title: str, body: str) -> str:
    return standalone_page(title, body, language=texts.language, direction=texts.direction)


def _asked(call: HttpCall) -> tuple[int, str]:
    return call.parameters.number("participant"), call.parameters.text("key") or ""


def _html(html: str) -> Response:
    return Response(
        body=html, status_code=200, headers={**HEADERS, "Content-Type": "text/html; charset=utf-8"}
    )


def _serial(call: HttpCall) -> int:
    serial = call.parameters.one("serial")
    if isinstance(serial, bool) or not str(serial or "").isdecimal() or len(str(serial)) > 9:  # noqa: PLR2004
        raise BadRequest("serial must be the number of the page that is answered, as GET /page returned it.")
    return int(str(serial))


def _events(call: HttpCall) -> Any:
    """Return the events as sent, a list or JSON; `event_log` drops what isn't a valid event."""
    sent = call.parameters.one("events")
    return read_json(sent, "events") if isinstance(sent, str) and sent else sent


def _pages(call: HttpCall) -> PageRequests:
    # Lazy import: an experiment that isn't a study starts without the modules of studies.
    from chalicelib.operations.study.pages.page_requests import PageRequests

    return PageRequests(call.run, services.current().run)
