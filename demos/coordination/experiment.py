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
#: The default and the smallest value of each setting.
COUNTS = {"group_size": (3, LEAST), "groups": (1, 1), "rounds": (6, 1), "bots_that_leave": (0, 0)}
SECONDS = {"round_seconds": (30.0, 1), "grace_seconds": (10.0, 0), "patience_seconds": (60.0, 0)}
OTHERS = {"waiting_minutes": (10.0, 0.01), "cents_per_point": (0.1, 0)}
#: The highest effort; points for the lowest in the group, for each unit; points that one's own costs; a base.
MOST, GAIN, COST, BASE = 7, 20, 10, 60


def policy(word):
    if word not in POLICIES:
        raise ValueError(f"must be one of {', '.join(POLICIES)}")


def extra_parameters():
    config = get_config()
    for name, (default, least) in {**COUNTS, **SECONDS, **OTHERS}.items():
        config.register(name, type(default), default=default, minimum=least)
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
        # Suggestions go on after a player's choice, until the round is closed.
        talk = {"on": "suggest", "snapshot": "snapshot", "script": "suggest.js"}
        one_round = [
            Live("choose", then="has_chosen", **choice, **talk),
            Wait(then="close_round", page="choose", text="Thank you. Waiting for the others …", **talk),
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

    def news(self, group):
        missing = sum(len(player.answers("effort")) < group.round for player in group.living)
        return {"suggested": {}, "lowest": [], **group.state, "missing": missing}

    def snapshot(self, group, player):
        return {**self.news(group), "place": group.players.index(player) + 1}

    def has_chosen(self, player):
        player.group.tell(self.news(player.group))

    def suggest(self, group, player, message):
        # Store an effort that a player suggests (cheap talk), and show it to all.
        effort = message.get("suggest")
        if type(effort) is not int or not 1 <= effort <= MOST:
            raise AnswerError("Suggest an effort from 1 to 7.")
        group.state["suggested"] = {**group.state.get("suggested", {}), player.role: effort}
        group.record("signal", round=player.round, effort=effort)
        group.tell(self.news(group))

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
        place = self.session.find_place(participant.id)
        earned = 0 if place is None else float(place.points)
        return round(max(0, earned) * get_config().get("cents_per_point") / 100, 2)

    def bonus_reason(self):
        return "Thank you for taking part! The bonus is for the points that you earned."

    def analyze(self, data):
        """Report the lowest effort of each round in each group."""
        from .results import report_on  # Lazy import: reports are made on your machine only.

        return report_on(data.live.list)
