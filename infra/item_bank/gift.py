"""Reads and writes GIFT, Moodle's format of questions in a text file.

The format: https://docs.moodle.org/en/GIFT_format
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from .aiken import options_of, rights_of
from .bank_item import BankItem, ImportedItems, Loss

#: What stands for a gap in the text of a question whose answers stand inside it.
GAP: Final = "_____"
_TITLE: Final = re.compile(r"\s*::((?:\\.|[^\\])*?)::")
_FORMAT: Final = re.compile(r"\s*\[(html|moodle|plain|markdown)\]")
_WEIGHT: Final = re.compile(r"%(-?\d+(?:\.\d+)?)%")
_TAGS: Final = re.compile(r"<[^>]+>")
_TRUE, _FALSE = {"T", "TRUE"}, {"F", "FALSE"}
_ESCAPED: Final = "~=#{}:"
_FULL: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class _Answer:
    """One answer of a question: right or wrong, its weight in percent, and its text."""

    is_right: bool
    weight: Decimal
    text: str
    has_feedback: bool


def read_gift(text: str) -> ImportedItems:
    """Return the items of a GIFT file; each question or part that couldn't be taken over is a loss."""
    found = ImportedItems()
    for number, question in _questions(text):
        _add(found, f"line {number}", question)
    return found


def _questions(text: str) -> Iterator[tuple[int, str]]:
    """Yield the questions, which blank lines separate, without comments, each with its first line."""
    lines: list[str] = []
    first = 1
    for number, line in enumerate([*text.splitlines(), ""], 1):
        if line.lstrip().startswith("//"):
            continue
        if line.strip():
            first = first if lines else number
            lines.append(line)
        elif lines:
            yield first, "\n".join(lines)
            lines = []


def _add(found: ImportedItems, where: str, question: str) -> None:
    if question.lstrip().startswith("$CATEGORY:"):
        found.lose(where, "the category isn't taken over; put its questions into a file of their own.")
        return
    title = _TITLE.match(question)
    rest = question[title.end() :] if title else question
    named = _FORMAT.match(rest)
    rest = rest[named.end() :] if named else rest
    opening, closing = _braces(rest)
    if opening is None or closing is None:
        found.lose(where, "not imported: a description without a question; write it on the page.")
        return
    before, inside, after = rest[:opening], rest[opening + 1 : closing], rest[closing + 1 :]
    gap = f" {GAP} " if after.strip() else ""
    is_html = named is not None and named[1] == "html"
    prompt = _plain(before.rstrip() + gap + after.strip(), is_html=is_html)
    _add_answers(found, where, _plain(title[1]) if title else "", prompt, inside.strip())


def _braces(text: str) -> tuple[int | None, int | None]:
    """Return where the first pair of braces stands that isn't escaped."""
    opening = None
    for index, character in enumerate(text):
        if index and text[index - 1] == "\\":
            continue
        if character == "{" and opening is None:
            opening = index
        elif character == "}" and opening is not None:
            return opening, index
    return opening, None


def _add_answers(found: ImportedItems, where: str, title: str, prompt: str, inside: str) -> None:
    if not inside:
        found.add(where, title, "text", prompt, {"long": True})
    elif inside.startswith("#"):
        _add_number(found, where, title, prompt, inside[1:])
    elif inside.split("#", maxsplit=1)[0].strip().upper() in _TRUE | _FALSE:
        if "#" in inside:
            found.lose(where, "the feedback isn't taken over.")
        right = "true" if inside.split("#", maxsplit=1)[0].strip().upper() in _TRUE else "false"
        options = {"true": "True", "false": "False"}
        found.add(where, title, "choice", prompt, {"options": options, "right": right})
    else:
        _add_listed(found, where, title, prompt, list(_answers(inside)))


def _answers(inside: str) -> Iterator[_Answer]:
    """Yield the answers between the braces: each begins with = or ~ that isn't escaped."""
    parts = re.split(r"(?<!\\)(?=[=~])", inside)
    for part in parts:
        if part[:1] not in ("=", "~"):
            continue
        text, *feedback = re.split(r"(?<!\\)#", part[1:], maxsplit=1)
        weight = _WEIGHT.match(text.strip())
        value = Decimal(weight[1]) if weight else _FULL if part[0] == "=" else Decimal(0)
        text = text.strip()[weight.end() :] if weight else text
        yield _Answer(part[0] == "=", value, text.strip(), bool(feedback))


def _add_listed(found: ImportedItems, where: str, title: str, prompt: str, answers: list[_Answer]) -> None:
    if any(one.has_feedback for one in answers):
        found.lose(where, "the feedback isn't taken over.")
    if not answers:
        found.lose(where, "not imported: its answers begin with neither = nor ~.")
    elif not all(one.is_right for one in answers):
        _add_options(found, where, title, prompt, answers)
    elif all("->" in one.text for one in answers):
        found.add(where, title, "match", prompt, _pairs(answers))
    else:
        full = [_plain(one.text) for one in answers if one.weight == _FULL]
        if len(full) < len(answers):
            found.lose(where, "answers that count in part aren't taken over.")
        found.add(where, title, "text", prompt, {"right": full})


