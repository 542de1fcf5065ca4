"""A participant answers a questionnaire: POST /question/<participant_id>."""

from __future__ import annotations

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


def answer_question(
    unit: Unit, participant_id: int, question: str, response: str, number: int, fields: Mapping[str, Any]
) -> dict[str, Any]:
    """Keep one answer; too long a one is refused, so that nothing is cut off silently.

    After the end of the task, answers are taken until the submission is in: pages may still be sending.
    """
    participant = own_participant(unit, participant_id)
    if made_before(unit, participant) is not None:
        return {}
    if participant.failed:
        raise Forbidden(f"Participant {participant_id} has failed.", code="participant_failed")
    if participant.status not in STILL_HERE or _is_paid_off(unit, participant):
        raise Forbidden(
            f"Participant {participant_id} is {participant.status} and answers no more questions.",
            code="participant_not_working",
        )
    longest = int(unit.config.get("question_max_length") or 1000)
    for name, text in (("question", question), ("response", response)):
        if len(text) > longest:
            raise BadRequest(
                f"{name} has {len(text)} characters; the limit is {longest} (question_max_length).",
                code="question_too_long",
            )
    unit.seed(participant, "answer_question", participant.last_question)
    answer = Question(participant=participant, question=question, response=response, number=number)
    set_free_fields(answer, fields)
    remember(unit, participant, answer.id)
    return {}


def _is_paid_off(unit: Unit, participant: Participant) -> bool:
    """Whether a participant who was sent away early has submitted the assignment and been paid for it."""
    has_ended = participant.status in SENT_OFF and participant.end_time is not None
    return has_ended and is_paid_off(unit, participant)
