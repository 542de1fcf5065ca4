"""Renders the page of a Session: it says when the session opens, or has a button that begins it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from markupsafe import Markup

from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.flow.visits import can_begin, find_visit
from chalicelib.operations.study.shared.study_context import moment_of, study_of
from chalicelib.study.elements import Session
from chalicelib.study.items.markup import marked
from chalicelib.study.study_records import Place, VisitRecord
from chalicelib.study.translation import translate

#: How soon the page asks again when the session should be open and can't be begun yet, in seconds: the
#: recruiter's report of the submission is on its way.
LOOK_AGAIN = 2.0


def session_fields(ctx: Context, place: Place, element: Session) -> dict[str, Any]:
    """Return the page of a participant at a Session."""
    visit = find_visit(ctx, place)
    if visit is None:
        return {}
    participant = ctx.uow.participant(place.participant_id)
    is_open = can_begin(ctx, participant, visit)
    language = study_of(ctx).language
    title = translate(
        marked("The next session is open") if is_open else marked("See you at the next session"), language
    )
    parts = [Markup("<h1>{}</h1>").format(title)]
    if element.text:
        parts.append(Markup("<p>{}</p>").format(translate(element.text, language)))
    parts += _facts(ctx, visit, language, is_open=is_open)
    opens = moment_of(visit.opens_at)
    left = 0.0 if opens is None else (opens - ctx.now).total_seconds()
    return {
        "kind": "session",
        "page": element.name,
        "title": title,
        "html": str(Markup("\n").join(parts)),
        "items": {},
        "seconds_left": None,
        "preload": [],
        "is_open": is_open,
        "opens_in": None if is_open else round(max(left, LOOK_AGAIN), 1),
        "button": translate(marked("Begin") if is_open else marked("Finish for now"), language),
        # The first visit is submitted to the recruiter; what later ones are paid is shown there too.
        "exit": None if is_open else "recruiter-exit",
    }


def _facts(ctx: Context, visit: VisitRecord, language: str, *, is_open: bool) -> list[Markup]:
    rows = []
    if not is_open:
        rows.append((translate(marked("It opens on"), language), _moment(moment_of(visit.opens_at))))
    rows.append((translate(marked("You can begin it until"), language), _moment(moment_of(visit.closes_at))))
    if float(visit.pay):
        rows.append((translate(marked("You get"), language), Markup("{}").format(ctx.money(visit.pay))))
    facts = Markup("").join(Markup("<dt>{}</dt><dd>{}</dd>").format(*row) for row in rows)
    found = [
        Markup("<p><strong>{}</strong></p>").format(visit.session),
        Markup('<dl class="facts">{}</dl>').format(facts),
    ]
    if not is_open:
        text = translate(
            marked("This session is complete. Come back with the same link, on this device or another."),
            language,
        )
        found.insert(0, Markup("<p>{}</p>").format(text))
    return found


def _moment(moment: datetime | None) -> Markup:
    """Return a time, which the page's script shows in the participant's language and time zone."""
    if moment is None:
        return Markup("")
    return Markup('<time datetime="{}" data-local>{:%Y-%m-%d %H:%M} UTC</time>').format(
        moment.isoformat(), moment
    )
