"""The documentation's Bartlett (1932) tutorial, with Petri's imports."""

from petri import Chain, Experiment

from . import models


class Bartlett1932(Experiment):
    """An experiment from Bartlett's Remembering."""

    def configure(self):
        self.models = models
        self.experiment_repeats = 1
        self.initial_recruitment_size = 1

    def setup(self):
        if not self.networks():
            super().setup()
            for net in self.networks():
                self.models.WarOfTheGhostsSource(network=net)

    def create_network(self):
        return Chain(max_size=5)

    def add_node_to_network(self, node, network):
        network.add_node(node)
        parents = node.neighbors(direction="from")
        if len(parents):
            parent = parents[0]
            parent.transmit()
        node.receive()

    def recruit(self):
        if self.networks(full=False):
            self.recruiter.recruit(n=1)
        else:
            self.recruiter.close_recruitment()
