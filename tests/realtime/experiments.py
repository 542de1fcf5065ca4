"""Experiments in which people meet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from chalicelib.experiment.experiment import Experiment
from chalicelib.experiment.networks import FullyConnected
from chalicelib.model.network import Network
from chalicelib.model.participant import Participant


class Meeting(Experiment):
    """A chat whose hooks record their arguments in `state`, in order."""

    channel = "talk"
    public_channels: Sequence[str] = ("lounge",)
    experiment_repeats = 1
    seats: ClassVar[int] = 50

    def create_network(self) -> Network:
        return FullyConnected(max_size=self.seats)

    def note(self, *what: Any) -> None:
        self.state.setdefault("journal", []).append(list(what))

    def receive_message(
        self,
        message: str,
        channel_name: str | None = None,
        participant: Participant | None = None,
        node: Any = None,
        receive_time: Any = None,
    ) -> None:
        if channel_name == "dallinger_control":
            return
        if message == "explode":
            raise LookupError("the author's mistake")
        self.note(
            "heard", channel_name, message, participant and participant.id, None if node is None else node.id
        )
        if message == "answer me":
            self.publish_to_subscribers("here you are")

    def room_opened(self, number: int, participants: list[Participant]) -> None:
        self.note("opened", number, [one.id for one in participants])

    def participant_disconnected(self, participant: Participant) -> None:
        self.note("disconnected", participant.id)
        super().participant_disconnected(participant)

    def participant_returned(self, participant: Participant) -> None:
        self.note("returned", participant.id)


class Pairs(Meeting):
    """Rooms of two, any number of them."""

    room_size = 2


class Trio(Meeting):
    """One room, of three."""

    quorum = 3


def with_members(base: type[Experiment], **members: Any) -> type[Experiment]:
    """Return a subclass with these members; a function takes the experiment first."""
    return type("Tried", (base,), members)
