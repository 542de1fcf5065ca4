"""Reads GIFT, Moodle's format of questions in a text file.

The format: https://docs.moodle.org/en/GIFT_format
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from .bank_item import ImportedItems
from .gift_text import GiftBlock, GiftTexts, gift_blocks, hide_escapes

#: What stands for a gap in the text of a question whose answers stand inside it.
GAP: Final = "_____"
_CATEGORY: Final = "$CATEGORY:"
_TITLE: Final = re.compile(r"\s*::(.*?)::", re.DOTALL)
_WEIGHT: Final = re.compile(r"\s*%(-?\d+(?:\.\d+)?)%")
_TRUTH: Final = re.compile(r"(T|TRUE|F|FALSE)\s*(?:#(.*))?", re.IGNORECASE | re.DOTALL)
_FULL: Final = Decimal(100)
#: Moodle rounds shares to five decimals.
_NEAR: Final = Decimal("0.001")
#: Numbers have at most so many digits before or behind the point.
_MOST_DIGITS: Final = 30
_MOST_FEEDBACK_PARTS: Final = 2


@dataclass(frozen=True, slots=True)
class _Answer:
    """One answer of a question: its sign, its weight in percent, its text and its feedback."""

    sign: str
    weight: Decimal
    text: str
    feedback: str


@dataclass(slots=True)
class _Question:
    """A question while it is read."""

    found: ImportedItems
    where: str
    title: str
    prompt: str
    texts: GiftTexts
    tags: tuple[str, ...] = ()
    general: str = ""

    def lose(self, what: str) -> None:
        self.found.lose(self.where, what)

    def add(self, kind: str, body: Mapping[str, Any], feedback: Mapping[str, str] | None = None) -> None:
        """Add the item with its feedback: by option, by correct and incorrect, or the general one."""
        given = {key: text for key, text in (feedback or {}).items() if text}
        whole = dict(body)
        if given or self.general:
            whole["feedback"] = given or self.general
        if given and self.general:
            self.lose("the general feedback isn't taken over, because answers have feedback of their own.")
        if self.tags:
            whole["tags"] = list(self.tags)
        if self.texts.lost:
            self.lose(f"formatting isn't taken over: {'; '.join(sorted(self.texts.lost))}.")
        self.found.add(self.where, self.title, kind, self.prompt, whole)


def read_gift(text: str) -> ImportedItems:
    """Return the items of a GIFT file; each question or part that couldn't be taken over is a loss."""
    found = ImportedItems()
    for block in gift_blocks(text):
        _add_block(found, block)
    return found


def _add_block(found: ImportedItems, block: GiftBlock) -> None:
    if block.text.lstrip().startswith(_CATEGORY):
        found.lose(
            f"line {block.line}",
            "the category isn't taken over; put its questions into a file of their own.",
        )
        rest = block.text.partition("\n")[2]
        if rest:
            _add_block(found, replace(block, line=block.line + 1, text=rest))
        return
    where, hidden, texts = f"line {block.line}", hide_escapes(block.text), GiftTexts()
    title = _TITLE.match(hidden)
    hidden = texts.begin(hidden[title.end() :] if title else hidden)
    opening, closing = hidden.find("{"), hidden.find("}")
    if opening == closing == -1:
        found.lose(where, "not imported: a description without a question; write it on the page.")
    elif closing < opening or opening == -1 or re.search("[{}]", hidden[opening + 1 : closing]):
        found.lose(where, r"not imported: its braces don't belong together; write \{ for one in a text.")
    elif re.search("[{}]", hidden[closing + 1 :]):
        found.lose(where, "not imported: it has answers in more than one place.")
    else:
        before, inside, after = hidden[:opening], hidden[opening + 1 : closing], hidden[closing + 1 :]
        gap = f" {GAP} " if after.strip() else ""
        prompt = texts.plain(before.rstrip() + gap + after.strip())
        inside, _, general = inside.partition("####")
        if block.has_id:
            found.lose(where, "the id number isn't taken over.")
        name = GiftTexts("plain").plain(title[1]) if title else ""
        question = _Question(found, where, name, prompt, texts, block.tags, texts.plain(general))
        _add_answers(question, inside.strip())


