"""Handles the messages of studies: time limits, departed members, groups, doorbells."""

from __future__ import annotations

import json

from chalicelib import services
from chalicelib.messages import (
    Autoplay,
    EnforceTimeLimit,
    FormGroups,
    MoveMembers,
    ReleaseSeat,
    RingDoorbell,
)
from chalicelib.operations.realtime import channels
from chalicelib.operations.study.flow import members, time_limits
from chalicelib.operations.study.groups import leaving
from chalicelib.operations.study.pages.settling import MAX_STEPS, settle
from chalicelib.operations.study.shared.study_context import Pending

from .handler_registry import Received, handles

#: The channel whose messages tell the pages of studies to poll.
DOORBELL = "page"


@handles(EnforceTimeLimit)
def _enforce_time_limit(message: Received[EnforceTimeLimit]) -> None:
    _settle(services.current().handle(message, time_limits.enforce_time_limit, message.body.participant_id))


@handles(Autoplay)
def _autoplay(message: Received[Autoplay]) -> None:
    _settle(services.current().handle(message, time_limits.play_for_departed, message.body.participant_id))


@handles(FormGroups)
def _form_groups(message: Received[FormGroups]) -> None:
    for _ in range(MAX_STEPS):
        if not settle(services.current().run, Pending(message.body.path)):
            break
    services.current().acknowledge(message)


@handles(MoveMembers)
def _move_members(message: Received[MoveMembers]) -> None:
    while services.current().run(members.move_members, message.body.network_id):
        pass
    services.current().acknowledge(message)


@handles(RingDoorbell)
def _ring_doorbell(message: Received[RingDoorbell]) -> None:
    delivery = services.current().handle(
        message, channels.send_to, message.body.participant_ids, DOORBELL, json.dumps({"type": "page"})
    )
    if delivery is not None:
        services.current().deliver(delivery)


@handles(ReleaseSeat)
def _release_seat(message: Received[ReleaseSeat]) -> None:
    waiting = services.current().handle(message, leaving.leave_study, message.body.participant_id)
    for pending in waiting or ():
        _settle(pending)


def _settle(pending: Pending | None) -> None:
    """Look at what a participant waits for now; the members of their group may go on."""
    if pending is not None:
        settle(services.current().run, pending)
