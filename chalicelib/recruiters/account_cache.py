"""Keeps what vendors have answered about their accounts for a while; one thread at a time asks them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from chalicelib.errors import ConfigError, VendorError
from chalicelib.ports.vendor_account import VendorAccount, VendorAnswer

#: Seconds for which an account and an error are kept: many open dashboards ask the vendor as often as one.
ACCOUNT_SECONDS: Final = 30.0
ERROR_SECONDS: Final = 15.0


@dataclass(eq=False, repr=False)
class AccountCache:
    """The vendors' latest answers, by recruiter; the threads of a process share them."""

    clock: Callable[[], float] = time.monotonic
    _kept: dict[str, tuple[float, VendorAnswer]] = field(default_factory=dict)
    _asking: threading.Lock = field(default_factory=threading.Lock)

    def ask(
        self, recruiter: str, now: Callable[[], datetime], question: Callable[[], VendorAccount]
    ) -> VendorAnswer | None:
        """Return a recent answer, or ask the vendor.

        While another thread asks, this returns the answer before, or None if there is none: a vendor that
        answers slowly occupies one thread.
        """
        until, kept = self._kept.get(recruiter, (0.0, None))
        if kept is not None and self.clock() < until:
            return kept
        if not self._asking.acquire(blocking=False):
            return kept
        try:
            answer = _asked(now, question)
            seconds = ERROR_SECONDS if answer.account is None else ACCOUNT_SECONDS
            self._kept[recruiter] = (self.clock() + seconds, answer)
        finally:
            self._asking.release()
        return answer


def _asked(now: Callable[[], datetime], question: Callable[[], VendorAccount]) -> VendorAnswer:
    try:
        return VendorAnswer(now(), question())
    except (VendorError, ConfigError) as error:
        return VendorAnswer(now(), problem=str(error))
