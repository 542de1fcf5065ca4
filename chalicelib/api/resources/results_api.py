"""/api/v1/results: the answers of a study by item."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import CONDITION, NoParameters
from chalicelib.operations.listings.summaries.annotation_results import AnnotationResults, read_annotations
from chalicelib.operations.listings.summaries.competencies import CompetencyResults, read_competencies
from chalicelib.operations.listings.summaries.reading_results import ReadingResults, read_reading
from chalicelib.operations.listings.summaries.response_results import ResponseResults, read_results


@dataclass(frozen=True, slots=True)
class ResultParameters:
    """Whose answers to summarize."""

    condition: str | None = field(default=None, metadata=CONDITION)


@dataclass(frozen=True, slots=True)
class CompetencyParameters:
    """Whose answers to summarize."""

    class_id: int | None = field(
        default=None,
        metadata={"min": 1, "max": 10**9, "help": "A class that the caller teaches; by default all."},
    )


OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="results.read",
        method="GET",
        resource="results",
        shape=Shape.LIST,
        right=Right.VIEW,
        parameters=ResultParameters,
        answer=ResponseResults,
        run=lambda ctx, asked: read_results(ctx, asked.condition),
        summary="Summarizes the answers of a study by item.",
    ),
    ApiOperation(
        name="results.competencies",
        method="GET",
        resource="results",
        shape=Shape.ITEM,
        verb="competencies",
        right=Right.VIEW,
        parameters=CompetencyParameters,
        answer=CompetencyResults,
        run=lambda ctx, asked: read_competencies(ctx, asked.class_id),
        summary="Summarizes graded answers by the competencies that tags of items name.",
    ),
    ApiOperation(
        name="results.annotations",
        method="GET",
        resource="results",
        shape=Shape.ITEM,
        verb="annotations",
        right=Right.VIEW,
        parameters=NoParameters,
        answer=AnnotationResults,
        run=lambda ctx, _: read_annotations(ctx),
        summary="Counts the annotations of readers by page, and returns those that the caller may read.",
    ),
    ApiOperation(
        name="results.reading",
        method="GET",
        resource="results",
        shape=Shape.ITEM,
        verb="reading",
        right=Right.VIEW,
        parameters=NoParameters,
        answer=ReadingResults,
        run=lambda ctx, _: read_reading(ctx),
        summary="Summarizes how many readers have opened and finished each page of the study's books.",
    ),
)