def _add_answers(question: _Question, inside: str) -> None:
    truth = _TRUTH.fullmatch(inside)
    if not inside:
        question.add("text", {"long": True})
    elif inside.startswith("#"):
        _add_number(question, inside[1:])
    elif truth:
        _add_truth(question, is_true=truth[1][0].upper() == "T", feedback=truth[2] or "")
    elif inside[0] not in "=~":
        question.lose("not imported: its first answer begins with neither = nor ~.")
    else:
        _add_listed(question, _answers(inside))


def _add_truth(question: _Question, *, is_true: bool, feedback: str) -> None:
    """Add a question of true or false; its feedback is that of a wrong answer, then that of a right one."""
    parts = [question.texts.plain(one) for one in feedback.split("#")]
    if len(parts) > _MOST_FEEDBACK_PARTS:
        question.lose("only the first two of its texts of feedback are taken over.")
    options = {"true": "True", "false": "False"}
    said = dict(zip(("incorrect", "correct"), parts, strict=False))
    question.add("choice", {"options": options, "right": "true" if is_true else "false"}, said)


def _answers(inside: str) -> list[_Answer]:
    """Return the answers between the braces: each begins with = or ~."""
    return [_answer(part) for part in re.split("(?=[=~])", inside) if part]


def _answer(part: str) -> _Answer:
    text, _, feedback = part[1:].partition("#")
    weight = _WEIGHT.match(text)
    value = Decimal(weight[1]) if weight else _FULL if part[0] == "=" else Decimal(0)
    return _Answer(part[0], value, text[weight.end() :] if weight else text, feedback)


def _add_listed(question: _Question, answers: Sequence[_Answer]) -> None:
    signs = {one.sign for one in answers}
    has_pair = ["->" in one.text for one in answers]
    if signs == {"~"}:
        _add_several(question, answers)
    elif signs == {"=", "~"}:
        _add_choice(question, answers)
    elif all(has_pair):
        _add_pairs(question, answers)
    elif any(has_pair):
        question.lose("not imported: only some of its answers have ->.")
    else:
        _add_text(question, answers)


def _add_text(question: _Question, answers: Sequence[_Answer]) -> None:
    full = [one for one in answers if one.weight == _FULL]
    if len(full) < len(answers):
        question.lose("answers that don't count in full aren't taken over.")
    written = [re.sub(r"\\\*", "\x0e", one.text) for one in full]
    if any("*" in one for one in written):
        question.lose("* for any characters isn't taken over: it stands for itself; use right_pattern.")
    right = [question.texts.plain(one).replace("\x0e", "*") for one in written]
    question.add("text", {"right": right}, _only_feedback(question, answers))


def _only_feedback(question: _Question, answers: Sequence[_Answer]) -> dict[str, str]:
    """Return the feedback of the only answer, which is right; that of several has no place in an item."""
    said = [one for one in answers if one.feedback.strip()]
    if said and len(answers) == 1:
        return {"correct": question.texts.plain(said[0].feedback)}
    if said:
        question.lose("the feedback of single answers isn't taken over.")
    return {}


def _add_pairs(question: _Question, answers: Sequence[_Answer]) -> None:
    """Add a matching question; a pair without a left side is one more option."""
    if any(one.feedback.strip() for one in answers):
        question.lose("the feedback of single answers isn't taken over.")
    if any(one.weight != _FULL for one in answers):
        question.lose("the weights of its pairs aren't taken over: each counts the same.")
    halves = [[question.texts.plain(half) for half in one.text.split("->", 1)] for one in answers]
    extra = [target for left, target in halves if not left]
    body: dict[str, Any] = {"pairs": [pair for pair in halves if pair[0]]}
    question.add("match", body | ({"extra": extra} if extra else {}))


