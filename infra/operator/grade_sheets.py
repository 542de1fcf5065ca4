"""Grades answers by hand: writes a sheet of what waits for a grade, and takes it back.

Every line of a sheet is checked before the first grade is stored. Grades are stored in a few commits, each of
them idempotent, so a sheet that was interrupted is taken again without harm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from chalicelib.errors import BadRequest, PetriError
from chalicelib.export.csv_format import excel_safe, format_row, read_rows, strip_excel_mark
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.operations.study.grading.grade_response import GivenGrade, check_grade
from chalicelib.operations.study.grading.ungraded import (
    AnswerToGrade,
    answers_to_grade,
    has_bonus,
    participants_of_run,
    store_grades,
)
from infra.local.lifecycle.run_session import RunSession

COLUMNS: Final = ("answer_id", "item", "prompt", "answer", "max_points", "points", "percent", "comment")
#: The columns that a sheet needs when it is taken back.
_NEEDED: Final = ("answer_id", "points", "percent", "comment")
_ANSWER_ID: Final = re.compile(r"(\d{1,12})-(\d{1,9})-([A-Za-z_]\w*)")
_NUMBER: Final = re.compile(r"\d{1,9}(?:[.,]\d{1,6})?")
#: How many participants are read in one unit of work, and how many grades are stored in one commit: DynamoDB
#: takes 100 writes, and a grade is two.
AT_ONCE, TOGETHER = 100, 30
_MOST_PROBLEMS: Final = 20


@dataclass(frozen=True)
class GradingResult:
    """What taking a sheet back has done, or would do."""

    graded: int
    new: int
    #: How many participants got a new grade although their bonus was computed before.
    after_bonus: int = 0


def waiting(session: RunSession, *, everything: bool = False) -> Iterator[AnswerToGrade]:
    """Yield the answers that wait for a grade; with `everything`, those that have one too."""
    ids = list(session.app.run(participants_of_run))
    for first in range(0, len(ids), AT_ONCE):
        for answer in session.app.run(answers_to_grade, ids[first : first + AT_ONCE], caller=OPERATOR_CALLER):
            if everything or answer.points is None:
                yield answer


def write_sheet(session: RunSession, file: Path, *, everything: bool = False) -> int:
    """Write a sheet of the answers that wait for a grade; return how many there are."""
    answers = list(waiting(session, everything=everything))
    temporary = file.with_name(f".{file.name}.part")
    with temporary.open("w", encoding="utf-8-sig", newline="") as target:
        target.write(format_row(COLUMNS))
        target.writelines(format_row(map(excel_safe, _line(answer))) for answer in answers)
    temporary.replace(file)
    return len(answers)


def _line(answer: AnswerToGrade) -> tuple[str | Decimal | None, ...]:
    answer_id = f"{answer.participant_id}-{answer.serial}-{answer.item}"
    shown = (answer.item, answer.prompt, answer.answer, answer.max_points)
    return answer_id, *shown, answer.points, None, answer.comment or None


def take_sheet(session: RunSession, file: Path, grader: str, *, dry_run: bool = False) -> GradingResult:
    """Store the grades of a sheet; BadRequest lists every line that is wrong, and nothing is stored then."""
    grades = _read(file, grader)
    problems = [
        f"line {line}: {problem}"
        for line, grade in grades.items()
        if (problem := _problem(session, grade)) is not None
    ]
    if problems:
        raise _refused(file, problems)
    given = list(grades.values())
    if dry_run:
        return GradingResult(len(given), 0)
    parts = [given[first : first + TOGETHER] for first in range(0, len(given), TOGETHER)]
    new = sum(session.app.run(store_grades, part, caller=OPERATOR_CALLER) for part in parts)
    people = {grade.participant_id for grade in given}
    paid = sum(session.app.run(has_bonus, one) for one in people) if new else 0
    return GradingResult(len(given), new, paid)


def _problem(session: RunSession, grade: GivenGrade) -> str | None:
    try:
        session.app.run(check_grade, grade, caller=OPERATOR_CALLER)
    except PetriError as error:
        return str(error)
    return None


def _refused(file: Path, problems: Sequence[str]) -> BadRequest:
    more = f"\n... and {len(problems) - _MOST_PROBLEMS} more" if len(problems) > _MOST_PROBLEMS else ""
    shown = "\n".join(f"- {file.name}, {each}" for each in problems[:_MOST_PROBLEMS])
    return BadRequest(f"No grade was stored. Correct these lines, and take the sheet again:\n{shown}{more}")


def _read(file: Path, grader: str) -> dict[int, GivenGrade]:
    """Return the grades of a sheet by line; a line without a grade is left out."""
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            rows = list(read_rows(lines, file.name))
    except OSError as error:
        raise BadRequest(f"{file} can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BadRequest(f"{file.name} isn't UTF-8; save it as CSV UTF-8.") from error
    header = rows[0][1] if rows else []
    missing = [name for name in _NEEDED if name not in header]
    if missing:
        raise BadRequest(f"{file.name} has no column {missing[0]!r}; keep the columns of the sheet.")
    problems: list[str] = []
    grades: dict[int, GivenGrade] = {}
    seen: set[str] = set()
    for line, values in rows[1:]:
        row = {name: value or "" for name, value in zip(header, values, strict=True) if name}
        try:
            grade = _grade(row, grader, seen)
        except BadRequest as error:
            problems.append(f"line {line}: {error}")
        else:
            grades |= {} if grade is None else {line: grade}
    if problems:
        raise _refused(file, problems)
    return grades


def _grade(row: Mapping[str, str], grader: str, seen: set[str]) -> GivenGrade | None:
    answer_id = row["answer_id"].strip()
    points, percent = (str(strip_excel_mark(row[name])).strip() for name in ("points", "percent"))
    comment = str(strip_excel_mark(row["comment"])).strip()
    if not points and not percent:
        if comment:
            raise BadRequest("the comment has no grade; fill in points or percent.")
        return None
    found = _ANSWER_ID.fullmatch(answer_id)
    if found is None:
        raise BadRequest(f"answer_id={answer_id!r} isn't one of the sheet's.")
    if answer_id in seen:
        raise BadRequest(f"the answer {answer_id} stands twice in the sheet.")
    seen.add(answer_id)
    return GivenGrade(
        participant_id=int(found[1]),
        serial=int(found[2]),
        item=found[3],
        points=_decimal(points, "points") if points else None,
        percent=_percent(percent) if percent else None,
        comment=comment,
        grader=grader,
    )


def _decimal(text: str, what: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise BadRequest(f"{what}={text!r} isn't a number such as 2.5.")
    try:
        return Decimal(text.replace(",", "."))
    except InvalidOperation as error:
        raise BadRequest(f"{what}={text!r} isn't a number such as 2.5.") from error


def _percent(text: str) -> Decimal:
    """Return a share from 0 to 1, given as such or with a percent sign."""
    if text.endswith("%"):
        return _decimal(text.removesuffix("%").strip(), "percent") / 100
    share = _decimal(text, "percent")
    if share > 1:
        raise BadRequest(f"percent={text!r} isn't a share from 0 to 1; write {text}% for a percentage.")
    return share
