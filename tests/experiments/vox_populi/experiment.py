"""Vox populi: groups guess how many beans are in a jar, see each other's guesses, and guess again."""

from __future__ import annotations

import json
import math
from datetime import datetime, timedelta
from statistics import fmean

from petri import Experiment, FullyConnected, Info, NetworkBusy, Node, experiment_route, get_config, prop

from .bots import Bot

__all__ = ["Bot", "VoxPopuli", "config_defaults", "extra_parameters"]

config = get_config()
ALONE, TOGETHER = "alone", "together"


def at_least(least):
    def check(value):
        if value < least:
            raise ValueError(f"must be at least {least}")

    return check


def numbers_of_beans(text):
    numbers = [int(part) for part in text.split(",")]
    if not all(1 <= number <= 500 for number in numbers):
        raise ValueError("must be whole numbers from 1 to 500, separated by commas")


def extra_parameters():
    config.register("group_size", int, validators=[at_least(2)])
    config.register("groups", int, validators=[at_least(1)])
    config.register("jars", str, validators=[numbers_of_beans])
    config.register("answer_seconds", float, validators=[at_least(1)])
    config.register("waiting_minutes", float, validators=[at_least(0)])
    config.register("bonus_payment", float, validators=[at_least(0)])
    config.register("bot_spread", float, validators=[at_least(0)])


def config_defaults():
    return {
        "group_size": 4,
        "groups": 1,
        "jars": "85, 214, 430",
        "answer_seconds": 45.0,
        "waiting_minutes": 10.0,
        "bonus_payment": 1.0,
        "bot_spread": 0.35,
    }


class Guesser(Node):
    """A member of a group."""

    type = "guesser"


class Estimate(Info):
    """A participant's guess of the number of beans."""

    type = "estimate"
    jar = prop.integer(1)
    stage = prop.text(2)
    truth = prop.integer(3)

    @property
    def number(self):
        """The estimate, or None if it is not a number from 1 to a million."""
        try:
            number = float(self.contents)
        except ValueError:
            return None
        return number if 1 <= number <= 1_000_000 else None


