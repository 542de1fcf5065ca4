"""Reads the JSON of SurveyJS forms: pages of elements, each with a type.

The format: https://surveyjs.io/form-library/documentation/design-survey/create-a-simple-survey
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, Final

from chalicelib.errors import BadRequest

from .bank_item import ImportedItems
from .surveyjs_texts import LocalTexts

Element = Mapping[str, Any]
#: How deep panels may lie in each other.
_MOST_DEPTH: Final = 20
STEPS: Final = 5
_AROUND: Final = ("pages", "elements", "questions")
#: The kinds of text fields that have an item of their own; others become a text.
_INPUTS: Final = MappingProxyType({"number": "number", "email": "email", "date": "date", "time": "time"})
_DECIMAL_PLACES: Final = 6


@dataclass(slots=True)
class _Read:
    """An element while it is read: which of its settings were used, and what its texts are."""

    element: Element
    texts: LocalTexts
    used: set[str] = field(default_factory=lambda: {"type", "name", "isRequired", "title"})
    lost: list[str] = field(default_factory=list)

    def get(self, name: str) -> Any:
        """Return a setting, which counts as taken over."""
        self.used.add(name)
        return self.element.get(name)

    def text(self, name: str, part: str, key: str | None = None) -> str:
        """Return a text in the form's language; other languages become translations of a part."""
        return self.texts.text(self.get(name), part, key)

    def unused(self) -> list[str]:
        """Return the settings that weren't taken over and change something."""
        return [name for name, value in self.element.items() if name not in self.used and _counts(value)]


def _counts(value: Any) -> bool:
    return value not in (None, "", False) and value not in ([], {})


def read_surveyjs(text: str) -> ImportedItems:
    """Return the items of a form; BadRequest for a text that isn't the JSON of one."""
    try:
        form = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"The file isn't valid JSON: {error}.") from error
    found = ImportedItems()
    if not isinstance(form, Mapping) or not ({*_AROUND} & form.keys()):
        raise BadRequest("The file isn't a SurveyJS form: it has neither pages nor elements.")
    language = form.get("locale") if isinstance(form.get("locale"), str) else ""
    _lose_settings(found, "form", form, {*_AROUND, "locale"})
    for where, element in _elements(found, form, "", 0):
        _add(found, where, element, str(language))
    return found


def _lose_settings(found: ImportedItems, where: str, around: Element, used: set[str]) -> None:
    names = [name for name, value in around.items() if name not in used and _counts(value)]
    if names:
        found.lose(where, f"not taken over: {', '.join(names)}.")


def _elements(found: ImportedItems, around: Element, where: str, depth: int) -> Iterator[tuple[str, Element]]:
    """Yield the questions of a form, of its pages and panels, each with its place."""
    for name in _AROUND:
        inside = around.get(name)
        if inside is None:
            continue
        if not isinstance(inside, list):
            found.lose(where or "form", f"not imported: {name} isn't a list.")
            continue
        for number, one in enumerate(inside, 1):
            place = f"{where} {name.removesuffix('s')} {number}".strip()
            if not isinstance(one, Mapping):
                found.lose(place, "not imported: it isn't an object.")
            elif depth > _MOST_DEPTH:
                found.lose(place, f"not imported: it lies in more than {_MOST_DEPTH} panels.")
            elif name == "pages" or one.get("type") == "panel":
                _lose_settings(found, place, one, {*_AROUND, "type", "name"})
                yield from _elements(found, one, place, depth + 1)
            else:
                yield place, one


def _add(found: ImportedItems, where: str, element: Element, language: str) -> None:
    kind = str(element.get("type", ""))
    reader = _READERS.get(kind)
    if reader is None:
        found.lose(where, f"not imported: a {kind or 'element without a type'} has no item of Petri like it.")
        return
    read = _Read(element, LocalTexts(language))
    name = str(element.get("name", ""))
    prompt = read.text("title", "prompt") or name
    help_text = read.text("description", "help")
    item_kind, body = reader(read)
    if help_text:
        body["help"] = help_text
    if element.get("isRequired") is not True:
        body["required"] = False
    if read.texts.translations:
        body["translations"] = read.texts.translations
    lost = [*read.lost, *read.unused()]
    if lost:
        found.lose(where, f"{name or kind}: not taken over: {', '.join(lost)}.")
    found.add(where, name, item_kind, prompt, body)


def _listed(read: _Read, name: str, part: str) -> dict[str, str]:
    """Return the labels of choices, rows or columns by key."""
    options: dict[str, str] = {}
    values = read.get(name)
    for one in values if isinstance(values, list) else ():
        if not isinstance(one, Mapping):
            options[str(one)] = str(one)
            continue
        key = str(one.get("value"))
        options[key] = read.texts.text(one.get("text"), part, key) or key
        read.lost += [
            f"{each} of {key}" for each in one if each not in ("value", "text") and _counts(one[each])
        ]
    return options


def _options(read: _Read) -> dict[str, Any]:
    """Return the options of a question with what belongs to them."""
    body: dict[str, Any] = {"options": _listed(read, "choices", "options")}
    has_other = [bool(read.get(name)) for name in ("hasOther", "showOtherItem")]
    if any(has_other):
        body["other"] = read.text("otherText", "other") or True
    order = read.get("choicesOrder")
    if order == "random":
        body["shuffle"] = True
    elif order not in (None, "none"):
        read.lost.append(f"choicesOrder {order}")
    return _with_right(body, read)


