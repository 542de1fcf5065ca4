"""The agents of Rogers' experiment, each a participant in one round."""

import random

from petri import GeneticAgent, prop

#: The benefit of a right choice, the cost of looking, and the fitness that every agent starts from.
BENEFIT, COST, BASELINE = 1.0, 0.3, 0.3001


class RogersAgent(GeneticAgent):
    # The `fitness` (property1) draws the next generation's parents.
    type = "rogers_agent"
    generation = prop.integer(2)
    proportion = prop.number(3)  # of blue dots
    score = prop.integer(4)
    advice = prop.text(5)  # what another one chose; None for those who look for themselves

    @property
    def dots(self):
        # The colour, place and radius of each; the picture can be drawn again from the data.
        draw, blue = random.Random(self.id), round(80 * self.proportion)
        colours = draw.sample(["#1646a8", "#ffd23f"], 80, counts=[blue, 80 - blue])
        return [(one, draw.uniform(16, 44), draw.uniform(16, 34), draw.uniform(10, 16)) for one in colours]


def majority(share_of_blue):
    return "blue" if share_of_blue > 0.5 else "yellow"


def fitness(score, *, looked):
    # What is left counts steeply, with its square.
    return (BASELINE + BENEFIT * score - COST * looked) ** 2
