"""Writes items as GIFT, Moodle's format of questions in a text file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from .bank_item import BankItem, Loss, left_out, options_of, rights_of
from .gift_text import begins_with_format, escaped

_FULL: Final = Decimal(100)
_TRUTH: Final = {"true": "True", "false": "False"}
#: The settings of each kind that GIFT has.
_WRITTEN: Final[Mapping[str, frozenset[str]]] = {
    "choice": frozenset({"options", "right", "feedback"}),
    "choices": frozenset({"options", "right", "feedback", "grading"}),
    "text": frozenset({"right", "long", "feedback"}),
    "number": frozenset({"right", "decimals", "feedback"}),
    "match": frozenset({"pairs", "extra", "feedback"}),
}


def write_gift(items: Sequence[BankItem]) -> tuple[str, list[Loss]]:
    """Return items as GIFT, and what can't be written."""
    written, losses = [], []
    for item in items:
        answers = _answers(item)
        if answers is None:
            losses.append(Loss(item.name, f"not exported: GIFT has no {item.kind} like this.", whole=True))
            continue
        losses += left_out(item, _WRITTEN[item.kind])
        losses += _changes(item)
        general = item.body.get("feedback")
        general = f"####{_text(general)}" if isinstance(general, str) else ""
        # Texts are plain: Moodle would otherwise look for HTML in them.
        begin = f"::{escaped(item.name)}:: [plain]{escaped(item.prompt)}"
        written.append(f"{begin} {{{answers}{general}}}\n")
    return "\n".join(written), losses


def _changes(item: BankItem) -> list[Loss]:
    """Return what Moodle does differently with a question that is written."""
    if item.kind == "choices" and item.body.get("grading") != "percent":
        return [Loss(item.name, "Moodle gives a share for some of the right options.")]
    if item.kind == "text" and not rights_of(item) and not item.body.get("long"):
        return [Loss(item.name, "Moodle asks for a text of several lines.")]
    feedback = item.body.get("feedback")
    if isinstance(feedback, Mapping) and len(_feedback(item)) < len(feedback):
        return [Loss(item.name, "feedback by option or by correct and incorrect isn't written.")]
    return []


def _feedback(item: BankItem) -> dict[str, str]:
    """Return the texts of feedback that have a place in GIFT, by key."""
    feedback = item.body.get("feedback")
    if not isinstance(feedback, Mapping):
        return {}
    if item.kind in ("choice", "choices"):
        keys: tuple[str, ...] = ("correct", "incorrect") if _is_truth(item) else tuple(options_of(item))
    else:
        keys = ("correct",) if len(_rights(item)) == 1 else ()
    return {str(key): str(text) for key, text in feedback.items() if str(key) in keys}


def _is_truth(item: BankItem) -> bool:
    feedback = item.body.get("feedback") or {}
    by_option = isinstance(feedback, Mapping) and bool(feedback.keys() & _TRUTH.keys())
    return options_of(item) == _TRUTH and len(rights_of(item)) == 1 and not by_option


def _answers(item: BankItem) -> str | None:
    """Return what stands between the braces; None for an item that GIFT doesn't have."""
    if item.kind in ("choice", "choices") and options_of(item) and rights_of(item):
        return _truth(item) if item.kind == "choice" and _is_truth(item) else _options(item)
    if item.kind == "text":
        return _short_answers(item)
    if item.kind == "number":
        return _numbers(item)
    if item.kind == "match" and isinstance(item.body.get("pairs"), list | tuple):
        return _pairs(item)
    return None


def _truth(item: BankItem) -> str:
    said = _feedback(item)
    right = "TRUE" if rights_of(item) == ["true"] else "FALSE"
    if not said:
        return right
    parts = [said.get("incorrect", "")] + ([said["correct"]] if "correct" in said else [])
    return right + "".join(f"#{_text(one)}" for one in parts)


def _options(item: BankItem) -> str:
    """Return a line for each option: with its sign, and where several are right with its share."""
    right, said = rights_of(item), _feedback(item)
    share = _FULL / len(right)
    lines = []
    for key, label in options_of(item).items():
        if item.kind == "choices":
            sign = f"~%{share:.7g}%" if key in right else f"~%-{share:.7g}%"
        else:
            sign = "=" if key in right else "~"
            # A text that looks like a weight needs one before it.
            sign += ("%100%" if key in right else "%0%") if label.lstrip().startswith("%") else ""
        lines.append(f"\n{sign}{_text(label)}" + (f"#{_text(said[key])}" if key in said else ""))
    return "".join(lines) + "\n"


def _rights(item: BankItem) -> list[Any]:
    right = item.body.get("right")
    return list(right) if isinstance(right, list | tuple) else [] if right is None else [right]


def _short_answers(item: BankItem) -> str | None:
    right, said = rights_of(item), _feedback(item)
    if any("->" in one for one in right):
        return None
    lines = [
        f" ={'%100%' if one.lstrip().startswith('%') else ''}{_text(one).replace('*', chr(92) + '*')}"
        for one in right
    ]
    return "".join(lines) + (f"#{_text(said['correct'])}" if said else "")


def _pairs(item: BankItem) -> str | None:
    pairs = [(str(left), str(other)) for left, other in item.body["pairs"]]
    if any("->" in left or not left.strip() for left, _ in pairs):
        return None
    lines = [f"\n={_text(left)} -> {_text(other)}" for left, other in pairs]
    lines += [f"\n= -> {_text(str(one))}" for one in item.body.get("extra") or ()]
    return "".join(lines) + "\n"


def _numbers(item: BankItem) -> str | None:
    written = [_number(one) for one in _rights(item)]
    if not written or None in written:
        return None
    said = _feedback(item)
    feedback = f"#{_text(said['correct'])}" if said else ""
    return f"#{written[0]}{feedback}" if len(written) == 1 else "#" + "".join(f"\n={one}" for one in written)


def _number(right: Any) -> str | None:
    if isinstance(right, Mapping) and {"from", "to"} == right.keys():
        return f"{right['from']}..{right['to']}"
    if isinstance(right, Mapping) and {"value", "tolerance"} == right.keys():
        return f"{right['value']}:{right['tolerance']}"
    is_number = isinstance(right, int | float | Decimal) and not isinstance(right, bool)
    return str(right) if is_number else None


def _text(text: str) -> str:
    return f"[plain]{escaped(text)}" if begins_with_format(text) else escaped(text)
