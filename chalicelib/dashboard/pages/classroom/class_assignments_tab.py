"""The tab Assignments of a class: the list, the form of one assignment, exceptions of members, release."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from zoneinfo import ZoneInfo

from chalicelib.dashboard.page_call import PageCall, Rendered, redirect
from chalicelib.errors import Refused
from chalicelib.operations.classes.manage_classes import ClassWithCounts
from chalicelib.study.assignments.grade_computation import shown as shown_number

from .class_tabs import ClassTab, render_tab

PART: Final = "assignments"
#: What the form's fields of points are called: this, then `item` or `page`, then the name.
_POINTS: Final = "points "
_FLAGS: Final = ("enforced", "pause", "feedback")
_CHOICES: Final = ("counts", "grading")
_TEXTS: Final = ("name", "due", "visible_from")
_NUMBERS: Final = ("minutes", "threshold")
_MEMBERS_PER_CALL: Final = 200


@dataclass(frozen=True, slots=True)
class PartField:
    """A row of the form: an item or a page, and the points that it has in the assignment."""

    kind: str
    name: str
    label: str
    #: The points as they are entered; empty for what isn't a part.
    points: str
    #: What the study gives an item.
    hint: str = ""
    #: What a grader has to do: `manual`, `peer`, or empty where rules grade.
    graded_by: str = ""

    @property
    def field(self) -> str:
        """The name of the form's field."""
        return f"{_POINTS}{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class PartGroup:
    """A page of the study and its items, as the form shows them."""

    page: PartField | None
    items: list[PartField]


def local_time(moment: datetime | None, time_zone: str) -> str:
    """Return a moment as the value of a field for a local time of the class; empty for none."""
    return "" if moment is None else moment.astimezone(zone_named(time_zone)).strftime("%Y-%m-%dT%H:%M")


def zone_named(time_zone: str) -> tzinfo:
    """Return a time zone by its name."""
    return UTC if time_zone == "UTC" else ZoneInfo(time_zone)


def _show(call: PageCall, shown: ClassWithCounts, refused: str) -> Rendered:
    if call.one("assignment"):
        return _form(call, shown, call.one("assignment"), refused=refused)
    if call.one("new") == "yes":
        return _form(call, shown, None, refused=refused)
    listed: Any = call.run("assignments.list", class_id=shown.about.id)
    return render_tab(
        "class_assignments.html",
        call,
        PART,
        shown,
        refused=refused,
        listed=listed,
        now=datetime.now(UTC),
        local_time=local_time,
    )


def _form(
    call: PageCall, shown: ClassWithCounts, assignment_id: str | None, *, refused: str = ""
) -> Rendered:
    """Show the form of one assignment; with what was entered, where it was refused."""
    one: Any = None if assignment_id is None else call.run("assignments.read", id=assignment_id)
    sent = call.one("sent") == "assignment"
    return render_tab(
        "class_assignment.html",
        call,
        PART,
        shown,
        refused=refused,
        one=one,
        values=_sent(call) if sent else _stored(one),
        groups=_groups(call, one, is_sent=sent),
        exceptions=[] if one is None else call.run("assignments.exceptions", id=one.id).exceptions,
        members=[] if one is None else _members(call, shown),
        local_time=local_time,
    )


def _stored(one: Any) -> dict[str, Any]:
    """Return what the form shows of an assignment; the defaults of a new one."""
    if one is None:
        plain = dict.fromkeys((*_TEXTS, *_NUMBERS), "")
        return {
            **plain,
            "enforced": False,
            "pause": True,
            "feedback": True,
            "counts": "best",
            "grading": "rule",
            "weight": "1",
        }
    return {
        "name": one.name,
        "due": local_time(one.due, one.time_zone),
        "visible_from": local_time(one.visible_from, one.time_zone),
        **{name: getattr(one, name) or "" for name in _NUMBERS},
        **{name: getattr(one, name) for name in (*_FLAGS, *_CHOICES)},
        "weight": shown_number(Decimal(one.weight)),
    }


def _sent(call: PageCall) -> dict[str, Any]:
    texts = {name: call.one(name) for name in (*_TEXTS, *_NUMBERS, *_CHOICES, "weight")}
    return {**texts, **{name: call.one(name) == "on" for name in _FLAGS}}


def _groups(call: PageCall, one: Any, *, is_sent: bool) -> list[PartGroup]:
    """Return the pages of the study with their items, and what the study doesn't have any more."""
    possible: Any = call.run("assignments.parts")
    held = {} if one is None else {(part.kind, part.name): shown_number(part.points) for part in one.parts}

    def points(kind: str, *names: str) -> tuple[str, str]:
        for name in names:
            text = call.one(f"{_POINTS}{kind} {name}") if is_sent else held.get((kind, name), "")
            held.pop((kind, name), None)
            if text:
                return name, text
        return names[0], ""

    by_name = {item.name: item for item in possible.items}
    groups: list[PartGroup] = []
    left = dict(by_name)
    for page in possible.pages:
        # A page is known by its path and by its name; the path is unique.
        name, text = points("page", page.path, page.name)
        own = [left.pop(item) for item in page.items if item in left]
        groups.append(
            PartGroup(PartField("page", name, page.path, text), [_item(item, points) for item in own])
        )
    if left:
        groups.append(PartGroup(None, [_item(item, points) for item in left.values()]))
    lost = [
        PartField(kind, name, f"{name} (not in the study any more)", text)
        for (kind, name), text in held.items()
    ]
    return [*groups, PartGroup(None, lost)] if lost else groups


