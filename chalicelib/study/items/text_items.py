"""Items whose answer is typed: text, email, fill_in."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any, ClassVar, Final, Unpack

from markupsafe import Markup

from .answer_rules import MAX_DECIMALS, AnswerError, author_number, clean_text, parse_number, plain
from .grading import Grade, RightRange, grade_share, right_numbers
from .item import CommonFields, Frame, Item, item_kind
from .markup import id_of, lines, marked, shown_text, tag
from .patterns import browser_pattern, example_of, matches, pattern_problem

MAX_LENGTH: Final = 5000
#: A longest answer in bytes of UTF-8 still fits into the limit of an answer.
LONGEST: Final = 15_000
ROWS: Final = 4
MAX_EMAIL: Final = 254
_EMAIL: Final = re.compile(
    r"[^\s@<>(),;:\"\\\[\]]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][^\W_]{1,62}"
)
MAX_BLANK: Final = 200
_BLANK: Final = re.compile(r"_{3,}")
_WORDS: Final = ("amber", "birch", "cloud", "delta", "ember", "field", "grove", "harbour")


def as_texts(value: Any) -> list[str]:
    """Return right answers as a list of texts."""
    several = value if isinstance(value, list | tuple | set | frozenset) else [value]
    return [str(each) for each in several]


@dataclass(frozen=True, kw_only=True)
class _Written(Item):
    """What items with a typed text share: `right` is a text or a list of texts."""

    def grade(self, stored: Any) -> Grade:
        ungraded = self.ungraded(stored)
        if ungraded is not None:
            return ungraded
        is_right = self.is_right(str(stored))
        comment = self.comment(is_right)
        return grade_share(int(is_right), 1, Decimal(self.points), partial=False, comment=comment)

    def is_right(self, answer: str) -> bool:
        """Say whether an answer is one of the right texts; blanks around it and case don't count."""
        return _compared(answer) in [_compared(each) for each in as_texts(self.right)]


def _compared(text: str) -> str:
    return " ".join(text.casefold().split())


@item_kind
@dataclass(frozen=True, kw_only=True)
class TextItem(_Written):
    """A text on one line, or a long one on several."""

    kind: ClassVar[str] = "text"
    fits_table: ClassVar[bool] = True

    long: bool = False
    min_length: int = 0
    max_length: int = MAX_LENGTH
    pattern: str = ""
    #: What the pattern asks for, as a sentence: it is the error that participants read.
    pattern_help: str = ""
    placeholder: str = ""
    #: Answers that match it are right, beside the texts in `right`.
    right_pattern: str = ""

    @property
    def has_right(self) -> bool:
        return super().has_right or bool(self.right_pattern)

    def validate(self, raw: Any) -> str:
        text = clean_text(raw, most=self.max_length, lines=self.long)
        if len(text) < self.min_length:
            raise AnswerError("Write at least {minimum} characters.", minimum=self.min_length)
        if self.pattern and not matches(self.pattern, text):
            raise AnswerError(str(self.pattern_help) or marked("The answer does not have the expected form."))
        return text

    def is_right(self, answer: str) -> bool:
        if self.right_pattern and matches(self.right_pattern, answer.strip()):
            return True
        return self.right is not None and super().is_right(answer)

    def bot_answer(self, random: random.Random) -> str:
        if self.pattern:
            text = example_of(self.pattern, random, least=self.min_length, most=self.max_length)
            return self.default if text is None and isinstance(self.default, str) else text or ""
        text = random.choice(_WORDS)
        while len(text) < self.min_length:
            text += " " + random.choice(_WORDS)
        return text[: max(self.max_length, 1)].strip().ljust(self.min_length, "x")

    def public(self) -> dict[str, Any]:
        rules: dict[str, Any] = {
            "long": self.long,
            "min_length": self.min_length,
            "max_length": self.max_length,
        }
        if self.pattern:
            rules |= {"pattern": browser_pattern(self.pattern), "pattern_help": str(self.pattern_help)}
        return {**super().public(), **rules}

    def codebook(self) -> dict[str, Any]:
        entry = {**super().codebook(), "type": "text", "max_length": self.max_length}
        return {**entry, "pattern": self.pattern} if self.pattern else entry

    def own_problems(self) -> list[str]:
        problems = []
        for name, low, high in (("min_length", 0, self.max_length), ("max_length", 1, LONGEST)):
            number = getattr(self, name)
            if not low <= number <= high:
                problems.append(f"{name}={number!r} must be a whole number from {low} to {high}")
        for name in ("pattern", "right_pattern"):
            pattern = getattr(self, name)
            problem = pattern_problem(pattern) if pattern else ""
            problems += [f"{name} {pattern!r} {problem}"] if problem else []
        if (
            self.pattern
            and not problems
            and example_of(self.pattern, random.Random(0), least=self.min_length, most=self.max_length)
            is None
        ):
            problems.append(
                f"no text of {self.min_length} to {self.max_length} characters was found that matches "
                f"pattern {self.pattern!r}; change one of them"
            )
        return problems

    def render(self, frame: Frame) -> Markup:
        shared = {
            **self.control_attributes(),
            "minlength": self.min_length or None,
            "maxlength": self.max_length,
            "placeholder": self.text_in(frame.language, "placeholder", self.placeholder) or None,
        }
        if self.long:
            # HTML drops the first line break of a textarea.
            return self.single(frame, tag("textarea", "\n", shown_text(frame.value), rows=ROWS, **shared))
        pattern = browser_pattern(self.pattern) if self.pattern else None
        control = tag("input", type="text", value=shown_text(frame.value), pattern=pattern, **shared)
        return self.single(frame, control)


