"""Summarizes graded answers by competency: how difficult its items are, and how many are right at first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib.access.rules import Mode
from chalicelib.operations.listings.study_rows import ResponseRow
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.study_check import as_study

from .response_results import newest_answers

#: The tags of items that name their competencies and their difficulty.
COMPETENCY, DIFFICULTY = "competency", "difficulty"
#: An answer to an item: the participant, the item, and the round.
_Asked = tuple[int, str, str]
_Attempts = Mapping[_Asked, Sequence[ResponseRow]]
_PERCENT: Final = 100


@dataclass(frozen=True, slots=True)
class CompetencyResult:
    """How participants did on the items of one competency."""

    competency: str
    items: list[str] = field(metadata={"help": "The items whose first competency it is."})
    secondary: list[str] = field(metadata={"help": "The items that need it too; they aren't counted."})
    participants: int
    difficulty: float | None = field(metadata={"help": "The mean of the items' tag `difficulty`."})
    percent_right_at_first: float | None = field(
        metadata={"help": "How many of the first attempts at its items were right, in percent."}
    )
    attempts_per_item: float | None = field(metadata={"help": "The mean number of attempts at an item."})


@dataclass(frozen=True, slots=True)
class CompetencyResults:
    """The competencies of a study, by name."""

    competencies: list[CompetencyResult]
    is_partial: bool = field(metadata={"help": "Whether only the newest participants' answers were read."})


def read_competencies(ctx: Context, class_number: int | None = None) -> CompetencyResults:
    """Return the results of each competency that a tag of an item names; none for another experiment.

    `class_number`: a class that the actor teaches, whose members alone are counted.
    """
    study = as_study(ctx.experiment)
    tags = {} if study is None else {name: item.tags for name, item in study.items().items()}
    rows, is_partial = newest_answers(ctx) if any(map(competencies_of, tags.values())) else ([], False)
    if class_number is not None:
        members = _members(ctx, class_number)
        rows = [row for row in rows if row.participant_id in members]
    attempts = _attempts(rows)
    names = sorted({one for each in tags.values() for one in competencies_of(each)})
    return CompetencyResults([_result(name, tags, attempts) for name in names], is_partial)


def _members(ctx: Context, class_number: int) -> set[int]:
    """Return the participants of a class; NotFound for one that the actor doesn't see."""
    # Lazy import: few studies have classes.
    from chalicelib.operations.classes.class_access import taught_class
    from chalicelib.operations.classes.class_records import members_of

    taught_class(ctx, class_number, Mode.READ)
    members = members_of(ctx, class_number)
    return {one.participant_id for one in members if one.participant_id is not None and one.is_active}


def competencies_of(tags: Any) -> list[str]:
    """Return the competencies of an item, the primary one first."""
    named = tags.get(COMPETENCY) if isinstance(tags, Mapping) else None
    if named is None:
        return []
    return [str(one) for one in named] if isinstance(named, list | tuple) else [str(named)]


def _attempts(rows: Iterable[ResponseRow]) -> _Attempts:
    """Return the graded attempts at each item, in order; a later grade isn't another attempt."""
    found: defaultdict[_Asked, list[ResponseRow]] = defaultdict(list)
    for row in rows:
        if row.correct is not None and row.attempt is not None and row.graded_by is None:
            found[row.participant_id, row.item, row.path.rpartition("/")[0]].append(row)
    return {asked: sorted(some, key=lambda row: row.attempt or 0) for asked, some in found.items()}


def _result(competency: str, tags: Mapping[str, Any], attempts: _Attempts) -> CompetencyResult:
    items = [name for name, each in tags.items() if competencies_of(each)[:1] == [competency]]
    own = {asked: some for asked, some in attempts.items() if asked[1] in items}
    return CompetencyResult(
        competency,
        items,
        secondary=[name for name, each in tags.items() if competency in competencies_of(each)[1:]],
        participants=len({asked[0] for asked in own}),
        difficulty=_mean([_difficulty(tags[name]) for name in items]),
        percent_right_at_first=_percent_right(own),
        attempts_per_item=_mean([float(len(some)) for some in own.values()]),
    )


def _percent_right(attempts: _Attempts) -> float | None:
    first = [bool(some[0].correct) for some in attempts.values()]
    return round(_PERCENT * sum(first) / len(first), 1) if first else None


def _difficulty(tags: Any) -> float | None:
    value = tags.get(DIFFICULTY) if isinstance(tags, Mapping) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known), 3) if known else None
