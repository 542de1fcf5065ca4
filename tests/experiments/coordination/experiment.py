"""Coordination: a group game in rounds that shows server-side timers and dropout policies."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from petri import Experiment, FullyConnected, Info, NetworkBusy, Node, experiment_route, get_config, prop

from .bots import Bot
from .game import EFFORTS, closed_round, earned, earned_in, missing, new_state
from .results import groups_of, report_html, report_lines

__all__ = ["Bot", "Coordination", "config_defaults", "extra_parameters"]

config = get_config()
NAMES = ("Amber", "Blue", "Coral", "Dusk", "Elm", "Fern", "Gold", "Hazel")
POLICIES = ("wait", "go_on", "bot", "end")
#: The smallest group that can play.
LEAST = 2


def at_least(least):
    def check(value):
        if value < least:
            raise ValueError(f"must be at least {least}")

    return check


def policy(word):
    if word not in POLICIES:
        raise ValueError(f"must be one of {', '.join(POLICIES)}")


def extra_parameters():
    for name, least in (("group_size", LEAST), ("groups", 1), ("rounds", 1), ("bots_that_leave", 0)):
        config.register(name, int, validators=[at_least(least)])
    for name in ("round_seconds", "grace_seconds", "patience_seconds", "waiting_minutes", "cents_per_point"):
        config.register(name, float, validators=[at_least(0)])
    config.register("when_somebody_leaves", str, validators=[policy])


def config_defaults():
    return {
        "group_size": 3,
        "groups": 1,
        "rounds": 6,
        "round_seconds": 30.0,
        "when_somebody_leaves": "wait",
        "grace_seconds": 10.0,
        "patience_seconds": 60.0,
        "waiting_minutes": 10.0,
        "cents_per_point": 0.1,
        "bots_that_leave": 0,
    }


class Player(Node):
    """A player in a group, named after a colour."""

    type = "player"
    name = prop.text(1)


class Choice(Info):
    """The effort, from 1 to 7, that a player chooses in one round."""

    type = "choice"
    round = prop.integer(1)


class Signal(Info):
    """An effort that a player suggested to the others during a round (cheap talk)."""

    type = "signal"
    round = prop.integer(1)


class Coordination(Experiment):
    """Every player earns by the group's lowest effort and pays for their own."""

    #: With a channel, the experiment receives its groups' messages; here, suggestions.
    channel = "coordination"

    def configure(self):
        self.room_size = config.get("group_size")
        self.rooms = config.get("groups")
        self.waiting_timeout = config.get("waiting_minutes")
        self.min_size = LEAST
        self.dropout_policy = config.get("when_somebody_leaves")
        self.dropout_grace = config.get("grace_seconds")
        self.experiment_repeats = self.rooms
        self.initial_recruitment_size = self.room_size * self.rooms
        self.known_classes["Choice"] = Choice

    def create_network(self):
        return FullyConnected(max_size=self.room_size)

    # A group begins

    def room_opened(self, number, participants):
        network = self.networks()[number - 1]
        network.max_size = len(participants)  # a room that waited too long starts with fewer people
        for participant in participants:
            participant.details = {**participant.details, "network": network.id}
        network.details = new_state([one.id for one in participants])
        self.begin_round(network)

    def get_network_for_participant(self, participant):
        if participant.node_ids:
            return None
        if "network" not in participant.details:
            raise NetworkBusy  # the room is still being opened; the page retries
        return self.work.network(participant.details["network"])

    def create_node(self, participant, network):
        player = Player(network=network, participant=participant)
        player.name = NAMES[(network.last_node - 1) % len(NAMES)]
        return player

    # Rounds, each with a timer on the server

    def begin_round(self, network):
        network.details = {**network.details, "round": network.details["round"] + 1}
        self.set_clock(network)

    def set_clock(self, network):
        """Start the round's timer; earlier timers no longer count."""
        turn, seconds = network.details["turn"] + 1, config.get("round_seconds")
        ends = (self.work.now + timedelta(seconds=seconds)).isoformat()
        network.details = {**network.details, "turn": turn, "ends": ends}
        self.after(seconds, "time_is_up", network_id=network.id, turn=turn)
        self.ring(network)

    def time_is_up(self, network_id, turn):
        network = self.work.network(network_id)
        state = network.details
        if state["turn"] == turn and not state["over"] and not self.is_paused(state):
            self.close_round(network)

    def close_round(self, network):
        network.details = closed_round(network.details)
        is_last = network.details["round"] >= config.get("rounds")
        if is_last or len(network.details["people"]) < LEAST:
            network.details = {**network.details, "over": True}
            self.ring(network)
        else:
            self.begin_round(network)

    def info_post_request(self, node, info):
        """Accept a choice; a late, repeated or invalid one is stored as failed."""
        if not isinstance(info, Choice):
            return
        network, state = node.network, node.network.details
        fits = info.contents in map(str, EFFORTS) and info.round == state["round"] and not state["over"]
        if not fits or node.participant_id not in missing(state):
            info.fail("too late, twice, or no effort from 1 to 7")
            return
        efforts = {**state["efforts"], str(node.participant_id): int(info.contents)}
        network.details = {**state, "efforts": efforts}
        self.close_round_if_complete(network)

    def close_round_if_complete(self, network):
        if not network.details["over"] and not missing(network.details):
            self.close_round(network)
        else:
            self.ring(network)

    # Messages in a group

    def receive_message(self, message, channel_name=None, participant=None, node=None, receive_time=None):
        """Store suggestions; the channel has already delivered them to the others."""
        del participant, receive_time
        if node is None or node.failed or channel_name != f"network-{node.network_id}":
            return
        proposed = proposal_in(message)
        if proposed is not None and not node.network.details["over"]:
            Signal(origin=node, contents=str(proposed)).round = node.network.details["round"]

    def ring(self, network):
        """Tell the group's pages to fetch the new state; the channel carries no data itself."""
        self.publish_to_subscribers(json.dumps({"news": True}), f"network-{network.id}")

    # Players who leave and return

    def participant_disconnected(self, participant):
        """Apply the policy, unless the game is over: closing the page is fine then."""
        network = self.running_network(participant)
        if network is None:
            return
        network.details = {**network.details, "away": [*network.details["away"], participant.id]}
        if self.dropout_policy == "wait":
            self.after(config.get("patience_seconds"), "stop_waiting", participant_id=participant.id)
        elif self.dropout_policy == "bot" and not (participant.consent or {}).get("bots"):
            self.go_on_without(participant, network)  # bots play only for participants who agreed to it
        else:
            super().participant_disconnected(participant)
            if self.dropout_policy == "go_on":
                self.go_on_without(participant, network)
            elif self.dropout_policy == "end":
                network.details = {**network.details, "over": True}
        self.ring(network)

    def participant_returned(self, participant):
        network = self.running_network(participant)
        if network is None:
            return
        was_paused = self.is_paused(network.details)
        away = [one for one in network.details["away"] if one != participant.id]
        network.details = {**network.details, "away": away}
        if was_paused and not self.is_paused(network.details):
            self.set_clock(network)
        self.ring(network)

    def stop_waiting(self, participant_id):
        """Continue without a player who has been away for too long."""
        participant = self.work.participant(participant_id)
        network = self.running_network(participant)
        if network is not None and participant_id in network.details["away"]:
            self.go_on_without(participant, network)

    def go_on_without(self, participant, network):
        was_paused = self.is_paused(network.details)
        state = network.details
        network.details = {
            **state,
            "people": [one for one in state["people"] if one != participant.id],
            "away": [one for one in state["away"] if one != participant.id],
            "efforts": {
                who: effort for who, effort in state["efforts"].items() if int(who) != participant.id
            },
        }
        self.fail_participant(participant)
        if len(network.details["people"]) < LEAST:
            network.details = {**network.details, "over": True}
            self.ring(network)
        elif was_paused and missing(network.details):
            self.set_clock(network)
        else:
            self.close_round_if_complete(network)

    def is_paused(self, state):
        return self.dropout_policy == "wait" and bool(state["away"])

    def running_network(self, participant):
        """Return the network in which a participant is still playing, or None."""
        if "network" not in participant.details:
            return None
        network = self.work.network(participant.details["network"])
        is_in = participant.id in network.details["people"] and not network.details["over"]
        return network if is_in else None

    # Routes for pages

    @experiment_route("/game")
    def game(self):
        """The whole state of the caller's group, so that a page can be reloaded at any time."""
        caller = self.calling_participant
        nodes = caller.nodes(failed="all") if caller else []
        if not nodes:
            return {"joined": False}
        me, state = nodes[-1], nodes[-1].network.details
        names = {node.participant_id: node.name for node in me.network.nodes(type=Player, failed="all")}
        return {
            "joined": True,
            "me": me.id,
            "name": me.name,
            "network": me.network_id,
            "left_behind": caller.id not in state["people"],
            "over": state["over"],
            "round": state["round"],
            "rounds": config.get("rounds"),
            "seconds_left": self.seconds_until(state["ends"]),
            "paused": self.is_paused(state),
            "has_chosen": str(caller.id) in state["efforts"],
            "missing": len(missing(state)),
            "people": [
                {"name": names.get(one, "…"), "is_me": one == caller.id, "is_here": one not in state["away"]}
                for one in state["people"]
            ],
            "history": [self.shown(past, caller.id) for past in state["history"]],
            "earned": earned(state["history"], caller.id),
            "is_stand_in": "played_by_bot_since" in caller.details,
        }

    def shown(self, past, person):
        was_silent = person in past["silent"]
        return {
            "round": past["round"],
            "lowest": past["lowest"],
            "mine": None if was_silent else past["efforts"].get(str(person)),
            "points": earned_in(past, person),
        }

    def seconds_until(self, moment):
        left = datetime.fromisoformat(moment) - self.work.now
        return max(0.0, left.total_seconds())

    # The end

    def bonus(self, participant):
        if "network" not in participant.details:
            return 0
        history = self.work.network(participant.details["network"]).details["history"]
        return round(max(0, earned(history, participant.id)) * config.get("cents_per_point") / 100, 2)

    def bonus_reason(self):
        return "Thank you for taking part! The bonus is for the points that you earned."

    def recruit(self):
        """Recruit until every room has started; a room that has started is not refilled."""
        if all(network.details for network in self.networks()):
            self.recruiter.close_recruitment()
        else:
            self.recruiter.recruit(n=1)

    def analyze(self, data):
        """Report the lowest effort of each round in each group."""
        from petri.report import Report  # Lazy import: reports are made on your machine only.

        found = groups_of(data.networks.list)
        return Report("Lowest efforts", report_lines(found), report_html(found))


def proposal_in(message):
    """Return the effort that a message suggests, or None."""
    try:
        proposed = json.loads(message)["propose"]
    except (ValueError, TypeError, KeyError):
        return None
    return proposed if type(proposed) is int and proposed in EFFORTS else None
