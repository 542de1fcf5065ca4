"""Stores the grades that a participant gives to the answers of others."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.answers.peer_answers import (
    claims_of,
    find_shared,
    grade_value,
    read_claimed,
    release_seats,
)
from chalicelib.study.elements import PeerGrading
from chalicelib.study.study_records import Place, StudyResponse

from .grade_response import PEER, answer_in, store_grade, trim

_FOUR_DECIMALS = Decimal("0.0001")


def store_peer_grades(ctx: Context, place: Place, page: PeerGrading, grades: Mapping[str, Any]) -> None:
    """Store the grades of a page, each as a row of the answer that it is about.

    They are stored in the commit in which the participant leaves the page, so each is stored once. Answers
    without a grade, and those that were withdrawn meanwhile, are left to others.
    """
    answers = claims_of(place)
    read_claimed(ctx, answers)
    left = []
    for number, answer in enumerate(answers, 1):
        grade = grades.get(page.grade_name(number))
        response = None if grade is None else find_shared(ctx, page.item, answer)
        if response is None:
            left.append(answer)
        else:
            _store(ctx, place, page, response, grade)
    release_seats(ctx, place, left)


def _store(ctx: Context, place: Place, page: PeerGrading, response: StudyResponse, grade: Any) -> None:
    graded = answer_in(ctx, response, page.item)
    percent = Decimal(str(page.share(grade))).quantize(_FOUR_DECIMALS)
    criteria = grade_value(page, grade)
    row = {
        "item": page.item,
        "kind": graded.item.kind,
        **({} if criteria is None else {"answer": criteria}),
        "attempt": graded.entry["attempt"],
        "percent": float(percent),
        "points": str(trim(percent * Decimal(graded.item.points))),
        "graded_by": str(place.participant_id),
    }
    store_grade(ctx, graded, row, PEER)
