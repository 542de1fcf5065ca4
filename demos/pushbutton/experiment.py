"""Pushbutton: the smallest experiment, to be read first and copied."""

from __future__ import annotations

from petri import Empty, Experiment, get_config

from .bots import Bot, BrowserBot

__all__ = ["Bot", "BrowserBot", "PushButton", "extra_parameters"]

config = get_config()


def extra_parameters():
    config.register("custom_variable", bool)


class PushButton(Experiment):
    """Everybody is alone with a button."""

    def configure(self):
        self.experiment_repeats = 1
        self.custom_variable = config.get("custom_variable", False)
        self.num_participants = config.get("num_participants", 1)
        self.initial_recruitment_size = self.num_participants

    def create_network(self):
        """A network without connections, with a place for everybody."""
        return Empty(max_size=self.num_participants)
