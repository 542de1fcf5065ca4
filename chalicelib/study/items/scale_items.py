"""Items whose answer is a place on a scale: likert, rating."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar, Final, Unpack

from markupsafe import Markup

from .answer_rules import AnswerError, author_number, parse_number
from .grading import Grade, grade_share, right_numbers, shown_range
from .item import CommonFields, Frame, Item, item_kind
from .markup import id_of, join, marked, tag

FEWEST: Final = 2
MOST: Final = 15
#: The labels of scales that have none of their own.
AGREEMENT: Final = MappingProxyType(
    {
        4: (marked("Strongly disagree"), marked("Disagree"), marked("Agree"), marked("Strongly agree")),
        5: (
            marked("Strongly disagree"),
            marked("Disagree"),
            marked("Neither agree nor disagree"),
            marked("Agree"),
            marked("Strongly agree"),
        ),
        7: (
            marked("Strongly disagree"),
            marked("Disagree"),
            marked("Somewhat disagree"),
            marked("Neither agree nor disagree"),
            marked("Somewhat agree"),
            marked("Agree"),
            marked("Strongly agree"),
        ),
    }
)


@dataclass(frozen=True, kw_only=True)
class StepsItem(Item):
    """What items share whose answer is a whole number from 1 to `steps`."""

    steps: int = field(default=5, kw_only=False)

    def validate(self, raw: Any) -> int:
        number = parse_number(raw, decimals=0)
        if not 1 <= number <= self.steps:
            raise AnswerError("Choose a number from {minimum} to {maximum}.", minimum=1, maximum=self.steps)
        return int(number)

    def value(self, stored: Any) -> int:
        return int(stored)

    def grade(self, stored: Any) -> Grade:
        ungraded = self.ungraded(stored)
        if ungraded is not None:
            return ungraded
        is_right = any(each.contains(Decimal(str(stored))) for each in right_numbers(self.right))
        comment = self.comment(is_right, str(stored))
        return grade_share(int(is_right), 1, Decimal(self.points), partial=False, comment=comment)

    def bot_answer(self, random: random.Random) -> int:
        return random.randint(1, self.steps)

    def public(self) -> dict[str, Any]:
        return {**super().public(), "minimum": "1", "maximum": str(self.steps)}

    def codebook(self) -> dict[str, Any]:
        return {**super().codebook(), "type": "integer", "range": ["1", str(self.steps)]}

    def own_problems(self) -> list[str]:
        steps = self.steps
        if not FEWEST <= steps <= MOST:
            return [f"steps={steps!r} must be a whole number from {FEWEST} to {MOST}"]
        problems = []
        for right in right_numbers(self.right):
            wrong = right.problems()
            low, high = author_number(right.low), author_number(right.high)
            problems += wrong
            if not wrong and low is not None and high is not None and (high < 1 or low > steps):
                problems.append(f"the right answer {shown_range(right)} isn't on the scale from 1 to {steps}")
        return problems

    def columns(self, frame: Frame) -> list[tuple[str, Any]]:
        """Return value and label of each step, for the head of a table."""
        raise NotImplementedError

    def render(self, frame: Frame) -> Markup:
        shown = [self._radio(frame, step, label) for step, label in self.columns(frame)]
        scale = tag("div", *shown, class_=f"item-scale item-{self.kind}")
        return self.group(frame, scale, role="radiogroup")

    def _radio(self, frame: Frame, step: str, label: Any) -> Markup:
        id_ = id_of(self.name, step)
        is_chosen = not isinstance(frame.value, bool) and str(frame.value) == step
        button = tag("input", type="radio", id=id_, name=self.name, value=step, checked=is_chosen)
        return tag(
            "div",
            button,
            " ",
            tag("label", label, for_=id_),
            class_="item-step",
        )


@item_kind
@dataclass(frozen=True, kw_only=True)
class LikertItem(StepsItem):
    """A statement and a scale of agreement, or another scale with a label for each step or for its ends."""

    kind: ClassVar[str] = "likert"
    fits_table: ClassVar[bool] = True

    labels: Any = ()
    low: str = ""
    high: str = ""

    def named_steps(self) -> dict[int, str]:
        """Return the author's labels by step."""
        if isinstance(self.labels, Mapping):
            return {int(step): label for step, label in self.labels.items()}
        if self.labels:
            return dict(enumerate(self.labels, 1))
        if self.low or self.high:
            return {1: self.low, self.steps: self.high}
        return {}

    def labels_in(self, frame: Frame) -> dict[int, str]:
        own = self.named_steps()
        if not own:
            built_in = AGREEMENT.get(self.steps, ())
            ends = {1: marked("Strongly disagree"), self.steps: marked("Strongly agree")}
            own = {step: frame.text(label) for step, label in (dict(enumerate(built_in, 1)) or ends).items()}
        return {
            step: self.text_in(frame.language, "labels", label, str(step))
            for step, label in own.items()
            if label
        }

    def codebook(self) -> dict[str, Any]:
        labels = {str(step): label for step, label in self.labels_in(Frame()).items()}
        return {**super().codebook(), "labels": labels}

    def own_problems(self) -> list[str]:
        problems = super().own_problems()
        if problems:
            return problems
        labels = self.labels
        if isinstance(labels, Mapping):
            wrong = [
                key for key in labels if str(key) not in {str(step) for step in range(1, self.steps + 1)}
            ]
            return [f"the label of {key!r} isn't for a step from 1 to {self.steps}" for key in wrong]
        if isinstance(labels, str) or not isinstance(labels, Sequence):
            return [
                f"`labels` must be a list with one label for each step, or labels by step, not {labels!r}"
            ]
        if labels and len(labels) != self.steps:
            return [
                f"it has {len(labels)} labels for {self.steps} steps; give one for each, or `low` and `high`"
            ]
        return []

    def columns(self, frame: Frame) -> list[tuple[str, Any]]:
        labels = self.labels_in(frame)
        return [(str(step), labels.get(step, str(step))) for step in range(1, self.steps + 1)]


