"""Summarizes the answers of a study by item: how often each was given, how numbers are distributed, texts."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from chalicelib.operations.listings.listing import RecordFilter
from chalicelib.operations.listings.participant_lists import places_of
from chalicelib.operations.listings.participant_records import list_responses
from chalicelib.operations.listings.study_rows import ResponseRow
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.study_check import as_study

#: How many answers are read at most, and in one call.
MOST_ANSWERS: Final = 3000
_PER_CALL: Final = 500
#: With more different answers than this, texts are listed and numbers drawn as a histogram.
MOST_VALUES: Final = 12
#: Sums of larger numbers aren't finite.
LARGEST: Final = 10**100
#: How many texts of an item are shown.
MOST_TEXTS: Final = 30


@dataclass(frozen=True, slots=True)
class ValueCount:
    """How often an answer was given, and in which conditions."""

    value: str
    count: int
    by_condition: dict[str, int]


@dataclass(frozen=True, slots=True)
class ConditionMean:
    """The mean of the numbers that participants in a condition answered."""

    condition: str
    count: int
    mean: float


@dataclass(frozen=True, slots=True)
class ItemResult:
    """The answers to one item."""

    item: str
    kind: str
    prompt: str
    answered: int
    #: How many were graded, and their mean share of the points from 0 to 1.
    graded: int
    mean_percent: float | None
    #: How often each answer was given, if there are few different ones.
    values: list[ValueCount]
    numbers: list[float] = field(default_factory=list)
    means: list[ConditionMean] = field(default_factory=list)
    #: The newest texts.
    texts: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ResponseResults:
    """The answers of a study so far."""

    items: list[ItemResult]
    conditions: list[str]
    answers: int
    #: Whether there are more answers than were read; the newest participants' were.
    is_partial: bool


def read_results(ctx: Context, condition: str | None = None) -> ResponseResults:
    """Return the results by item, of the newest participants.

    Args:
        ctx: The context.
        condition: A factor and its level, `colour=red`, to read only answers of participants in it.

    Returns:
        The results in the order of the study's items, then by name.

    """
    rows, is_partial = newest_answers(ctx)
    conditions = _conditions(ctx, rows)
    if condition is not None:
        rows = [row for row in rows if condition in conditions[row.participant_id]]
    by_item: defaultdict[str, list[ResponseRow]] = defaultdict(list)
    for row in rows:
        by_item[row.item].append(row)
    prompts = _prompts(ctx)
    order = list(prompts)
    names = sorted(by_item, key=lambda name: (order.index(name) if name in prompts else len(order), name))
    return ResponseResults(
        items=[_result(name, prompts.get(name, ""), by_item[name], conditions) for name in names],
        conditions=sorted({one for some in conditions.values() for one in some}),
        answers=len(rows),
        is_partial=is_partial,
    )


def newest_answers(ctx: Context) -> tuple[list[ResponseRow], bool]:
    """Return the answers of the newest participants, and whether there are more than were read."""
    rows: list[ResponseRow] = []
    after = None
    while len(rows) < MOST_ANSWERS:
        found = list_responses(ctx, RecordFilter(), after, _PER_CALL)
        rows += found.rows
        after = found.next
        if after is None:
            return rows, False
    return rows, True


def _conditions(ctx: Context, rows: Sequence[ResponseRow]) -> dict[int, list[str]]:
    ids = sorted({row.participant_id for row in rows})
    places = places_of(ctx, ids)
    return {
        one: [f"{name}={level}" for name, level in places.get(one, {}).get("condition", {}).items()]
        for one in ids
    }


def _prompts(ctx: Context) -> dict[str, str]:
    study = as_study(ctx.experiment)
    return {} if study is None else {name: str(item.prompt) for name, item in study.items().items()}


def _result(
    name: str, prompt: str, rows: Sequence[ResponseRow], conditions: Mapping[int, Sequence[str]]
) -> ItemResult:
    shares = [row.percent for row in rows if row.percent is not None]
    numbers = [float(row.answer) for row in rows if _is_number(row.answer)]
    counted = _counts(rows, conditions)
    is_few = len(counted) <= MOST_VALUES
    return ItemResult(
        item=name,
        kind=rows[0].kind,
        prompt=prompt,
        answered=len(rows),
        graded=len(shares),
        mean_percent=sum(shares) / len(shares) if shares else None,
        values=counted if is_few else [],
        numbers=[] if is_few else numbers,
        means=_means(rows, conditions),
        texts=[] if is_few or numbers else [_shown(row.answer) for row in rows[:MOST_TEXTS]],
    )


def _counts(rows: Sequence[ResponseRow], conditions: Mapping[int, Sequence[str]]) -> list[ValueCount]:
    totals: Counter[str] = Counter()
    by_condition: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        for value in _values(row.answer):
            totals[value] += 1
            by_condition[value].update(conditions.get(row.participant_id, ()))
    return [
        ValueCount(value, count, dict(sorted(by_condition[value].items())))
        for value, count in _ordered(totals, are_numbers=all(_is_number(row.answer) for row in rows))
    ]


def _ordered(totals: Mapping[str, int], *, are_numbers: bool) -> list[tuple[str, int]]:
    """Return numbers from the least to the largest, and other answers from the most frequent on."""
    if are_numbers:
        return sorted(totals.items(), key=lambda pair: float(pair[0]))
    return sorted(totals.items(), key=lambda pair: (-pair[1], pair[0]))


def _means(rows: Sequence[ResponseRow], conditions: Mapping[int, Sequence[str]]) -> list[ConditionMean]:
    numbers: defaultdict[str, list[float]] = defaultdict(list)
    for row in rows:
        if _is_number(row.answer):
            for one in conditions.get(row.participant_id, ()):
                numbers[one].append(float(row.answer))
    return [ConditionMean(one, len(found), sum(found) / len(found)) for one, found in sorted(numbers.items())]


def _values(answer: Any) -> Iterable[str]:
    """Yield what an answer counts for: each option of several, each row of a table."""
    if isinstance(answer, list | tuple):
        return [_shown(each) for each in answer]
    if isinstance(answer, Mapping):
        return [f"{name}: {_shown(value)}" for name, value in answer.items()]
    return [_shown(answer)]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return "" if value is None else str(value)


def _is_number(value: Any) -> bool:
    """Whether an answer is a number that a picture can show; larger ones are shown as texts."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return False
    return -LARGEST < value < LARGEST
