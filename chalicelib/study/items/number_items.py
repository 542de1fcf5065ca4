"""Items whose answer is a number: number, slider, range."""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, ClassVar, Final, Unpack

from markupsafe import Markup

from .answer_rules import MAX_DECIMALS, MAX_DIGITS, AnswerError, author_number, parse_number, plain
from .grading import Grade, grade_share, right_numbers, shown_range
from .item import CommonFields, Frame, Item, item_kind
from .markup import id_of, join, shown_text, tag

#: How far a bot goes from a bound when the other one is missing.
BOT_SPAN: Final = 100
Numeric = int | float | str | Decimal


@dataclass(frozen=True, kw_only=True)
class NumericItem(Item):
    """What items with a number share: bounds, steps, decimals, unit, and right answers as ranges."""

    dynamic: ClassVar[tuple[str, ...]] = ("minimum", "maximum")

    minimum: Any = None
    maximum: Any = None
    step: Any = None
    #: Decimal places; by default those of `step`, else none.
    decimals: int | None = None
    unit: str = ""

    @property
    def places(self) -> int:
        """How many decimal places an answer can have."""
        if isinstance(self.decimals, int):
            return self.decimals
        step = author_number(self.step)
        exponent = step.normalize().as_tuple().exponent if step is not None else 0
        return max(-exponent, 0) if isinstance(exponent, int) else 0

    @property
    def lowest(self) -> Decimal | None:
        """The lowest number, if there is one."""
        return author_number(self.minimum)

    @property
    def highest(self) -> Decimal | None:
        """The highest number, if there is one."""
        return author_number(self.maximum)

    def validate(self, raw: Any) -> int | str:
        number = parse_number(raw, decimals=self.places)
        if self.lowest is not None and number < self.lowest:
            raise AnswerError("The number must be {minimum} at least.", minimum=plain(self.lowest))
        if self.highest is not None and number > self.highest:
            raise AnswerError("The number must be {maximum} at most.", maximum=plain(self.highest))
        step = author_number(self.step)
        if step and (number - (self.lowest or 0)) % step:
            raise (
                AnswerError("The number must be a multiple of {step}.", step=plain(step))
                if not self.lowest
                else (
                    AnswerError(
                        "The number must go in steps of {step} from {minimum}.",
                        step=plain(step),
                        minimum=plain(self.lowest),
                    )
                )
            )
        return plain(number) if self.places else int(number)

    def value(self, stored: Any) -> int | Decimal:
        return Decimal(str(stored)) if self.places else int(stored)

    def grade(self, stored: Any) -> Grade:
        ungraded = self.ungraded(stored)
        if ungraded is not None:
            return ungraded
        is_right = any(each.contains(Decimal(str(stored))) for each in right_numbers(self.right))
        comment = self.comment(is_right, str(stored))
        return grade_share(int(is_right), 1, Decimal(self.points), partial=False, comment=comment)

    def bot_answer(self, random: random.Random) -> int | str:
        unit = author_number(self.step) or Decimal(1).scaleb(-self.places)
        low, high = self._bot_range()
        base = self.lowest or Decimal(0)
        first = ((low - base) / unit).to_integral_value(ROUND_CEILING)
        last = ((high - base) / unit).to_integral_value(ROUND_FLOOR)
        number = base + unit * random.randint(int(first), int(last))
        return plain(number) if self.places else int(number)

    def _bot_range(self) -> tuple[Decimal, Decimal]:
        if self.lowest is None:
            high = self.highest if self.highest is not None else Decimal(BOT_SPAN)
            return min(Decimal(0), high - BOT_SPAN), high
        unit = author_number(self.step) or Decimal(1)
        return self.lowest, self.highest if self.highest is not None else self.lowest + unit * BOT_SPAN

    def public(self) -> dict[str, Any]:
        bounds = {"minimum": self.lowest, "maximum": self.highest, "step": author_number(self.step)}
        rules = {name: plain(bound) for name, bound in bounds.items() if bound is not None}
        return {**super().public(), **rules, "decimals": self.places}

    def codebook(self) -> dict[str, Any]:
        entry = {**super().codebook(), "type": "decimal" if self.places else "integer"}
        entry["range"] = [None if bound is None else plain(bound) for bound in (self.lowest, self.highest)]
        entry |= {"unit": str(self.unit)} if self.unit else {}
        return entry

    def own_problems(self) -> list[str]:
        problems = self._number_problems()
        if problems:
            return problems
        low, high = self.lowest, self.highest
        if low is not None and high is not None and low > high:
            return [f"minimum={low} is above maximum={high}; swap them"]
        if self._unresolved():
            return []
        return self._decimal_problems() or self._right_problems()

    def _number_problems(self) -> list[str]:
        problems = []
        for name in ("minimum", "maximum", "step"):
            value = getattr(self, name)
            if value is None or (name in self.dynamic and self.is_dynamic(value)):
                continue
            number = author_number(value)
            if number is None or abs(number) >= Decimal(10) ** MAX_DIGITS:
                problems.append(f"{name}={value!r} isn't a number of at most {MAX_DIGITS} digits")
            elif name == "step" and number <= 0:
                problems.append(f"step={value!r} must be above 0")
        places = self.decimals
        if places is not None and not 0 <= places <= MAX_DECIMALS:
            problems.append(f"decimals={places!r} must be a whole number from 0 to {MAX_DECIMALS}")
        return problems

    def _decimal_problems(self) -> list[str]:
        unit = Decimal(1).scaleb(-self.places)
        problems = []
        for name in ("minimum", "maximum", "step"):
            number = author_number(getattr(self, name))
            if number is not None and number % unit:
                problems.append(f"{name}={number} has more decimal places than answers; set `decimals`")
        return problems

    def _right_problems(self) -> list[str]:
        problems = []
        for right in right_numbers(self.right):
            wrong = right.problems()
            problems += wrong
            if wrong:
                continue
            low, high = author_number(right.low), author_number(right.high)
            above = self.lowest is not None and high is not None and high < self.lowest
            below = self.highest is not None and low is not None and low > self.highest
            if above or below:
                problems.append(f"the right answer {shown_range(right)} is below minimum or above maximum")
        return problems

    def with_unit(self, frame: Frame, control: Any) -> Markup:
        """Return a control with its unit behind it."""
        if not self.unit:
            return join([control])
        shown = self.text_in(frame.language, "unit", self.unit)
        return join([control, " ", tag("span", shown, id=id_of(self.name, "unit"), class_="item-unit")])

    def number_attributes(self) -> dict[str, Any]:
        """Return the attributes of the control: bounds, step, description."""
        unit = author_number(self.step) or Decimal(1).scaleb(-self.places)
        return {
            **self.control_attributes(),
            "min": None if self.lowest is None else plain(self.lowest),
            "max": None if self.highest is None else plain(self.highest),
            "step": plain(unit),
            "aria_describedby": self.described_by(*([id_of(self.name, "unit")] if self.unit else [])),
        }


