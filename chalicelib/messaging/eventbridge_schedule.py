"""Enables and disables the EventBridge rule that calls the clock each minute."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import VendorUnreachable


class EventBridgeSchedule:
    """Enables and disables the rule that calls `on_tick`."""

    def __init__(self, rule: str, client: Callable[[], Any]) -> None:
        """`client` creates botocore's client for EventBridge when it is first needed."""
        self._rule = rule
        self._make_client = client

    @property
    def is_on(self) -> bool:
        """Whether the rule is enabled."""
        return bool(self._call("describe_rule")["State"] == "ENABLED")

    def enable(self) -> None:
        """Enable the rule; VendorUnreachable when EventBridge fails."""
        self._call("enable_rule")

    def disable(self) -> None:
        """Disable the rule; VendorUnreachable when EventBridge fails."""
        self._call("disable_rule")

    @cached_property
    def _client(self) -> Any:
        return self._make_client()

    def _call(self, operation: str) -> Any:
        try:
            return getattr(self._client, operation)(Name=self._rule)
        except (BotoCoreError, ClientError) as error:
            raise VendorUnreachable(
                f"EventBridge didn't carry out {operation} on the rule {self._rule} "
                f"({type(error).__name__}: {error}); it is tried again with the next message or tick."
            ) from error
