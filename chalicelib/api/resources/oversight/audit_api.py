"""/api/v1/audit: who changed what, and whether the log is intact."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib import services
from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import LIMIT, NoParameters, known_page
from chalicelib.operations.listings.listing import Listing
from chalicelib.operations.management.oversight.audit_log import (
    AuditFilter,
    AuditRow,
    AuditVerification,
    audit_rows,
    verification,
)
from chalicelib.operations.shared.context import Context

RESOURCE: Final = "audit"
_TIME: Final[dict[str, Any]] = {
    "max": 32,
    "pattern": r"^(\d{4}-\d{2}(-\d{2}(T[0-9:.]{2,15}Z?)?)?)?$",
    "help": "A date or a time in UTC, included.",
}


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which entries to list, and where to continue."""

    actor: str = field(default="", metadata={"max": 200, "help": "`operator`, `user:ada`, `token:ada/ci`."})
    operation: str = field(
        default="", metadata={"max": 100, "help": "The name of an operation, or its beginning: `payments.`."}
    )
    since: str = field(default="", metadata=_TIME)
    until: str = field(default="", metadata=_TIME)
    after: str | None = field(
        default=None, metadata={"min": 1, "max": 4_000, "help": "`next` of the page before."}
    )
    limit: int = field(default=50, metadata=LIMIT)


def _list(ctx: Context, asked: AuditQuery) -> Listing[AuditRow]:
    wanted = AuditFilter(actor=asked.actor, operation=asked.operation, since=asked.since, until=asked.until)
    with known_page():
        return audit_rows(ctx, wanted, after=asked.after, limit=asked.limit)


def _verify(ctx: Context, _: NoParameters) -> AuditVerification:
    return verification(ctx, services.current().seals)


OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="audit.list",
        method="GET",
        resource=RESOURCE,
        shape=Shape.LIST,
        right=Right.VIEW,
        parameters=AuditQuery,
        answer=Listing[AuditRow],
        run=_list,
        summary="Lists your own changes, newest first, or with Manage lab everyone's.",
    ),
    ApiOperation(
        name="audit.verify",
        method="GET",
        resource=RESOURCE,
        shape=Shape.ITEM,
        verb="verify",
        right=Right.MANAGE_LAB,
        parameters=NoParameters,
        answer=AuditVerification,
        run=_verify,
        summary="Verifies that no entry of the audit log was changed, removed or inserted.",
    ),
)