@item_kind
@dataclass(frozen=True, kw_only=True)
class NumberItem(NumericItem):
    """A number, typed."""

    kind: ClassVar[str] = "number"
    fits_table: ClassVar[bool] = True

    def render(self, frame: Frame) -> Markup:
        mode = "decimal" if self.places else "numeric"
        if self.lowest is None or self.lowest < 0:
            # The numeric keyboard of some phones has no minus sign.
            mode = "text"
        field = tag(
            "input", type="number", inputmode=mode, value=shown_text(frame.value), **self.number_attributes()
        )
        return self.single(frame, self.with_unit(frame, field))


def number(
    prompt: str,
    *,
    minimum: Any = None,
    maximum: Any = None,
    step: Numeric | None = None,
    decimals: int | None = None,
    unit: str = "",
    **common: Unpack[CommonFields],
) -> NumberItem:
    """Ask for a number.

    Args:
        prompt: The question.
        minimum: The lowest number, or a method of the study that returns it for a player.
        maximum: The highest number, or a method of the study that returns it for a player.
        step: The distance between allowed numbers, counted from `minimum` or 0.
        decimals: How many decimal places are allowed; by default those of `step`, else none.
        unit: The unit, shown behind the field.
        common: What every item takes. `right` is a number, `between(7, 9)`, `about(3.14, 0.01)`, or a list.

    Returns:
        The item. Its answer is an int, or with decimals a Decimal.

    """
    return NumberItem(
        prompt, minimum=minimum, maximum=maximum, step=step, decimals=decimals, unit=unit, **common
    )


@item_kind
@dataclass(frozen=True, kw_only=True)
class SliderItem(NumericItem):
    """A number, set on a line. Nothing is answered until it was moved, unless `start` is set."""

    kind: ClassVar[str] = "slider"
    fits_table: ClassVar[bool] = True

    minimum: Any = 0
    maximum: Any = 100
    low: str = ""
    high: str = ""
    start: Any = None
    show_value: bool = True

    def own_problems(self) -> list[str]:
        problems = [*bounds_problems(self), *super().own_problems()]
        start = author_number(self.start)
        if self.start is not None and start is None:
            problems.append(f"start={self.start!r} isn't a number")
        if start is not None and self.lowest is not None and self.highest is not None:
            inside = self.lowest <= start <= self.highest
            problems += [] if inside else [f"start={start} is below minimum or above maximum"]
        return problems

    def codebook(self) -> dict[str, Any]:
        ends = {plain(bound): label for bound, label in self._ends() if label}
        return {**super().codebook(), "labels": ends} if ends else super().codebook()

    def _ends(self) -> list[tuple[Decimal, str]]:
        ends = ((self.lowest, str(self.low)), (self.highest, str(self.high)))
        return [(bound, label) for bound, label in ends if bound is not None]

    def render(self, frame: Frame) -> Markup:
        shown = shown_text(frame.value if frame.value is not None else self.start)
        attributes = self.number_attributes()
        named = [each for each in ("low", "high") if getattr(self, each)]
        more = [id_of(self.name, each) for each in (*named, *(["unit"] if self.unit else []))]
        # aria-required isn't allowed on a slider, which always has a value for the browser.
        attributes |= {"aria_describedby": self.described_by(*more), "aria_required": None}
        line = tag("input", type="range", value=shown or None, data_untouched=not shown, **attributes)
        output = (
            tag("output", shown, for_=id_of(self.name), class_="item-output") if self.show_value else None
        )
        low, high = (self._end_label(frame, part) for part in ("low", "high"))
        return self.single(
            frame, tag("div", self.with_unit(frame, join([low, line, high, output])), class_="item-slider")
        )

    def _end_label(self, frame: Frame, part: str) -> Markup | None:
        label = getattr(self, part)
        if not label:
            return None
        return tag(
            "span",
            self.text_in(frame.language, part, label),
            id=id_of(self.name, part),
            class_=f"item-{part}",
        )