def _add_choice(question: _Question, answers: Sequence[_Answer]) -> None:
    """Add a question of which one option can be chosen."""
    options, said = _options(question, answers)
    right = [key for key, one in zip(options, answers, strict=True) if one.weight == _FULL]
    if not right:
        question.lose("not imported: none of its options counts in full.")
        return
    if any(one.weight not in (_FULL, Decimal(0)) for one in answers):
        question.lose("the weights of options that count in part aren't taken over: they are wrong.")
    question.add("choice", {"options": options, "right": right[0] if len(right) == 1 else right}, said)


def _add_several(question: _Question, answers: Sequence[_Answer]) -> None:
    """Add a question of which several options can be chosen."""
    options, said = _options(question, answers)
    right = [key for key, one in zip(options, answers, strict=True) if one.weight > 0]
    if not right:
        question.lose("not imported: none of its options is right.")
        return
    share = _FULL / len(right)
    wanted = [share if key in right else -share for key in options]
    if any(abs(one.weight - each) > _NEAR for one, each in zip(answers, wanted, strict=True)):
        told = f"each right option counts {share:.4g}%, and each wrong one takes as much away"
        question.lose(f"the weights of its options aren't taken over: {told}.")
    question.add("choices", {"options": options, "right": right, "grading": "percent"}, said)


def _options(question: _Question, answers: Sequence[_Answer]) -> tuple[dict[str, str], dict[str, str]]:
    """Return options and their feedback by key."""
    keys = [f"o{number}" for number in range(1, len(answers) + 1)]
    options = {key: question.texts.plain(one.text) for key, one in zip(keys, answers, strict=True)}
    return options, {key: question.texts.plain(one.feedback) for key, one in zip(keys, answers, strict=True)}


def _add_number(question: _Question, inside: str) -> None:
    parts = [one for one in re.split("=", inside) if one.strip()]
    answers = [_answer(f"={part}") for part in parts]
    full = [one for one in answers if one.weight == _FULL]
    if len(full) < len(answers):
        question.lose("numbers that don't count in full aren't taken over.")
    rights: list[Any] = []
    decimals = 0
    for one in full:
        try:
            right, digits = _right_number(one.text.strip())
        except (InvalidOperation, ValueError):
            question.lose(f"not imported: {question.texts.plain(one.text)!r} is not a valid number.")
            return
        rights.append(right)
        decimals = max(decimals, digits)
    if not rights:
        question.lose("not imported: it has no right number.")
        return
    body = {"right": rights[0] if len(rights) == 1 else rights}
    said = _only_feedback(question, answers)
    question.add("number", body | ({"decimals": decimals} if decimals else {}), said)


def _right_number(text: str) -> tuple[Any, int]:
    """Return a right number or range as an item has it, and how many decimals it needs."""
    # The colon of a tolerance can be escaped, as in texts.
    text = text.replace(chr(7), ":")
    for sign, first, second in (("..", "from", "to"), (":", "value", "tolerance")):
        if sign in text:
            numbers = [_valid(one.strip()) for one in text.split(sign, 1)]
            plain = [_number(one) for one in numbers]
            if second == "tolerance" and not numbers[1]:
                return plain[0], _decimals(numbers[0])
            return {first: plain[0], second: plain[1]}, max(map(_decimals, numbers))
    value = _valid(text)
    return _number(value), _decimals(value)


def _valid(text: str) -> Decimal:
    value = Decimal(text)
    if not value.is_finite() or abs(value.adjusted()) > _MOST_DIGITS or _decimals(value) > _MOST_DIGITS:
        raise ValueError(text)
    return value


def _number(value: Decimal) -> int | Decimal:
    return int(value) if value == value.to_integral_value() else value.normalize()


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