def _choice(read: _Read) -> tuple[str, dict[str, Any]]:
    body = _options(read)
    return "choice", body | ({"style": "dropdown"} if read.element.get("type") == "dropdown" else {})


def _choices(read: _Read) -> tuple[str, dict[str, Any]]:
    body = _options(read)
    for theirs, own in (("minSelectedChoices", "least"), ("maxSelectedChoices", "most")):
        if value := read.get(theirs):
            body[own] = value
    return "choices", body


def _boolean(read: _Read) -> tuple[str, dict[str, Any]]:
    yes = read.text("labelTrue", "options", "true") or "Yes"
    no = read.text("labelFalse", "options", "false") or "No"
    return "choice", _with_right({"options": {"true": yes, "false": no}}, read)


def _written(read: _Read) -> tuple[str, dict[str, Any]]:
    sort = read.get("inputType") or "text"
    kind = _INPUTS.get(str(sort), "text")
    if kind == "text" and sort != "text":
        read.lost.append(f"inputType {sort}")
    body: dict[str, Any] = {}
    if kind in ("number", "date", "time"):
        limits = {"minimum": read.get("min"), "maximum": read.get("max")}
        body |= {name: value for name, value in limits.items() if value is not None}
    if kind == "number":
        return kind, _number(read, body)
    if kind == "text":
        body |= _lengths(read)
    return kind, body if kind == "email" else _with_right(body, read)


def _number(read: _Read, body: dict[str, Any]) -> dict[str, Any]:
    step, right = read.get("step"), read.get("correctAnswer")
    if step not in (None, "any"):
        body["step"] = step
    if right is not None:
        body["right"] = right
    decimals = max(map(_decimals, (step, right, body.get("minimum"), body.get("maximum"))))
    if step == "any":
        decimals = max(decimals, _DECIMAL_PLACES)
    body = {name: Decimal(str(value)) if isinstance(value, float) else value for name, value in body.items()}
    return body | ({"decimals": decimals} if decimals else {})


def _decimals(value: Any) -> int:
    try:
        exponent = Decimal(str(value)).normalize().as_tuple().exponent
    except InvalidOperation:
        return 0
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _lengths(read: _Read) -> dict[str, Any]:
    longest, placeholder = read.get("maxLength"), read.text("placeholder", "placeholder")
    body: dict[str, Any] = {"max_length": longest} if isinstance(longest, int) and longest > 0 else {}
    return body | ({"placeholder": placeholder} if placeholder else {})


def _comment(read: _Read) -> tuple[str, dict[str, Any]]:
    return "text", _with_right({"long": True, **_lengths(read)}, read)


def _rating(read: _Read) -> tuple[str, dict[str, Any]]:
    """Return a rating, or a likert if its ends have labels."""
    first, last = read.get("rateMin"), read.get("rateMax") or read.get("rateCount") or STEPS
    if first not in (None, 1):
        read.lost.append(f"rateMin {first}: steps are counted from 1")
        last = last - first + 1 if isinstance(first, int) and isinstance(last, int) else last
    body: dict[str, Any] = {"steps": last}
    ends = {
        "low": read.text("minRateDescription", "low"),
        "high": read.text("maxRateDescription", "high"),
    }
    right = read.get("correctAnswer")
    body |= {} if right is None else {"right": right}
    return ("likert", body | ends) if all(ends.values()) else ("rating", body)


def _ranking(read: _Read) -> tuple[str, dict[str, Any]]:
    return "order", _with_right({"pieces": _listed(read, "choices", "pieces")}, read)


def _matrix(read: _Read) -> tuple[str, dict[str, Any]]:
    """Return a table with the same choice in each row."""
    columns, rows = _listed(read, "columns", "options"), _listed(read, "rows", "rows")
    # Labels of columns are texts of the item inside, which has no translations of its own.
    for texts in read.texts.translations.values():
        if texts.pop("options", None):
            read.lost.append("translations of columns")
    item: dict[str, Any] = {"kind": "choice", "options": columns}
    every = [bool(read.get(name)) for name in ("isAllRowRequired", "eachRowRequired")]
    if not any(every):
        item["required"] = False
    body: dict[str, Any] = {"rows": rows, "item": item}
    right = read.get("correctAnswer")
    return "table", body | ({"right": right} if isinstance(right, Mapping) else {})


def _with_right(body: dict[str, Any], read: _Read) -> dict[str, Any]:
    right = read.get("correctAnswer")
    if right is None:
        return body
    if isinstance(right, bool):
        right = "true" if right else "false"
    return body | {"right": [str(one) for one in right] if isinstance(right, list) else str(right)}


_READERS: Final[Mapping[str, Callable[[_Read], tuple[str, dict[str, Any]]]]] = MappingProxyType(
    {
        "radiogroup": _choice,
        "dropdown": _choice,
        "checkbox": _choices,
        "tagbox": _choices,
        "boolean": _boolean,
        "text": _written,
        "comment": _comment,
        "rating": _rating,
        "ranking": _ranking,
        "matrix": _matrix,
    }
)
