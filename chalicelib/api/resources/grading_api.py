"""/api/v1/participants/{id}/answers and grade: grading by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import ID_TEXT, One
from chalicelib.operations.listings.listing import Listing
from chalicelib.operations.management.managed_grading import (
    GradableAnswer,
    grade_answer,
    list_gradable_answers,
)


@dataclass(frozen=True, slots=True)
class GradeOrder:
    """A grade for an answer."""

    id: str = field(metadata=ID_TEXT)
    item: str = field(metadata={"min": 1, "max": 200})
    points: Decimal
    comment: str = field(default="", metadata={"max": 5_000})
    serial: int | None = field(
        default=None, metadata={"min": 1, "help": "The page, if the item was asked in several rounds."}
    )


OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="participants.answers",
        method="GET",
        resource="participants",
        shape=Shape.VERB,
        verb="answers",
        right=Right.GRADE,
        parameters=One,
        answer=Listing[GradableAnswer],
        run=lambda ctx, one: list_gradable_answers(ctx, one.id),
        summary="Lists the answers of a participant that people grade.",
    ),
    ApiOperation(
        name="participants.grade",
        method="POST",
        resource="participants",
        shape=Shape.VERB,
        verb="grade",
        right=Right.GRADE,
        parameters=GradeOrder,
        answer=Listing[GradableAnswer],
        run=lambda ctx, one: grade_answer(ctx, one.id, one.item, one.serial, one.points, one.comment),
        summary="Stores a grade for an answer; the last grade counts.",
    ),
)