def _pairs(answers: list[_Answer]) -> dict[str, Any]:
    """Return the pairs of a matching question; a pair without a left side is one more option."""
    halves = [[_plain(half) for half in one.text.split("->", 1)] for one in answers]
    extra = [target for left, target in halves if not left]
    pairs = [pair for pair in halves if pair[0]]
    return {"pairs": pairs, "extra": extra} if extra else {"pairs": pairs}


def _add_options(found: ImportedItems, where: str, title: str, prompt: str, answers: list[_Answer]) -> None:
    options = {f"o{number}": _plain(one.text) for number, one in enumerate(answers, 1)}
    right = [key for key, one in zip(options, answers, strict=True) if one.weight > 0]
    if len(right) == 1 and any(one.is_right for one in answers):
        found.add(where, title, "choice", prompt, {"options": options, "right": right[0]})
        return
    weights = {one.weight for one in answers if one.weight > 0}
    if len(weights) > 1:
        found.lose(where, "the weights of its right options aren't taken over: each counts the same.")
    found.add(where, title, "choices", prompt, {"options": options, "right": right, "grading": "percent"})


def _add_number(found: ImportedItems, where: str, title: str, prompt: str, inside: str) -> None:
    parts = [one for one in re.split(r"[=\n]", inside) if one.strip()]
    text = parts[0].split("#")[0] if parts else ""
    if len(parts) > 1:
        found.lose(where, "only the first of its right numbers is taken over.")
    try:
        right, decimals = _right_number(_WEIGHT.sub("", text).strip())
    except InvalidOperation:
        found.lose(where, f"not imported: {text.strip()!r} is not a valid number.")
        return
    found.add(where, title, "number", prompt, {"right": right} | ({"decimals": decimals} if decimals else {}))


def _right_number(text: str) -> tuple[Any, int]:
    """Return a right number or range as an item has it, and how many decimals it needs."""
    for sign, first, second in (("..", "from", "to"), (":", "value", "tolerance")):
        if sign in text:
            numbers = [Decimal(one.strip()) for one in text.split(sign, 1)]
            plain = [_number(one) for one in numbers]
            return {first: plain[0], second: plain[1]}, max(map(_decimals, numbers))
    return _number(Decimal(text)), _decimals(Decimal(text))


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _plain(text: str, *, is_html: bool = False) -> str:
    """Return a text without escapes, and without HTML's tags."""
    unescaped = re.sub(r"\\([~=#{}:\\])", r"\1", text).replace("\\n", "\n")
    return (_TAGS.sub("", unescaped) if is_html else unescaped).strip()


def write_gift(items: Sequence[BankItem]) -> tuple[str, list[Loss]]:
    """Return items as GIFT, and which can't be written."""
    written, losses = [], []
    for item in items:
        answers = _written_answers(item)
        if answers is None:
            losses.append(Loss(item.name, f"GIFT has no {item.kind}."))
        else:
            written.append(f"::{_escaped(item.name)}:: {_escaped(item.prompt)} {{{answers}}}\n")
    return "\n".join(written), losses


def _written_answers(item: BankItem) -> str | None:
    """Return what stands between the braces; None for an item that GIFT doesn't have."""
    if item.kind in ("choice", "choices") and options_of(item):
        return _written_options(item)
    if item.kind == "text":
        return "".join(f" ={_escaped(one)}" for one in rights_of(item))
    if item.kind == "number":
        return _written_number(item.body.get("right"))
    if item.kind == "match" and isinstance(item.body.get("pairs"), list | tuple):
        pairs = [f"\n={_escaped(str(left))} -> {_escaped(str(other))}" for left, other in item.body["pairs"]]
        return "".join(pairs) + "\n"
    return None


def _written_options(item: BankItem) -> str:
    """Return a line for each option: with its sign, and where several are right with its share."""
    right = rights_of(item)
    if item.kind == "choice":
        signs = {key: "=" if key in right else "~" for key in options_of(item)}
    else:
        share = _FULL / len(right) if right else _FULL
        signs = {key: f"~%{share:.5g}%" if key in right else "~%0%" for key in options_of(item)}
    return "".join(f"\n{signs[key]}{_escaped(label)}" for key, label in options_of(item).items()) + "\n"


def _written_number(right: Any) -> str | None:
    if isinstance(right, dict) and {"from", "to"} == set(right):
        return f"#{right['from']}..{right['to']}"
    if isinstance(right, dict) and {"value", "tolerance"} == set(right):
        return f"#{right['value']}:{right['tolerance']}"
    return f"#{right}" if isinstance(right, int | float) else None


def _escaped(text: str) -> str:
    escaped = "".join(f"\\{one}" if one in _ESCAPED else one for one in text.replace("\\", "\\\\"))
    return escaped.replace("\n", "\\n")
