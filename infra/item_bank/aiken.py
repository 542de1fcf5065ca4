"""Reads and writes Aiken, the simplest of Moodle's formats: one question, options by letter, ANSWER: B.

The format: https://docs.moodle.org/en/Aiken_format
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from .bank_item import BankItem, ImportedItems, Loss, left_out, options_of, rights_of

_OPTION: Final = re.compile(r"([A-Za-z])[.)]\s+(.+)")
_ANSWER: Final = re.compile(r"ANSWER\s*:(.*)", re.IGNORECASE)
_FEEDBACK: Final = re.compile(r"FEEDBACK\s*:(.*)", re.IGNORECASE)
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_Lines = list[tuple[int, str]]


def read_aiken(text: str) -> ImportedItems:
    """Return the items of an Aiken file; each question that isn't complete is a loss.

    Letters can be small, which Moodle refuses.
    """
    found = ImportedItems()
    for lines in _questions(text):
        _add(found, lines)
    return found


def _questions(text: str) -> Iterator[_Lines]:
    """Yield the lines of each question with their numbers; it ends with its ANSWER."""
    lines: _Lines = []
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        stripped = line.strip()
        if stripped:
            lines.append((number, stripped))
        if _ANSWER.fullmatch(stripped):
            yield lines
            lines = []
    if lines:
        yield lines


def _add(found: ImportedItems, lines: _Lines) -> None:
    while lines and _FEEDBACK.fullmatch(lines[0][1]):
        found.lose(f"line {lines[0][0]}", "the feedback isn't taken over: Aiken has none.")
        lines = lines[1:]
    if not lines:
        return
    where = f"line {lines[0][0]}"
    problem = _problem(lines)
    if problem:
        found.lose(where, f"not imported: {problem}")
        return
    options = [match for _, line in lines if (match := _OPTION.fullmatch(line))]
    prompt = "\n".join(line for _, line in lines[: -1 - len(options)])
    answer = _answer(lines)
    labels = {match[1].lower(): match[2] for match in options}
    found.add(where, "", "choice", prompt, {"options": labels, "right": answer})


def _answer(lines: _Lines) -> str:
    """Return what stands behind ANSWER, in small letters; empty without such a line."""
    match = _ANSWER.fullmatch(lines[-1][1])
    return match[1].strip().lower() if match else ""


def _problem(lines: _Lines) -> str:
    """Return why a question can't be taken over; empty if it can."""
    answer, inside = _answer(lines), lines[:-1]
    if not _ANSWER.fullmatch(lines[-1][1]):
        return "the question has no line ANSWER: and a letter."
    first = next((index for index, (_, line) in enumerate(inside) if _OPTION.fullmatch(line)), 0)
    if not first:
        return "the question has no text, or no options such as A. Paris."
    letters = []
    for number, line in inside[first:]:
        match = _OPTION.fullmatch(line)
        if match is None:
            return f"line {number} stands between its options; write each on one line."
        letters.append(match[1].lower())
    doubled = sorted({letter for letter in letters if letters.count(letter) > 1})
    if doubled:
        return f"it has two options {doubled[0].upper()}."
    if answer not in letters:
        return (
            f"the answer {answer.upper() or '(none)'} isn't one of the options; Aiken has one right answer."
        )
    return ""


def write_aiken(items: Sequence[BankItem]) -> tuple[str, list[Loss]]:
    """Return items as Aiken, and what can't be written: it knows one right option of several."""
    written, losses = [], []
    for item in items:
        options = options_of(item)
        right = [key for key in rights_of(item) if key in options]
        if item.kind != "choice" or len(right) != 1 or len(options) > len(_LETTERS):
            losses.append(
                Loss(
                    item.name,
                    f"not exported: Aiken has no {item.kind} without exactly one right option.",
                    whole=True,
                )
            )
            continue
        prompt = " ".join(item.prompt.split())
        if _OPTION.fullmatch(prompt) or _ANSWER.fullmatch(prompt) or _FEEDBACK.fullmatch(prompt):
            losses.append(
                Loss(item.name, "not exported: Aiken would read the question as an option.", whole=True)
            )
            continue
        texts = [item.prompt, *options.values()]
        if any(text != " ".join(text.split()) for text in texts):
            losses.append(Loss(item.name, "new lines and repeated blanks are written as one blank."))
        losses += left_out(item, {"options", "right"})
        letters = dict(zip(options, _LETTERS, strict=False))
        lines = [f"{letters[key]}. {' '.join(label.split())}" for key, label in options.items()]
        written.append("\n".join([prompt, *lines, f"ANSWER: {letters[right[0]]}", ""]))
    return "\n".join(written), losses
