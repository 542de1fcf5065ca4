"""Reads and writes the JSON of SurveyJS forms: pages of elements, each with a type.

The format: https://surveyjs.io/form-library/documentation/design-survey/create-a-simple-survey
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from chalicelib.errors import BadRequest

from .aiken import options_of, rights_of
from .bank_item import BankItem, ImportedItems, Loss

Element = Mapping[str, Any]
#: How deep panels may lie in each other.
_MOST_DEPTH: Final = 20
_STEPS: Final = 5
#: What changes who is asked or how; Petri has other ways, which a person has to choose.
_LOGIC: Final = ("visibleIf", "enableIf", "requiredIf", "validators", "choicesByUrl")


def read_surveyjs(text: str) -> ImportedItems:
    """Return the items of a form; BadRequest for a text that isn't the JSON of one."""
    try:
        form = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"The file isn't valid JSON: {error}.") from error
    found = ImportedItems()
    if not isinstance(form, Mapping) or not ({"pages", "elements", "questions"} & form.keys()):
        raise BadRequest("The file isn't a SurveyJS form: it has neither pages nor elements.")
    for where, element in _elements(form, "", 0):
        _add(found, where, element)
    return found


def _elements(around: Element, where: str, depth: int) -> Iterator[tuple[str, Element]]:
    """Yield the questions of a form, of its pages and panels, each with its place."""
    for name in ("pages", "elements", "questions"):
        inside = around.get(name)
        if not isinstance(inside, list):
            continue
        for number, one in enumerate(inside, 1):
            place = f"{where} {name.removesuffix('s')} {number}".strip()
            if not isinstance(one, Mapping) or depth > _MOST_DEPTH:
                continue
            if name == "pages" or one.get("type") == "panel":
                yield from _elements(one, place, depth + 1)
            else:
                yield place, one


def _add(found: ImportedItems, where: str, element: Element) -> None:
    kind = str(element.get("type", ""))
    reader = _READERS.get(kind)
    if reader is None:
        found.lose(where, f"not imported: a {kind or 'element without a type'} has no item of Petri like it.")
        return
    for name in _LOGIC:
        if element.get(name):
            found.lose(where, f"{name} isn't taken over.")
    item_kind, body = reader(element)
    if element.get("isRequired") is not True:
        body["required"] = False
    name = str(element.get("name", ""))
    found.add(where, name, item_kind, _text(element.get("title")) or name, body)


def _text(value: Any) -> str:
    """Return a text, of a form in several languages the default one."""
    if isinstance(value, Mapping):
        value = value.get("default") or next(iter(value.values()), "")
    return "" if value is None else str(value)


def _options(element: Element) -> dict[str, str]:
    options = {}
    for one in element.get("choices") or ():
        key = one.get("value") if isinstance(one, Mapping) else one
        options[str(key)] = _text(one.get("text")) or str(key) if isinstance(one, Mapping) else str(one)
    return options


def _choice(element: Element) -> tuple[str, dict[str, Any]]:
    body: dict[str, Any] = {"options": _options(element)}
    if element.get("type") == "dropdown":
        body["style"] = "dropdown"
    if element.get("hasOther") or element.get("showOtherItem"):
        body["other"] = True
    return "choice", _with_right(body, element)


def _choices(element: Element) -> tuple[str, dict[str, Any]]:
    return "choices", _with_right({"options": _options(element)}, element)


def _boolean(element: Element) -> tuple[str, dict[str, Any]]:
    options = {
        "true": _text(element.get("labelTrue")) or "Yes",
        "false": _text(element.get("labelFalse")) or "No",
    }
    return "choice", _with_right({"options": options}, element)


def _written(element: Element) -> tuple[str, dict[str, Any]]:
    sort = element.get("inputType")
    if sort == "number":
        limits = {"minimum": element.get("min"), "maximum": element.get("max")}
        body: dict[str, Any] = {name: value for name, value in limits.items() if value is not None}
        return "number", body | (
            {} if element.get("correctAnswer") is None else {"right": element["correctAnswer"]}
        )
    if sort == "email":
        return "email", {}
    return "text", _with_right({"long": True} if element.get("type") == "comment" else {}, element)


def _rating(element: Element) -> tuple[str, dict[str, Any]]:
    return "rating", {"steps": element.get("rateMax") or _STEPS}


def _ranking(element: Element) -> tuple[str, dict[str, Any]]:
    return "order", _with_right({"pieces": _options(element)}, element)


def _with_right(body: dict[str, Any], element: Element) -> dict[str, Any]:
    right = element.get("correctAnswer")
    if right is None:
        return body
    if isinstance(right, bool):
        right = "true" if right else "false"
    return body | {"right": [str(one) for one in right] if isinstance(right, list) else str(right)}


_READERS: Final[Mapping[str, Callable[[Element], tuple[str, dict[str, Any]]]]] = MappingProxyType(
    {
        "radiogroup": _choice,
        "dropdown": _choice,
        "checkbox": _choices,
        "tagbox": _choices,
        "boolean": _boolean,
        "text": _written,
        "comment": _written,
        "rating": _rating,
        "ranking": _ranking,
    }
)


def write_surveyjs(items: Sequence[BankItem]) -> tuple[str, list[Loss]]:
    """Return items as a form of one page, and which can't be written."""
    elements, losses = [], []
    for item in items:
        element = _element(item)
        if element is None:
            losses.append(Loss(item.name, f"SurveyJS has no question like a {item.kind}."))
        else:
            elements.append(element)
    return json.dumps({"pages": [{"elements": elements}]}, ensure_ascii=False, indent=2) + "\n", losses


def _element(item: BankItem) -> dict[str, Any] | None:
    types = {
        "choice": "radiogroup",
        "choices": "checkbox",
        "text": "text",
        "number": "text",
        "rating": "rating",
    }
    if item.kind not in types:
        return None
    element: dict[str, Any] = {
        "type": types[item.kind],
        "name": item.name,
        "title": item.prompt,
        "isRequired": item.body.get("required", True) is True,
    }
    if item.kind in ("choice", "choices"):
        element["choices"] = [{"value": key, "text": label} for key, label in options_of(item).items()]
        if item.body.get("style") == "dropdown":
            element["type"] = "dropdown"
    if item.kind == "number":
        element["inputType"] = "number"
    if item.kind == "text" and item.body.get("long"):
        element["type"] = "comment"
    if item.kind == "rating":
        element["rateMax"] = item.body.get("steps", _STEPS)
    right = rights_of(item)
    if right and item.kind in ("choice", "choices", "text"):
        element["correctAnswer"] = right if item.kind == "choices" else right[0]
    return element
