"""Chooses the item that a reader practises next, and schedules it again after each review, with FSRS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.shared.study_context import moment_of, session_of, study_of
from chalicelib.study.books.practice_records import PracticeCard, Review
from chalicelib.study.elements import Page, Practice
from chalicelib.study.items import Grade, Item
from chalicelib.study.plan import parse_path, write_path
from chalicelib.study.study_records import Place

if TYPE_CHECKING:
    from fsrs import Rating, Scheduler


#: The end of the name under which a place keeps the items that were answered since the practice began.
_ANSWERED: Final = " practised"
#: The end of the name under which a place keeps which item is asked, behind the path of a Practice.
_ASKED: Final = " asked"


@dataclass(frozen=True, slots=True)
class PracticeState:
    """What a reader can practise now."""

    #: The items that are due, the one that was due first before the others, each with the page that asks it.
    due: Mapping[str, str]
    #: When the next item is due; None when no item waits.
    next_due: datetime | None


def practice_state(ctx: Context, place: Place) -> PracticeState:
    """Return which items of the pages that a reader has finished are due."""
    pages = _pages_of_items(ctx, place)
    cards = session_of(ctx).practice_cards(place.participant_id)
    waiting = {name: moment_of(card.due) or ctx.now for name, card in cards.items() if name in pages}
    due = sorted((when, name) for name, when in waiting.items() if when <= ctx.now)
    later = [when for when in waiting.values() if when > ctx.now]
    names = [name for _, name in due] + [name for name in pages if name not in cards]
    return PracticeState({name: pages[name] for name in names}, min(later, default=None))


def item_to_practise(ctx: Context, place: Place) -> dict[str, Item]:
    """Return the item that is asked now, by name; nothing when none is due.

    It stays until it is answered, although another one may have become due since it was shown.
    """
    due, asked = practice_state(ctx, place).due, f"{place.path}{_ASKED}"
    name = place.draws.get(asked)
    if name not in due:
        name = next(iter(due), None)
    if name is None:
        return {}
    if place.draws.get(asked) != name:
        place.draws = {**place.draws, asked: name}
    study, player = study_of(ctx), session_of(ctx).player(place.participant_id)
    return {name: study.items()[name].resolved(study, player).in_language(study.language)}


def store_review(
    ctx: Context, place: Place, page: Practice, answers: Mapping[str, Any], seconds: float | None
) -> None:
    """Grade the answer to the item that was due, log the review, and schedule the item again."""
    due, items = practice_state(ctx, place).due, item_to_practise(ctx, place)
    for name, value in answers.items():
        if name in items:
            _store(ctx, place, page, items[name], due[name], value, seconds)
    answered = f"{place.path}{_ANSWERED}"
    kept = {one: held for one, held in place.draws.items() if one != f"{place.path}{_ASKED}"}
    place.draws = {**kept, answered: [*kept.get(answered, []), *answers]}


def goes_on(ctx: Context, place: Place) -> bool:
    """Return whether the page for practice asks another item now; if not, the practice ends here.

    An item that was answered in this practice doesn't prolong it, so each practice has an end. A wrong
    answer comes again when the page is opened again, or before, while other items are asked.
    """
    answered = f"{place.path}{_ANSWERED}"
    done = place.draws.get(answered, [])
    if any(name not in done for name in practice_state(ctx, place).due):
        return True
    place.draws = {one: held for one, held in place.draws.items() if one != answered}
    return False


def last_review(ctx: Context, place: Place) -> Review | None:
    """Return the review with which the reader came to the page that is due; None for another way."""
    serial = place.serial - 1
    made = session_of(ctx).reviewed.get((place.participant_id, serial))
    if made is not None:
        return made
    found = ctx.uow.items(*keys.reviews(place.participant_id, serial))
    return next((Review.from_item(item) for item in found), None)


def _store(
    ctx: Context,
    place: Place,
    page: Practice,
    item: Item,
    asked_at: str,
    value: Any,
    seconds: float | None,
) -> None:
    # Lazy import: only readers who practise need the scheduler.
    from fsrs import Card, Scheduler

    session = session_of(ctx)
    record = session.practice_cards(place.participant_id).get(item.name)
    # The id of a card isn't needed; one of FSRS's own would be made of the clock.
    card = Card(card_id=1, due=ctx.now) if record is None else Card.from_dict(record.card)  # type: ignore[arg-type]
    if record is None:
        record = PracticeCard(place.participant_id, item.name, "")
        session.add_practice_card(record)
    grade = Grade(correct=False) if value is None else item.grade(value)
    rating = _rating(grade, seconds, page.slow_seconds)
    scheduler: Scheduler = Scheduler(desired_retention=page.retention, enable_fuzzing=False)
    card, _ = scheduler.review_card(card, rating, ctx.now)
    record.card, record.due, record.reviews = dict(card.to_dict()), str(iso(card.due)), record.reviews + 1
    review = Review(
        place.participant_id,
        place.serial,
        place.path,
        item.name,
        asked_at,
        record.reviews,
        str(iso(ctx.now)),
        grade.correct,
        None if grade.percent is None else float(grade.percent),
        rating.name.lower(),
        seconds,
        record.due,
        None if card.stability is None else round(card.stability, 4),
        None if card.difficulty is None else round(card.difficulty, 4),
    )
    session.reviewed[place.participant_id, place.serial] = review
    ctx.uow.put_item(
        keys.review(place.participant_id, place.serial, item.name), review.kind, review.to_fields()
    )


def _rating(grade: Grade, seconds: float | None, slow_seconds: float) -> Rating:
    """Return how FSRS takes an answer: wrong is again; partly right, or slow, is hard."""
    from fsrs import Rating

    if not grade.correct and not grade.percent:
        return Rating.Again
    is_hard = grade.correct is False or (seconds is not None and seconds > slow_seconds)
    return Rating.Hard if is_hard else Rating.Good


def _pages_of_items(ctx: Context, place: Place) -> dict[str, str]:
    """Return the items of the book that the reader has finished pages of, with the page that asks each."""
    study = study_of(ctx)
    plan = study.plan()
    around = plan.book_around(parse_path(place.path))
    if around is None:
        return {}
    book = f"{write_path(around[0])}/"
    finished = {one.path for one in session_of(ctx).readings(place.participant_id, book) if one.is_finished}
    found: dict[str, str] = {}
    for path, step in plan.steps():
        if path in finished and isinstance(step.element, Page) and not isinstance(step.element, Practice):
            for name, item in study.items_of(step.element).items():
                if _can_be_practised(item):
                    found.setdefault(name, path)
    return found


def _can_be_practised(item: Item) -> bool:
    """Whether a rule grades the answers to an item: no person and no peer."""
    return item.has_right and item.grading not in ("manual", "peer", "interaction")
