"""Creates the bots of a simulation."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from chalicelib.errors import ExperimentError
from chalicelib.experiment.bots.high_performance_bot import BotBase, HighPerformanceBotBase
from infra.local.lifecycle.bot_selection import chosen_bots

from .clients import SimulatedClient, SimulatedPerson, SimulatedSocket
from .platform import Platform
from .tally import AwsUsage

if TYPE_CHECKING:
    from chalicelib.experiment.loader.experiment_folder import LoadedExperiment

HOST = "http://127.0.0.1"
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_ID_LENGTH = 14


class BotStage(HighPerformanceBotBase):
    """Gives a bot a simulated client and socket, and records its waiting time.

    It precedes the author's class among the bases, and leaves the author's overrides in place.
    """

    person: SimulatedPerson
    platform: Platform
    tally: AwsUsage

    @property
    def line(self) -> SimulatedClient:
        """The client for the platform's API, without a network."""
        if self._line is None:
            self._line = SimulatedClient(self.host, self.platform, self.person)
        assert isinstance(self._line, SimulatedClient)  # noqa: S101 - made above
        return self._line

    @property
    def socket(self) -> SimulatedSocket:
        """The socket, without a network."""
        if self._socket is None:
            self._socket = SimulatedSocket(self._socket_address, self.platform, self.tally, self.person)
            self.person.actor.pulse = self._socket.beat
        assert isinstance(self._socket, SimulatedSocket)  # noqa: S101 - made above
        return self._socket

    def wait_for_quorum(self) -> None:
        """Wait for the quorum, and record how long that took."""
        began = self.person.actor.seconds
        try:
            super().wait_for_quorum()
        finally:
            self.person.result.waited += self.person.actor.seconds - began


def bot_class(loaded: LoadedExperiment, name: str = "", poll_seconds: float | None = None) -> type[Any]:
    """Return the class of the bots; ExperimentError for one that uses a browser.

    `poll_seconds`: how often bots of a study ask again while they wait; None: as in a real run.
    """
    bots = chosen_bots(loaded, name)[0]
    if issubclass(bots, BotBase):
        raise ExperimentError(
            f"The bot {bots.__name__} uses a browser, which can't be simulated; add a class "
            "Bot(HighPerformanceBotBase) with the same participate()."
        )
    pace = {} if poll_seconds is None else {"poll_seconds": poll_seconds}
    return type(bots.__name__, (BotStage, bots), {"__module__": bots.__module__, **pace})


def links(seed: int, number: int) -> dict[str, str]:
    """Return a participant's ids, reproducible for a seed."""
    draw = random.Random(f"ids:{seed}:{number}")
    return {name: "".join(draw.choices(_LETTERS, k=_ID_LENGTH)) for name in ("assignmentId", "workerId")}


def made(
    cls: type[Any], entry: dict[str, str], person: SimulatedPerson, platform: Platform, tally: AwsUsage
) -> Any:
    """Create a bot with its ids and its own random seed."""
    bot = cls(f"{HOST}/ad?{urlencode(entry)}", seed=entry["workerId"])
    bot.person, bot.platform, bot.tally = person, platform, tally
    return bot
