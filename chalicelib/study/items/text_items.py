"""Items whose answer is a text: text, email."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Final, Unpack

from markupsafe import Markup

from .answer_rules import AnswerError, clean_text
from .grading import Grade, grade_share
from .item import CommonFields, Frame, Item, item_kind
from .markup import tag
from .patterns import browser_pattern, example_of, matches, pattern_problem

MAX_LENGTH: Final = 5000
#: A longest answer in bytes of UTF-8 still fits into the limit of an answer.
LONGEST: Final = 15_000
ROWS: Final = 4
MAX_EMAIL: Final = 254
_EMAIL: Final = re.compile(
    r"[^\s@<>(),;:\"\\\[\]]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][^\W_]{1,62}"
)
_WORDS: Final = ("amber", "birch", "cloud", "delta", "ember", "field", "grove", "harbour")


def as_texts(value: Any) -> list[str]:
    """Return right answers as a list of texts."""
    several = value if isinstance(value, list | tuple | set | frozenset) else [value]
    return [str(each) for each in several]


def shown_text(value: Any) -> str:
    """Return a draft as the text of a field; empty for what isn't a text or number."""
    return (
        str(value) if isinstance(value, str | int | float | Decimal) and not isinstance(value, bool) else ""
    )


@dataclass(frozen=True, kw_only=True)
class _Written(Item):
    """What items with a typed text share: `right` is a text or a list of texts."""

    def grade(self, stored: Any) -> Grade:
        given = self.ungraded(stored)
        if given is not None:
            return given
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
    def is_graded(self) -> bool:
        return super().is_graded or bool(self.right_pattern)

    def validate(self, raw: Any) -> str:
        text = clean_text(raw, most=self.max_length, lines=self.long)
        if len(text) < self.min_length:
            raise AnswerError("Write at least {minimum} characters.", minimum=self.min_length)
        if self.pattern and not matches(self.pattern, text):
            raise AnswerError(str(self.pattern_help) or "The answer does not have the expected form.")
        return text

    def ungraded(self, stored: Any, *keys: str) -> Grade | None:
        if self.right is None and self.right_pattern and self.grading in ("all_or_nothing", "percent"):
            return None if stored is not None else Grade(correct=False, percent=Decimal(0))
        return super().ungraded(stored, *keys)

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
        found = []
        for name, low, high in (("min_length", 0, self.max_length), ("max_length", 1, LONGEST)):
            number = getattr(self, name)
            if isinstance(number, bool) or not isinstance(number, int) or not low <= number <= high:
                found.append(f"{name}={number!r} must be a whole number from {low} to {high}")
        for name in ("pattern", "right_pattern"):
            pattern = getattr(self, name)
            problem = pattern_problem(pattern) if pattern else ""
            found += [f"{name} {pattern!r} {problem}"] if problem else []
        if (
            self.pattern
            and not found
            and example_of(self.pattern, random.Random(0), least=self.min_length, most=self.max_length)
            is None
        ):
            found.append(
                f"no text of {self.min_length} to {self.max_length} characters was found that matches "
                f"pattern {self.pattern!r}; change one of them"
            )
        return found

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
        field = tag("input", type="text", value=shown_text(frame.value), pattern=pattern, **shared)
        return self.single(frame, field)


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
        field = tag(
            "input",
            type="email",
            value=shown_text(frame.value),
            autocomplete="email",
            maxlength=MAX_EMAIL,
            **self.control_attributes(),
        )
        return self.single(frame, field)


def email(prompt: str, **common: Unpack[CommonFields]) -> EmailItem:
    """Ask for an email address.

    Args:
        prompt: The question.
        common: What every item takes, such as `help` and `required`.

    Returns:
        The item. Its answer is the address as typed; the code book marks it as personal.

    """
    return EmailItem(prompt, **common)
