"""/api/v1/dead-letters: messages that failed too often."""

from __future__ import annotations

from typing import Final

from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import One, PageOnly
from chalicelib.operations.listings.listing import Listing
from chalicelib.operations.management.run_state import managed_dead_letters as letters
from chalicelib.operations.management.run_state.managed_dead_letters import DeadLetterRow

RESOURCE: Final = "dead-letters"

OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="dead-letters.list",
        method="GET",
        resource=RESOURCE,
        shape=Shape.LIST,
        right=Right.VIEW,
        parameters=PageOnly,
        answer=Listing[DeadLetterRow],
        run=lambda ctx, asked: letters.page_of_dead_letters(ctx, asked.after, asked.limit),
        summary="Lists dead letters, oldest first.",
    ),
    ApiOperation(
        name="dead-letters.read",
        method="GET",
        resource=RESOURCE,
        shape=Shape.ITEM,
        right=Right.VIEW,
        parameters=One,
        answer=DeadLetterRow,
        run=lambda ctx, one: letters.read_dead_letter(ctx, one.id),
        summary="Returns a dead letter.",
    ),
    ApiOperation(
        name="dead-letters.replay",
        method="POST",
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="replay",
        right=Right.RUN_LIVE_SESSION,
        parameters=One,
        answer=DeadLetterRow,
        run=lambda ctx, one: letters.replay_one_dead_letter(ctx, one.id),
        summary="Sends the message of a dead letter again.",
    ),
    ApiOperation(
        name="dead-letters.drop",
        method="DELETE",
        resource=RESOURCE,
        shape=Shape.ITEM,
        right=Right.RUN_LIVE_SESSION,
        parameters=One,
        answer=DeadLetterRow,
        run=lambda ctx, one: letters.drop_dead_letter(ctx, one.id),
        summary="Deletes a dead letter; its message isn't carried out.",
    ),
)
