"""The table of operations: what `/api/v1` answers, what the documents list, and what pages call."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from chalicelib.errors import BadRequest, NotFound

from .api_operation import AnyOperation, Shape
from .resources import (
    author_views_api,
    dead_letters_api,
    grading_api,
    jobs_api,
    log_api,
    networks_api,
    overview_api,
    participant_reading_api,
    participants_api,
    payments_api,
    records_api,
    recruitment_api,
    results_api,
)
from .resources.classroom import (
    assignments_api,
    class_members_api,
    classes_api,
    gradebooks_api,
    live_sessions_api,
)
from .resources.exports import exports_api
from .resources.materials import assets_api, library_api
from .resources.oversight import audit_api, settings_api
from .resources.people import accounts_api, groups_api, invitations_api, notes_api, roles_api
from .resources.run_state import live_api, messages_api, stop_api

OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    *overview_api.OPERATIONS,
    *participant_reading_api.OPERATIONS,
    *participants_api.OPERATIONS,
    *payments_api.OPERATIONS,
    *dead_letters_api.OPERATIONS,
    *live_api.OPERATIONS,
    *messages_api.OPERATIONS,
    *log_api.OPERATIONS,
    *stop_api.OPERATIONS,
    *networks_api.OPERATIONS,
    *author_views_api.OPERATIONS,
    *recruitment_api.OPERATIONS,
    *grading_api.OPERATIONS,
    *jobs_api.OPERATIONS,
    *records_api.OPERATIONS,
    *results_api.OPERATIONS,
    *exports_api.OPERATIONS,
    *notes_api.OPERATIONS,
    *accounts_api.OPERATIONS,
    *groups_api.OPERATIONS,
    *invitations_api.OPERATIONS,
    *roles_api.OPERATIONS,
    *settings_api.OPERATIONS,
    *audit_api.OPERATIONS,
    *live_sessions_api.OPERATIONS,
    *assignments_api.OPERATIONS,
    *gradebooks_api.OPERATIONS,
    *assets_api.OPERATIONS,
    *library_api.OPERATIONS,
    *classes_api.OPERATIONS,
    *class_members_api.OPERATIONS,
)

_BY_NAME: Final[Mapping[str, AnyOperation]] = MappingProxyType({each.name: each for each in OPERATIONS})
_BY_PATH: Final[Mapping[tuple[str, str], AnyOperation]] = MappingProxyType(
    {(each.method, each.path): each for each in OPERATIONS}
)


def find(name: str) -> AnyOperation:
    """Return an operation by its name, such as `payments.retry`; NotFound for an unknown one."""
    if name not in _BY_NAME:
        raise NotFound(f"There is no operation {name!r}.", code="operation_not_found")
    return _BY_NAME[name]


def match(method: str, shape: Shape, path: Mapping[str, str]) -> AnyOperation:
    """Return the operation at an address; NotFound for an unknown address or method.

    `path`: the values of the variables of the shape.
    """
    if any("/" in segment or "{" in segment for segment in path.values()):
        # A decoded slash or a brace would make the address look like that of another shape.
        raise _not_found()
    resource = path["resource"]
    fixed = shape.value.format(**path)
    variable = shape.value.format(resource=resource, id="{id}", verb=path.get("verb", ""))
    for address in (fixed, variable):
        if (method, address) in _BY_PATH:
            return _BY_PATH[method, address]
    allowed = sorted({known for known, address in _BY_PATH if address in (fixed, variable)})
    if allowed:
        raise MethodNotAllowed(f"This address takes {' and '.join(allowed)}, not {method}.")
    raise _not_found()


def _not_found() -> NotFound:
    return NotFound(
        "The API has nothing at this address; see /api/v1/openapi.json.", code="operation_not_found"
    )


class MethodNotAllowed(BadRequest):
    """The address exists, and doesn't take this method."""

    status = 405
    code = "method_not_allowed"
