"""/question: what participants answer outside of networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chalice.app import Blueprint

from chalicelib.operations.answer_question import answer_question, answer_questionnaire, parts_of

from .door import Call, door

routes = Blueprint(__name__)


@door(routes, "/question/{participant_id}", ("POST",))
def question(call: Call) -> dict[str, Any]:
    """Keep one answer, or with `answers` (a JSON object) one for each of its names."""
    given = call.parameters
    answers = given.json_object("answers")
    if answers is not None:
        return _keep_questionnaire(call, answers)
    result: dict[str, Any] = call.run(
        answer_question,
        participant_id=given.path_number("participant_id"),
        question=given.needed("question"),
        response=given.needed("response"),
        number=given.number("number", "question_id"),
        fields=given.free_fields(),
    )
    return result


def _keep_questionnaire(call: Call, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Keep a questionnaire part after part; a repeated request keeps the parts that are missing."""
    questionnaire = call.parameters.text("question") or "questionnaire"
    for part in range(len(parts_of(questionnaire, answers))):
        _part_of(call, part).run(
            answer_questionnaire,
            participant_id=call.parameters.path_number("participant_id"),
            questionnaire=questionnaire,
            answers=answers,
            part=part,
        )
    return {}


def _part_of(call: Call, part: int) -> Call:
    """Return the call with a request id of its own for each part after the first."""
    if not part or call.request.id is None:
        return call
    return replace(call, request=replace(call.request, id=f"{call.request.id}#{part}"))
