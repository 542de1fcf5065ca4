"""Says whether the class of a member is over, and what they read then; others cost no read.

A class is over at the end of its last day, in its time zone, and while it is archived. A member who has begun
keeps their place: they go on there when the class, or they alone, get a later last day.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from chalicelib.model import keys
from chalicelib.operations.shared.context import Context
from chalicelib.serializable import copy_json
from chalicelib.study.study_records import Place
from chalicelib.study.translation import translate

from .study_context import moment_of, session_of, study_of

if TYPE_CHECKING:
    from chalicelib.study.classes.study_class import StudyClass

#: How long after the end an answer is still taken, in seconds: it was under way, as after a due date.
GRACE_AFTER_END: Final = 2.0
#: The interval in which the page asks again, in seconds: an instructor may give the member more time.
_POLL_SECONDS: Final = 60


def is_class_over(ctx: Context, place: Place, grace: float = 0.0) -> bool:
    """Whether a member can't go on since their class is over; `grace`: seconds for answers on their way."""
    return place.class_seat != "" and place.ended is None and _ended_class(ctx, place, grace) is not None


def class_over_fields(ctx: Context, place: Place) -> dict[str, Any] | None:
    """Return the fields of the page that says that the class is over; None for a member who can go on."""
    if not place.class_seat or place.ended is not None:
        return None
    ended = _ended_class(ctx, place)
    if ended is None:
        return None
    # Lazy import: few participants are members of a class.
    from chalicelib.study.classes import class_texts as texts

    study_class, end = ended
    language = study_of(ctx).language
    title = translate(texts.CLASS_OVER, language)
    lines = [translate(texts.CLASS_KEPT, language), translate(texts.CLASS_MORE_TIME, language)]
    if end is not None:
        last = (end - timedelta(seconds=1)).astimezone(study_class.zone)
        day = f"{last:%Y-%m-%d} ({study_class.time_zone})"
        lines.insert(0, translate(texts.CLASS_LAST_DAY, language).format(day=day))
    text = Markup("").join(Markup("<p>{}</p>").format(line) for line in lines)
    return {
        "kind": "page",
        "page": "class_over",
        "title": title,
        "html": str(Markup('<h1>{}</h1><div role="status">{}</div>').format(title, text)),
        "items": {},
        "seconds_left": None,
        "button": None,
        "poll_seconds": _POLL_SECONDS,
        "doorbell": False,
        "preload": [],
        # The page that is due keeps its serial, and what was typed on it: it may be shown again.
        "closed": True,
    }


def _ended_class(ctx: Context, place: Place, grace: float = 0.0) -> tuple[StudyClass, datetime | None] | None:
    """Return the class of a member and when it ended for them, None while it is archived; None before."""
    # Lazy import: few participants are members of a class.
    from chalicelib.study.classes.class_seats import class_of_seat
    from chalicelib.study.classes.study_class import ClassMember, StudyClass

    number = class_of_seat(place.class_seat)
    item = None if number is None else ctx.uow.item(keys.study_class(number))
    if number is None or item is None:
        return None
    study_class = StudyClass.from_item(copy_json(dict(item)))
    if study_class.archived is not None:
        return study_class, None
    now = ctx.now - timedelta(seconds=grace)
    if not study_class.is_over(now):
        return None
    stored = ctx.uow.item(keys.class_member(number, place.class_seat))
    last_day = "" if stored is None else ClassMember.from_item(copy_json(dict(stored))).last_day
    end = study_class.ends_for(last_day, _extended(ctx, place))
    return (study_class, end) if end is not None and end <= now else None


def _extended(ctx: Context, place: Place) -> Iterator[datetime]:
    """Yield the due dates of assignments that hold for this member alone: they may go on until then."""
    for one in session_of(ctx).work_of(place):
        if one.terms.due is not None and one.terms.due != moment_of(one.assignment.due):
            yield one.terms.due
