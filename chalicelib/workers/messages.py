"""What a queue message calls. Each message was recorded in a commit, and is struck out in another."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

from chalicelib import services
from chalicelib.model.errors import PetriError
from chalicelib.operations import channels, dropouts, money, notify, presence, rooms, timers
from chalicelib.operations import finish_participant as finishing
from chalicelib.operations.unit import Unit
from chalicelib.ports import Message

logger = logging.getLogger("petri.worker")


def handle(message: Message) -> None:
    """Do what a message says; done before: nothing. Raises what went wrong, so that it comes again."""
    HANDLERS[message.body["kind"]](message)


def consume(event: dict[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Handle an event of SQS, and name the messages that failed, so that only they come again.

    See AWS's "Reporting batch item failures for Lambda functions with an Amazon SQS trigger".
    """
    failures = []
    for record in event["Records"]:
        body = json.loads(record["body"])
        try:
            handle(Message(key=(body["key"][0], body["key"][1]), body=body["body"]))
        except PetriError:
            logger.exception("message %s failed and will come again", record["messageId"])
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def _submitted(message: Message) -> None:
    services.current().handle(message, finishing.finish_participant, message.body["participant_id"])


def _gave_up(message: Message) -> None:
    participant_id = message.body["participant_id"]
    services.current().handle(message, finishing.lose_participant, participant_id, "returned")


def _notification(message: Message) -> None:
    body = message.body
    services.current().handle(
        message, notify.handle_notification, body["event_type"], body["assignment_id"], body["participant_id"]
    )


def _open_places(message: Message) -> None:
    app = services.current()
    recruited = app.recruiters.named(message.body["recruiter"]).recruit(message.body["n"])
    logger.info("%s", recruited.message)
    app.handle(message, _done)


def _stop_recruiter(message: Message) -> None:
    app = services.current()
    closed = app.recruiters.named(message.body["recruiter"]).close_recruitment()
    logger.info("%s", closed.message)
    app.handle(message, _done)


def _pay(message: Message) -> None:
    app = services.current()
    body = message.body
    transfer = app.run(money.begin_payment, body["participant_id"], body["payment"])
    reference = ""
    if transfer is not None:
        recruiter = app.recruiters.named(transfer.recruiter)
        reference = recruiter.pay(
            transfer.assignment_id, transfer.kind, transfer.amount, transfer.reason, transfer.token
        )
    app.handle(message, money.settle_payment, body["participant_id"], body["payment"], reference)


def _tell_operator(message: Message) -> None:
    app = services.current()
    who = message.body["participant_id"]
    report = json.dumps(message.body["report"], ensure_ascii=False, indent=2)
    app.mailer.tell(f"Participant {who} met an error", report)
    app.handle(message, _done)


def _done(unit: Unit) -> None:
    """Nothing is left to do but to strike the message out."""
    del unit


def _group(message: Message) -> None:
    services.current().handle(message, rooms.form_rooms)


def _announce(message: Message) -> None:
    told = services.current().handle(message, rooms.announcements)
    for members, state in told or ():
        _whisper_to(members, state, "quorum")


def _room_opened(message: Message) -> None:
    told = services.current().handle(message, rooms.opening, message.body["room"])
    if told is not None:
        _whisper_to(*told, "quorum")


def _whisper(message: Message) -> None:
    body = message.body
    delivery = services.current().handle(
        message, channels.whisper, body["participant_ids"], body["channel"], json.dumps(body["data"])
    )
    if delivery is not None:
        services.current().deliver(delivery)


def _whisper_to(members: list[int], state: dict[str, Any], channel: str) -> None:
    services.current().deliver(services.current().run(channels.whisper, members, channel, json.dumps(state)))


def _publish(message: Message) -> None:
    body = message.body
    delivery = services.current().handle(message, channels.publish, body["channel"], body["data"])
    if delivery is not None:
        services.current().deliver(delivery)


def _heard(message: Message) -> None:
    body = message.body
    services.current().handle(message, channels.hear, body["channel"], body["data"], body["participant_id"])


def _control(message: Message) -> None:
    delivery = services.current().handle(message, channels.tell_control, message.body["event"])
    if delivery is not None:
        services.current().deliver(delivery)


def _gone(message: Message) -> None:
    body = message.body
    services.current().handle(message, presence.check_gone, body["participant_id"], body["since"])


def _waited_long(message: Message) -> None:
    services.current().handle(message, rooms.waited_long, message.body["participant_id"])


def _one_too_many(message: Message) -> None:
    services.current().handle(message, rooms.one_too_many, message.body["participant_id"])


def _timer(message: Message) -> None:
    services.current().handle(message, timers.ring, message.body["method"], message.body["arguments"])


def _end_group(message: Message) -> None:
    services.current().handle(message, dropouts.end_group, message.body["participant_id"])


def _stand_in(message: Message) -> None:
    app = services.current()
    entry = app.run(dropouts.allow_stand_in, message.body["participant_id"])
    if entry is not None:
        app.recruiters.stand_in(entry)
    app.handle(message, _done)


HANDLERS: dict[str, Callable[[Message], None]] = {
    "submitted": _submitted,
    "gave_up": _gave_up,
    "notification": _notification,
    "open_places": _open_places,
    "stop_recruiter": _stop_recruiter,
    "pay": _pay,
    "tell_operator": _tell_operator,
    "group": _group,
    "announce": _announce,
    "room_opened": _room_opened,
    "whisper": _whisper,
    "publish": _publish,
    "heard": _heard,
    "control": _control,
    "gone": _gone,
    "waited_long": _waited_long,
    "one_too_many": _one_too_many,
    "timer": _timer,
    "end_group": _end_group,
    "stand_in": _stand_in,
}
