"""A request for each operation of the API, made from the types of its parameters."""

from __future__ import annotations

from typing import Any

from chalicelib.api.api_operation import AnyOperation
from chalicelib.api.request_reader import ApiRequest
from chalicelib.api.value_types import (
    AmountType,
    FlagType,
    NumberType,
    OptionalType,
    TextType,
    ValueType,
    fields_of,
)

UNKNOWN = "99"


def example(kind: ValueType) -> Any:
    """Return a value of a type as JSON has it."""
    if isinstance(kind, OptionalType):
        return example(kind.value)
    if isinstance(kind, AmountType):
        return "1.00"
    if isinstance(kind, NumberType):
        return max(kind.least, 1)
    if isinstance(kind, FlagType):
        return True
    if isinstance(kind, TextType):
        return kind.choices[0] if kind.choices else "1"
    return []


def request_of(operation: AnyOperation, record_id: str = UNKNOWN) -> ApiRequest:
    """Return a valid request with the required fields only."""
    needed = {
        each.name: example(each.type)
        for each in fields_of(operation.parameters)
        if each.is_required and each.name not in operation.path_parameters
    }
    path = {"resource": operation.resource, "id": operation.verb or ""}
    if operation.path_parameters:
        path["id"] = record_id
    path["verb"] = operation.verb or ""
    if operation.changes:
        return ApiRequest(path, {}, lambda: needed)
    return ApiRequest(path, {name: [str(value)] for name, value in needed.items()})
