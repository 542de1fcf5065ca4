"""Bots: programs that take part over HTTP, started by whoever runs the experiment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from chalicelib.ports import Recruited
from chalicelib.recruiters.hotair import HotAirRecruiter


class BotRecruiter(HotAirRecruiter):
    """Asks for a bot at each address it makes."""

    nickname = "bots"

    def __init__(self, base: Callable[[], str], mode: str, spawn: Callable[[str], None]) -> None:
        """`spawn` starts a bot at an address and returns at once."""
        super().__init__(base, mode)
        self._spawn = spawn

    def stand_in(self, entry: Mapping[str, str]) -> None:
        """Start a bot that goes on, under the same ids, for somebody who is gone."""
        self._spawn(f"{self._base()}/ad?{urlencode(entry)}")

    def recruit(self, n: int, token: str, facts: Mapping[str, Any]) -> Recruited:
        """Start n bots."""
        recruited = super().recruit(n, token, facts)
        for address in recruited.addresses:
            self._spawn(address)
        return Recruited(f"{n} bots were asked for.", recruited.addresses)
