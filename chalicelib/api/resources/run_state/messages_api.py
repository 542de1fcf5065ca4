"""/api/v1/messages: messages to participants, and who has seen them. The list is among those of records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import One
from chalicelib.operations.listings.message_lists import MessageDetail, read_message
from chalicelib.operations.operator_messages.send_message import (
    MAX_TEXT,
    RECIPIENTS,
    TEXT,
    SentMessage,
    send_message,
)

RESOURCE: Final = "messages"


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message, and to whom it is."""

    text: str = field(
        metadata={"max": MAX_TEXT, "pattern": TEXT, "help": "Plain text; pages show it as it is written."}
    )
    to: str = field(
        metadata={
            "max": 4_000,
            "pattern": RECIPIENTS,
            "help": "`all` who take part now, `all and later` for those too who arrive later, `group-3` for "
            "the group of a study in network 3, or ids of participants such as `12` or `12,15`.",
        }
    )


def _records(asked: NewMessage) -> Sequence[tuple[str, str]]:
    if asked.to[0].isdigit():
        return [("participants", one) for one in asked.to.split(",")]
    return [("messages", asked.to)]


OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="messages.send",
        method="POST",
        resource=RESOURCE,
        shape=Shape.LIST,
        right=Right.RUN_LIVE_SESSION,
        parameters=NewMessage,
        answer=SentMessage,
        run=lambda ctx, asked: send_message(ctx, asked.text, asked.to),
        summary="Sends a message to participants, a group or all; their pages show it until they close it.",
        records=_records,
    ),
    ApiOperation(
        name="messages.read",
        method="GET",
        resource=RESOURCE,
        shape=Shape.ITEM,
        right=Right.VIEW,
        parameters=One,
        answer=MessageDetail,
        run=lambda ctx, one: read_message(ctx, one.id),
        summary="Returns a message to participants, and who has seen it.",
    ),
)
