"""The records of Rogers' experiment: a gene, a world, and those who learn about it."""

from __future__ import annotations

import random

from petri import Agent, Environment, Gene, Meme, State, prop

ASOCIAL, SOCIAL = "asocial", "social"
BLUE, YELLOW = "blue", "yellow"
#: How likely a child learns in another way than its parent.
MUTATION_RATE = 0.1
#: What a right choice brings, what looking for oneself costs, and what everybody has.
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

    As the network's source it also gives founders their gene: they look for themselves, having nobody to ask.
    """

    type = "rogers_environment"
    #: How likely the majority changes its colour with the next generation.
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

    type = "rogers_agent"
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
        """What a parent hands down: its gene, and nothing that it has learned."""
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
        """Take the first choice: right or wrong, and what it is worth for having descendants."""
        if self.score is None:
            self.score = int(colour == majority(self.proportion))
            self.fitness = fitness(self.score, looked=not self.learns_socially)


def majority(share_of_blue):
    return BLUE if share_of_blue > 0.5 else YELLOW


def written(share):
    """A share as contents say it, without the noise of floating point."""
    return repr(round(share, 6))


def fitness(score, *, looked):
    """What a choice is worth: being right pays, and having looked for oneself costs."""
    return (BASELINE + BENEFIT * score - COST * looked) ** STEEPNESS
