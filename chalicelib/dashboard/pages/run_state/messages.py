"""Messages: what was written to participants and who has seen it; and the form with which one is written."""

from __future__ import annotations

import re
from typing import Any, Final

from chalicelib.access.rights import Right
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered, redirect
from chalicelib.dashboard.rendering import render
from chalicelib.errors import BadRequest, Busy, InvalidState, NotFound
from chalicelib.operations.operator_messages.send_message import (
    MAX_TEXT,
    RECIPIENTS,
    TO_ALL,
    TO_ALL_AND_LATER,
    TO_GROUP,
)

_ADDRESS: Final = "/dashboard/messages"
#: The segment that stands for the participants who were selected in a list.
_SELECTED: Final = "selected"
_WRITE, _SEEN = "write", "seen"
_ROWS: Final = 25


def show_messages(call: PageCall) -> Rendered:
    """Show the messages, one of them, or the form for a new one; or send it."""
    if call.id is None:
        return _list(call)
    if call.part == _WRITE:
        return _send(call) if call.method == "POST" else _form(call)
    if call.part == _SEEN and call.method == "GET":
        return render("message.html", call, detail=call.run("messages.read", id=call.id), ways=_WAYS)
    raise NotFound("This page has no such action.")


#: What the audience of a message is called.
_WAYS: Final = {"participants": "chosen participants", "group": "a group", "all": "all"}


def _list(call: PageCall) -> Rendered:
    after = call.one("after") or None
    found = call.run("messages.list", after=after, limit=call.rows(_ROWS))
    return render(
        "messages.html",
        call,
        messages=found.rows,
        next=f"{_ADDRESS}?after={found.next}" if found.next else None,
        is_first=after is None,
        sent=call.one("sent"),
        may_write=call.actor.may(Right.RUN_LIVE_SESSION),
        ways=_WAYS,
    )


def _form(call: PageCall, refused: str = "") -> Rendered:
    to = _recipients(call)
    return render(
        "message_writing.html",
        call,
        status=409 if refused else 200,
        to=to,
        is_to_all=to == TO_ALL,
        about=_about(call, to),
        longest=MAX_TEXT,
        refused=refused,
        back=call.one("back") if call.one("back").startswith("/dashboard") else _ADDRESS,
    )


def _send(call: PageCall) -> Rendered:
    to = _recipients(call)
    if to == TO_ALL and call.one("later"):
        to = TO_ALL_AND_LATER
    text = call.one("text").replace("\r\n", "\n")
    if not text:
        raise BadRequest("The message is empty. Go back and write some text.")
    try:
        sent = call.run("messages.send", text=text, to=to)
    except (InvalidState, Busy) as refusal:
        return _form(call, str(refusal))
    return redirect(f"{_ADDRESS}?sent={sent.recipients}")


def _recipients(call: PageCall) -> str:
    """Return to whom the message of this address is: the ids may have been selected in a list."""
    if call.id != _SELECTED:
        if re.fullmatch(RECIPIENTS, str(call.id)) is None:
            raise NotFound("There is no such page.")
        return str(call.id)
    ids = list(dict.fromkeys(call.all("ids")))
    if not ids:
        raise BadRequest("No participants were selected. Go back and select at least one.")
    return ",".join(ids)


def _about(call: PageCall, to: str) -> str:
    """Say whom the message reaches, before it is sent."""
    if to == TO_ALL:
        working: Any = call.run("stop.preview").working
        if not working:
            return "No participant is taking part now. Tick the box below to reach those who arrive later."
        return f"This goes to all who are taking part now: {_people(working)}."
    if to.startswith(TO_GROUP):
        return f"This goes to all members of group {to.removeprefix(TO_GROUP)}."
    ids = to.split(",")
    shown = ", ".join(ids[:30]) + (" ..." if len(ids) > 30 else "")  # noqa: PLR2004 - as many as fit in a line or two
    return f"This goes to {_people(len(ids))}: {shown}."


def _people(count: int) -> str:
    return f"{count:,} participant{'' if count == 1 else 's'}"


PAGE = DashboardPage("messages", "Messages", Right.VIEW, show_messages, nav="Run")
