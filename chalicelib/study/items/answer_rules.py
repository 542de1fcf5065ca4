"""Rules for answers of every kind: the error of a refused answer, clean texts, sizes, numbers."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from chalicelib.errors import ExperimentError, Refused

MAX_ANSWER_BYTES: Final = 64 * 1024
#: Digits before the decimal point; a larger number can't be stored exactly everywhere.
MAX_DIGITS: Final = 15
MAX_DECIMALS: Final = 10
MAX_NESTING: Final = 20

_NUMBER: Final = re.compile(r"[+\-\u2212]?\d+(?:[.,]\d+)?")
_GAP: Final = re.compile(r"\{(\w+)\}")
_ALLOWED_CONTROLS: Final = frozenset("\n\t")
#: Control characters, lone surrogates and unassigned noncharacters.
_REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cs"})
_LINE_BREAKS: Final = re.compile(r"\r\n?|\u2028|\u2029")


class AuthorError(ExperimentError):
    """An item is declared wrongly; the message names the item and the fix."""

    code = "item_error"


class AnswerError(Refused):
    """An answer can't be accepted; the message is a sentence for the participant.

    `key` is the sentence in English with named gaps, by which translations find it; `values` fill the gaps.
    """

    status = 422
    code = "answer_refused"

    def __init__(self, key: str, *, where: str = "", **values: Any) -> None:
        """`key`: the English sentence. `where`: the row of a table. `values`: what its gaps stand for."""
        self.key = key
        self.where = where
        self.values = {name: str(value) for name, value in values.items()}
        super().__init__(self.text(str))

    def text(self, translate: Callable[[str], str]) -> str:
        """Return the sentence in another language; `translate` takes the English one with its gaps."""
        sentence = _fill(translate(self.key), self.values)
        return f"{self.where}: {sentence}" if self.where else sentence

    def at(self, where: str) -> AnswerError:
        """Return the same error at a row of a table."""
        return AnswerError(self.key, where=where, **self.values)


def _fill(sentence: str, values: Mapping[str, str]) -> str:
    return _GAP.sub(lambda match: values.get(match[1], match[0]), sentence)


def require_json(raw: Any) -> None:
    """Raise AnswerError for an answer that is too long, nested too deeply or not JSON."""
    if _depth(raw) > MAX_NESTING:
        raise AnswerError("This answer does not have the expected form.")
    try:
        text = json.dumps(raw, ensure_ascii=False, allow_nan=False)
        size = len(text.encode("utf-8"))
    except (TypeError, ValueError):
        # NaN, a lone surrogate, or a type that JSON lacks.
        raise AnswerError("This answer does not have the expected form.") from None
    if size > MAX_ANSWER_BYTES:
        raise AnswerError("This answer is too long; shorten it to 64 KB at most.")


def _depth(raw: Any) -> int:
    depth, level = 0, [raw]
    while level and depth <= MAX_NESTING:
        inner = [each.values() if isinstance(each, Mapping) else each for each in level]
        level = [part for each in inner if not isinstance(each, str) and _is_many(each) for part in each]
        depth += 1
    return depth


def _is_many(raw: Any) -> bool:
    return isinstance(raw, list | tuple | type({}.values()))


def is_blank(raw: Any) -> bool:
    """Say whether a raw answer is empty: None, a text of blanks, an empty list or object."""
    if isinstance(raw, str):
        return not raw.strip()
    return raw is None or (isinstance(raw, list | tuple | Mapping) and not raw)


def clean_text(raw: Any, *, most: int, lines: bool = True) -> str:
    """Return a text as it is stored: in NFC, with uniform line breaks; AnswerError if it can't be."""
    if not isinstance(raw, str):
        raise AnswerError("The answer must be a text.")
    text = unicodedata.normalize("NFC", _LINE_BREAKS.sub("\n", raw))
    if len(text) > most:
        raise AnswerError(
            "The answer has {length} characters; {maximum} are allowed.", length=len(text), maximum=most
        )
    for character in text:
        if unicodedata.category(character) in _REFUSED_CATEGORIES and character not in _ALLOWED_CONTROLS:
            raise AnswerError("The answer contains characters that can't be stored; type it again.")
    if not lines and "\n" in text:
        raise AnswerError("The answer must be on one line.")
    return text


def parse_number(raw: Any, *, decimals: int) -> Decimal:
    """Return the number that a raw answer stands for, with at most so many decimals; AnswerError if none."""
    number = _number_from_text(raw, decimals) if isinstance(raw, str) else _number_from_json(raw)
    if abs(number) >= Decimal(10) ** MAX_DIGITS:
        raise AnswerError("The number has too many digits.")
    rounded = number.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_EVEN)
    if rounded != number:
        if decimals == 0:
            raise AnswerError("The number must be a whole number.")
        raise AnswerError("The number can have {decimals} decimal places at most.", decimals=decimals)
    # Without minus zero.
    return abs(rounded) if rounded == 0 else rounded


def _number_from_json(raw: Any) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal):
        raise AnswerError("The answer must be a number.")
    if isinstance(raw, int) and abs(raw) >= 10**MAX_DIGITS:
        raise AnswerError("The number has too many digits.")
    # A float's shortest text is what was typed: 0.1, not 0.1000000000000000055.
    number = Decimal(repr(raw)) if isinstance(raw, float) else Decimal(raw)
    if not number.is_finite():
        raise AnswerError("The answer must be a number.")
    return number


def _number_from_text(raw: str, decimals: int) -> Decimal:
    text = raw.strip()
    if len(text) > MAX_DIGITS + MAX_DECIMALS + 10 or not _NUMBER.fullmatch(text):
        raise AnswerError("The answer must be a number.")
    before, comma, after = text.partition(",")
    # "1,000" is a thousand for some readers and one for others: a comma counts where it can't be either.
    if comma and not (0 < len(after) <= min(decimals, 2)):
        raise AnswerError("Write the number with a point before the decimals, and without separators.")
    return Decimal(f"{before}.{after}".replace("\u2212", "-") if comma else text.replace("\u2212", "-"))


def plain(number: Decimal) -> str:
    """Return a number as text without an exponent."""
    return format(number, "f")


def as_json(value: Any) -> Any:
    """Return an author's value without Decimals, in which pages have their numbers, and without tuples."""
    if isinstance(value, Mapping):
        return {str(key): as_json(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(each) for each in value]
    return float(value) if isinstance(value, Decimal) else value


def author_number(value: Any) -> Decimal | None:
    """Return an author's number as a Decimal; None for what isn't a number."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    try:
        number = Decimal(repr(value) if isinstance(value, float) else value)
    except ArithmeticError:
        return None
    return number if number.is_finite() else None
