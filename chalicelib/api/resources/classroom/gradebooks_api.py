"""/api/v1/gradebooks: the grades of a class, page by page, means and medians, and how totals are computed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import ID_TEXT, LIMIT, NUMBER_CURSOR, One
from chalicelib.operations.assignments.assignment_views import class_number_of
from chalicelib.operations.assignments.gradebook import (
    Gradebook,
    GradebookFigures,
    read_figures,
    read_gradebook,
)
from chalicelib.operations.assignments.lti_scores import send_scores
from chalicelib.operations.assignments.manage_assignments import release_all_grades, set_total_rule
from chalicelib.operations.assignments.question_grades import QuestionTable, read_questions
from chalicelib.operations.shared.context import Context

RESOURCE: Final = "gradebooks"


@dataclass(frozen=True, slots=True)
class PageOfGradebook:
    """Some members of a class, by name."""

    id: str = field(metadata=ID_TEXT)
    after: str | None = field(default=None, metadata=NUMBER_CURSOR)
    limit: int = field(default=50, metadata=LIMIT)


@dataclass(frozen=True, slots=True)
class SentScores:
    """What sending scores began."""

    members: int = field(metadata={"help": "How many members came from a learning platform."})


@dataclass(frozen=True, slots=True)
class GradebookChange:
    """How the total of a member is computed."""

    id: str = field(metadata=ID_TEXT)
    total: Literal["sum", "weighted"] = field(
        metadata={"help": "The sum of the points, or the mean of the percentages by weight."}
    )


@dataclass(frozen=True, slots=True)
class ReleasedGrades:
    """What came of a release."""

    id: str
    left: int = field(
        metadata={"help": "How many assignments are still to do: one call changes 80. Call it again."}
    )


def _change(ctx: Context, asked: GradebookChange) -> GradebookChange:
    set_total_rule(ctx, class_number_of(asked.id), asked.total)
    return asked


def _release(ctx: Context, asked: One, *, is_released: bool) -> ReleasedGrades:
    left = release_all_grades(ctx, class_number_of(asked.id), is_released=is_released)
    return ReleasedGrades(asked.id, left)


OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="gradebooks.read",
        method="GET",
        resource=RESOURCE,
        shape=Shape.ITEM,
        right=Right.GRADE,
        parameters=PageOfGradebook,
        answer=Gradebook,
        run=lambda ctx, asked: read_gradebook(
            ctx, class_number_of(asked.id), int(asked.after or 0), asked.limit
        ),
        summary="Returns the grades of a class, members by name, page by page.",
    ),
    ApiOperation(
        name="gradebooks.change",
        method="PATCH",
        records_itself=True,
        resource=RESOURCE,
        shape=Shape.ITEM,
        right=Right.GRADE,
        parameters=GradebookChange,
        answer=GradebookChange,
        run=_change,
        summary="Says how totals are computed.",
    ),
    ApiOperation(
        name="gradebooks.figures",
        method="GET",
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="figures",
        right=Right.GRADE,
        parameters=One,
        answer=GradebookFigures,
        run=lambda ctx, asked: read_figures(ctx, class_number_of(asked.id)),
        summary="Returns mean and median of each assignment and of the totals, blanks left out.",
    ),
    ApiOperation(
        name="gradebooks.questions",
        method="GET",
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="questions",
        right=Right.GRADE,
        parameters=PageOfGradebook,
        answer=QuestionTable,
        run=lambda ctx, asked: read_questions(
            ctx, class_number_of(asked.id), int(asked.after or 0), asked.limit
        ),
        summary="Returns the points for each question of the assignments, members by name, page by page.",
    ),
    ApiOperation(
        name="gradebooks.release",
        method="POST",
        records_itself=True,
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="release",
        right=Right.GRADE,
        parameters=One,
        answer=ReleasedGrades,
        run=lambda ctx, asked: _release(ctx, asked, is_released=True),
        summary="Shows the members of a class their grades for all assignments.",
    ),
    ApiOperation(
        name="gradebooks.withdraw",
        method="DELETE",
        records_itself=True,
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="release",
        right=Right.GRADE,
        parameters=One,
        answer=ReleasedGrades,
        run=lambda ctx, asked: _release(ctx, asked, is_released=False),
        summary="Hides the grades of a class from its members again.",
    ),
    ApiOperation(
        name="gradebooks.send_scores",
        method="POST",
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="send-scores",
        right=Right.GRADE,
        parameters=One,
        answer=SentScores,
        run=lambda ctx, asked: SentScores(send_scores(ctx, class_number_of(asked.id))),
        summary="Sends the released totals to the learning platforms of the members, again if need be.",
    ),
)
