"""Checks, grades and stores the answers of a page."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from chalicelib.errors import AnswersRefused, BadRequest
from chalicelib.immutable import immutable
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.shared.class_rules import closed_items, has_work_clock
from chalicelib.operations.study.shared.hook_errors import study_code
from chalicelib.operations.study.shared.study_context import moment_of, session_of, study_of
from chalicelib.study.answer_store import shortened, spill
from chalicelib.study.assignments.assignment_texts import RELOAD
from chalicelib.study.elements import Page, PeerGrading, Practice
from chalicelib.study.expressions import holds
from chalicelib.study.items import AnswerError, Grade, Item, UploadItem, check_answer
from chalicelib.study.items.grading import points_that_count
from chalicelib.study.plan import parse_path
from chalicelib.study.player import Player
from chalicelib.study.study_records import Place, StudyResponse
from chalicelib.study.translation import translate

from .peer_answers import grade_items, share_answers
from .practice_items import item_to_practise
from .timed_parts import count_answers, timed_around
from .uploads import check_file, keep_files

#: The maximum size of sent answers as JSON, in bytes; a page of forty items stays far below.
MAX_CLIENT_SECONDS = 24 * 60 * 60
PARTICIPANT, TIMEOUT, AUTOPLAY = "participant", "timeout", "autoplay"


def items_due(ctx: Context, player: Player, page: Page) -> dict[str, Item]:
    """Return the items of a page for this player, with their options and rows resolved.

    Those of an assignment that is closed for them aren't asked.
    """
    if isinstance(page, PeerGrading):
        return grade_items(ctx, player.id, page)
    if isinstance(page, Practice):
        return item_to_practise(ctx, session_of(ctx).place(player.id), page)
    asked = _items_asked(ctx, player, page)
    closed = closed_items(ctx, session_of(ctx).place(player.id), page, asked)
    return {name: item for name, item in asked.items() if name not in closed} if closed else asked


def _items_asked(ctx: Context, player: Player, page: Page) -> dict[str, Item]:
    study = study_of(ctx)
    with study_code(ctx, player.id, f"the choice of the items at {player.path}"):
        items = {n: item for n, item in study.items_of(page).items() if holds(study, item.show_if, player)}
        return {
            name: item.resolved(study, player).in_language(study.language)
            for name, item in _drawn(ctx, player, page, items).items()
        }


def _drawn(ctx: Context, player: Player, page: Page, items: Mapping[str, Item]) -> Mapping[str, Item]:
    """Return the items that were drawn for this player, and those of the page that aren't drawn."""
    if page.drawing is None:
        return items
    session = session_of(ctx)
    pool = study_of(ctx).pool_of(page)
    names = session.decisions(session.place(player.id)).drawn_items(page, player.path, items.keys())
    drawn = {name: page.drawing.given_points(items[name]) for name in names}
    return {**drawn, **{name: item for name, item in items.items() if name not in pool}}


def check_answers(ctx: Context, player: Player, page: Page, raw: Any) -> dict[str, Any]:
    """Return the answers to store; AnswersRefused says what is wrong with each item."""
    if not isinstance(raw, Mapping):
        raise BadRequest("answers must be an object with a value for each item.")
    items, language = items_due(ctx, player, page), study_of(ctx).language
    unknown = [name for name in raw if name not in items]
    if unknown:
        _refuse_unasked(ctx, player, page, unknown)
    stored: dict[str, Any] = {}
    refused: dict[str, str] = {}
    for name, item in items.items():
        try:
            stored[name] = _checked(ctx, player, item, raw.get(name))
        except AnswerError as error:
            refused[name] = error.text(lambda text: translate(text, language))
    if refused:
        raise AnswersRefused(refused)
    return stored


