"""/question: answers to questionnaires."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chalice.app import Blueprint

from chalicelib.operations.participant.questions import parts_of, record_answer, record_questionnaire

from .routing import HttpCall, endpoint

routes = Blueprint(__name__)


@endpoint(routes, "/question/{participant_id}", ("POST",))
def question(call: HttpCall) -> dict[str, Any]:
    """Store one answer, or with `answers` (a JSON object) one for each of its names."""
    parameters = call.parameters
    answers = parameters.json_object("answers")
    if answers is not None:
        return _store_questionnaire(call, answers)
    result: dict[str, Any] = call.run(
        record_answer,
        participant_id=parameters.path_number("participant_id"),
        question=parameters.require("question"),
        response=parameters.require("response"),
        number=parameters.number("number", "question_id"),
        fields=parameters.free_fields(),
    )
    return result


def _store_questionnaire(call: HttpCall, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Store a questionnaire part by part; a repeated request stores the missing parts."""
    questionnaire = call.parameters.text("question") or "questionnaire"
    for part in range(len(parts_of(questionnaire, answers))):
        _part_of(call, part).run(
            record_questionnaire,
            participant_id=call.parameters.path_number("participant_id"),
            questionnaire=questionnaire,
            answers=answers,
            part=part,
        )
    return {}


def _part_of(call: HttpCall, part: int) -> HttpCall:
    """Return the call for a part; each part after the first has a request id of its own."""
    if not part or call.request.id is None:
        return call
    return replace(call, request=replace(call.request, id=f"{call.request.id}#{part}"))
