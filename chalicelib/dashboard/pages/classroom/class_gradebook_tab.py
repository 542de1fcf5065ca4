"""The tab Gradebook of a class: members and assignments in a grid, and one member's answers with points."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from typing import Any, Final

from chalicelib.dashboard.page_call import PageCall, Rendered, redirect
from chalicelib.errors import Refused
from chalicelib.export.csv_format import excel_safe
from chalicelib.operations.assignments.question_grades import heading_rows, member_row
from chalicelib.operations.classes.manage_classes import ClassWithCounts

from .class_assignments_tab import local_time, number
from .class_tabs import ClassTab, render_tab

PART: Final = "gradebook"
_MEMBERS: Final = 50
_PER_CALL: Final = 100


def _show(call: PageCall, shown: ClassWithCounts, refused: str) -> Rendered:
    if call.one("seat") and call.one("assignment"):
        return _member(call, shown, refused)
    # A refused form is sent to another address, without the page's own parameters.
    after = call.one("after") or None if call.method == "GET" else None
    book: Any = call.run("gradebooks.read", id=str(shown.about.id), after=after, limit=_MEMBERS)
    figures = None
    if book.columns and book.rows and (book.members <= _MEMBERS or call.one("figures") == "yes"):
        figures = call.run("gradebooks.figures", id=str(shown.about.id))
    return render_tab(
        "class_gradebook.html",
        call,
        PART,
        shown,
        refused=refused,
        book=book,
        figures=figures,
        first=int(after or 0) + 1,
        previous=str(max(int(after) - _MEMBERS, 0)) if after else None,
        local_time=local_time,
    )


def _member(call: PageCall, shown: ClassWithCounts, refused: str) -> Rendered:
    grade: Any = call.run("assignments.member", id=call.one("assignment"), seat=call.one("seat"))
    return render_tab(
        "class_member_grade.html",
        call,
        PART,
        shown,
        refused=refused,
        grade=grade,
        local_time=local_time,
    )


def _grade(call: PageCall, class_id: str) -> Rendered:
    """Store points and a comment for a part or the total; empty fields remove them."""
    about = {"id": call.one("assignment"), "seat": call.one("seat"), "part": call.one("entry")}
    points, comment = call.one("points"), call.one("comment")
    try:
        if points or comment:
            given = number(points) if points else None
            call.run("assignments.grade", **about, points=given, comment=comment)
        else:
            call.run("assignments.remove-grade", **about)
    except Refused as refusal:
        return _member(call, call.run("classes.read", id=class_id), str(refusal))
    address = f"/dashboard/classes/{class_id}/{PART}"
    return redirect(f"{address}?assignment={about['id']}&seat={about['seat']}&done=graded")


def _change_total(call: PageCall, class_id: str) -> Rendered:
    call.run("gradebooks.change", id=class_id, total=call.one("total"))
    return redirect(f"/dashboard/classes/{class_id}/{PART}")


def _file(call: PageCall, class_id: str) -> Rendered:
    headers = {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="gradebook-{class_id}.csv"',
    }
    return Rendered(gradebook_csv(call.run, class_id), headers=headers)


def gradebook_csv(run: Callable[..., Any], class_id: str) -> str:
    """Return the gradebook as CSV: three heading rows, then a row for each member.

    `run`: runs an operation of the API by its name.
    """
    written = io.StringIO()
    writer = csv.writer(written)
    after = None
    while True:
        page: Any = run("gradebooks.questions", id=class_id, after=after, limit=_PER_CALL)
        if after is None:
            for row in heading_rows(page):
                writer.writerow(map(excel_safe, row))
        for one in page.rows:
            writer.writerow(map(excel_safe, member_row(one)))
        after = page.next
        if after is None:
            return written.getvalue()


ACTIONS: Final[Mapping[str, Callable[[PageCall, str], Rendered]]] = {
    "grade": _grade,
    "change-total": _change_total,
}
TAB: Final = ClassTab(PART, "Gradebook", _show, ACTIONS, {"gradebook.csv": _file})
