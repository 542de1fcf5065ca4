"""Gives participants answers of others to grade: those with the fewest grades first."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.answers.peer_answers import answer_scope, claims_name, find_shared
from chalicelib.operations.study.flow.moves import element_at, move_on, ring
from chalicelib.operations.study.shared.study_context import session_of, study_of
from chalicelib.study.elements import PeerAnswers
from chalicelib.study.study_records import PeerAnswer, Place


def take_answers_to_grade(ctx: Context, participant_id: int, path: str) -> bool:
    """Give a participant who waits answers to grade, and move them on; return whether that was done.

    While others may still answer, only answers that need grades are given, and only as many as the
    participant is to grade. Seats are taken by conditional writes, one at each answer, so participants who
    come at once conflict only where they would grade the same answer.
    """
    session = session_of(ctx)
    session.prefetch([participant_id])
    place = session.find_place(participant_id)
    element = element_at(ctx, path)
    if place is None or place.path != path or place.ended is not None or not isinstance(element, PeerAnswers):
        return False
    has_waited = place.until is not None and place.until <= str(iso(ctx.now))
    found = [] if place.gone else _choose(ctx, place, element, has_waited=has_waited)
    if len(found) < element.answers and not has_waited and not place.gone:
        return False
    for answer in found:
        answer.graders = [*answer.graders, participant_id]
        key = keys.peer_answer(answer.item, answer.scope, answer.participant_id, answer.serial)
        ctx.uow.put_if_unchanged(key, answer.kind, answer.to_fields())
    place.draws[claims_name(path)] = [[answer.participant_id, answer.serial] for answer in found]
    move_on(ctx, place)
    ring(ctx, [place], f"grades{participant_id}|{place.serial}")
    session.flush()
    return True


def _choose(ctx: Context, place: Place, element: PeerAnswers, *, has_waited: bool) -> list[PeerAnswer]:
    """Return the answers that a participant is to grade, as many as there are."""
    scope = answer_scope(ctx, place.participant_id, element.item)
    shared = [PeerAnswer.from_item(item) for item in ctx.uow.items(keys.peer_answers(element.item, scope))]
    is_first = study_of(ctx).items()[element.item].count == "first"
    in_order = rank_answers(shared, place.participant_id, is_first=is_first)
    needing = [one for one in in_order if has_waited or len(one.graders) < element.answers]
    if len(needing) < element.answers and not has_waited:
        return []
    chosen: list[PeerAnswer] = []
    for start in range(0, len(needing), element.answers):
        some = needing[start : start + element.answers]
        ids = [(one.participant_id, one.serial) for one in some]
        session_of(ctx).prefetch([one for one, _ in ids], *(keys.response(*one) for one in ids))
        chosen += [
            one
            for one in some
            if find_shared(ctx, element.item, (one.participant_id, one.serial)) is not None
        ]
        if len(chosen) >= element.answers:
            break
    return chosen[: element.answers]


def rank_answers(shared: Sequence[PeerAnswer], grader: int, *, is_first: bool = False) -> list[PeerAnswer]:
    """Return the answers that a participant can grade, those with the fewest graders first.

    Of a participant with several attempts, the last one is graded, or the first where that counts. Among
    equal ones, each grader begins with the participant after them: all get the same number of grades then.
    """
    attempts: dict[int, PeerAnswer] = {}
    for one in sorted(shared, key=lambda one: one.serial, reverse=is_first):
        attempts[one.participant_id] = one
    others = [one for one in attempts.values() if one.participant_id != grader and grader not in one.graders]
    return sorted(others, key=lambda one: (len(one.graders), one.participant_id < grader, one.participant_id))
