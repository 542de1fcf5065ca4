"""Bots that estimate the number of beans and move towards the others' median."""

import math
import re
from statistics import median

from petri import get_config
from petri.study import StudyBot

#: People underestimate the number of beans.
BIAS = -0.1


class Bot(StudyBot):
    def answer(self, name, page):
        spread = get_config().get("bot_spread")
        if name == "alone":
            beans = int(re.search('data-beans="([0-9]+)"', page["html"])[1])
            self.mine = max(1.0, beans * math.exp(self.random.gauss(BIAS, spread)))
        elif name != "together":
            return super().answer(name, page)
        # The others' median has some weight, on a logarithmic scale as people's guesses do.
        middle = median(
            [int(guess) for guess in re.findall("<li>([0-9]+)</li>", page["html"])] or [self.mine]
        )
        weight = self.random.uniform(0.2, 0.7)
        return round(math.exp((1 - weight) * math.log(self.mine) + weight * math.log(middle)))
