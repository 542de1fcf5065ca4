"""Writes items as the JSON of a SurveyJS form of one page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from .bank_item import BankItem, Loss, left_out, options_of, rights_of
from .surveyjs import STEPS
from .surveyjs_texts import LocalTexts

_COMMON: Final = frozenset({"help", "required", "right", "translations"})
_TYPES: Final = {
    "choice": "radiogroup",
    "choices": "checkbox",
    "text": "text",
    "number": "text",
    "date": "text",
    "time": "text",
    "email": "text",
    "rating": "rating",
    "likert": "rating",
    "order": "ranking",
    "table": "matrix",
}
#: The settings of each kind that SurveyJS has, besides the common ones.
_WRITTEN: Final[Mapping[str, frozenset[str]]] = {
    "choice": frozenset({"options", "other", "shuffle", "style"}),
    "choices": frozenset({"options", "other", "shuffle", "least", "most"}),
    "text": frozenset({"long", "max_length", "placeholder"}),
    "number": frozenset({"minimum", "maximum", "step", "decimals"}),
    "date": frozenset({"minimum", "maximum"}),
    "time": frozenset({"minimum", "maximum"}),
    "email": frozenset(),
    "rating": frozenset({"steps"}),
    "likert": frozenset({"steps", "low", "high"}),
    "order": frozenset({"pieces"}),
    "table": frozenset({"rows", "item"}),
}
#: What SurveyJS calls texts and numbers of items.
_TEXTS: Final = {
    "help": "description",
    "placeholder": "placeholder",
    "low": "minRateDescription",
    "high": "maxRateDescription",
}
_NAMES: Final = {
    "least": "minSelectedChoices",
    "most": "maxSelectedChoices",
    "max_length": "maxLength",
    "minimum": "min",
    "maximum": "max",
    "step": "step",
}


def write_surveyjs(items: Sequence[BankItem]) -> tuple[str, list[Loss]]:
    """Return items as a form of one page, and what can't be written."""
    elements, losses = [], []
    for item in items:
        element = _element(item)
        if element is None:
            losses.append(
                Loss(item.name, f"not exported: SurveyJS has no question like a {item.kind}.", whole=True)
            )
            continue
        elements.append(element)
        losses += left_out(item, _COMMON | _WRITTEN[item.kind])
    form = {"pages": [{"elements": elements}]}
    return json.dumps(form, ensure_ascii=False, indent=2, default=_plain) + "\n", losses


def _plain(value: object) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)


def _text(item: BankItem, text: str, part: str, key: str | None = None) -> Any:
    """Return a text with its translations."""
    found: dict[str, str] = {}
    for language, texts in (item.body.get("translations") or {}).items():
        translated = texts.get(part)
        if key is not None:
            translated = translated.get(key) if isinstance(translated, Mapping) else None
        if translated:
            found[str(language)] = str(translated)
    return LocalTexts.localized(text, found)


def _element(item: BankItem) -> dict[str, Any] | None:
    """Return a question; None for an item that SurveyJS doesn't have."""
    if item.kind not in _TYPES:
        return None
    body = item.body
    element: dict[str, Any] = {
        "type": _TYPES[item.kind],
        "name": item.name,
        "title": _text(item, item.prompt, "prompt"),
        "isRequired": body.get("required", True) is True,
    }
    for own, theirs in _TEXTS.items():
        if body.get(own):
            element[theirs] = _text(item, str(body[own]), own)
    element |= {_NAMES[name]: body[name] for name in _NAMES.keys() & body.keys()}
    special = _special(item)
    return None if special is None else element | special | _right(item)


def _special(item: BankItem) -> dict[str, Any] | None:
    """Return what a question of this kind has besides; None if SurveyJS doesn't have it."""
    if item.kind in ("choice", "choices"):
        return _choices(item)
    if item.kind == "text":
        return {"type": "comment"} if item.body.get("long") else {}
    if item.kind == "order":
        return {"choices": _listed(item, item.body.get("pieces"), "pieces")}
    if item.kind in ("rating", "likert"):
        return _rating(item)
    return _matrix(item) if item.kind == "table" else {"inputType": item.kind}


def _rating(item: BankItem) -> dict[str, Any] | None:
    """Return a rating; one without labels at both ends isn't read as a likert again."""
    has_ends = bool(item.body.get("low") and item.body.get("high"))
    return {"rateMax": item.body.get("steps", STEPS)} if has_ends == (item.kind == "likert") else None


def _choices(item: BankItem) -> dict[str, Any] | None:
    if not options_of(item):
        return None
    element: dict[str, Any] = {"choices": _listed(item, options_of(item), "options")}
    if item.body.get("style") == "dropdown":
        element["type"] = "dropdown"
    if other := item.body.get("other"):
        element["showOtherItem"] = True
        if isinstance(other, str):
            element["otherText"] = _text(item, other, "other")
    return element | ({"choicesOrder": "random"} if item.body.get("shuffle") else {})


def _matrix(item: BankItem) -> dict[str, Any] | None:
    inside, rows = item.body.get("item"), item.body.get("rows")
    if (
        not isinstance(inside, Mapping)
        or inside.get("kind") != "choice"
        or not isinstance(rows, Mapping | list)
    ):
        return None
    if inside.keys() - {"kind", "options", "required"}:
        return None
    columns = options_of(BankItem(item.name, "choice", "", inside))
    return {
        "columns": [{"value": key, "text": label} for key, label in columns.items()],
        "rows": _listed(item, rows, "rows"),
        "eachRowRequired": inside.get("required", True) is True,
    }


def _listed(item: BankItem, labels: Any, part: str) -> list[dict[str, Any]]:
    by_key = labels if isinstance(labels, Mapping) else {str(one): str(one) for one in labels or ()}
    return [
        {"value": str(key), "text": _text(item, str(label), part, str(key))} for key, label in by_key.items()
    ]


def _right(item: BankItem) -> dict[str, Any]:
    right = item.body.get("right")
    if right is None:
        return {}
    if item.kind in ("number", "rating", "likert", "table"):
        return {"correctAnswer": right}
    rights = rights_of(item)
    return {"correctAnswer": rights if item.kind in ("choices", "order") else rights[0]}
