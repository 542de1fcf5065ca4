"""Bots that see the dots blurred, and believe whom they ask."""

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
        """Say what was seen, as far as it can be seen in a second, or what somebody else said."""
        if learned["type"] == "meme":
            return learned["contents"]
        return majority(float(learned["contents"]) + self.random.gauss(0, blur))
