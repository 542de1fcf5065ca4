"""/question: what participants answer outside of networks."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib.operations.answer_question import answer_question, answer_questionnaire

from .door import Call, door

routes = Blueprint(__name__)


@door(routes, "/question/{participant_id}", ("POST",))
def question(call: Call) -> dict[str, Any]:
    """Keep one answer, or with `answers` (a JSON object) one for each of its names."""
    given = call.parameters
    answers = given.json_object("answers")
    if answers is not None:
        kept: dict[str, Any] = call.run(
            answer_questionnaire,
            participant_id=given.path_number("participant_id"),
            questionnaire=given.text("question") or "questionnaire",
            answers=answers,
        )
        return kept
    result: dict[str, Any] = call.run(
        answer_question,
        participant_id=given.path_number("participant_id"),
        question=given.needed("question"),
        response=given.needed("response"),
        number=given.number("number", "question_id"),
        fields=given.free_fields(),
    )
    return result
