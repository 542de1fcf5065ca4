"""Measures the time of a timed part, and records its result."""

from __future__ import annotations

from collections import Counter
from typing import Any

from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.shared.group_clock import group_time
from chalicelib.operations.study.shared.study_context import later, moment_of, session_of, study_of
from chalicelib.study.elements import Choose, Page, Timed
from chalicelib.study.plan import Path, PathPart, PlanStep, parse_path, write_path
from chalicelib.study.study_records import Place, StudyResponse

CORRECT, INCORRECT = "correct", "incorrect"


def timed_around(ctx: Context, path: str) -> tuple[Path, Timed] | None:
    """Return the outermost timed part around a path, and its own path."""
    parts = parse_path(path)
    for length in range(1, len(parts)):
        step = study_of(ctx).plan().find(parts[:length])
        if step is not None and isinstance(step.element, Timed):
            return parts[:length], step.element
    return None


def part_ends_at(ctx: Context, place: Place, *, begins: bool = False) -> str | None:
    """Return when the timed part around a participant ends, by their group's clocks.

    It `begins` when its first page is sent.
    """
    timed = timed_around(ctx, place.path)
    if timed is None:
        return None
    path, element = timed
    name = write_path(path)
    if begins and name not in place.clocks:
        place.clocks[name] = later(group_time(ctx, place), element.seconds * time_factor(ctx, place))
        place.draws[f"{name} began"] = iso(ctx.now)
    return place.clocks.get(name)


def part_is_over(ctx: Context, place: Place) -> bool:
    """Whether the clock of the part around a participant has run out."""
    until = moment_of(part_ends_at(ctx, place))
    return until is not None and group_time(ctx, place) >= until


def time_factor(ctx: Context, place: Place) -> float:
    """Return the factor by which a participant's time limits are multiplied."""
    return study_of(ctx).time_factor(session_of(ctx).player(place.participant_id))


def count_answers(ctx: Context, place: Place, entries: list[dict[str, Any]]) -> None:
    """Count correct and incorrect answers of the timed part around a participant."""
    timed = timed_around(ctx, place.path)
    if timed is None:
        return
    counts = Counter(place.counts.get(write_path(timed[0]), {}))
    for entry in entries:
        if entry.get("correct") is not None:
            counts[CORRECT if entry["correct"] else INCORRECT] += 1
    place.counts[write_path(timed[0])] = dict(counts)


def record_result(ctx: Context, place: Place, following: str) -> None:
    """Store one row about a timed part when the participant leaves it for another element."""
    timed = timed_around(ctx, place.path)
    if timed is None:
        return
    path, element = timed
    name = write_path(path)
    after = timed_around(ctx, following)
    if (after is not None and write_path(after[0]) == name) or name not in place.clocks:
        return
    began = moment_of(place.draws.get(f"{name} began"))
    counts = place.counts.pop(name, {})
    answered = sum(counts.values())
    graded = _graded_items(ctx, place, path)
    seconds = 0.0 if began is None else (ctx.now - began).total_seconds()
    # A participant may have more time than others, and the part is left a moment after its end.
    until = moment_of(place.clocks[name])
    most = element.seconds if began is None or until is None else (until - began).total_seconds()
    answer = {
        CORRECT: counts.get(CORRECT, 0),
        INCORRECT: counts.get(INCORRECT, 0),
        "skipped": max(0, graded - answered),
        "time_taken": round(min(seconds, max(most, element.seconds)), 3),
    }
    del place.clocks[name]
    response = StudyResponse(
        participant_id=place.participant_id,
        serial=place.serial,
        page=element.name,
        visit=place.visit,
        path=name,
        node_id=place.node_id,
        network_id=place.network_id,
        shown_at=None if began is None else iso(began),
        answered_at=iso(ctx.now),
        seconds=round(seconds, 3),
        answers=[{"item": element.name, "kind": "timed", "answer": answer, "attempt": 1}],
    )
    key = keys.part_result(place.participant_id, place.serial)
    ctx.uow.put_item(key, response.kind, response.to_fields())


def _graded_items(ctx: Context, place: Place, path: Path) -> int:
    """Count the graded items inside a timed part, each page once; of those that are drawn, the drawn ones."""
    step = study_of(ctx).plan().find(path)
    return 0 if step is None else _graded_in(ctx, place, step, path)


def _graded_in(ctx: Context, place: Place, step: PlanStep, path: Path) -> int:
    element = step.element
    study, decisions = study_of(ctx), session_of(ctx).decisions(place)
    if isinstance(element, Page):
        pool = study.pool_of(element)
        drawn = decisions.drawn_items(element, write_path(path), pool)
        items = study.items_of(element)
        return sum(item.is_graded for name, item in items.items() if name not in pool or name in drawn)
    taken = decisions.chosen(step, path) if isinstance(element, Choose) else [one.name for one in step.steps]
    inside = [one for one in step.steps if one.name in taken]
    return sum(_graded_in(ctx, place, one, (*path, PathPart(one.name))) for one in inside)
