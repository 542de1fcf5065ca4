"""Bots as the people of a trial."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from chalicelib.experiment.bots import BotBase, HighPerformanceBotBase
from chalicelib.model.errors import ExperimentError
from infra.local.bots import chosen_bots
from infra.preflight.lines import Person, TrialLine, TrialSocket
from infra.preflight.platform import Platform
from infra.preflight.tally import Tally

if TYPE_CHECKING:
    from chalicelib.experiment.loader import Loaded

HOST = "http://127.0.0.1"
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_ID_LENGTH = 14


class OnStage(HighPerformanceBotBase):
    """What is different for a bot in a trial: its line, its socket, and that waiting is timed.

    It stands before the author's class among the bases, whatever that overrides stays.
    """

    person: Person
    platform: Platform
    tally: Tally

    @property
    def line(self) -> TrialLine:
        """The line to the platform, without a network."""
        if self._line is None:
            self._line = TrialLine(self.host, self.platform, self.person)
        assert isinstance(self._line, TrialLine)  # noqa: S101 - made above
        return self._line

    @property
    def socket(self) -> TrialSocket:
        """The socket, without a network."""
        if self._socket is None:
            self._socket = TrialSocket(self._socket_address, self.platform, self.tally, self.person)
            self.person.actor.pulse = self._socket.beat
        assert isinstance(self._socket, TrialSocket)  # noqa: S101 - made above
        return self._socket

    def wait_for_quorum(self) -> None:
        """Wait for the others, and note how long that took."""
        began = self.person.actor.seconds
        try:
            super().wait_for_quorum()
        finally:
            self.person.fared.waited += self.person.actor.seconds - began


def bot_class(loaded: Loaded, name: str = "") -> type[Any]:
    """Return the class whose bots play the people; ExperimentError for one that drives a browser."""
    bots = chosen_bots(loaded, name)[0]
    if issubclass(bots, BotBase):
        raise ExperimentError(
            f"The bot {bots.__name__} drives a browser, which takes real time; for a preflight write a "
            "class Bot(HighPerformanceBotBase) with the same participate()."
        )
    return type(bots.__name__, (OnStage, bots), {"__module__": bots.__module__})


def links(seed: int, number: int) -> dict[str, str]:
    """Return the ids with which somebody comes; the same for the same seed."""
    draw = random.Random(f"ids:{seed}:{number}")
    return {name: "".join(draw.choices(_LETTERS, k=_ID_LENGTH)) for name in ("assignmentId", "workerId")}


def made(cls: type[Any], entry: dict[str, str], person: Person, platform: Platform, tally: Tally) -> Any:
    """Make a bot with its ids; it draws by its number, so that the same seed gives the same people."""
    bot = cls(f"{HOST}/ad?{urlencode(entry)}", seed=entry["workerId"])
    bot.person, bot.platform, bot.tally = person, platform, tally
    return bot