def text(
    prompt: str,
    *,
    long: bool = False,
    min_length: int = 0,
    max_length: int = MAX_LENGTH,
    pattern: str = "",
    pattern_help: str = "",
    placeholder: str = "",
    right_pattern: str = "",
    **common: Unpack[CommonFields],
) -> TextItem:
    """Ask for a text.

    Args:
        prompt: The question.
        long: Whether it can have several lines.
        min_length: How many characters it needs.
        max_length: How many characters it can have, 15,000 at most.
        pattern: A regular expression that the whole text must match.
        pattern_help: What the pattern asks for; participants read it when their text doesn't match.
        placeholder: A text in the empty field.
        right_pattern: A regular expression of right answers.
        common: What every item takes, such as `help`, `required` and `right`.

    Returns:
        The item. Its answer is the text as typed.

    """
    return TextItem(
        prompt,
        long=long,
        min_length=min_length,
        max_length=max_length,
        pattern=pattern,
        pattern_help=pattern_help,
        placeholder=placeholder,
        right_pattern=right_pattern,
        **common,
    )


@item_kind
@dataclass(frozen=True, kw_only=True)
class EmailItem(_Written):
    """An email address."""

    kind: ClassVar[str] = "email"
    fits_table: ClassVar[bool] = True

    def validate(self, raw: Any) -> str:
        address = clean_text(raw, most=MAX_EMAIL, lines=False).strip()
        before, at, _after = address.rpartition("@")
        dots_are_single = not before.startswith(".") and not before.endswith(".") and ".." not in address
        if not at or not dots_are_single or not _EMAIL.fullmatch(address):
            raise AnswerError("Write an email address, such as name@example.org.")
        return address

    def bot_answer(self, random: random.Random) -> str:
        return f"{random.choice(_WORDS)}{random.randint(1, 9999)}@example.org"

    def public(self) -> dict[str, Any]:
        return {**super().public(), "max_length": MAX_EMAIL}

    def codebook(self) -> dict[str, Any]:
        return {**super().codebook(), "type": "text", "personal": True}

    def render(self, frame: Frame) -> Markup:
        control = tag(
            "input",
            type="email",
            value=shown_text(frame.value),
            autocomplete="email",
            maxlength=MAX_EMAIL,
            **self.control_attributes(),
        )
        return self.single(frame, control)


def email(prompt: str, **common: Unpack[CommonFields]) -> EmailItem:
    """Ask for an email address.

    Args:
        prompt: The question.
        common: What every item takes, such as `help` and `required`.

    Returns:
        The item. Its answer is the address as typed; the code book marks it as personal.

    """
    return EmailItem(prompt, **common)


@dataclass(frozen=True, kw_only=True)
class BlankRule:
    """What holds for some answers in a blank: the condition, whether they are right, and the feedback.

    The condition is a text, a pattern or a range of numbers; without one it holds for every answer.
    """

    text: str = ""
    pattern: str = ""
    numbers: tuple[RightRange, ...] = ()
    right: bool = True
    feedback: str = ""

    @property
    def is_fallback(self) -> bool:
        """Whether it holds for every answer."""
        return not (self.text or self.pattern or self.numbers)

    def holds(self, answer: str) -> bool:
        """Say whether the rule is about an answer; for texts, case and blanks around it don't count."""
        if self.text:
            return _compared(answer) == _compared(self.text)
        if self.pattern:
            return matches(self.pattern, answer.strip())
        return self.is_fallback or self._is_number(answer)

    def _is_number(self, answer: str) -> bool:
        try:
            number = parse_number(answer, decimals=MAX_DECIMALS)
        except AnswerError:
            return False
        return any(each.contains(number) for each in self.numbers)

    def problems(self) -> list[str]:
        """Return what is wrong with the rule."""
        problem = pattern_problem(self.pattern) if self.pattern else ""
        problems = [f"pattern {self.pattern!r} {problem}"] if problem else []
        return problems + [each for range_ in self.numbers for each in range_.problems()]


