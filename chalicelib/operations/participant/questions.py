"""Records answers to questionnaires: POST /question/<participant_id>."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.errors import BadRequest, Forbidden
from chalicelib.model.participant import Participant
from chalicelib.model.question import Question
from chalicelib.model.statuses import ACTIVE, DISMISSED_WITH_PAY
from chalicelib.operations.shared.access import own_participant
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.fields import set_free_fields
from chalicelib.operations.shared.idempotency import previous_result, record_result

from .submission import is_settled

#: How many answers one questionnaire may hold.
MAX_ANSWERS = 500
#: How many of them one commit writes: DynamoDB takes 100 items, and the participant is one of them.
ANSWERS_PER_COMMIT = 90
#: How many bytes of them: a DynamoDB transaction holds 4 MB. A character may take four bytes.
BYTES_PER_COMMIT = 3 * 1024 * 1024
#: The bytes that an answer takes besides its texts.
_OVERHEAD = 2048


def record_answer(
    ctx: Context, participant_id: int, question: str, response: str, number: int, fields: Mapping[str, Any]
) -> dict[str, Any]:
    """Store one answer; one that is too long is refused, so that nothing is truncated silently.

    After the end of the task, answers are accepted until the submission is recorded: pages may still send.
    """
    participant = own_participant(ctx, participant_id)
    if previous_result(ctx, participant) is not None:
        return {}
    _check_may_answer(ctx, participant)
    _check_length(ctx, "question", question)
    for name, text in _parts(response).items():
        _check_length(ctx, name, text)
    answer = Question(participant=participant, question=question, response=response, number=number)
    set_free_fields(answer, fields)
    record_result(ctx, participant, answer.id)
    return {}


def _is_paid_off(ctx: Context, participant: Participant) -> bool:
    """Whether a participant who was dismissed early has submitted the assignment and been paid for it."""
    has_ended = participant.status in DISMISSED_WITH_PAY and participant.end_time is not None
    return has_ended and is_settled(ctx, participant)


def record_questionnaire(
    ctx: Context, participant_id: int, questionnaire: str, answers: Mapping[str, Any], part: int = 0
) -> dict[str, Any]:
    """Store one part of the answers of a page's forms, one record each, after validating all of them.

    `parts_of` says how many parts a questionnaire has. `question` is the field's name, `number` its position
    on the page, `details` names the questionnaire. Where several options were chosen, the response is a JSON
    list.
    """
    participant = own_participant(ctx, participant_id)
    if previous_result(ctx, participant) is not None:
        return {}
    _check_may_answer(ctx, participant)
    if len(answers) > MAX_ANSWERS:
        raise BadRequest(
            f"The questionnaire has {len(answers)} answers; the maximum is {MAX_ANSWERS}: use more pages.",
            code="too_many_answers",
        )
    texts = {name: _as_text(value) for name, value in answers.items()}
    _check_length(ctx, "question", questionnaire)
    for name, text in texts.items():
        _check_length(ctx, "question", name)
        _check_length(ctx, name, text)
    numbered = list(enumerate(texts.items(), start=1))
    numbered = [numbered[place] for place in parts_of(questionnaire, answers)[part]]
    for number, (name, text) in numbered:
        answer = Question(participant=participant, question=name, response=text, number=number)
        answer.details = {"questionnaire": questionnaire}
    record_result(ctx, participant, len(numbered))
    return {}


def parts_of(questionnaire: str, answers: Mapping[str, Any]) -> list[range]:
    """Return the parts in which a questionnaire is stored, each in its own commit, as ranges of answers."""
    parts: list[range] = []
    first = size = 0
    for place, (name, value) in enumerate(answers.items()):
        weight = _OVERHEAD + sum(len(text.encode()) for text in (questionnaire, name, _as_text(value)))
        if place - first == ANSWERS_PER_COMMIT or (place > first and size + weight > BYTES_PER_COMMIT):
            parts.append(range(first, place))
            first, size = place, 0
        size += weight
    return [*parts, range(first, len(answers))]


def _check_may_answer(ctx: Context, participant: Participant) -> None:
    if participant.failed:
        raise Forbidden(f"Participant {participant.id} has failed.", code="participant_failed")
    if participant.status not in ACTIVE or _is_paid_off(ctx, participant):
        raise Forbidden(
            f"Participant {participant.id} is {participant.status} and can't answer questions any more.",
            code="participant_not_working",
        )


def _check_length(ctx: Context, name: str, text: str) -> None:
    longest = ctx.settings.question_max_length
    if len(text) > longest:
        raise BadRequest(
            f"{name} has {len(text)} characters; the limit is {longest} (question_max_length).",
            code="question_too_long",
        )


def _parts(response: str) -> dict[str, str]:
    """Return the answers that a response holds: older pages send a whole questionnaire as one JSON object."""
    if response.startswith("{"):
        try:
            found = json.loads(response)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict) and len(found) <= MAX_ANSWERS:
            return {str(name): _as_text(value) for name, value in found.items()}
    return {"response": response}


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
