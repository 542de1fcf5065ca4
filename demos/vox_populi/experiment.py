"""Vox populi: groups guess how many beans are in a jar, see each other's guesses, and guess again."""

import math
from statistics import fmean, median

from petri import get_config
from petri.study import End, For, Form, Group, Page, Study, Wait, likert, number

from .bots import Bot

__all__ = ["Bot", "VoxPopuli", "extra_parameters"]

MOST = 1_000_000


def numbers_of_beans(text):
    if not all(1 <= int(part) <= 500 for part in text.split(",")):
        raise ValueError("must be whole numbers from 1 to 500, separated by commas")


def extra_parameters():
    config = get_config()
    config.register("group_size", int, default=4, minimum=2)
    config.register("groups", int, default=1, minimum=1)
    config.register("jars", str, default="85, 214, 430", validators=[numbers_of_beans])
    config.register("answer_seconds", float, default=45.0, minimum=1)
    config.register("waiting_minutes", float, default=10.0, minimum=0.01)
    config.register("bonus_payment", float, default=1.0, minimum=0)
    config.register("bot_spread", float, default=0.35, minimum=0)


class VoxPopuli(Study):
    # A group guesses jar after jar, first alone, then with the others' guesses in sight.

    alone = number("Your guess", minimum=1, maximum=MOST, required=False)
    together = number("Your second guess", minimum=1, maximum=MOST, required=False)
    engagement = likert("How engaging did you find it?", 7, low="not engaging at all", high="very engaging")
    difficulty = likert("How difficult did you find it?", 7, low="very easy", high="very difficult")

    @classmethod
    def timeline(cls, config):
        limit = {"seconds": config.get("answer_seconds"), "script": "beans.js", "button": "Submit guess"}
        guesses = [Page("alone", **limit), Wait(), Page("together", **limit), Wait(then="close_jar")]
        jars = [int(part) for part in config.get("jars").split(",")]
        return [
            Page("instructions", button="Begin"),
            Group(config.get("group_size"), minimum=2, wait_minutes=config.get("waiting_minutes")),
            For("beans", jars, do=guesses),
            Form("questionnaire", title="Almost done", ask=["engagement", "difficulty"]),
            End(),
        ]

    def configure(self):
        config = get_config()
        self.initial_recruitment_size = config.get("group_size") * config.get("groups")

    def variables(self, player, page):
        guesses = [other.get("alone") for other in player.others] if page == "together" else []
        known = sorted(each for each in guesses if each is not None)
        mine = [] if player.get("alone") is None else [player.alone]
        return {"guesses": known, "middle": round(median([*known, *mine])) if known else None}

    def close_jar(self, group):
        # Record the guesses with the truth, and how close they were, for the bonus.
        for player in group.living:
            for stage in ("alone", "together"):
                guess, truth = player.get(stage), player.beans
                if guess is not None:
                    row = {"jar": player.round, "stage": stage, "guess": float(guess), "truth": truth}
                    group.record("guess", player=player.id, **row)
                    close = max(0.0, 1 - abs(math.log(float(guess) / truth)))
                    player.keep(closeness=[*player.get("closeness", []), close])

    def bonus(self, participant):
        # The full bonus is for exact guesses; guesses that are off by a factor of e or more earn none.
        is_in = self.session.find_place(participant.id) is not None
        close = self.session.player(participant.id).get("closeness", []) if is_in else []
        return round(fmean(close) * get_config().get("bonus_payment"), 2) if close else 0

    def analyze(self, data):
        from .crowd import report_on  # Lazy import: reports are made on your machine only.

        return report_on(data.live.list)
