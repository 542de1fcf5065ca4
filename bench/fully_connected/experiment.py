"""A fully connected network, in which each join writes more than the one before."""

from __future__ import annotations

from petri import Experiment, FullyConnected, get_config

config = get_config()


class Connected(Experiment):
    """One network, in which participants join and nothing is sent."""

    def configure(self):
        self.experiment_repeats = 1

    def create_network(self):
        return FullyConnected(max_size=config.get("num_participants", 150))