def _refuse_unasked(ctx: Context, player: Player, page: Page, names: Sequence[Any]) -> None:
    """Refuse answers to items that the page doesn't ask, or not any more."""
    language = study_of(ctx).language
    closed = closed_items(ctx, session_of(ctx).place(player.id), page, [str(name) for name in names])
    reasons = {
        name: f"{reason} {translate(RELOAD, language)}" for name, reason in closed.items() if name in names
    }
    other = translate("This page doesn't ask this.", language)
    raise AnswersRefused({str(name): reasons.get(str(name), other) for name in names})


def _checked(ctx: Context, player: Player, item: Item, raw: Any) -> Any:
    stored = check_answer(item, raw)
    if isinstance(item, UploadItem) and stored is not None:
        check_file(ctx, player, item, stored)
    if item.check is None or stored is None:
        return stored
    problem = item.own_check(study_of(ctx), player, item.value(stored))
    if problem:
        raise AnswerError(str(problem))
    return stored


@immutable()
class CompletedAnswers:
    """The answers of a page whose time is up."""

    answers: dict[str, Any]
    #: The items whose answer isn't the participant's: one of `on_timeout`, a default, or none.
    missed: frozenset[str]


def complete_answers(ctx: Context, player: Player, page: Page, draft: Any = None) -> CompletedAnswers | None:
    """Return the answers of a player whose time is up: valid parts of the draft, `on_timeout`, defaults.

    None when a required item has none of them, except in a timed or hosted part, in a timed assignment and
    for a grade of a peer, where it stays without an answer.
    """
    answers: dict[str, Any] = {}
    missed: set[str] = set()
    can_miss = timed_around(ctx, player.path) is not None or isinstance(page, PeerGrading)
    can_miss = can_miss or study_of(ctx).plan().is_hosted(parse_path(player.path))
    can_miss = can_miss or has_work_clock(session_of(ctx).place(player.id))
    for name, item in items_due(ctx, player, page).items():
        value = _valid_draft(ctx, player, item, draft)
        if value is None:
            missed.add(name)
            value = _valid_default(item, page.on_timeout.get(name, item.default))
        if value is None and item.required and not can_miss:
            return None
        answers[name] = value
    return CompletedAnswers(answers, frozenset(missed))


def _valid_default(item: Item, answer: Any) -> Any:
    """Return the author's answer as stored; None when it isn't valid for this player."""
    try:
        return None if answer is None else item.validate(answer)
    except AnswerError:
        return None


def _valid_draft(ctx: Context, player: Player, item: Item, draft: Any) -> Any:
    if not isinstance(draft, Mapping) or draft.get(item.name) is None:
        return None
    try:
        return _checked(ctx, player, item, draft[item.name])
    except AnswerError:
        return None


def record_answers(
    ctx: Context,
    place: Place,
    page: Page,
    answers: Mapping[str, Any],
    by: str,
    seconds_client: float | None = None,
    embedded: Sequence[dict[str, Any]] = (),
    missed: Collection[str] = (),
) -> StudyResponse:
    """Store a page's answers as one response and in the player's place, and as an info if passed on.

    `embedded`: the entries of answers that an embedded page gave: item, kind, answer. `missed`: the items
    that the participant hasn't answered in time.
    """
    session = session_of(ctx)
    player = session.player(place.participant_id)
    # Rows and options can depend on the player: the items as they were asked.
    items = items_due(ctx, player, page)
    keep_files(ctx, place, items, answers)
    scope = player.scopes[0]
    banked = study_of(ctx).bank_items()
    entries = [
        _entry(place, scope, items[name], value)
        | ({"missed": True} if name in missed else {})
        | ({"item_version": banked[name].version} if name in banked else {})
        for name, value in answers.items()
    ]
    entries += [{**entry, "attempt": _next_attempt(place, scope, entry["item"])} for entry in embedded]
    shown_at = moment_of(place.shown_at)
    response = StudyResponse(
        participant_id=place.participant_id,
        serial=place.serial,
        page=page.name,
        visit=place.visit,
        path=place.path,
        scope=scope,
        round=player.round,
        node_id=place.node_id,
        network_id=place.network_id,
        shown_at=place.shown_at,
        answered_at=iso(ctx.now),
        seconds=None if shown_at is None else round((ctx.now - shown_at).total_seconds(), 3),
        seconds_client=seconds_client,
        by=by,
        answers=entries,
    )
    key = keys.response(place.participant_id, place.serial)
    ctx.uow.put_item(key, response.kind, response.to_fields())
    share_answers(ctx, place, response, {name: item for name, item in items.items() if name not in missed})
    _note_missed(place, scope, answers, missed)
    session.recorded[place.participant_id, place.serial] = entries
    stored_answers = {entry["item"]: shortened(entry["answer"], place.serial) for entry in entries}
    place.answers.setdefault(scope, {}).update(stored_answers)
    spill(place, player.scopes)
    count_answers(ctx, place, entries)
    _collect(place, player, items, answers)
    return response


