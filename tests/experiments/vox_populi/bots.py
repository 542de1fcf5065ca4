"""Bots that estimate the number of beans and move towards the others' median."""

from __future__ import annotations

import math
from statistics import median

from petri import HighPerformanceBotBase, get_config

config = get_config()
#: People underestimate the number of beans.
BIAS = -0.1


class Bot(HighPerformanceBotBase):
    """Uses the same socket and routes as the page."""

    def participate(self):
        if not self.get("/jar")["joined"]:
            self.create_agent()
        state = self.get("/jar")
        self.subscribe(f"network-{state['network']}")
        while not (state := self.get("/jar"))["over"]:
            if state["has_answered"]:
                self.next_message(within=1.0)
                continue
            guess = self.look(state) if state["stage"] == "alone" else self.revise(state)
            at = {"property1": state["jar"], "property2": state["stage"]}
            self.create_info(state["me"], str(round(guess)), info_type="Estimate", **at)

    def look(self, state):
        return max(1.0, state["beans"] * math.exp(self.random.gauss(BIAS, config.get("bot_spread"))))

    def revise(self, state):
        """Give the others' median some weight, on a logarithmic scale as people do."""
        mine = state["mine"] or self.look(state)
        if not state["others"]:
            return mine
        weight = self.random.uniform(0.2, 0.7)
        return math.exp((1 - weight) * math.log(mine) + weight * math.log(median(state["others"])))
