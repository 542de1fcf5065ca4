"""Responses: the answers to each item as they come, by condition, and grading by hand."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from chalicelib.access.rights import Right
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered, redirect
from chalicelib.dashboard.rendering import render
from chalicelib.errors import BadRequest, NotFound, Refused

_ADDRESS = "/dashboard/responses"
#: How many participants the page looks through for answers that wait for a grade.
_PARTICIPANTS = 50


def show_responses(call: PageCall) -> Rendered:
    """Show results by item or competency, reading progress, or answers to grade; or take a grade."""
    if call.id is None:
        condition = call.one("condition") or None
        return render(
            "responses.html",
            call,
            results=call.run("results.read", condition=condition),
            condition=condition,
            may_grade=call.actor.may(Right.GRADE),
        )
    if (call.id, call.part, call.method) == ("competencies", None, "GET"):
        return render("competencies.html", call, results=call.run("results.competencies"))
    if (call.id, call.part, call.method) == ("reading", None, "GET"):
        return render("reading.html", call, results=call.run("results.reading"))
    if call.id != "grading" or call.part is not None:
        raise NotFound("This page has no such part.")
    return _grade(call) if call.method == "POST" else _show_grading(call)


def _show_grading(call: PageCall, refused: str = "") -> Rendered:
    found = call.run("participants.list", after=call.one("after") or None, limit=_PARTICIPANTS)
    answers: list[Any] = [
        (row.id, answer)
        for row in found.rows
        for answer in call.run("participants.answers", id=str(row.id)).rows
    ]
    waiting = [pair for pair in answers if pair[1].points is None]
    return render(
        "grading.html",
        call,
        waiting=waiting,
        graded=len(answers) - len(waiting),
        next=f"{_ADDRESS}/grading?after={found.next}" if found.next else None,
        refused=refused,
    )


def _grade(call: PageCall) -> Rendered:
    try:
        points = Decimal(call.one("points").replace(",", "."))
    except InvalidOperation:
        return _show_grading(call, "Points must be a number, such as 1.5.")
    serial = call.one("serial")
    if not (serial.isascii() and serial.isdigit() and len(serial) < 10):  # noqa: PLR2004 - as long as serials are
        raise BadRequest("The form doesn't say which answer is graded; reload the page.")
    try:
        call.run(
            "participants.grade",
            id=call.one("participant"),
            item=call.one("item"),
            serial=int(serial),
            points=points,
            comment=call.one("comment"),
        )
    except Refused as refused:
        return _show_grading(call, str(refused))
    return redirect(f"{_ADDRESS}/grading")


PAGE = DashboardPage("responses", "Responses", Right.VIEW, show_responses, nav="Results")
