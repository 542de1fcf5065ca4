"""Coordination: a group game in rounds with time limits, suggestions, and policies for players who leave."""

from statistics import fmean

from petri import get_config
from petri.study import AnswerError, End, Form, Group, Live, Page, Rounds, Study, Wait, likert

from .bots import Bot

__all__ = ["Bot", "Coordination", "extra_parameters"]

NAMES = ("Amber", "Blue", "Coral", "Dusk", "Elm", "Fern", "Gold", "Hazel")
POLICIES = ("wait", "go_on", "bot", "end")
#: The smallest group that can play.
LEAST = 2
#: The highest effort; points for the lowest in the group, for each unit; points that one's own costs; a base.
MOST, GAIN, COST, BASE = 7, 20, 10, 60


def policy(word):
    if word not in POLICIES:
        raise ValueError(f"must be one of {', '.join(POLICIES)}")


def extra_parameters():
    config = get_config()
    config.register("group_size", int, default=3, minimum=LEAST)
    config.register("groups", int, default=1, minimum=1)
    config.register("rounds", int, default=6, minimum=1)
    config.register("bots_that_leave", int, default=0, minimum=0)
    config.register("round_seconds", float, default=30.0, minimum=1)
    config.register("grace_seconds", float, default=10.0, minimum=0)
    config.register("patience_seconds", float, default=60.0, minimum=0)
    config.register("waiting_minutes", float, default=10.0, minimum=0.01)
    config.register("cents_per_point", float, default=0.1, minimum=0)
    config.register("when_somebody_leaves", str, default="wait", validators=[policy])


def points(effort, lowest):
    return GAIN * lowest - COST * effort + BASE


class Coordination(Study):
    """Every player earns by the group's lowest effort and pays for their own."""

    effort = likert("Your effort", MOST, low="1 (lowest)", high="7 (highest)")
    engagement = likert("How engaging did you find it?", 7, low="not engaging at all", high="very engaging")
    difficulty = likert("How difficult did you find it?", 7, low="very easy", high="very difficult")

    @classmethod
    def timeline(cls, config):
        size, limit = config.get("group_size"), config.get("round_seconds")
        gathering = {
            "roles": [NAMES[number % len(NAMES)] for number in range(size)],
            "wait_minutes": config.get("waiting_minutes"),
            "dropout_policy": config.get("when_somebody_leaves"),
            "patience_seconds": config.get("patience_seconds"),
        }
        choice = {"ask": "effort", "seconds": limit, "on_timeout": {"effort": 1}, "button": "Choose"}
        one_round = [
            Live("choose", on="suggest", script="suggest.js", **choice),
            Wait(then="close_round", text="Thank you. Waiting for the other players …"),
        ]
        return [
            Page("instructions", button="Begin"),
            Group(size, minimum=LEAST, **gathering),
            Rounds(one_round, until="is_over", most=config.get("rounds")),
            Page("over", button="Continue"),
            Form("questionnaire", title="Almost done", ask=["engagement", "difficulty"]),
            End(),
        ]

    def configure(self):
        config = get_config()
        self.dropout_grace = config.get("grace_seconds")
        self.initial_recruitment_size = config.get("group_size") * config.get("groups")

    def snapshot(self, group, player):
        shared = {"suggested": group.state.get("suggested", {}), "lowest": group.state.get("lowest", [])}
        return {**shared, "place": group.players.index(player) + 1}

    def suggest(self, group, player, message):
        # Store an effort that a player suggests (cheap talk), and show it to all.
        effort = message.get("suggest")
        if type(effort) is not int or not 1 <= effort <= MOST:
            raise AnswerError("Suggest an effort from 1 to 7.")
        group.state["suggested"] = {**group.state.get("suggested", {}), player.role: effort}
        group.record("signal", round=player.round, effort=effort)
        group.tell({"suggested": group.state["suggested"]})

    def close_round(self, group):
        efforts = [player.effort for player in group.living]
        silent = [player for player in group.living if player.missed("effort")]
        lowest = min(efforts)
        for player in group.living:
            earned = 0 if player in silent else points(player.effort, lowest)
            mine = None if player in silent else player.effort
            past = {"round": player.round, "mine": mine, "lowest": lowest, "points": earned}
            player.earn(earned)
            player.keep(history=[*player.get("history", []), past])
        group.state["suggested"], group.state["lowest"] = {}, [*group.state.get("lowest", []), lowest]
        result = {"round": group.round, "players": len(efforts), "mean": fmean(efforts), "lowest": lowest}
        group.record("round", **result, silent=len(silent))

    def is_over(self, player):
        # The game ends early when too few players are left.
        return len(player.group.living) < LEAST

    def bonus(self, participant):
        is_in = self.session.find_place(participant.id) is not None
        earned = self.session.player(participant.id).points if is_in else 0
        return round(max(0, float(earned)) * get_config().get("cents_per_point") / 100, 2)

    def bonus_reason(self):
        return "Thank you for taking part! The bonus is for the points that you earned."

    def analyze(self, data):
        """Report the lowest effort of each round in each group."""
        from .results import report_on  # Lazy import: reports are made on your machine only.

        return report_on(data.live.list)
