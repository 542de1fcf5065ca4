"""/join: the page with which people join a live session, by its PIN and a name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from chalice.app import Blueprint, Response
from markupsafe import Markup

from chalicelib import services
from chalicelib.errors import BadRequest, InvalidState, Refused, TooManyTries
from chalicelib.operations.participant.entry_rate_limiter import REFUSED_COST, EntryRateLimiter
from chalicelib.operations.shared.context import caller_of
from chalicelib.web.routing import HttpCall, endpoint
from chalicelib.web.standalone.standalone_page import (
    PROBLEM,
    form_field,
    standalone_headers,
    standalone_page,
)

if TYPE_CHECKING:
    from chalicelib.access.rights import Actor
    from chalicelib.operations.live_sessions.joining_players import JoinForm
    from chalicelib.operations.live_sessions.results import QuestionResult
    from chalicelib.operations.shared.context import Context

routes = Blueprint(__name__)
#: A PIN has a million values: after a few wrong ones, an address has to wait.
_rate_limiter = EntryRateLimiter()
_FORM = Markup(
    '{problem}<form method="post" action="/join" class="join">{fields}'
    '<input type="hidden" name="shown" value="{shown}">'
    '<button type="submit" class="btn btn-primary btn-lg">{button}</button></form>'
)
_RESULT = Markup(
    '<table class="table"><caption>Players</caption><thead><tr><th scope="col">Rank</th>'
    '<th scope="col">Name</th><th scope="col">Points</th></tr></thead><tbody>{players}</tbody></table>'
    '<table class="table"><caption>Pages</caption><thead><tr><th scope="col">Page</th>'
    '<th scope="col">Question</th><th scope="col">Right</th></tr></thead><tbody>{pages}</tbody></table>'
)
_ROW = Markup("<tr><td>{}</td><td>{}</td><td>{}</td></tr>")
_LINE = Markup("<p>{}</p>")
_BUTTON = Markup(
    '<form method="post" action="/join/remote/{code}"><input type="hidden" name="action" value="{action}">'
    '<input type="hidden" name="shown" value="{shown}">'
    '<p><button type="submit" class="btn btn-primary btn-lg">{text}</button></p></form>'
)
_PIN_INPUT = Markup('required inputmode="numeric" autocomplete="off" pattern="[0-9 ]*"{focus}')
_NAME_INPUT = Markup('required autocomplete="nickname"{focus}')
_FOCUS = Markup(" autofocus")


@endpoint(routes, "/join")
def join_html(call: HttpCall) -> Response:
    """Show the form; a link with the PIN fills it in."""
    given = {"pin": call.parameters.text("pin") or ""}
    # A form with a right PIN takes no try: all people of a room may open the link at once.
    wait = _rate_limiter.wait(_key(call)) if given["pin"] else 0.0
    return _form(call, given, _too_many(wait) if wait else None)


@endpoint(routes, "/join", ("POST",))
def join_session(call: HttpCall) -> Response:
    """Join the session with this PIN, and send the player to the study; or show what is wrong."""
    # Lazy import: only live sessions need their modules.
    from chalicelib.operations.live_sessions.joining_players import join

    given = {name: call.parameters.text(name) or "" for name in ("pin", "name", "custom", "shown")}
    try:
        # An address that has tried too many wrong PINs is refused before the PIN is looked up.
        if wait := _rate_limiter.take(_key(call)):
            raise _too_many(wait)
        joined = call.run(join, given["pin"], given["name"], given["custom"], given["shown"])
    except Refused as refused:
        return _form(call, given, refused)
    # The address is the player's own: it must not be stored, or passed on as a referrer.
    headers = {"Location": joined.address, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Response("", headers, 303)


def _key(call: HttpCall) -> str:
    return services.current().tokens.keyed(call.source)


def _too_many(wait: float) -> TooManyTries:
    from chalicelib.study.live_sessions.joining_texts import WAIT

    return TooManyTries(WAIT, retry_after=wait)


def _form(call: HttpCall, given: dict[str, str], refused: Refused | None = None) -> Response:
    from chalicelib.operations.live_sessions.joining_players import join_form

    # An address that has to wait learns nothing about PINs.
    pin = "" if isinstance(refused, TooManyTries) else given["pin"]
    form: JoinForm = call.run(join_form, pin)
    if pin and not form.is_known:
        # Whichever way a wrong PIN came: the form tells which PINs exist.
        _rate_limiter.take(_key(call), REFUSED_COST)
    body = _page(form, given, refused)
    headers = standalone_headers()
    if isinstance(refused, TooManyTries):
        headers["Retry-After"] = str(int(refused.retry_after or 0) + 1)
    return Response(body, headers, 200 if refused is None else refused.status)


def _page(form: JoinForm, given: dict[str, str], refused: Refused | None) -> str:
    from chalicelib.operations.live_sessions.joining_players import MAX_CUSTOM, MAX_NAME
    from chalicelib.study.live_sessions import joining_texts as texts
    from chalicelib.study.translation import direction_of, translate

    def said(text: str) -> str:
        return translate(text, form.language)

    focus = {"name" if given["pin"] else "pin": _FOCUS}
    name_input = _NAME_INPUT.format(focus=focus.get("name", Markup("")))
    fields = [
        form_field("pin", said(texts.PIN), given, 12, _PIN_INPUT.format(focus=focus.get("pin", Markup("")))),
        form_field("name", said(texts.NAME), given, MAX_NAME, name_input),
    ]
    if form.custom_field:
        fields.append(form_field("custom", form.custom_field, given, MAX_CUSTOM, Markup("required")))
    body = _FORM.format(
        problem=Markup("") if refused is None else PROBLEM.format(said(str(refused))),
        fields=Markup("").join(fields),
        shown=form.shown,
        button=said(texts.JOIN),
    )
    direction = direction_of(form.language)
    return standalone_page(said(texts.TITLE), body, language=form.language, direction=direction)


@endpoint(routes, "/join/remote/{code}")
def remote_html(call: HttpCall) -> Response:
    """Show the buttons of a remote control: a second device that acts as the host of one session."""
    number, actor = call.run(_host_of, call.parameters.path["code"])
    return _remote(call, number, actor)


@endpoint(routes, "/join/remote/{code}", ("POST",))
def remote_press(call: HttpCall) -> Response:
    """Carry out what a button of a remote control says, and show the buttons that follow."""
    # Lazy import: as in `join_session`.
    from chalicelib.operations.live_sessions.host_actions import HostAction, act

    number, actor = call.run(_host_of, call.parameters.path["code"])
    action = call.parameters.require("action")
    if action not in tuple(HostAction):
        raise BadRequest(f"{action!r} is not an action of a host.")
    try:
        _run_as(actor, act, number, HostAction(action), call.parameters.number("shown"))
    except InvalidState as refused:
        return _remote(call, number, actor, refused)
    return _remote(call, number, actor)


@endpoint(routes, "/join/result/{code}")
def result_html(call: HttpCall) -> Response:
    """Show the result of a live session to a person who has its link, until the link expires."""
    # Lazy import: as in `join_session`.
    from chalicelib.operations.live_sessions.shared_results import read_shared

    result = call.run(read_shared, call.parameters.path["code"])
    players = Markup("").join(_ROW.format(one.rank, one.name, one.score) for one in result.players)
    pages = Markup("").join(map(_question_row, result.questions))
    body = _RESULT.format(players=players, pages=pages)
    return Response(standalone_page("Result", body), standalone_headers(), 200)


def _question_row(one: QuestionResult) -> Markup:
    question = "; ".join(one.prompts.values()) or one.page
    return _ROW.format(one.position + 1, question, _percent(one.percent_right))


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:g} %"


def _host_of(ctx: Context, code: str) -> tuple[int, Actor]:
    from chalicelib.operations.live_sessions.remote_control import host_of

    return host_of(ctx, code)


def _run_as(actor: Actor, operation: Callable[..., Any], *args: Any) -> Any:
    """Run an operation as a host; only those that this module names can be run with a remote control."""
    return services.current().run(operation, *args, caller=caller_of(actor))


def _remote(call: HttpCall, number: int, actor: Actor, refused: Refused | None = None) -> Response:
    from chalicelib.operations.live_sessions.host_view import buttons_of, host_view

    view = _run_as(actor, host_view, number)
    where = "Lobby" if view.number == 0 else f"Page {view.number} of {view.pages}: {view.title or view.page}"
    told = f"{len(view.players)} players, {view.answered} have answered"
    buttons = [
        _BUTTON.format(code=call.parameters.path["code"], action=action, shown=view.number, text=text)
        for action, text in buttons_of(view)
    ]
    problem = Markup("") if refused is None else PROBLEM.format(refused)
    lines = Markup("").join([problem, _LINE.format(where), _LINE.format(told), *buttons])
    body = standalone_page(actor.name, lines)
    return Response(body, standalone_headers(), 200 if refused is None else refused.status)
