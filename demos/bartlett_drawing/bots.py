"""Bots that redraw with an unsteady hand."""

from __future__ import annotations

from petri import HighPerformanceBotBase, get_config

from .drawing import read_drawing
from .hand import Hand, redraw

config = get_config()


class Bot(HighPerformanceBotBase):
    """Takes part over HTTP: one drawing in each chain."""

    def participate(self):
        usual = Hand()
        hand = Hand(
            stroke_loss=config.get("bot_stroke_loss", usual.stroke_loss),
            tremor=config.get("bot_tremor", usual.tremor),
            stretch=config.get("bot_stretch", usual.stretch),
        )
        while node := self.create_agent():
            seen = read_drawing(self.received_infos(node["id"])[-1]["contents"])
            self.create_info(node["id"], redraw(seen, hand, self.random).contents())
