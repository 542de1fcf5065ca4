"""Responses: the answers to each item as they come, by condition, and grading by hand."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

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
        return _competencies(call)
    if (call.id, call.part, call.method) == ("annotations", None, "GET"):
        return render("annotations.html", call, results=call.run("results.annotations"))
    if (call.id, call.part, call.method) == ("reading", None, "GET"):
        return render("reading.html", call, results=call.run("results.reading"))
    if call.id != "grading" or call.part is not None:
        raise NotFound("This page has no such part.")
    return _grade(call) if call.method == "POST" else _show_grading(call)


def _competencies(call: PageCall) -> Rendered:
    """Show the competencies of all participants, or of the members of one class."""
    classes: list[Any] = call.run("classes.list").rows if call.actor.may(Right.GRADE) else []
    chosen = next((one for one in classes if str(one.id) == call.one("class")), None)
    results = call.run("results.competencies", class_id=None if chosen is None else chosen.id)
    return render("competencies.html", call, results=results, classes=classes, chosen=chosen)


def _show_grading(call: PageCall, refused: str = "") -> Rendered:
    assignment = call.one("assignment")
    # The id of an assignment begins with that of its class.
    class_id = call.one("class") or assignment.partition("-")[0]
    people, following = _people(call, class_id)
    items = _items_of(call, assignment) if assignment else None
    answers: list[Any] = [
        (person, answer)
        for person in people
        for answer in call.run("participants.answers", id=person).rows
        if items is None or answer.item in items
    ]
    waiting = [pair for pair in answers if pair[1].points is None]
    kept = {name: text for name, text in (("class", class_id), ("assignment", assignment)) if text}
    return render(
        "grading.html",
        call,
        waiting=waiting,
        graded=len(answers) - len(waiting),
        next=f"{_ADDRESS}/grading?{urlencode({**kept, 'after': following})}" if following else None,
        kept=kept,
        refused=refused,
    )


def _people(call: PageCall, class_id: str) -> tuple[list[str], str | None]:
    """Return some participants, of a class or of all, and where the next ones begin."""
    after = call.one("after") or None if call.method == "GET" else None
    if not class_id:
        found = call.run("participants.list", after=after, limit=_PARTICIPANTS)
        return [str(row.id) for row in found.rows], found.next
    members = call.run("classes.members", id=class_id, after=after, limit=_PARTICIPANTS)
    return [str(row.participant_id) for row in members.rows if row.participant_id], members.next


def _items_of(call: PageCall, assignment: str) -> set[str]:
    """Return the items of an assignment: its own, and those of its pages."""
    parts = call.run("assignments.read", id=assignment).parts
    pages = {part.name for part in parts if part.kind == "page"}
    possible = call.run("assignments.parts").pages if pages else []
    asked = {item for page in possible if pages & {page.name, page.path} for item in page.items}
    return asked | {part.name for part in parts if part.kind == "item"}


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
    kept = {name: call.one(name) for name in ("class", "assignment") if call.one(name)}
    return redirect(f"{_ADDRESS}/grading" + (f"?{urlencode(kept)}" if kept else ""))


PAGE = DashboardPage("responses", "Responses", Right.VIEW, show_responses, nav="Results")