def when(
    text: str = "",
    *,
    pattern: str = "",
    low: Any = None,
    high: Any = None,
    right: bool = True,
    feedback: str = "",
) -> BlankRule:
    """Say what holds for some answers in a blank of `fill_in`.

    Args:
        text: The rule is for this text; case and blanks around it don't count.
        pattern: The rule is for texts that match this regular expression.
        low: The rule is for numbers from `low` to `high`.
        high: The highest number; `low` alone is one number.
        right: Whether these answers are right.
        feedback: What the participant reads.

    Returns:
        The rule. The first that holds for an answer counts.

    """
    numbers = () if low is None else (RightRange(low, low if high is None else high),)
    return BlankRule(text=text, pattern=pattern, numbers=numbers, right=right, feedback=feedback)


def otherwise(feedback: str = "", *, right: bool = False) -> BlankRule:
    """Say what holds for all answers in a blank that no rule before is for.

    Args:
        feedback: What the participant reads.
        right: Whether these answers are right.

    Returns:
        The rule, which must be the last one.

    """
    return BlankRule(right=right, feedback=feedback)


def as_rules(blank: Any) -> tuple[BlankRule, ...]:
    """Return the rules of a blank: from a text, a number, a range, a rule, or a list of these."""
    if isinstance(blank, list | tuple):
        return tuple(rule for each in blank for rule in as_rules(each))
    if isinstance(blank, BlankRule):
        return (blank,)
    if isinstance(blank, Mapping):
        return (_rule_of(blank),)
    if isinstance(blank, str):
        return (BlankRule(text=blank),)
    return (BlankRule(numbers=tuple(right_numbers(blank))),)


def _rule_of(body: Mapping[Any, Any]) -> BlankRule:
    numbers = {name: body[name] for name in ("from", "to", "value", "tolerance") if name in body}
    if set(numbers) == {"value"}:
        numbers["tolerance"] = 0
    has_condition = bool(numbers or body.get("text") or body.get("pattern"))
    return BlankRule(
        text=str(body.get("text", "")),
        pattern=body.get("pattern", ""),
        numbers=tuple(right_numbers(numbers)) if numbers else (),
        right=bool(body.get("right", has_condition)),
        feedback=str(body.get("feedback", "")),
    )


