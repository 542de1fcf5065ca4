"""A participant answers a questionnaire: POST /question/<participant_id>."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.model.errors import BadRequest, Forbidden
from chalicelib.model.participant import Participant
from chalicelib.model.question import Question

from .access import STILL_HERE, own_participant
from .fields import set_free_fields
from .finish_participant import is_paid_off
from .once import made_before, remember
from .standing import SENT_OFF
from .unit import Unit

#: How many answers one questionnaire may hold.
MOST_ANSWERS = 500
#: How many of them are written in one commit: DynamoDB takes 100 items, and the participant is one of them.
ANSWERS_AT_ONCE = 90
#: How many bytes of them: a transaction of DynamoDB holds 4 MB. A character may take four bytes.
BYTES_AT_ONCE = 3 * 1024 * 1024
#: What an answer takes beside its texts, in bytes.
_BESIDE = 2048


def answer_question(
    unit: Unit, participant_id: int, question: str, response: str, number: int, fields: Mapping[str, Any]
) -> dict[str, Any]:
    """Keep one answer; one that is too long is refused, so that nothing is cut off silently.

    After the end of the task, answers are taken until the submission is in: pages may still be sending.
    """
    participant = own_participant(unit, participant_id)
    if made_before(unit, participant) is not None:
        return {}
    _check_may_answer(unit, participant)
    _check_length(unit, "question", question)
    for name, text in _parts(response).items():
        _check_length(unit, name, text)
    unit.seed(participant, "answer_question", participant.last_question)
    answer = Question(participant=participant, question=question, response=response, number=number)
    set_free_fields(answer, fields)
    remember(unit, participant, answer.id)
    return {}


def _is_paid_off(unit: Unit, participant: Participant) -> bool:
    """Whether a participant who was sent away early has submitted the assignment and been paid for it."""
    has_ended = participant.status in SENT_OFF and participant.end_time is not None
    return has_ended and is_paid_off(unit, participant)


def answer_questionnaire(
    unit: Unit, participant_id: int, questionnaire: str, answers: Mapping[str, Any], part: int = 0
) -> dict[str, Any]:
    """Keep one part of the answers of a page's forms, one record each; all of them are checked first.

    A questionnaire has as many parts as `parts_of` says. `question` is the field's name, `number` its place
    on the page, `details` names the questionnaire. Where several answers were chosen, the response is a JSON
    list.
    """
    participant = own_participant(unit, participant_id)
    if made_before(unit, participant) is not None:
        return {}
    _check_may_answer(unit, participant)
    if len(answers) > MOST_ANSWERS:
        raise BadRequest(
            f"The questionnaire has {len(answers)} answers; {MOST_ANSWERS} is the most: use more pages.",
            code="too_many_answers",
        )
    texts = {name: _as_text(value) for name, value in answers.items()}
    _check_length(unit, "question", questionnaire)
    for name, text in texts.items():
        _check_length(unit, "question", name)
        _check_length(unit, name, text)
    unit.seed(participant, "answer_question", participant.last_question)
    numbered = list(enumerate(texts.items(), start=1))
    numbered = [numbered[place] for place in parts_of(questionnaire, answers)[part]]
    for number, (name, text) in numbered:
        answer = Question(participant=participant, question=name, response=text, number=number)
        answer.details = {"questionnaire": questionnaire}
    remember(unit, participant, len(numbered))
    return {}


def parts_of(questionnaire: str, answers: Mapping[str, Any]) -> list[range]:
    """Return the parts in which a questionnaire is kept, each in a commit of its own: places of answers."""
    parts: list[range] = []
    first = size = 0
    for place, (name, value) in enumerate(answers.items()):
        weight = _BESIDE + sum(len(text.encode()) for text in (questionnaire, name, _as_text(value)))
        if place - first == ANSWERS_AT_ONCE or (place > first and size + weight > BYTES_AT_ONCE):
            parts.append(range(first, place))
            first, size = place, 0
        size += weight
    return [*parts, range(first, len(answers))]


def _check_may_answer(unit: Unit, participant: Participant) -> None:
    if participant.failed:
        raise Forbidden(f"Participant {participant.id} has failed.", code="participant_failed")
    if participant.status not in STILL_HERE or _is_paid_off(unit, participant):
        raise Forbidden(
            f"Participant {participant.id} is {participant.status} and answers no more questions.",
            code="participant_not_working",
        )


def _check_length(unit: Unit, name: str, text: str) -> None:
    longest = int(unit.config.get("question_max_length") or 1000)
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
        if isinstance(found, dict) and len(found) <= MOST_ANSWERS:
            return {str(name): _as_text(value) for name, value in found.items()}
    return {"response": response}


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
