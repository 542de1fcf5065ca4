"""Keeps the answers that other participants grade, and who has a seat at each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.model import keys
from chalicelib.model.statuses import DISMISSED_WITH_PAY, SUCCESSFUL, ParticipantStatus
from chalicelib.operations.participant.submission import WITHDRAWN
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.shared.study_context import session_of, study_of
from chalicelib.study.decisions import rounds_of_answers
from chalicelib.study.elements import PeerGrading
from chalicelib.study.items import Item
from chalicelib.study.items.markup import marked
from chalicelib.study.plan import parse_path, write_path
from chalicelib.study.study_records import GRADES, PeerAnswer, Place, StudyResponse
from chalicelib.study.translation import translate

_TAKING_PART = frozenset({ParticipantStatus.WORKING}) | SUCCESSFUL | DISMISSED_WITH_PAY
#: Participant and serial of the page, which together name an answer to an item.
AnswerId = tuple[int, int]


def share_answers(ctx: Context, place: Place, response: StudyResponse, items: Mapping[str, Item]) -> None:
    """Let others grade the answers of a response to items with `grading="peer"`."""
    for entry in response.answers:
        item = items.get(entry["item"])
        if item is None or item.grading != "peer" or entry.get("answer") is None:
            continue
        answer = PeerAnswer(item.name, response.scope, response.participant_id, response.serial)
        key = keys.peer_answer(answer.item, answer.scope, answer.participant_id, answer.serial)
        ctx.uow.put_item(key, answer.kind, answer.to_fields())
        place.shared = [*place.shared, [answer.item, answer.scope, answer.serial]]


def claims_name(path: str) -> str:
    """Return the name under which a place keeps the answers that are graded inside a GradePeers."""
    return f"{write_path(parse_path(path)[:-1])}{GRADES}"


def claims_of(place: Place) -> list[AnswerId]:
    """Return the answers that a participant grades on the page where they are, in their order."""
    return [(one[0], one[1]) for one in place.draws.get(claims_name(place.path), ())]


def answer_scope(ctx: Context, participant_id: int, item: str) -> str:
    """Return the round of the answers to an item that a participant can grade where they are.

    Each Rounds or For around the page that asks the item is also around the grading, as checks demand.
    """
    player = session_of(ctx).player(participant_id)
    path = "/".join(part.name for part in parse_path(player.path))
    rounds = rounds_of_answers(study_of(ctx), item, path)
    outermost_first = list(reversed(player.scopes))
    return outermost_first[len(rounds or ())]


def takes_part(ctx: Context, participant_id: int) -> bool:
    """Whether a participant's answers can be shown to others: they haven't withdrawn, and aren't refused."""
    participant = ctx.uow.participant(participant_id)
    return participant.status in _TAKING_PART and participant.early_exit_reason != WITHDRAWN


def find_shared(ctx: Context, item: str, answer: AnswerId) -> StudyResponse | None:
    """Return the response with an answer that others can grade; None when it isn't shown any more."""
    stored = ctx.uow.item(keys.response(*answer))
    response = None if stored is None else StudyResponse.from_item(stored)
    if response is None or not takes_part(ctx, answer[0]):
        return None
    return response if any(entry["item"] == item for entry in response.answers) else None


def read_claimed(ctx: Context, answers: list[AnswerId]) -> None:
    """Read what a page with these answers needs in one call."""
    session_of(ctx).prefetch([one for one, _ in answers], *(keys.response(*one) for one in answers))


def grade_items(ctx: Context, participant_id: int, page: PeerGrading) -> dict[str, Item]:
    """Return the items that ask for the grades of a page; an answer that was withdrawn needs none."""
    place, language = session_of(ctx).place(participant_id), study_of(ctx).language
    answers = claims_of(place)
    read_claimed(ctx, answers)
    found = {}
    for number, answer in enumerate(answers, 1):
        prompt = translate(marked("Your grade for answer {number}"), language).format(number=number)
        is_shown = find_shared(ctx, page.item, answer) is not None
        found[page.grade_name(number)] = page.grade_item(number, prompt, required=is_shown)
    return found


def release_seats(ctx: Context, place: Place, answers: list[AnswerId] | None = None) -> None:
    """Give back the seats at answers that a participant doesn't grade: all of the page where they are."""
    step = study_of(ctx).plan().find(parse_path(place.path))
    if step is None or not isinstance(step.element, PeerGrading):
        return
    given_back = claims_of(place) if answers is None else answers
    if not given_back:
        return
    item = step.element.item
    scope = answer_scope(ctx, place.participant_id, item)
    for answer in given_back:
        key = keys.peer_answer(item, scope, *answer)
        stored = ctx.uow.item(key)
        if stored is not None:
            shared = PeerAnswer.from_item(stored)
            shared.graders = [one for one in shared.graders if one != place.participant_id]
            ctx.uow.put_if_unchanged(key, shared.kind, shared.to_fields())


def grade_value(page: PeerGrading, grade: Any) -> dict[str, int] | None:
    """Return the grades of the criteria; None without a rubric."""
    return {name: int(one) for name, one in grade.items()} if page.rubric else None
