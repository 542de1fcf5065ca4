"""Makes the OpenAPI 3.1 document of the API from the table of operations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from chalicelib.version import VERSION

from .answer_encoding import to_json
from .api_operation import AnyOperation
from .operation_table import OPERATIONS
from .request_reader import REQUEST_ID
from .value_types import (
    DataclassType,
    ListType,
    NamedField,
    ObjectType,
    OptionalType,
    Schema,
    ValueType,
    fields_of,
    schema_name,
)

_ERRORS: Final[Mapping[str, str]] = {
    "400": "The body isn't JSON, or the request can't be read.",
    "401": "No token was sent, or an invalid one.",
    "403": "The caller doesn't have the right that the operation requires.",
    "404": "There is no such record, or the caller may not see it.",
    "409": "The state of the record doesn't allow the change.",
    "413": "The request or its answer is too large.",
    "415": "The body is compressed.",
    "422": "A field isn't valid; `field` names it. Or the request id was used for another request.",
    "503": "Too many changes at once; retry after the seconds in Retry-After.",
}
_ERROR: Final[Schema] = {
    "type": "object",
    "required": ["status", "error_type", "error_text", "error_code"],
    "properties": {
        "status": {"type": "string", "const": "error"},
        "error_type": {"type": "string", "description": "A title for people."},
        "error_text": {"type": "string", "description": "What is wrong and what to do."},
        "error_code": {"type": "string", "description": "A stable code for programs."},
        "field": {"type": "string", "description": "The field that isn't valid."},
        "html": {"type": "string", "description": "A page that shows the error."},
    },
}
_REQUEST_ID: Final[Schema] = {
    "name": "X-Request-Id",
    "in": "header",
    "required": False,
    "description": "An idempotency key: a repeated request changes nothing and gets the first answer again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 100, "pattern": f"^{REQUEST_ID}$"},
}


def document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    paths: dict[str, dict[str, Any]] = {}
    for each in OPERATIONS:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Petri API",
            "version": VERSION,
            "description": "Watches and manages a run. Send a token as `Authorization: Bearer <token>`.",
        },
        "paths": paths,
        "components": {
            "schemas": {"Error": _ERROR, **_schemas()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(operation: AnyOperation) -> dict[str, Any]:
    declared = fields_of(operation.parameters)
    in_path = operation.path_parameters
    others = [each for each in declared if each.name not in in_path]
    parameters = [_parameter(each, "path") for each in declared if each.name in in_path]
    body: dict[str, Any] = {}
    if operation.changes:
        parameters.append(_REQUEST_ID)
        body = _request_body(others) if others else {}
    else:
        parameters += [_parameter(each, "query") for each in others]
    return {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": f"Requires the right {operation.right.value!r}.",
        "tags": [operation.resource],
        "security": [{"token": []}],
        "parameters": parameters,
        **body,
        "responses": _responses(operation),
    }


def _parameter(declared: NamedField, place: str) -> Schema:
    # Null can't be sent in an address: a parameter that isn't sent has its default.
    kind = declared.type.value if isinstance(declared.type, OptionalType) else declared.type
    return {
        "name": declared.name,
        "in": place,
        "required": place == "path" or declared.is_required,
        "description": declared.help,
        "schema": kind.schema(),
    }


def _request_body(declared: Iterable[NamedField]) -> dict[str, Any]:
    fields = list(declared)
    required = [each.name for each in fields if each.is_required]
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {each.name: _described(each) for each in fields},
        **({"required": required} if required else {}),
    }
    return {"requestBody": {"required": bool(required), "content": {"application/json": {"schema": schema}}}}


def _described(declared: NamedField) -> Schema:
    schema = declared.type.schema()
    described = {**schema, "description": declared.help} if declared.help else schema
    if declared.is_required:
        return described
    return {**described, "default": to_json(declared.default)}


def _responses(operation: AnyOperation) -> dict[str, Any]:
    answer = {"$ref": f"#/components/schemas/{schema_name(operation.answer)}"}
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    responses: dict[str, Any] = {
        "200": {"description": "The answer.", "content": {"application/json": {"schema": answer}}}
    }
    if not operation.changes:
        responses["304"] = {"description": "The answer hasn't changed since the ETag in If-None-Match."}
    return responses | {
        status: {"description": description, "content": error} for status, description in _ERRORS.items()
    }


def _schemas() -> dict[str, Schema]:
    found: dict[str, Schema] = {}
    waiting = [each.answer for each in OPERATIONS]
    while waiting:
        annotation = waiting.pop()
        name = schema_name(annotation)
        if name in found:
            continue
        declared = fields_of(annotation)
        found[name] = {
            "type": "object",
            "required": [each.name for each in declared],
            "properties": {each.name: _of_answer(each) for each in declared},
        }
        waiting += [inner for each in declared for inner in _dataclasses_in(each.type)]
    return dict(sorted(found.items()))


def _of_answer(declared: NamedField) -> Schema:
    schema = declared.type.schema()
    if declared.is_personal:
        note = "Personal: null without the right View personal data."
        return {**schema, "description": f"{declared.help} {note}".strip()}
    return {**schema, "description": declared.help} if declared.help else schema


def _dataclasses_in(kind: ValueType) -> list[Any]:
    if isinstance(kind, DataclassType):
        return [kind.cls]
    if isinstance(kind, ListType):
        return _dataclasses_in(kind.entry)
    if isinstance(kind, ObjectType | OptionalType):
        return _dataclasses_in(kind.value)
    return []
