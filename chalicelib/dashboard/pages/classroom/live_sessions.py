"""Live sessions: opens them, shows the host's screen and its controls, and the result."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from chalicelib.access.rights import Right
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered, redirect
from chalicelib.dashboard.qr_codes import inline_qr_code
from chalicelib.dashboard.rendering import render
from chalicelib.errors import BadRequest, InvalidState, NotFound
from chalicelib.export.csv_format import excel_safe
from chalicelib.operations.live_sessions.answer_bars import with_own_texts
from chalicelib.operations.live_sessions.host_view import buttons_of
from chalicelib.operations.live_sessions.results import LiveResult

_ADDRESS: Final = "/dashboard/live-sessions"
_NEW: Final = "new"
#: How long the number of a page can be.
_MOST_DIGITS: Final = 4


def show_live_sessions(call: PageCall) -> Rendered:
    """Show the sessions, the host's screen of one, or its result; or carry out an action."""
    if call.method == "POST":
        return _act(call)
    if call.id is None:
        return _list(call)
    if call.part is None:
        return _host(call, call.id)
    if call.part == "result":
        return _result(call, call.id)
    if call.part == "result.csv":
        return _file(call, call.id)
    raise NotFound("There is no such page.")


def _list(call: PageCall, refused: str = "") -> Rendered:
    return render(
        "live_sessions.html",
        call,
        status=409 if refused else 200,
        sessions=call.run("live-sessions.list").sessions,
        may_open=call.actor.may(Right.RUN_LIVE_SESSION),
        refused=refused,
    )


def _host(call: PageCall, number: str, refused: str = "") -> Rendered:
    view = call.run("live-sessions.read", id=number)
    return render(
        "live_session.html",
        call,
        status=409 if refused else 200,
        view=view,
        buttons=buttons_of(view),
        qr=inline_qr_code(f"{view.join_address}?pin={view.pin}") if view.pin and view.number == 0 else None,
        most=max([bar.count for item in view.items for bar in item.bars], default=0) or 1,
        refused=refused,
    )


def _act(call: PageCall) -> Rendered:
    if call.id == _NEW:
        return _open(call)
    action = _ACTIONS.get(call.part or "")
    if call.id is None or action is None:
        raise NotFound("This page has no such action.")
    return action(call, call.id)


def _open(call: PageCall) -> Rendered:
    try:
        opened = call.run(
            "live-sessions.open", custom_field=call.one("custom_field"), most_players=_most_players(call)
        )
    except (InvalidState, BadRequest) as refusal:
        return _list(call, str(refusal))
    return redirect(f"{_ADDRESS}/{opened.id}")


def _most_players(call: PageCall) -> int:
    """Return the limit of players, 0 for a blank field."""
    text = call.one("most_players").strip()
    if not text:
        return 0
    if not text.isdecimal() or len(text) > _MOST_DIGITS + 1:
        raise BadRequest("The limit of players must be a whole number. Leave it blank for no limit.")
    return int(text)


def _pace(call: PageCall, number: str) -> Rendered:
    try:
        call.run("live-sessions.act", id=number, action=call.one("action"), shown=_shown(call))
    except InvalidState as refusal:
        return _host(call, number, str(refusal))
    return redirect(f"{_ADDRESS}/{number}")


def _kick(call: PageCall, number: str) -> Rendered:
    call.run("live-sessions.kick", id=number, seat=call.one("seat"))
    return redirect(f"{_ADDRESS}/{number}#players")


def _revoke(call: PageCall, number: str) -> Rendered:
    call.run("live-sessions.revoke-remote", id=number)
    return redirect(f"{_ADDRESS}/{number}")


def _share(call: PageCall, number: str) -> Rendered:
    """Show the link to a result; making another one doesn't end it."""
    try:
        shared = call.run("live-sessions.share", id=number)
    except InvalidState as refusal:
        return _host(call, number, str(refusal))
    return render("live_session_share.html", call, number=number, shared=shared)


def _remote(call: PageCall, number: str) -> Rendered:
    """Show the link of a remote control, once: only its hash is stored."""
    remote = call.run("live-sessions.remote", id=number)
    code = inline_qr_code(remote.address)
    return render("live_session_remote.html", call, number=number, remote=remote, qr=code)


_ACTIONS: Final[Mapping[str, Callable[[PageCall, str], Rendered]]] = MappingProxyType(
    {"share": _share, "act": _pace, "kick": _kick, "remote": _remote, "revoke-remote": _revoke}
)


def _shown(call: PageCall) -> int:
    """Return the number of the page that the host's screen showed."""
    text = call.one("shown")
    if not text.isdecimal() or len(text) > _MOST_DIGITS:
        raise BadRequest("The number of the page is missing. Load the session's page again.")
    return int(text)


def _result(call: PageCall, number: str) -> Rendered:
    return render("live_session_result.html", call, result=call.run("live-sessions.result", id=number))


def _file(call: PageCall, number: str) -> Rendered:
    result = call.run("live-sessions.result", id=number)
    headers = {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="live-session-{result.id}.csv"',
    }
    return Rendered(result_csv(result), headers=headers)


def result_csv(result: LiveResult) -> str:
    """Return a row for each player: name, field, score, and for each page the answer and its points."""
    given = {(one.seat, one.position): one for one in result.answers}
    positions = [(one.position, one.page) for one in result.questions]
    written = io.StringIO()
    writer = csv.writer(written)
    titles = [title for at, page in positions for title in (f"{at + 1} {page}", f"{at + 1} points")]
    columns = ["name", result.custom_field or "custom", "score", "right", "answered", *titles]
    writer.writerow(map(excel_safe, columns))
    for player in result.players:
        row: list[Any] = [player.name, player.custom, player.score, player.right, player.answered]
        for position, _ in positions:
            answer = given.get((player.seat, position))
            # Blank is not zero: the player gave no answer.
            row += ["", ""] if answer is None else [_text(answer.answers), answer.score]
        writer.writerow(map(excel_safe, row))
    return written.getvalue()


def _text(answers: Mapping[str, Any]) -> str:
    own = map(with_own_texts, answers.values())
    return "; ".join(", ".join(map(str, one)) if isinstance(one, list) else str(one) for one in own)


PAGE = DashboardPage("live-sessions", "Live sessions", Right.VIEW, show_live_sessions, nav="Run")
