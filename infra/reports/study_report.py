"""The report on a study without a report of its own: completion, conditions, and each item's answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from statistics import median
from typing import Any

from petri.data import Data
from petri.report import Report, table

#: How many different answers to an item are listed.
MOST_LISTED = 5
#: Answers of more characters are texts, which are counted and not listed.
LONGEST_LISTED = 40
CONDITION = "condition."
#: Rows of the responses that are grades of other rows.
GRADED_BY = ("grader", "peer")
COMPLETE = "complete"

Row = Mapping[str, Any]


def study_report(data: Data) -> Report:
    """Summarize a study's answers, by item and by cell."""
    people = data.wide().list
    answers = [row for row in data.responses.list if row["by"] not in GRADED_BY]
    ended = Counter(row["ended"] or "still taking part" for row in people)
    lines = [f"{count} {how.replace('_', ' ')}" for how, count in ended.most_common()]
    cells = _cells(people)
    lines += [f"{name}: {completed} of {begun} completed" for name, begun, completed in cells]
    parts = [table(("condition", "began", "completed"), cells, "Conditions")] if cells else []
    items = [_item_row(name, some) for name, some in _by_item(answers).items()]
    if items:
        head = ("item", "kind", "answers", "summary", "median seconds")
        parts.append(table(head, items, "Answers"))
    return Report("Answers", lines or ["No participant has begun."], "\n".join(parts))


def _cells(people: Sequence[Row]) -> list[tuple[str, int, int]]:
    """Return how many participants of each cell began and completed."""
    begun, completed = Counter[str](), Counter[str]()
    for row in people:
        levels = {
            name.removeprefix(CONDITION): level
            for name, level in row.items()
            if name.startswith(CONDITION) and level is not None
        }
        if levels:
            cell = ", ".join(f"{name}={level}" for name, level in levels.items())
            begun[cell] += 1
            completed[cell] += row["ended"] == COMPLETE
    return [(cell, begun[cell], completed[cell]) for cell in sorted(begun)]


def _by_item(answers: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in answers:
        found.setdefault(row["item"], []).append(row)
    return found


def _item_row(name: str, rows: Sequence[Row]) -> tuple[str, str, int, str, str]:
    given = [row["answer"] for row in rows if row["answer"] is not None]
    seconds = [row["seconds"] for row in rows if row["seconds"] is not None]
    middle = f"{median(seconds):.1f}" if seconds else "-"
    return name, rows[0]["kind"], len(given), summary_of(given), middle


def summary_of(answers: Sequence[str]) -> str:
    """Return the mean and range of numbers, the most frequent of short answers, or nothing for texts."""
    numbers = [_number(answer) for answer in answers]
    known = [number for number in numbers if number is not None]
    if known and len(known) == len(answers):
        mean = sum(known) / len(known)
        return f"mean {mean:.2f} ({_plain(min(known))} to {_plain(max(known))})"
    counts = Counter(answers)
    if not counts or len(counts) == len(answers) > MOST_LISTED or max(map(len, counts)) > LONGEST_LISTED:
        return ""
    return ", ".join(f"{answer}: {count}" for answer, count in counts.most_common(MOST_LISTED))


def _number(text: str) -> Decimal | None:
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f")
