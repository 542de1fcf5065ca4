"""API Gateway's management API with faults: delays, throttling and errors; it counts its calls."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from chalicelib.messaging.local_channels import LocalChannels
from infra.local.moto.management_api import FORBIDDEN, GONE, LIMITED, TOO_LARGE, ManagementAPI, Refusal

__all__ = ["FAILED", "FORBIDDEN", "GONE", "LIMITED", "TOO_LARGE", "BadDayAPI"]

FAILED: Refusal = (500, "InternalServerErrorException", "Internal server error")


class BadDayAPI(ManagementAPI):
    """Takes `latency` seconds for each call, and refuses the first calls with `refusals`, in order."""

    def __init__(
        self, sockets: LocalChannels, *, latency: float = 0.0, refusals: Sequence[Refusal] = ()
    ) -> None:
        super().__init__(sockets)
        self._latency = latency
        self._refusals = list(refusals)
        self._guard = threading.Lock()
        self._under_way = 0
        #: The number of calls, and the highest number of concurrent ones.
        self.calls = 0
        self.most_at_once = 0

    def refusal(self, method: str, connection_id: str) -> Refusal | None:
        with self._guard:
            self.calls += 1
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)
            refused = self._refusals.pop(0) if self._refusals else None
        time.sleep(self._latency)
        with self._guard:
            self._under_way -= 1
        return refused or super().refusal(method, connection_id)
