"""Pushbutton: the smallest experiment, a good one to read first and to copy."""

from __future__ import annotations

from petri import Empty, Experiment, get_config

from .bots import Bot, BrowserBot

__all__ = ["Bot", "BrowserBot", "PushButton", "extra_parameters"]

config = get_config()


def extra_parameters():
    config.register("custom_variable", bool)


class PushButton(Experiment):
    """Each participant presses a button alone."""

    def configure(self):
        self.experiment_repeats = 1
        self.custom_variable = config.get("custom_variable", False)
        self.num_participants = config.get("num_participants", 1)
        self.initial_recruitment_size = self.num_participants

    def create_network(self):
        """Return a network without connections, with a place for each participant."""
        return Empty(max_size=self.num_participants)

    def analyze(self, data):
        """Report which participants pressed the button."""
        from petri.report import Report, table  # Lazy import: reports are made on your machine only.

        places = {node["participant_id"]: node["id"] for node in data.nodes.list}
        answers = {info["origin_id"]: info["contents"] for info in data.infos.list if not info["failed"]}
        rows = [
            (person["id"], person["status"], answers.get(places.get(person["id"]), "-"))
            for person in data.participants.list
        ]
        lines = [f"{len(answers)} of {len(rows)} participants pressed the button."]
        head = ("participant", "status", "answer")
        return Report("Who pressed the button", lines, f"<p>{lines[0]}</p>{table(head, rows)}")