def bounds_problems(item: NumericItem) -> list[str]:
    """Return the problem of a kind that needs both bounds, if one is missing."""
    if item.minimum is None or item.maximum is None:
        return [f"a {item.kind} needs `minimum` and `maximum`"]
    return []


def slider(
    prompt: str,
    *,
    minimum: Any = 0,
    maximum: Any = 100,
    step: Numeric | None = None,
    decimals: int | None = None,
    unit: str = "",
    low: str = "",
    high: str = "",
    start: Any = None,
    show_value: bool = True,
    **common: Unpack[CommonFields],
) -> SliderItem:
    """Ask for a number on a line.

    Args:
        prompt: The question.
        minimum: The number at the left end, or a method of the study that returns it for a player.
        maximum: The number at the right end, or a method.
        step: The distance between allowed numbers.
        decimals: How many decimal places are allowed; by default those of `step`, else none.
        unit: The unit, shown behind the number.
        low: The label of the left end.
        high: The label of the right end.
        start: Where the slider stands first. Without it nothing is preselected, and it must be moved.
        show_value: Whether the number is shown.
        common: What every item takes, such as `help`, `required` and `right`.

    Returns:
        The item. Its answer is an int, or with decimals a Decimal.

    """
    return SliderItem(
        prompt,
        minimum=minimum,
        maximum=maximum,
        step=step,
        decimals=decimals,
        unit=unit,
        low=low,
        high=high,
        start=start,
        show_value=show_value,
        **common,
    )


@item_kind
@dataclass(frozen=True, kw_only=True)
class RangeItem(NumericItem):
    """A guess between two bounds, typed or set on a line; a range of guesses is right."""

    kind: ClassVar[str] = "range"
    fits_table: ClassVar[bool] = True

    minimum: Any = 0
    maximum: Any = 100

    def own_problems(self) -> list[str]:
        return [*bounds_problems(self), *super().own_problems()]

    def render(self, frame: Frame) -> Markup:
        attributes = self.number_attributes()
        bounds_id = id_of(self.name, "bounds")
        attributes["aria_describedby"] = f"{bounds_id} {attributes['aria_describedby']}"
        sentence = frame.text("{minimum} to {maximum}")
        for name, bound in (("minimum", self.lowest), ("maximum", self.highest)):
            sentence = sentence.replace(f"{{{name}}}", "" if bound is None else plain(bound))
        field = tag("input", type="number", inputmode="text", value=shown_text(frame.value), **attributes)
        bounds = tag("span", sentence, id=bounds_id, class_="item-bounds")
        line = tag(
            "input",
            type="range",
            class_="item-range-slider",
            aria_hidden="true",
            tabindex="-1",
            hidden=True,
            **{name: attributes[name] for name in ("min", "max", "step")},
        )
        return self.single(
            frame, tag("div", self.with_unit(frame, field), " ", bounds, line, class_="item-range")
        )


def range_(
    prompt: str,
    *,
    minimum: Any = 0,
    maximum: Any = 100,
    step: Numeric | None = None,
    decimals: int | None = None,
    unit: str = "",
    **common: Unpack[CommonFields],
) -> RangeItem:
    """Ask for a guess between two bounds. Its kind is `range`, a name that Python uses itself.

    Args:
        prompt: The question.
        minimum: The lowest guess, or a method of the study that returns it for a player.
        maximum: The highest guess, or a method.
        step: The distance between allowed numbers.
        decimals: How many decimal places are allowed; by default those of `step`, else none.
        unit: The unit, shown behind the field.
        common: What every item takes. `right` is `between(40, 60)`, `about(50, 5)`, a number, or a list.

    Returns:
        The item. Its answer is an int, or with decimals a Decimal.

    """
    return RangeItem(
        prompt, minimum=minimum, maximum=maximum, step=step, decimals=decimals, unit=unit, **common
    )
