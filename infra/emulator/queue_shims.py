"""What moto does too much: it hands messages to functions itself, in Docker, whatever a mapping says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from moto.sqs.models import Queue


class _Unseen(dict[str, Any]):
    """Mappings that can be kept and deleted, and that moto doesn't find when a message comes."""

    def items(self) -> Any:
        return ()


@contextmanager
def queues() -> Iterator[None]:
    """Leave messages where they are, for whoever polls, while the block lasts."""
    begin = Queue.__init__

    def begin_alone(self: Any, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **kwargs)
        self.lambda_event_source_mappings = _Unseen()

    with patch.object(Queue, "__init__", begin_alone):
        yield
