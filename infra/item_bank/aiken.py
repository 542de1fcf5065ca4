"""Reads and writes Aiken, the simplest of Moodle's formats: one question, options by letter, ANSWER: B.

The format: https://docs.moodle.org/en/Aiken_format
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from .bank_item import BankItem, ImportedItems, Loss

_OPTION: Final = re.compile(r"([A-Z])[.)]\s+(.+)")
_ANSWER: Final = re.compile(r"ANSWER:\s*([A-Z])\s*")
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def read_aiken(text: str) -> ImportedItems:
    """Return the items of an Aiken file; each question that isn't complete is a loss."""
    found = ImportedItems()
    for number, lines in _questions(text):
        _add(found, f"line {number}", lines)
    return found


def _questions(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each question with the number of its first line; it ends with its ANSWER."""
    lines: list[str] = []
    first = 1
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not lines:
            first = number
        if stripped:
            lines.append(stripped)
        if _ANSWER.fullmatch(stripped):
            yield first, lines
            lines = []
    if lines:
        yield first, lines


def _add(found: ImportedItems, where: str, lines: list[str]) -> None:
    answer = _ANSWER.fullmatch(lines[-1])
    if answer is None:
        found.lose(where, "not imported: the question has no line ANSWER: and a letter.")
        return
    matches = [match for line in lines[:-1] if (match := _OPTION.fullmatch(line))]
    options = {match[1]: match[2] for match in matches}
    prompt = "\n".join(line for line in lines[:-1] if not _OPTION.fullmatch(line))
    if not prompt or not options:
        found.lose(where, "not imported: the question has no text, or no options such as A. Paris.")
        return
    if answer[1] not in options:
        found.lose(where, f"not imported: the answer {answer[1]} isn't one of the options.")
        return
    labels = {letter.lower(): label for letter, label in options.items()}
    found.add(where, "", "choice", prompt, {"options": labels, "right": answer[1].lower()})


def write_aiken(items: Sequence[BankItem]) -> tuple[str, list[Loss]]:
    """Return items as Aiken, and which can't be written: it knows one right option of several."""
    written, losses = [], []
    for item in items:
        options = options_of(item)
        right = [key for key in rights_of(item) if key in options]
        if item.kind != "choice" or len(right) != 1 or len(options) > len(_LETTERS):
            losses.append(Loss(item.name, f"Aiken has no {item.kind} without exactly one right option."))
            continue
        letters = dict(zip(options, _LETTERS, strict=False))
        lines = [" ".join(item.prompt.split())]
        lines += [f"{letters[key]}. {' '.join(label.split())}" for key, label in options.items()]
        written.append("\n".join([*lines, f"ANSWER: {letters[right[0]]}", ""]))
    return "\n".join(written), losses


def options_of(item: BankItem) -> dict[str, str]:
    """Return the options of an item, as labels by key."""
    options = item.body.get("options") or {}
    if isinstance(options, dict):
        return {str(key): _label(one) for key, one in options.items()}
    return {str(one): str(one) for one in options if isinstance(one, str | int | float)}


def _label(option: object) -> str:
    return str(option.get("label", "")) if isinstance(option, dict) else str(option)


def rights_of(item: BankItem) -> list[str]:
    """Return the right answers of an item as texts."""
    right = item.body.get("right")
    if right is None:
        return []
    return [str(one) for one in right] if isinstance(right, list | tuple) else [str(right)]
