"""Hides the personal fields of answers, and refuses filters by them, without the right to see them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

from chalicelib.access.rights import Right
from chalicelib.operations.shared.access import require_right
from chalicelib.operations.shared.context import Context

from .value_types import DataclassType, ListType, ObjectType, OptionalType, ValueType, fields_of

Answer = TypeVar("Answer")


def without_personal_fields(annotation: type[Answer], answer: Answer) -> Answer:
    """Return an answer whose personal fields are None, at every depth."""
    changed: dict[str, Any] = {}
    for each in fields_of(annotation):
        value = getattr(answer, each.name)
        shown = None if each.is_personal else _shown(each.type, value)
        if shown is not value:
            changed[each.name] = shown
    return dataclasses.replace(answer, **changed) if changed else answer  # type: ignore[type-var]


def refuse_personal_filters(ctx: Context, annotation: Any, parameters: Any) -> None:
    """Refuse parameters that would tell what personal fields contain."""
    for each in fields_of(annotation):
        if each.is_personal and getattr(parameters, each.name) != each.default:
            require_right(ctx, Right.VIEW_PERSONAL_DATA)


def _shown(kind: ValueType, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, OptionalType):
        return _shown(kind.value, value)
    if isinstance(kind, DataclassType):
        return without_personal_fields(kind.cls, value)
    if isinstance(kind, ListType) and isinstance(kind.entry, DataclassType):
        return [_shown(kind.entry, each) for each in value]
    if isinstance(kind, ObjectType) and isinstance(kind.value, DataclassType) and isinstance(value, Mapping):
        return {name: _shown(kind.value, each) for name, each in value.items()}
    return value
