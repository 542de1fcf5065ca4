"""Chatroom: a fully connected group chats about a question until time is up or all have finished."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from petri import Experiment, FullyConnected, Info, NetworkBusy, Node, experiment_route, get_config, prop

from .bots import Bot

__all__ = ["Bot", "Chatroom", "config_defaults", "extra_parameters"]

config = get_config()
NAMES = ("Heron", "Fox", "Otter", "Wren", "Badger", "Hare", "Owl", "Seal", "Lynx", "Robin", "Moth", "Newt")


def at_least(least):
    def check(value):
        if value < least:
            raise ValueError(f"must be at least {least}")

    return check


def extra_parameters():
    config.register("group_size", int, validators=[at_least(2)])
    config.register("groups", int, validators=[at_least(1)])
    config.register("chat_seconds", float, validators=[at_least(1)])
    config.register("waiting_minutes", float, validators=[at_least(0)])
    config.register("topic", str)


def config_defaults():
    return {
        "group_size": 3,
        "groups": 1,
        "chat_seconds": 180.0,
        "waiting_minutes": 10.0,
        "topic": "Anything.",
    }


class Talker(Node):
    """A participant in a chat room, under a pseudonym."""

    type = "talker"
    name = prop.text(1)
    has_said_enough = prop.boolean(2)


class Utterance(Info):
    """One message."""

    type = "utterance"


class Chatroom(Experiment):
    """Each full waiting room becomes one network, in which each message reaches all the others."""

    #: Participants who drop out may return; their messages stay.
    dropout_policy = "wait"

    def configure(self):
        self.room_size = config.get("group_size")
        self.rooms = config.get("groups")
        self.waiting_timeout = config.get("waiting_minutes")
        self.min_size = 2
        self.experiment_repeats = self.rooms
        self.initial_recruitment_size = self.room_size * self.rooms
        self.known_classes["Utterance"] = Utterance

    def create_network(self):
        return FullyConnected(max_size=self.room_size)

    # A room

    def room_opened(self, number, participants):
        """Assign the participants to their network, and set a timer for the end."""
        network = self.networks()[number - 1]
        network.max_size = len(participants)  # a room that waited too long starts with fewer people
        seconds = config.get("chat_seconds")
        network.details = {"ends": (self.work.now + timedelta(seconds=seconds)).isoformat(), "over": False}
        for participant in participants:
            participant.details = {**participant.details, "network": network.id}
        self.after(seconds, "close_room", network_id=network.id)

    def get_network_for_participant(self, participant):
        if participant.node_ids:
            return None
        if "network" not in participant.details:
            raise NetworkBusy  # the room is still being opened; the page retries
        return self.work.network(participant.details["network"])

    def create_node(self, participant, network):
        talker = Talker(network=network, participant=participant)
        talker.name = NAMES[(3 * network.id + network.last_node) % len(NAMES)]
        return talker

    def node_post_request(self, participant, node):
        del participant
        self.ring(node.network)

    def info_post_request(self, node, info):
        """Send the message to all other members."""
        if isinstance(info, Utterance):
            node.transmit(what=info)
            self.ring(node.network)

    def ring(self, network):
        """Tell the room's pages to fetch the new state; the channel carries no data itself."""
        self.publish_to_subscribers(json.dumps({"news": True}), f"network-{network.id}")

    # Routes for pages

    @experiment_route("/talk")
    def chat(self):
        """The whole state of the caller's room, so that a page can be reloaded at any time."""
        nodes = self.calling_participant.nodes() if self.calling_participant else []
        if not nodes:
            return {"joined": False}
        me, network = nodes[-1], nodes[-1].network
        me.receive()
        talkers = network.nodes(type=Talker)
        names = {talker.id: talker.name for talker in talkers}
        said = network.infos(type=Utterance)
        return {
            "joined": True,
            "me": me.id,
            "network": network.id,
            "over": network.details["over"],
            "seconds_left": self.seconds_until(network.details["ends"]),
            "people": [self.shown(talker) for talker in talkers],
            "said": [
                {"id": i.id, "from": i.origin_id, "name": names[i.origin_id], "text": i.contents}
                for i in said
            ],
        }

    def shown(self, talker):
        return {
            "id": talker.id,
            "name": talker.name,
            "is_here": "disconnected_since" not in talker.participant.details,
            "has_said_enough": bool(talker.has_said_enough),
        }

    def seconds_until(self, moment):
        left = datetime.fromisoformat(moment) - self.work.now
        return max(0.0, left.total_seconds())

    @experiment_route("/enough", methods=["POST"])
    def enough(self):
        """Mark the caller as finished; the chat ends when all members are."""
        nodes = self.calling_participant.nodes() if self.calling_participant else []
        for talker in nodes:
            talker.has_said_enough = True
            if all(each.has_said_enough for each in talker.network.nodes(type=Talker)):
                self.close_room(talker.network_id)
            self.ring(talker.network)

    # The end of the chat, and participants who leave and return

    def close_room(self, network_id):
        network = self.work.network(network_id)
        if not network.details["over"]:
            network.details = {**network.details, "over": True}
            self.ring(network)

    def participant_disconnected(self, participant):
        """Show that a participant is away; the policy is to wait, so nothing else has to be done."""
        self.ring_for(participant)

    def participant_returned(self, participant):
        self.ring_for(participant)

    def ring_for(self, participant):
        for node in participant.nodes():
            self.ring(node.network)

    # The end

    def recruit(self):
        """Recruit until every room has started; a room that has started is not refilled."""
        if all(network.details for network in self.networks()):
            self.recruiter.close_recruitment()
        else:
            self.recruiter.recruit(n=1)
