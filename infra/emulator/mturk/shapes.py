"""Checks requests and answers against AWS's own description of Mechanical Turk's API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape, StructureShape

_SERVICE = ServiceModel(Loader().load_service_model("mturk", "service-2"))
_KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "long": int,
    "boolean": bool,
    "timestamp": (int, float),
    "structure": dict,
    "list": list,
}


def operation(name: str) -> OperationModel | None:
    return _SERVICE.operation_model(name) if name in _SERVICE.operation_names else None


def faults_of_request(model: OperationModel, value: Any) -> list[str]:
    return list(_faults(model.input_shape, value, "request"))


def faults_of_answer(model: OperationModel, value: Any) -> list[str]:
    return list(_faults(model.output_shape, value, "answer"))


def _faults(shape: Any, value: Any, where: str) -> Iterator[str]:
    if not _is_of(_KINDS[shape.type_name], value):
        yield f"{where} must be a {shape.type_name}, not {value!r}"
    elif shape.type_name == "structure":
        yield from _faults_of_structure(shape, value, where)
    elif shape.type_name == "list":
        for index, one in enumerate(value):
            yield from _faults(shape.member, one, f"{where}[{index}]")
    else:
        yield from _faults_of_scalar(shape, value, where)


def _is_of(kind: type | tuple[type, ...], value: Any) -> bool:
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _faults_of_structure(shape: StructureShape, value: dict[str, Any], where: str) -> Iterator[str]:
    for name in shape.required_members:
        if name not in value:
            yield f"{where} lacks {name}"
    for name, one in value.items():
        if name not in shape.members:
            yield f"{where} has an unknown {name}"
        else:
            yield from _faults(shape.members[name], one, f"{where}.{name}")


def _faults_of_scalar(shape: Shape, value: Any, where: str) -> Iterator[str]:
    rules = shape.metadata
    if "enum" in rules and value not in rules["enum"]:
        yield f"{where} must be one of {', '.join(rules['enum'])}, not {value!r}"
    if "pattern" in rules and not re.search(rules["pattern"], value):
        yield f"{where} must match {rules['pattern']}, not {value!r}"
    size = len(value) if isinstance(value, str) else value
    if ("min" in rules and size < rules["min"]) or ("max" in rules and size > rules["max"]):
        yield f"{where} is too short, long, small or large: {value!r}"
