"""Bartlett (1932): a story is passed down a chain of people, each retelling it from memory."""

from __future__ import annotations

from petri import Chain, Experiment, Source, get_config, prop

from .bots import Bot, BrowserBot
from .stories import STORIES, read_story

__all__ = ["Bartlett1932", "Bot", "BrowserBot", "StorySource", "extra_parameters"]

config = get_config()


def share(value):
    if not 0 <= value <= 1:
        raise ValueError("must be between 0 and 1")


def at_least_one(value):
    if value < 1:
        raise ValueError("must be at least 1")


def extra_parameters():
    config.register("experiment_repeats", int, validators=[at_least_one])
    config.register("minimum_words", int, validators=[at_least_one])
    for name in ("bot_sentence_loss", "bot_detail_loss", "bot_word_change"):
        config.register(name, float, validators=[share])


class StorySource(Source):
    """The first node of a chain: it sends the story."""

    type = "story_source"
    # Kept with the source, so that after a dropout the first participant still gets the same story.
    story = prop.text(1)

    def __init__(self, network, story):
        super().__init__(network)
        self.story = story

    def _contents(self):
        return read_story(self.story)


class Bartlett1932(Experiment):
    """A chain for each story; each participant retells what the previous one wrote."""

    def configure(self):
        self.num_participants = config.get("num_participants", 10)
        self.experiment_repeats = config.get("experiment_repeats", 1)
        self.initial_recruitment_size = 1
        self.known_classes["StorySource"] = StorySource

    def setup(self):
        if not self.networks():
            super().setup()
            for number, network in enumerate(self.networks()):
                StorySource(network, STORIES[number % len(STORIES)])

    def create_network(self):
        """Return a chain with a place for each participant and for its source."""
        return Chain(max_size=self.num_participants + 1)

    def add_node_to_network(self, node, network):
        """Add the node to the end of the chain, and send it what the previous participant wrote."""
        network.add_node(node)
        for parent in node.neighbors(direction="from"):
            parent.transmit(to_whom=node)
        node.receive()

    def recruit(self):
        """Recruit the next participant while a chain has room."""
        if self.networks(full=False):
            self.recruiter.recruit(n=1)
        else:
            self.recruiter.close_recruitment()
