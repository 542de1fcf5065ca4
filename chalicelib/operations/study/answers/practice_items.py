"""Chooses the item that a reader practises next, and schedules it again after each review, with FSRS."""

from __future__ import annotations

import json
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
from chalicelib.study.translation import translate

if TYPE_CHECKING:
    from fsrs import Scheduler


#: The end of the name under which a place keeps the items that were answered since the practice began.
_ANSWERED: Final = " practised"
#: The end of the name under which a place keeps which item is asked, behind the path of a Practice.
_ASKED: Final = " asked"
#: The end of the name under which a place keeps the answer that the reader rates.
_RECALLED: Final = " recalled"
#: A longer answer, in characters of JSON, isn't shown beside the rating.
_LONGEST_SHOWN: Final = 4_000


@dataclass(frozen=True, slots=True)
class PracticeState:
    """What a reader can practise now."""

    #: The items that are due, the one that was due first before the others, each with the page that asks it.
    due: Mapping[str, str]
    #: When the next item is due; None when no item waits.
    next_due: datetime | None


@dataclass(frozen=True, slots=True)
class Recalled:
    """An answer to an item without a right answer, which the reader rates next."""

    item: str
    #: None for an answer that is left out, or too long to be shown again.
    answer: Any
    seconds: float | None


def practice_state(ctx: Context, place: Place, page: Practice) -> PracticeState:
    """Return which items of the pages that a reader has finished are due."""
    pages = _pages_of_items(ctx, place, page)
    cards = session_of(ctx).practice_cards(place.participant_id)
    waiting = {name: moment_of(card.due) or ctx.now for name, card in cards.items() if name in pages}
    due = sorted((when, name) for name, when in waiting.items() if when <= ctx.now)
    later = [when for when in waiting.values() if when > ctx.now]
    names = [name for _, name in due] + [name for name in pages if name not in cards]
    return PracticeState({name: pages[name] for name in names}, min(later, default=None))


def recalled(ctx: Context, place: Place, page: Practice) -> Recalled | None:
    """Return the answer that the reader rates now; None when an item is asked."""
    kept = place.draws.get(f"{place.path}{_RECALLED}")
    if not isinstance(kept, Mapping) or kept["item"] not in practice_state(ctx, place, page).due:
        return None
    return Recalled(kept["item"], kept["answer"], kept["seconds"])


def item_to_practise(ctx: Context, place: Place, page: Practice) -> dict[str, Item]:
    """Return the item that is asked now, by name, or that of its rating; nothing when none is due.

    It stays until it is answered, although another one may have become due since it was shown.
    """
    to_rate = recalled(ctx, place, page)
    if to_rate is not None:
        language = study_of(ctx).language
        return {
            page.rating_name(to_rate.item): page.rating_item(
                to_rate.item, lambda text: translate(text, language)
            )
        }
    due, asked = practice_state(ctx, place, page).due, f"{place.path}{_ASKED}"
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
    """Grade the answer to the item that was due, log the review, and schedule the item again.

    An answer to an item that the reader rates is kept until its rating, which is the review.
    """
    due, to_rate = practice_state(ctx, place, page).due, recalled(ctx, place, page)
    if to_rate is not None:
        rating = answers.get(page.rating_name(to_rate.item)) or "again"
        _store(ctx, place, page, to_rate.item, due[to_rate.item], rating, Grade(), to_rate.seconds)
        _note_answered(place, to_rate.item)
        return
    for name, item in item_to_practise(ctx, place, page).items():
        if name not in answers:
            continue
        if name in page.self_rated:
            _keep_recalled(place, name, answers[name], seconds)
            continue
        grade = Grade(correct=False) if answers[name] is None else item.grade(answers[name])
        _store(ctx, place, page, name, due[name], _rating(grade, seconds, page.slow_seconds), grade, seconds)
        _note_answered(place, name)


def _keep_recalled(place: Place, name: str, answer: Any, seconds: float | None) -> None:
    is_long = len(json.dumps(answer, ensure_ascii=False)) > _LONGEST_SHOWN
    kept = {"item": name, "answer": None if is_long else answer, "seconds": seconds}
    place.draws = {**place.draws, f"{place.path}{_RECALLED}": kept}


def _note_answered(place: Place, name: str) -> None:
    """Note that an item was answered in this practice, and is no longer asked."""
    answered, over = f"{place.path}{_ANSWERED}", (f"{place.path}{_ASKED}", f"{place.path}{_RECALLED}")
    kept = {one: held for one, held in place.draws.items() if one not in over}
    place.draws = {**kept, answered: [*kept.get(answered, []), name]}


def goes_on(ctx: Context, place: Place, page: Practice) -> bool:
    """Return whether the page for practice asks another item now; if not, the practice ends here.

    An item that was answered in this practice doesn't prolong it, so each practice has an end. A wrong
    answer comes again when the page is opened again, or before, while other items are asked.
    """
    answered = f"{place.path}{_ANSWERED}"
    done = place.draws.get(answered, [])
    if any(name not in done for name in practice_state(ctx, place, page).due):
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
    item: str,
    asked_at: str,
    rating: str,
    grade: Grade,
    seconds: float | None,
) -> None:
    # Lazy import: only readers who practise need the scheduler.
    from fsrs import Card, Rating, Scheduler

    session = session_of(ctx)
    record = session.practice_cards(place.participant_id).get(item)
    # The id of a card isn't needed; one of FSRS's own would be made of the clock.
    card = Card(card_id=1, due=ctx.now) if record is None else Card.from_dict(record.card)  # type: ignore[arg-type]
    if record is None:
        record = PracticeCard(place.participant_id, item, "")
        session.add_practice_card(record)
    scheduler: Scheduler = Scheduler(desired_retention=page.retention, enable_fuzzing=False)
    card, _ = scheduler.review_card(card, Rating[rating.capitalize()], ctx.now)
    record.card, record.due, record.reviews = dict(card.to_dict()), str(iso(card.due)), record.reviews + 1
    review = Review(
        place.participant_id,
        place.serial,
        place.path,
        item,
        asked_at,
        record.reviews,
        str(iso(ctx.now)),
        grade.correct,
        None if grade.percent is None else float(grade.percent),
        rating,
        seconds,
        record.due,
        None if card.stability is None else round(card.stability, 4),
        None if card.difficulty is None else round(card.difficulty, 4),
    )
    session.reviewed[place.participant_id, place.serial] = review
    ctx.uow.put_item(keys.review(place.participant_id, place.serial, item), review.kind, review.to_fields())


def _rating(grade: Grade, seconds: float | None, slow_seconds: float) -> str:
    """Return how FSRS takes an answer: wrong is again; partly right, or slow, is hard."""
    if not grade.correct and not grade.percent:
        return "again"
    is_hard = grade.correct is False or (seconds is not None and seconds > slow_seconds)
    return "hard" if is_hard else "good"


def _pages_of_items(ctx: Context, place: Place, page: Practice) -> dict[str, str]:
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
                if name in page.self_rated or _can_be_practised(item):
                    found.setdefault(name, path)
    return found


def _can_be_practised(item: Item) -> bool:
    """Whether a rule grades the answers to an item: no person and no peer."""
    return item.has_right and item.grading not in ("manual", "peer", "interaction")