def _note_missed(place: Place, scope: str, answers: Mapping[str, Any], missed: Collection[str]) -> None:
    """Note which answers the study gave for the participant; a later answer to the same item replaces it."""
    answered = {f"{scope}|{name}" for name in answers}
    noted = [f"{scope}|{name}" for name in answers if name in missed]
    place.missed = [one for one in place.missed if one not in answered] + noted


def _entry(place: Place, scope: str, item: Item, stored: Any) -> dict[str, Any]:
    counter = f"{scope}|{item.name}"
    entry: dict[str, Any] = {
        "item": item.name,
        "kind": item.kind,
        "answer": stored,
        "attempt": _next_attempt(place, scope, item.name),
    }
    if stored is None:
        return entry
    grade = item.grade(stored)
    _add_points(place, counter, item.count, grade)
    if grade.correct is not None:
        entry["correct"] = grade.correct
    if grade.percent is not None:
        entry["percent"] = float(grade.percent)
    if grade.points:
        entry["points"] = str(grade.points)
    if grade.by:
        entry["graded_by"] = grade.by
    if grade.comment:
        entry["comment"] = grade.comment
    return entry


def _next_attempt(place: Place, scope: str, item: str) -> int:
    """Count an answer to an item in a round; return its number."""
    counter = f"{scope}|{item}"
    place.attempts[counter] = place.attempts.get(counter, 0) + 1
    return place.attempts[counter]


def _add_points(place: Place, counter: str, rule: str, grade: Grade) -> None:
    """Add the points of a graded answer to the total; `rule` says which attempt counts."""
    if grade.percent is None:
        return
    before = place.earned.get(counter, [])
    place.earned[counter] = [*before, str(grade.points)]
    change = points_that_count(place.earned[counter], rule) - points_that_count(before, rule)
    place.points = str(Decimal(place.points) + change)


def _collect(place: Place, player: Player, items: Mapping[str, Item], answers: Mapping[str, Any]) -> None:
    """Collect the answers to pass on; inside a For, each with its value."""
    passed = {name: value for name, value in answers.items() if items[name].pass_on and value is not None}
    if not passed or place.node_id is None:
        return
    entry: dict[str, Any] = {}
    for name, value in player.loop_values().items():
        entry |= value if isinstance(value, dict) else {name: value}
    if entry:
        place.passed = [*place.passed, {**entry, **passed}]
    else:
        place.passed = [passed if len(passed) > 1 else next(iter(passed.values()))]


def seconds_of(timings: Any) -> tuple[float | None, float]:
    """Return the browser's seconds on the page and on loading its media, as far as they are plausible."""
    if not isinstance(timings, Mapping):
        return None, 0.0
    seconds = _number(timings.get("seconds"))
    return seconds, _number(timings.get("loading")) or 0.0


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # NaN is between no two numbers; an integer can be too large to be converted to a float.
    return round(float(value), 3) if 0 <= value <= MAX_CLIENT_SECONDS else None


def page_at(ctx: Context, place: Place) -> Page | None:
    """Return the page where a participant is, or None when it isn't a page."""
    step = study_of(ctx).plan().find(parse_path(place.path))
    return step.element if step is not None and isinstance(step.element, Page) else None
