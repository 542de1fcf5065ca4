"""Bots that perceive the dots with noise and trust what others chose."""

from __future__ import annotations

from petri import HighPerformanceBotBase, get_config

from .models import majority

config = get_config()


class Bot(HighPerformanceBotBase):
    """Takes part over HTTP, one choice a round."""

    def participate(self):
        blur = config.get("bot_blur", 0.08)
        while node := self.create_agent():
            learned = self.received_infos(node["id"])[-1]
            self.create_info(node["id"], self.choose(learned, blur), info_type="Meme")

    def choose(self, learned, blur):
        """Choose by a noisy percept of the dots, or copy the other participant's choice."""
        if learned["type"] == "meme":
            return learned["contents"]
        return majority(float(learned["contents"]) + self.random.gauss(0, blur))
