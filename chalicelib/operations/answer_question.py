"""A participant answers a questionnaire: POST /question/<participant_id>."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.model.errors import BadRequest, Forbidden
from chalicelib.model.question import Question

from .access import STILL_HERE, own_participant
from .fields import set_free_fields
from .once import made_before, remember
from .unit import Unit


def answer_question(
    unit: Unit, participant_id: int, question: str, response: str, number: int, fields: Mapping[str, Any]
) -> dict[str, Any]:
    """Keep one answer; too long a one is refused, so that nothing is cut off silently."""
    participant = own_participant(unit, participant_id)
    if made_before(unit, participant) is not None:
        return {}
    if participant.failed:
        raise Forbidden(f"Participant {participant_id} has failed.", code="participant_failed")
    if participant.end_time is not None or participant.status not in STILL_HERE:
        raise Forbidden(f"Participant {participant_id} has finished already.", code="participant_not_working")
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
