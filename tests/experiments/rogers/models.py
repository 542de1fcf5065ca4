"""The records of Rogers' experiment: a gene, an environment, and agents who learn about it."""

from __future__ import annotations

import random

from petri import Agent, Environment, Gene, Meme, State, prop

ASOCIAL, SOCIAL = "asocial", "social"
BLUE, YELLOW = "blue", "yellow"
#: The probability that a child's way of learning differs from its parent's.
MUTATION_RATE = 0.1
#: The benefit of a right choice, the cost of looking, and the fitness that every agent starts from.
BENEFIT, COST = 1.0, 0.3
BASELINE = COST + 0.0001
#: How steeply fitness rises with what is left.
STEEPNESS = 2


class LearningGene(Gene):
    """How its bearer learns: "asocial" looks at the world, "social" asks the generation before."""

    type = "learning_gene"

    def _mutated_contents(self):
        return ASOCIAL if self.contents == SOCIAL else SOCIAL


class RogersEnvironment(Environment):
    """A world of dots. Each generation has its own State: the share of blue ones.

    As the network's source it also gives founders their gene: they are asocial, because no
    generation came before them.
    """

    type = "dots_environment"
    #: The probability that the majority's colour changes with the next generation.
    change = prop.number(2)

    def _what(self):
        return LearningGene(origin=self, contents=ASOCIAL)

    def state_of(self, generation):
        """Return the world as it was, or becomes, for a generation."""
        states = self.infos(type=State)
        while len(states) <= generation:
            share = float(states[-1].contents)
            self.update(written(1 - share if random.random() < self.change else share))
            states = self.infos(type=State)
        return states[generation]


class RogersAgent(Agent):
    """A participant in one round; `fitness` (property1) draws the next generation's parents."""

    type = "dots_agent"
    generation = prop.integer(2)
    #: The share of blue dots in this agent's world.
    proportion = prop.number(3)
    #: 1 when the first choice was right, 0 when it was wrong, None before it is made.
    score = prop.integer(4)

    @property
    def learning_gene(self):
        return self.infos(type=LearningGene)[0]

    @property
    def learns_socially(self):
        return self.learning_gene.contents == SOCIAL

    @property
    def choice(self):
        """The first meme that this agent made, or None."""
        memes = self.infos(type=Meme)
        return memes[0] if memes else None

    def _what(self):
        """Return what a parent passes on: its gene, and nothing that it has learned."""
        return self.learning_gene

    def update(self, infos):
        """Inherit the gene; it may mutate, except in founders and in practice and catch rounds."""
        for info in infos:
            if not isinstance(info, LearningGene):
                continue
            if self.can_mutate and random.random() < MUTATION_RATE:
                self.mutate(info)
            else:
                self.replicate(info)

    @property
    def can_mutate(self):
        return bool(self.generation) and self.network.role == "experiment"

    def choose(self, colour):
        """Record the first choice: whether it was right, and the resulting fitness."""
        if self.score is None:
            self.score = int(colour == majority(self.proportion))
            self.fitness = fitness(self.score, looked=not self.learns_socially)


def majority(share_of_blue):
    return BLUE if share_of_blue > 0.5 else YELLOW


def written(share):
    """Return a share as the text for contents, without floating-point noise."""
    return repr(round(share, 6))


def fitness(score, *, looked):
    """Return the fitness of a choice: being right pays, and looking costs."""
    return (BASELINE + BENEFIT * score - COST * looked) ** STEEPNESS
