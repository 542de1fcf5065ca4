"""Reads the parameters of a request by the table of operations: each by its type, and no unknown ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from chalicelib.errors import InvalidField

from .api_operation import AnyOperation
from .value_types import ListType, NamedField, OptionalType, fields_of

#: What an idempotency key looks like.
REQUEST_ID: Final = r"[A-Za-z0-9_.:-]{1,100}"
#: The longest text of a decimal number.
MAX_DECIMAL: Final = 20


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """What a request sends: the variables of its address, its query, and its body."""

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    #: Parses the JSON body; None without one.
    body: Callable[[], Any] = lambda: None


def check_request_id(request_id: str | None) -> None:
    """Refuse an idempotency key that can't be stored."""
    if request_id is not None and re.fullmatch(REQUEST_ID, request_id) is None:
        raise InvalidField("X-Request-Id", "must have 1 to 100 letters, digits, dots, colons and dashes")


def read_parameters(operation: AnyOperation, request: ApiRequest) -> Any:
    """Return the operation's parameters; InvalidField names the first field that isn't valid.

    A GET is read from the query, any other request from a JSON body.
    """
    declared = fields_of(operation.parameters)
    in_path = operation.path_parameters
    values = {
        each.name: each.type.from_text(request.path[each.name], each.name)
        for each in declared
        if each.name in in_path
    }
    others = [each for each in declared if each.name not in in_path]
    if operation.changes:
        _refuse_unknown(request.query, [])
        values |= _from_body(others, request.body())
    else:
        if request.body() is not None:
            raise InvalidField("body", "isn't read by GET; send the fields in the query")
        _refuse_unknown(request.query, others)
        values |= {
            each.name: _from_query(each, request.query[each.name])
            for each in others
            if each.name in request.query
        }
    for each in others:
        if each.is_required and each.name not in values:
            raise InvalidField(each.name, "is missing")
    return operation.parameters(**values)


def parameters_of(operation: AnyOperation, values: Mapping[str, Any]) -> Any:
    """Return the parameters that a page calls an operation with; InvalidField as for a request.

    `values`: as Python has them: a Decimal for an amount, a tuple for a list.
    """
    for each in fields_of(operation.parameters):
        if each.name in values and values[each.name] != each.default:
            _check(each, values[each.name])
    return operation.parameters(**values)


def _check(declared: NamedField, value: Any) -> None:
    if isinstance(value, Decimal):
        if not value.is_finite() or len(str(value)) > MAX_DECIMAL:
            raise InvalidField(declared.name, "must be a number such as 1.50")
        return
    declared.type.read(list(value) if isinstance(value, tuple) else value, declared.name)


def _from_body(declared: Sequence[NamedField], body: Any) -> dict[str, Any]:
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise InvalidField("body", "must be a JSON object")
    _refuse_unknown(body, declared)
    return {each.name: each.type.read(body[each.name], each.name) for each in declared if each.name in body}


def _from_query(declared: NamedField, texts: Sequence[str]) -> Any:
    kind = declared.type.value if isinstance(declared.type, OptionalType) else declared.type
    if isinstance(kind, ListType):
        return tuple(kind.entry.from_text(each, declared.name) for each in texts)
    if len(texts) != 1:
        raise InvalidField(declared.name, f"was sent {len(texts)} times; send it once")
    return declared.type.from_text(texts[0], declared.name)


def _refuse_unknown(sent: Mapping[str, Any], declared: Sequence[NamedField]) -> None:
    known = [each.name for each in declared]
    unknown = [name for name in sent if name not in known]
    if unknown:
        expected = f"; it takes {', '.join(known)}" if known else "; it takes none here"
        raise InvalidField(unknown[0][:100], f"is not a field of this operation{expected}")
