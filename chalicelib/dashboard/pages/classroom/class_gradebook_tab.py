"""The tab Gradebook of a class: members and assignments in a grid, and one member's answers with points."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from chalicelib.dashboard.page_call import PageCall, Rendered, redirect
from chalicelib.errors import NotFound, Refused
from chalicelib.export.classes.gradebook_files import csv_of, workbook_of_gradebook
from chalicelib.export.formats.workbooks import can_write_workbooks
from chalicelib.operations.assignments.question_grades import QuestionTable
from chalicelib.operations.classes.manage_classes import ClassWithCounts

from .class_assignments_tab import local_time, number
from .class_tabs import ClassTab, render_tab

PART: Final = "gradebook"
_MEMBERS: Final = 50
_PER_CALL: Final = 100
#: Why there is no workbook, and how to get it.
NO_WORKBOOK: Final = (
    "This run has no library for Excel workbooks. The command `petri gradebook {class_id} --out grades.xlsx` "
    "writes the workbook on the operator's machine; with the line `openpyxl` in the study's "
    "requirements.txt, the dashboard has it from the next deployment on."
)


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
        has_workbook=can_write_workbooks(),
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


def _send_scores(call: PageCall, class_id: str) -> Rendered:
    call.run("gradebooks.send_scores", id=class_id)
    return redirect(f"/dashboard/classes/{class_id}/{PART}?done=scores")


def _csv_file(call: PageCall, class_id: str) -> Rendered:
    headers = _headers(f"gradebook-{class_id}.csv", "text/csv; charset=utf-8")
    return Rendered(csv_of(_pages(call.run, class_id)), headers=headers)


def _workbook_file(call: PageCall, class_id: str) -> Rendered:
    if not can_write_workbooks():
        raise NotFound(NO_WORKBOOK.format(class_id=class_id))
    content = workbook_of_gradebook(_pages(call.run, class_id))
    # Of the types that pass through API Gateway unchanged.
    return Rendered(
        content=content, headers=_headers(f"gradebook-{class_id}.xlsx", "application/octet-stream")
    )


def _headers(name: str, media_type: str) -> dict[str, str]:
    return {"Content-Type": media_type, "Content-Disposition": f'attachment; filename="{name}"'}


def _pages(run: Callable[..., Any], class_id: str) -> Iterator[QuestionTable]:
    """Yield the table of a class page by page; `run` runs an operation of the API by its name."""
    after = None
    while True:
        page: QuestionTable = run("gradebooks.questions", id=class_id, after=after, limit=_PER_CALL)
        yield page
        after = page.next
        if after is None:
            return


ACTIONS: Final[Mapping[str, Callable[[PageCall, str], Rendered]]] = {
    "grade": _grade,
    "change-total": _change_total,
    "send-scores": _send_scores,
}
TAB: Final = ClassTab(
    PART,
    "Gradebook",
    _show,
    ACTIONS,
    {"gradebook.csv": _csv_file, "gradebook.xlsx": _workbook_file},
)