@item_kind
@dataclass(frozen=True, kw_only=True)
class FillInItem(Item):
    """A text with blanks, written as ___, each with an ordered list of rules."""

    kind: ClassVar[str] = "fill_in"

    text: str = field(default="", kw_only=False)
    blanks: Any = field(default=(), kw_only=False)

    @property
    def rules(self) -> list[tuple[BlankRule, ...]]:
        """The rules of each blank."""
        several = self.blanks if isinstance(self.blanks, list | tuple) else [self.blanks]
        return [as_rules(each) for each in several]

    @property
    def count_of_blanks(self) -> int:
        """How many blanks the text has."""
        return len(_BLANK.findall(str(self.text)))

    @property
    def has_right(self) -> bool:
        return any(rule.right for rules in self.rules for rule in rules)

    def is_blank(self, raw: Any) -> bool:
        return super().is_blank(raw) or (isinstance(raw, list | tuple) and all(map(super().is_blank, raw)))

    def validate(self, raw: Any) -> list[str]:
        if not isinstance(raw, list | tuple) or len(raw) != self.count_of_blanks:
            raise AnswerError("This answer does not have the expected form.")
        texts = [
            clean_text(str(each) if _is_number(each) else each or "", most=MAX_BLANK, lines=False).strip()
            for each in raw
        ]
        if self.required and not all(texts):
            place = next(number for number, each in enumerate(texts, 1) if not each)
            raise AnswerError("Fill in blank {number} too.", number=place)
        return texts

    def value(self, stored: Any) -> list[str]:
        return list(stored)

    def grade(self, stored: Any) -> Grade:
        ungraded = self.ungraded(stored)
        if ungraded is not None:
            return ungraded
        matched_rules = [_first(rules, answer) for rules, answer in zip(self.rules, stored, strict=True)]
        right = sum(rule.right for rule in matched_rules)
        comment = "\n".join(rule.feedback for rule in matched_rules if rule.feedback)
        partial = self.grading == "percent"
        comment = comment or self.comment(right == len(matched_rules))
        return grade_share(right, len(matched_rules), Decimal(self.points), partial=partial, comment=comment)

    def bot_answer(self, random: random.Random) -> list[str]:
        return [self._bot_blank(rules, random) for rules in self.rules]

    @staticmethod
    def _bot_blank(rules: Sequence[BlankRule], random: random.Random) -> str:
        rule = random.choice(rules) if rules else BlankRule()
        if rule.pattern:
            return example_of(rule.pattern, random, least=1, most=MAX_BLANK) or random.choice(_WORDS)
        if rule.numbers:
            return plain(author_number(rule.numbers[0].low) or Decimal(0))
        return rule.text or random.choice(_WORDS)

    def public(self) -> dict[str, Any]:
        return {**super().public(), "blanks": self.count_of_blanks, "max_length": MAX_BLANK}

    def codebook(self) -> dict[str, Any]:
        return {**super().codebook(), "type": "list of texts", "text": str(self.text)}

    def own_problems(self) -> list[str]:
        count, rules = self.count_of_blanks, self.rules
        if not count:
            return ["its text has no blank; write ___ where one is"]
        if len(rules) != count:
            return [f"its text has {count} blanks, but `blanks` has {len(rules)} entries; give one for each"]
        problems = ["`right` isn't used; set what is right in `blanks`"] if self.right is not None else []
        problems += _unknown_in_rules(self.blanks)
        for number, several in enumerate(rules, 1):
            problems += [f"in blank {number}, {each}" for rule in several for each in rule.problems()]
            if any(rule.is_fallback for rule in several[:-1]):
                problems.append(
                    f"in blank {number}, a rule without a condition hides those after it; move it to the end"
                )
        return problems

    def render(self, frame: Frame) -> Markup:
        texts = _BLANK.split(self.text_in(frame.language, "text", self.text))
        values = frame.value if isinstance(frame.value, list | tuple) else []
        parts: list[Any] = [lines(texts[0])]
        for number, after in enumerate(texts[1:], 1):
            value = shown_text(values[number - 1]) if number <= len(values) else ""
            parts += [self._blank(frame, number, value), lines(after)]
        return self.group(frame, tag("p", *parts, class_="item-blanks"))

    def _blank(self, frame: Frame, number: int, value: str) -> Markup:
        return tag(
            "input",
            type="text",
            id=id_of(self.name, str(number)),
            name=f"{self.name}.{number}",
            class_="item-blank",
            value=value,
            maxlength=MAX_BLANK,
            size=12,
            autocomplete="off",
            aria_label=frame.text("Blank {number}").replace("{number}", str(number)),
            aria_required="true" if self.required else None,
            aria_describedby=id_of(self.name, "error"),
        )


def _is_number(raw: Any) -> bool:
    return isinstance(raw, int | float) and not isinstance(raw, bool)


def _first(rules: Sequence[BlankRule], answer: str) -> BlankRule:
    return next((rule for rule in rules if rule.holds(answer)), BlankRule(right=False))


def _unknown_in_rules(blank: Any) -> list[str]:
    if isinstance(blank, list | tuple):
        return [problem for each in blank for problem in _unknown_in_rules(each)]
    if not isinstance(blank, Mapping):
        return []
    known = {each.name for each in fields(BlankRule)} - {"numbers"} | {"from", "to", "value", "tolerance"}
    return [
        f"a rule has no `{name}`; it can have {', '.join(sorted(known))}"
        for name in blank
        if name not in known
    ]


def fill_in(prompt: str, text: str, blanks: Any, **common: Unpack[CommonFields]) -> FillInItem:
    """Ask to fill in the blanks of a text.

    Args:
        prompt: The question.
        text: The text, with ___ for each blank.
        blanks: One entry for each blank: the right text, number or range, or a list of rules made by `when`
            and `otherwise`. The first rule that holds for an answer counts.
        common: What every item takes. With grading="percent", each right blank gives its share of the points.

    Returns:
        The item. Its answer is the list of the texts.

    """
    return FillInItem(prompt, text, blanks, **common)