def likert(
    prompt: str,
    steps: int = 5,
    *,
    labels: Sequence[str] | Mapping[int, str] = (),
    low: str = "",
    high: str = "",
    **common: Unpack[CommonFields],
) -> LikertItem:
    """Ask how much a participant agrees with a statement.

    Args:
        prompt: The statement.
        steps: How many steps the scale has, from 2 to 15.
        labels: One label for each step, or labels by step; by default a scale of agreement, translated.
        low: The label of the first step, when only the ends have labels.
        high: The label of the last step.
        common: What every item takes, such as `help`, `required` and `right`.

    Returns:
        The item. Its answer is a whole number from 1 to `steps`.

    """
    return LikertItem(prompt, steps, labels=labels, low=low, high=high, **common)


@item_kind
@dataclass(frozen=True, kw_only=True)
class RatingItem(StepsItem):
    """A number of stars, or of another symbol."""

    kind: ClassVar[str] = "rating"
    fits_table: ClassVar[bool] = True

    symbol: str = "★"

    def columns(self, frame: Frame) -> list[tuple[str, Any]]:
        return [(str(step), self._label(frame, step)) for step in range(1, self.steps + 1)]

    def _label(self, frame: Frame, step: int) -> Markup:
        spoken = frame.text("{number} of {steps}")
        for name, number in (("number", step), ("steps", self.steps)):
            spoken = spoken.replace(f"{{{name}}}", str(number))
        symbol = tag("span", self.symbol, aria_hidden="true", class_="item-symbol")
        return join([symbol, tag("span", spoken, class_="visually-hidden")])

    def own_problems(self) -> list[str]:
        problems = super().own_problems()
        return problems if self.symbol else [*problems, "`symbol` is empty; give a character, such as ★"]


def rating(prompt: str, steps: int = 5, *, symbol: str = "★", **common: Unpack[CommonFields]) -> RatingItem:
    """Ask for a number of stars.

    Args:
        prompt: The question.
        steps: How many stars there are, from 2 to 15.
        symbol: Another character in place of the star.
        common: What every item takes, such as `help`, `required` and `right`.

    Returns:
        The item. Its answer is a whole number from 1 to `steps`.

    """
    return RatingItem(prompt, steps, symbol=symbol, **common)
