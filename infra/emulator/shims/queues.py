"""Corrects moto's queues.

They deliver messages to functions themselves, in Docker, whatever a mapping says; and they drop the trace
header of the request that sent a message, by which Lambda detects recursive loops.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from flask import has_request_context, request
from moto.sqs.models import Queue, SQSBackend

#: The header in which AWS's clients send the chain of invocations.
HEADER = "X-Amzn-Trace-Id"


class _Unseen(dict[str, Any]):
    """Mappings that can be stored and deleted, but that moto doesn't find for a message."""

    def items(self) -> Any:
        return ()


@contextmanager
def queues() -> Iterator[None]:
    """Leave messages in their queues, with their sender's trace header, for the block."""
    begin, send = Queue.__init__, SQSBackend.send_message

    def begin_without_mappings(self: Any, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **kwargs)
        self.lambda_event_source_mappings = _Unseen()

    def send_traced(self: Any, *args: Any, **kwargs: Any) -> Any:
        message = send(self, *args, **kwargs)
        trace = request.headers.get(HEADER) if has_request_context() else None
        if trace is not None:
            traced = {"AWSTraceHeader": {"DataType": "String", "StringValue": trace}}
            message.system_attributes = {**(message.system_attributes or {}), **traced}
        return message

    with ExitStack() as patches:
        patches.enter_context(patch.object(Queue, "__init__", begin_without_mappings))
        patches.enter_context(patch.object(SQSBackend, "send_message", send_traced))
        yield
