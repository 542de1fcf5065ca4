"""Defines GradePeers: participants grade the answers of others, without knowing whose they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.study.items import Item, choice, number, table

from .element import Element, Only, When, as_elements, check_name
from .flow import Container
from .page_elements import Form

MAX_ANSWERS = 10
#: The longest scale that is shown with a button for each grade.
MAX_BUTTONS = 11
DEFAULT_POINTS = 5


@dataclass(frozen=True)
class PeerAnswers(Element):
    """Wait until there are answers of other participants to grade, and take a seat at each of them."""

    item: str
    answers: int
    wait_seconds: float
    name: str = "answers"


@dataclass(frozen=True)
class PeerGrading(Form):
    """Show the answers of others, with a grade to give to each; skipped when there are none."""

    item: str = ""
    points: int | range = DEFAULT_POINTS
    rubric: Mapping[str, str] = field(default_factory=dict)

    @property
    def scale(self) -> range:
        """The grades that can be given."""
        return self.points if isinstance(self.points, range) else range(self.points + 1)

    def grade_name(self, number: int) -> str:
        """Return the name of the grade of an answer on the page, which are numbered from 1."""
        return f"{self.item}_grade_{number}"

    def grade_item(self, number: int, prompt: str, *, required: bool = True) -> Item:
        """Return the item that asks for the grade of an answer: a number, or one for each criterion."""
        if not self.rubric:
            return self._grade(prompt, name=self.grade_name(number), required=required)
        cell = self._grade("")
        return table(prompt, dict(self.rubric), cell, name=self.grade_name(number), required=required)

    def grade_item_named(self, name: str) -> Item | None:
        """Return the item with this name; None for a name that isn't a grade's."""
        start, _, place = name.rpartition("_")
        is_grade = start == f"{self.item}_grade" and place.isdecimal()
        return self.grade_item(int(place), name) if is_grade else None

    def share(self, grade: Any) -> float:
        """Return a grade as a share of the highest one: the mean of the criteria's, with a rubric."""
        grades = list(grade.values()) if isinstance(grade, Mapping) else [grade]
        return sum(int(one) for one in grades) / (len(grades) * self.scale[-1])

    def _grade(self, prompt: str, **common: Any) -> Item:
        steps = self.scale
        if len(steps) > MAX_BUTTONS:
            return number(prompt, minimum=steps[0], maximum=steps[-1], step=steps.step, **common)
        return choice(prompt, {str(step): str(step) for step in steps}, **common)


@dataclass(frozen=True)
class GradePeers(Container):
    """Let participants grade the answers of others to an item with `grading="peer"`.

    Every answer gets as many grades as each participant gives, where possible: those with the fewest are
    shown first, and never a participant's own. Answers are shown without anything that says whose they are.

    Args:
        item: The item; it is asked on an earlier page.
        answers: How many answers each participant grades.
        points: The highest grade, from 0; or a range of grades, such as `range(1, 8)`.
        rubric: The criteria, as texts by name; each of them gets a grade, and the mean counts.
        wait_seconds: For how long a participant waits for answers that need grades; then they grade those
            that there are.
        seconds: The time limit of the page. Grades that weren't given by then are left to others.
        min_seconds: For how many seconds the button is held back.
        title: The heading of the page; a translated one by default.
        text: A sentence below the heading, such as instructions.
        name: The name in paths; by default that of the item with `_peers`.
        show_if: Take it if this holds.
        only: Take it in these conditions only.
        do: The elements that it consists of; it makes them itself.

    """

    item: str
    answers: int = 3
    points: int | range = DEFAULT_POINTS
    rubric: Mapping[str, str] = field(default_factory=dict)
    wait_seconds: float = 60
    seconds: float | None = None
    min_seconds: float = 0
    title: str = ""
    text: str = ""
    name: str = ""
    show_if: When = None
    only: Only = None
    do: Sequence[Element] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "do", as_elements(self.do or self._elements(), "GradePeers"))

    def _elements(self) -> list[Element]:
        page = PeerGrading(
            f"{self.item}_grading",
            item=self.item,
            points=self.points,
            rubric=self.rubric,
            seconds=self.seconds,
            min_seconds=self.min_seconds,
            title=self.title,
            text=self.text,
        )
        return [PeerAnswers(self.item, self.answers, self.wait_seconds), page]

    @property
    def label(self) -> str:
        return self.name or f"{self.item}_peers"

    def sequences(self) -> Mapping[str, tuple[Element, ...]]:
        return {"": tuple(self.do)}

    def problems(self) -> list[str]:
        what = f"GradePeers({self.item!r})"
        problems = check_name(self.label, "A GradePeers")
        if isinstance(self.answers, bool) or self.answers not in range(1, MAX_ANSWERS + 1):
            problems.append(f"{what} has answers={self.answers!r}; give a number from 1 to {MAX_ANSWERS}.")
        if self.wait_seconds <= 0:
            problems.append(f"{what} has wait_seconds={self.wait_seconds!r}; give a number above 0.")
        if not _is_scale(self.points):
            problems.append(
                f"{what} has points={self.points!r}; give the highest grade, or a range such as range(1, 8)."
            )
        rubric: Any = self.rubric
        if not isinstance(rubric, Mapping) or not all(_is_criterion(*one) for one in rubric.items()):
            problems.append(
                f"{what} has rubric={rubric!r}; give a text for each criterion, such as "
                'rubric={"clarity": "Is it easy to follow?"}.'
            )
        return problems


def _is_scale(points: Any) -> bool:
    if isinstance(points, range):
        return len(points) > 1 and points[0] >= 0 and points.step > 0
    return isinstance(points, int) and not isinstance(points, bool) and points > 0


def _is_criterion(name: Any, text: Any) -> bool:
    return isinstance(name, str) and name.isidentifier() and isinstance(text, str) and bool(text.strip())
