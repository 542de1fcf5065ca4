"""Items whose answer is a typed number: number."""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, ClassVar, Final, Unpack

from markupsafe import Markup

from .answer_rules import MAX_DECIMALS, MAX_DIGITS, AnswerError, author_number, parse_number, plain
from .grading import Grade, grade_share, right_numbers, shown_range
from .item import CommonFields, Frame, Item, item_kind
from .markup import id_of, join, tag
from .text_items import shown_text

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
    def low(self) -> Decimal | None:
        """The lowest number, if there is one."""
        return author_number(self.minimum)

    @property
    def high(self) -> Decimal | None:
        """The highest number, if there is one."""
        return author_number(self.maximum)

    def validate(self, raw: Any) -> int | str:
        number = parse_number(raw, decimals=self.places)
        if self.low is not None and number < self.low:
            raise AnswerError("The number must be {minimum} at least.", minimum=plain(self.low))
        if self.high is not None and number > self.high:
            raise AnswerError("The number must be {maximum} at most.", maximum=plain(self.high))
        step = author_number(self.step)
        if step and (number - (self.low or 0)) % step:
            raise (
                AnswerError("The number must be a multiple of {step}.", step=plain(step))
                if not self.low
                else (
                    AnswerError(
                        "The number must go in steps of {step} from {minimum}.",
                        step=plain(step),
                        minimum=plain(self.low),
                    )
                )
            )
        return plain(number) if self.places else int(number)

    def value(self, stored: Any) -> int | Decimal:
        return Decimal(str(stored)) if self.places else int(stored)

    def grade(self, stored: Any) -> Grade:
        given = self.ungraded(stored)
        if given is not None:
            return given
        is_right = any(each.contains(Decimal(str(stored))) for each in right_numbers(self.right))
        comment = self.comment(is_right, str(stored))
        return grade_share(int(is_right), 1, Decimal(self.points), partial=False, comment=comment)

    def bot_answer(self, random: random.Random) -> int | str:
        unit = author_number(self.step) or Decimal(1).scaleb(-self.places)
        low, high = self._bot_range()
        base = self.low or Decimal(0)
        first = ((low - base) / unit).to_integral_value(ROUND_CEILING)
        last = ((high - base) / unit).to_integral_value(ROUND_FLOOR)
        number = base + unit * random.randint(int(first), int(last))
        return plain(number) if self.places else int(number)

    def _bot_range(self) -> tuple[Decimal, Decimal]:
        if self.low is None:
            high = self.high if self.high is not None else Decimal(BOT_SPAN)
            return min(Decimal(0), high - BOT_SPAN), high
        unit = author_number(self.step) or Decimal(1)
        return self.low, self.high if self.high is not None else self.low + unit * BOT_SPAN

    def public(self) -> dict[str, Any]:
        bounds = {"minimum": self.low, "maximum": self.high, "step": author_number(self.step)}
        rules = {name: plain(bound) for name, bound in bounds.items() if bound is not None}
        return {**super().public(), **rules, "decimals": self.places}

    def codebook(self) -> dict[str, Any]:
        entry = {**super().codebook(), "type": "decimal" if self.places else "integer"}
        entry["range"] = [None if bound is None else plain(bound) for bound in (self.low, self.high)]
        entry |= {"unit": str(self.unit)} if self.unit else {}
        return entry

    def own_problems(self) -> list[str]:
        found = self._number_problems()
        if found:
            return found
        low, high = self.low, self.high
        if low is not None and high is not None and low > high:
            return [f"minimum={low} is above maximum={high}; swap them"]
        if self._unresolved():
            return []
        return self._decimal_problems() or self._right_problems()

    def _number_problems(self) -> list[str]:
        found = []
        for name in ("minimum", "maximum", "step"):
            given = getattr(self, name)
            if given is None or (name in self.dynamic and self.is_dynamic(given)):
                continue
            number = author_number(given)
            if number is None or abs(number) >= Decimal(10) ** MAX_DIGITS:
                found.append(f"{name}={given!r} isn't a number of at most {MAX_DIGITS} digits")
            elif name == "step" and number <= 0:
                found.append(f"step={given!r} must be above 0")
        places = self.decimals
        if places is not None and (
            isinstance(places, bool) or not isinstance(places, int) or not 0 <= places <= MAX_DECIMALS
        ):
            found.append(f"decimals={places!r} must be a whole number from 0 to {MAX_DECIMALS}")
        return found

    def _decimal_problems(self) -> list[str]:
        unit = Decimal(1).scaleb(-self.places)
        found = []
        for name in ("minimum", "maximum", "step"):
            number = author_number(getattr(self, name))
            if number is not None and number % unit:
                found.append(f"{name}={number} has more decimal places than answers; set `decimals`")
        return found

    def _right_problems(self) -> list[str]:
        found = []
        for right in right_numbers(self.right):
            wrong = right.problems()
            found += wrong
            if wrong:
                continue
            low, high = author_number(right.low), author_number(right.high)
            above = self.low is not None and high is not None and high < self.low
            below = self.high is not None and low is not None and low > self.high
            if above or below:
                found.append(f"the right answer {shown_range(right)} is below minimum or above maximum")
        return found

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
            "min": None if self.low is None else plain(self.low),
            "max": None if self.high is None else plain(self.high),
            "step": plain(unit),
            "aria_describedby": self.described_by(*([id_of(self.name, "unit")] if self.unit else [])),
        }


@item_kind
@dataclass(frozen=True, kw_only=True)
class NumberItem(NumericItem):
    """A number, typed."""

    kind: ClassVar[str] = "number"

    def render(self, frame: Frame) -> Markup:
        mode = "decimal" if self.places else "numeric"
        if self.low is None or self.low < 0:
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
