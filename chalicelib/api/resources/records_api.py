"""Lists of all types of records: /api/v1/participants, networks, nodes, infos, responses and so on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import CONDITION, KEY_CURSOR, LIMIT, known_page
from chalicelib.operations.listings.listed_types import RECORD_TYPES, RecordType, list_records
from chalicelib.operations.listings.listing import Listing, RecordFilter
from chalicelib.operations.shared.context import Context

#: Resources whose names aren't those of their types with an s.
_NAMES: Final[Mapping[str, str]] = MappingProxyType({"job_run": "jobs", "run_message": "messages"})
#: Types that have lists of their own.
_ELSEWHERE: Final = frozenset({"payment", "dead_letter", "participant"})
_HELP: Final[Mapping[str, str]] = MappingProxyType(
    {
        "failed": "Only failed records, or only those that haven't failed.",
        "text": "An id, or a part of one.",
    }
)
_NUMBERS: Final = frozenset({"network_id", "node_id", "participant_id"})


def _parameters(of: RecordType) -> type[Any]:
    """Make the parameters of a list: the filters that its records have, and the page."""
    fields: list[tuple[str, Any, Any]] = [(name, *_filter(name)) for name in sorted(of.filters)]
    fields.append(("after", str | None, dataclasses.field(default=None, metadata=KEY_CURSOR)))
    fields.append(("limit", int, dataclasses.field(default=50, metadata=LIMIT)))
    return dataclasses.make_dataclass(f"{of.row.__name__}Query", fields, frozen=True)


def _filter(name: str) -> tuple[Any, Any]:
    metadata: dict[str, Any] = {"help": _HELP.get(name, "")}
    if name in _NUMBERS:
        return int | None, dataclasses.field(default=None, metadata={**metadata, "min": 1})
    if name == "failed":
        return bool | None, dataclasses.field(default=None, metadata=metadata)
    if name == "condition":
        return str | None, dataclasses.field(default=None, metadata=CONDITION)
    return str | None, dataclasses.field(default=None, metadata={**metadata, "min": 1, "max": 200})


def _run(of: RecordType) -> Callable[[Context, Any], Listing[Any]]:
    def read(ctx: Context, asked: Any) -> Listing[Any]:
        chosen = {name: getattr(asked, name) for name in of.filters}
        with known_page():
            return list_records(ctx, of.name, RecordFilter(**chosen), asked.after, asked.limit)

    return read


def _operation(of: RecordType) -> AnyOperation:
    resource = _NAMES.get(of.name, f"{of.name}s")
    return ApiOperation(
        name=f"{resource}.list",
        method="GET",
        resource=resource,
        shape=Shape.LIST,
        right=Right.VIEW,
        parameters=_parameters(of),
        answer=Listing[of.row],  # type: ignore[name-defined]  # the type of the rows is a value here
        run=_run(of),
        summary=f"Lists {resource}.",
    )


OPERATIONS: Final[tuple[AnyOperation, ...]] = tuple(
    _operation(each) for each in RECORD_TYPES.values() if each.name not in _ELSEWHERE
)
