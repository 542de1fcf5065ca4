"""A burst network, in which all places are open from the start."""

from __future__ import annotations

from petri import Burst, Experiment, Source, get_config

config = get_config()
STORY = "One night two young men from Egulac went down to the river to hunt seals. " * 25


def extra_parameters():
    config.register("experiment_repeats", int)


class Teller(Source):
    """Sends the story."""

    type = "teller"

    def _contents(self):
        return STORY


class Crowd(Experiment):
    """All participants in a network retell the source's story."""

    def configure(self):
        self.experiment_repeats = config.get("experiment_repeats", 20)
        self.known_classes["Teller"] = Teller

    def setup(self):
        super().setup()
        for network in self.networks():
            Teller(network)

    def create_network(self):
        return Burst(max_size=config.get("num_participants", 50) + 1)

    def add_node_to_network(self, node, network):
        network.add_node(node)
        for parent in node.neighbors(direction="from"):
            parent.transmit(to_whom=node)
        node.receive()
