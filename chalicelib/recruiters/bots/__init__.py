"""Bots: programs that take part over HTTP."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from chalicelib.errors import VendorRefused
from chalicelib.log_redaction import for_operator
from chalicelib.ports import Capabilities, RecruitmentResult
from chalicelib.recruiters.hotair import HotAirRecruiter

logger = logging.getLogger("petri.worker")


class BotRecruiter(HotAirRecruiter):
    """Creates entry URLs and starts a bot at each."""

    nickname = "bots"
    capabilities = Capabilities(is_simulated=True, starts_replacement_bots=True, recruits_bots=True)

    def __init__(self, base: Callable[[], str], mode: str, spawn: Callable[[str], None]) -> None:
        """`spawn` starts a bot at a URL and returns immediately."""
        super().__init__(base, mode)
        self._spawn = spawn

    def start_replacement_bot(self, entry: Mapping[str, str]) -> None:
        """Start a bot that takes the place of a participant who is gone, under the same ids."""
        self._spawn(f"{self._base()}/ad?{urlencode(entry)}")

    def recruit(self, n: int, token: str, recruiter_state: Mapping[str, Any]) -> RecruitmentResult:
        """Start n bots."""
        recruited = super().recruit(n, token, recruiter_state)
        for address in recruited.addresses:
            self._spawn(address)
        return RecruitmentResult(f"{n} bots were asked for.", recruited.addresses)


class AbsentBots(BotRecruiter):
    """Represents bots in a deployed app, which can't start programs: the operator runs `petri bot --app`."""

    capabilities = Capabilities(is_simulated=True)

    def __init__(self, base: Callable[[], str], mode: str) -> None:
        """`base` returns the URL of the experiment."""
        super().__init__(base, mode, _log_address)

    def start_replacement_bot(self, entry: Mapping[str, str]) -> None:
        """Raise VendorRefused, without ids in the message, since it is logged."""
        del entry
        raise VendorRefused(
            "A bot should have replaced a participant who is gone, but a deployed app can't start bots. End "
            "the group, or choose another policy for participants who disconnect."
        )


def _log_address(address: str) -> None:
    logger.info("A bot is wanted.", extra=for_operator(f"A bot is wanted at {address}"))
