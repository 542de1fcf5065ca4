"""Bots: programs that take part over HTTP, started by whoever runs the experiment."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from chalicelib.errors import VendorRefused
from chalicelib.log_redaction import for_operator
from chalicelib.ports import RecruitmentResult
from chalicelib.recruiters.hotair import HotAirRecruiter

logger = logging.getLogger("petri.worker")


class BotRecruiter(HotAirRecruiter):
    """Asks for a bot at each address it makes."""

    nickname = "bots"

    def __init__(self, base: Callable[[], str], mode: str, spawn: Callable[[str], None]) -> None:
        """`spawn` starts a bot at an address and returns at once."""
        super().__init__(base, mode)
        self._spawn = spawn

    def start_replacement_bot(self, entry: Mapping[str, str]) -> None:
        """Start a bot that goes on, under the same ids, for somebody who is gone."""
        self._spawn(f"{self._base()}/ad?{urlencode(entry)}")

    def recruit(self, n: int, token: str, recruiter_state: Mapping[str, Any]) -> RecruitmentResult:
        """Start n bots."""
        recruited = super().recruit(n, token, recruiter_state)
        for address in recruited.addresses:
            self._spawn(address)
        return RecruitmentResult(f"{n} bots were asked for.", recruited.addresses)


class AbsentBots(BotRecruiter):
    """Bots of a deployed app, which starts no programs: the operator does, by `petri bot --app`."""

    def __init__(self, base: Callable[[], str], mode: str) -> None:
        """`base` gives the address under which the experiment is served."""
        super().__init__(base, mode, _log_address)

    def start_replacement_bot(self, entry: Mapping[str, str]) -> None:
        """Say that nobody plays on; VendorRefused, without ids, since it goes into the log."""
        del entry
        raise VendorRefused(
            "Somebody who is gone was to be played on by a bot, which a deployed app can't start: end "
            "their group, or choose another policy for those who disconnect."
        )


def _log_address(address: str) -> None:
    logger.info("A bot is wanted.", extra=for_operator(f"A bot is wanted at {address}"))
