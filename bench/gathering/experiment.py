"""Participants who meet in rooms and talk on one channel."""

from __future__ import annotations

from petri import Experiment, FullyConnected, get_config

config = get_config()


def extra_parameters():
    config.register("room_size", int)


class Gathering(Experiment):
    """Forms as many rooms as can be filled."""

    channel = "talk"

    def configure(self):
        self.experiment_repeats = 1
        self.room_size = config.get("room_size", 4)

    def create_network(self):
        return FullyConnected(max_size=1000)