class VoxPopuli(Experiment):
    """A group guesses jar after jar, first alone, then with the others' guesses in sight."""

    #: The group does not wait for participants who are away; they may return, and their guesses stay.
    dropout_policy = "wait"

    def configure(self):
        self.room_size = config.get("group_size")
        self.rooms = config.get("groups")
        self.waiting_timeout = config.get("waiting_minutes")
        self.min_size = 2
        self.experiment_repeats = self.rooms
        self.initial_recruitment_size = self.room_size * self.rooms
        self.jars = [int(part) for part in config.get("jars").split(",")]
        self.known_classes["Estimate"] = Estimate

    def create_network(self):
        return FullyConnected(max_size=self.room_size)

    # A group begins

    def room_opened(self, number, participants):
        network = self.networks()[number - 1]
        network.max_size = len(participants)  # a room that waited too long starts with fewer people
        for participant in participants:
            participant.details = {**participant.details, "network": network.id}
        network.details = {"people": [one.id for one in participants], "away": [], "over": False}
        self.begin_stage(network, 1, ALONE)

    def get_network_for_participant(self, participant):
        if participant.node_ids:
            return None
        if "network" not in participant.details:
            raise NetworkBusy  # the room is still being opened; the page retries
        return self.work.network(participant.details["network"])

    def create_node(self, participant, network):
        return Guesser(network=network, participant=participant)

    # From stage to stage

    def begin_stage(self, network, jar, stage):
        seconds = config.get("answer_seconds")
        ends = (self.work.now + timedelta(seconds=seconds)).isoformat()
        network.details = {**network.details, "jar": jar, "stage": stage, "ends": ends, "answered": []}
        self.after(seconds, "time_is_up", network_id=network.id, jar=jar, stage=stage)
        self.ring(network)

    def time_is_up(self, network_id, jar, stage):
        network = self.work.network(network_id)
        now_at = (network.details["jar"], network.details["stage"])
        if now_at == (jar, stage) and not network.details["over"]:
            self.next_stage(network)

    def next_stage(self, network):
        """Show the guesses after the first stage; go to the next jar after the second."""
        jar, stage = network.details["jar"], network.details["stage"]
        if stage == ALONE:
            self.show_guesses(network, jar)
            self.begin_stage(network, jar, TOGETHER)
        elif jar < len(self.jars):
            self.begin_stage(network, jar + 1, ALONE)
        else:
            network.details = {**network.details, "over": True}
            self.ring(network)

    def show_guesses(self, network, jar):
        for guess in network.infos(type=Estimate):
            if (guess.jar, guess.stage) == (jar, ALONE):
                guess.origin.transmit(what=guess)

    def info_post_request(self, node, info):
        """Accept a guess; a late, repeated or invalid one is stored as failed."""
        if not isinstance(info, Estimate):
            return
        network = node.network
        state = network.details
        in_time = (info.jar, info.stage) == (state["jar"], state["stage"]) and not state["over"]
        if not in_time or node.participant_id in state["answered"] or info.number is None:
            info.fail("too late, twice, or no number")
            return
        info.truth = self.jars[state["jar"] - 1]
        network.details = {**state, "answered": [*state["answered"], node.participant_id]}
        self.go_on_if_all_have_answered(network)

    def go_on_if_all_have_answered(self, network):
        state = network.details
        missing = set(state["people"]) - set(state["away"]) - set(state["answered"])
        if not missing:
            self.next_stage(network)
        else:
            self.ring(network)

    # Participants who leave and return

    def participant_disconnected(self, participant):
        """Continue without participants who are away."""
        network = self.running_network(participant)
        if network is not None:
            network.details = {**network.details, "away": [*network.details["away"], participant.id]}
            if set(network.details["people"]) - set(network.details["away"]):
                self.go_on_if_all_have_answered(network)

    def participant_returned(self, participant):
        network = self.running_network(participant)
        if network is not None:
            away = [one for one in network.details["away"] if one != participant.id]
            network.details = {**network.details, "away": away}
            self.ring(network)

    def running_network(self, participant):
        if "network" not in participant.details:
            return None
        network = self.work.network(participant.details["network"])
        return None if network.details["over"] else network

    def ring(self, network):
        """Tell the group's pages to fetch the new state; the channel carries no data itself."""
        self.publish_to_subscribers(json.dumps({"news": True}), f"network-{network.id}")

    # Routes for pages

    @experiment_route("/jar")
    def jar(self):
        """The whole state of the caller's group, so that a page can be reloaded at any time."""
        nodes = self.calling_participant.nodes() if self.calling_participant else []
        if not nodes:
            return {"joined": False}
        me, state = nodes[-1], nodes[-1].network.details
        me.receive()
        guesses = me.infos(type=Estimate) + me.received_infos(type=Estimate)
        first = [one for one in guesses if (one.jar, one.stage) == (state["jar"], ALONE)]
        return {
            "joined": True,
            "me": me.id,
            "network": me.network_id,
            "over": state["over"],
            "jar": state["jar"],
            "jars": len(self.jars),
            "stage": state["stage"],
            "seconds_left": self.seconds_until(state["ends"]),
            "beans": self.jars[state["jar"] - 1],
            "has_answered": me.participant_id in state["answered"],
            "missing": len(set(state["people"]) - set(state["away"]) - set(state["answered"])),
            "mine": next((one.number for one in first if one.origin_id == me.id), None),
            "others": sorted(one.number for one in first if one.origin_id != me.id),
        }

    def seconds_until(self, moment):
        left = datetime.fromisoformat(moment) - self.work.now
        return max(0.0, left.total_seconds())

    # The end

    def bonus(self, participant):
        """Pay the full bonus for exact guesses, and none for guesses off by a factor of e or more."""
        closeness = [
            max(0.0, 1 - abs(math.log(guess.number / guess.truth)))
            for guess in participant.infos(type=Estimate)
        ]
        return round(fmean(closeness) * config.get("bonus_payment"), 2) if closeness else 0

    def bonus_reason(self):
        return "Thank you for taking part! The bonus depends on how close your guesses were."

    def recruit(self):
        """Recruit until every room has started; a room that has started is not refilled."""
        if all(network.details for network in self.networks()):
            self.recruiter.close_recruitment()
        else:
            self.recruiter.recruit(n=1)