def _item(item: Any, points: Callable[..., tuple[str, str]]) -> PartField:
    graded_by = item.grading if item.grading in ("manual", "peer") else ""
    hint = shown_number(Decimal(item.points))
    return PartField("item", item.name, item.label, points("item", item.name)[1], hint, graded_by)


def _members(call: PageCall, shown: ClassWithCounts) -> list[Any]:
    """Return the members of a class, of whom one is chosen for an exception."""
    found: list[Any] = []
    after = None
    while True:
        page: Any = call.run("classes.members", id=str(shown.about.id), after=after, limit=_MEMBERS_PER_CALL)
        found += page.rows
        after = page.next
        if after is None:
            return found


def _fields(call: PageCall) -> dict[str, Any]:
    """Return the fields of the form as the operations take them."""
    entered = ((name, call.one(name)) for name in call.query if name.startswith(_POINTS))
    parts = tuple(f"{name.removeprefix(_POINTS)} {text}" for name, text in entered if text)
    return {
        "name": call.one("name"),
        "parts": parts,
        "due": call.one("due"),
        "visible_from": call.one("visible_from"),
        **{name: whole(call.one(name)) for name in _NUMBERS},
        **{name: call.one(name) == "on" for name in _FLAGS},
        **{name: call.one(name) for name in _CHOICES},
        "weight": number(call.one("weight") or "1"),
    }


def whole(text: str) -> int:
    """Return a whole number; 0 for an empty field, and -1, which operations refuse, for any other text."""
    if not text:
        return 0
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1  # noqa: PLR2004


def number(text: str) -> Decimal:
    """Return a number; NaN, which operations refuse by the field's name, for any other text."""
    try:
        return Decimal(text.replace(",", "."))
    except InvalidOperation:
        return Decimal("NaN")


def _create(call: PageCall, class_id: str) -> Rendered:
    try:
        created: Any = call.run("assignments.create", class_id=int(class_id), **_fields(call))
    except Refused as refusal:
        return _form(call, call.run("classes.read", id=class_id), None, refused=str(refusal))
    return redirect(f"/dashboard/classes/{class_id}/{PART}?done=created#a{created.id}")


def _change(call: PageCall, class_id: str) -> Rendered:
    assignment_id = call.one("assignment")
    try:
        stored: Any = call.run("assignments.read", id=assignment_id)
        fields = _fields(call)
        for name in ("due", "visible_from"):
            # The form shows minutes, and no offset from UTC: a time that wasn't edited stays the same moment.
            moment = getattr(stored, name)
            if moment is not None and fields[name] == local_time(moment, stored.time_zone):
                fields[name] = moment.isoformat()
        call.run("assignments.change", id=assignment_id, **fields)
    except Refused as refusal:
        return _form(call, call.run("classes.read", id=class_id), assignment_id, refused=str(refusal))
    return redirect(f"/dashboard/classes/{class_id}/{PART}?done=changed#a{assignment_id}")


def _delete(call: PageCall, class_id: str) -> Rendered:
    assignment_id = call.one("assignment")
    try:
        call.run("assignments.delete", id=assignment_id, points_given=whole(call.one("points_given")))
    except Refused as refusal:
        return _form(call, call.run("classes.read", id=class_id), assignment_id, refused=str(refusal))
    return redirect(f"/dashboard/classes/{class_id}/{PART}?done=deleted")


def _except(call: PageCall, class_id: str) -> Rendered:
    assignment_id = call.one("assignment")
    try:
        call.run(
            "assignments.except",
            id=assignment_id,
            seat=call.one("seat"),
            due=call.one("due"),
            visible_from=call.one("visible_from"),
            factor=number(call.one("factor") or "1"),
            reason=call.one("reason"),
        )
    except Refused as refusal:
        return _form(call, call.run("classes.read", id=class_id), assignment_id, refused=str(refusal))
    return _to_exceptions(class_id, assignment_id)


def _end_exception(call: PageCall, class_id: str) -> Rendered:
    assignment_id = call.one("assignment")
    call.run("assignments.end-exception", id=assignment_id, seat=call.one("seat"))
    return _to_exceptions(class_id, assignment_id)


def _to_exceptions(class_id: str, assignment_id: str) -> Rendered:
    address = f"/dashboard/classes/{class_id}/{PART}?assignment={assignment_id}"
    return redirect(f"{address}&done=excepted#exceptions")


def _release(call: PageCall, class_id: str) -> Rendered:
    """Release or withdraw the grades for one assignment, or for all."""
    verb = "withdraw" if call.one("withdraw") == "yes" else "release"
    if call.one("assignment"):
        call.run(f"assignments.{verb}", id=call.one("assignment"))
    else:
        while call.run(f"gradebooks.{verb}", id=class_id).left:
            pass
    return redirect(f"/dashboard/classes/{class_id}/{PART}?done={verb}")


ACTIONS: Final[Mapping[str, Callable[[PageCall, str], Rendered]]] = {
    "create-assignment": _create,
    "change-assignment": _change,
    "delete-assignment": _delete,
    "except": _except,
    "end-exception": _end_exception,
    "release": _release,
}
TAB: Final = ClassTab(PART, "Assignments", _show, ACTIONS)
