"""Bartlett (1932), with drawings: a picture goes down a chain of people who redraw it from memory."""

from __future__ import annotations

from petri import Chain, Experiment, Source, get_config

from .bots import Bot
from .drawing import read_stimulus
from .gallery import STYLE, galleries, gallery_html, gallery_lines

__all__ = ["BartlettDrawing", "Bot", "DrawingSource", "extra_parameters"]

config = get_config()


def share(value):
    if not 0 <= value <= 1:
        raise ValueError("must be between 0 and 1")


def at_least_zero(value):
    if value < 0:
        raise ValueError("must be at least 0")


def at_least_one(value):
    if value < 1:
        raise ValueError("must be at least 1")


def extra_parameters():
    config.register("experiment_repeats", int, validators=[at_least_one])
    config.register("bot_stroke_loss", float, validators=[share])
    config.register("bot_tremor", float, validators=[at_least_zero])
    config.register("bot_stretch", float, validators=[share])


class DrawingSource(Source):
    """The first node of a chain: it sends the drawing of an owl."""

    type = "drawing_source"

    def _contents(self):
        return read_stimulus("owl")


class BartlettDrawing(Experiment):
    """Chains of people who redraw what the one before drew."""

    def configure(self):
        self.num_participants = config.get("num_participants", 10)
        self.experiment_repeats = config.get("experiment_repeats", 1)
        self.known_classes["DrawingSource"] = DrawingSource

    def setup(self):
        if not self.networks():
            super().setup()
            for network in self.networks():
                DrawingSource(network)

    def create_network(self):
        """Return a chain with a place for each participant and for its source."""
        return Chain(max_size=self.num_participants + 1)

    def add_node_to_network(self, node, network):
        """Put the newcomer at the end, and send what the one before drew."""
        network.add_node(node)
        for parent in node.neighbors(direction="from"):
            parent.transmit(to_whom=node)
        node.receive()

    def analyze(self, data):
        """All drawings side by side, with their distances from the first."""
        from petri.report import Report  # Lazy import: reports are made on your machine only.

        found = galleries(data.nodes.list, data.infos.list, data.transmissions.list)
        return Report("What became of the drawing", gallery_lines(found), gallery_html(found), STYLE)
