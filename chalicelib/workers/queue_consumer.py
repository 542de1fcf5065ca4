"""Consumes the queue: decodes messages, calls handlers, counts attempts and returns failures for retry."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib import services
from chalicelib.errors import PetriError
from chalicelib.invocation import seconds_left
from chalicelib.messages import Lane, RecruiterDelivery, kind_of, lane_of, to_body
from chalicelib.operations.schedule import dead_letters, delivery_attempts, outbox
from chalicelib.ports import TRANSIENT, Message

# The handlers register themselves when their module is imported; those of studies when one is needed.
from . import message_handlers as _message_handlers  # noqa: F401
from .handler_registry import handle

logger = logging.getLogger("petri.worker")

#: Attempts at a message before it becomes a dead letter: they span more than 15 minutes, in which vendors
#: recover and settle what they accepted.
MAX_DELIVERIES = 12
#: Seconds that an invocation needs to begin another message.
MIN_SECONDS_LEFT = 5.0
#: Seconds that an invocation needs to continue with the messages that a handler posted: a recruiter's adapter
#: may wait for its vendor and retry a call.
SECONDS_TO_CONTINUE = 30.0
#: The backoff of a continued message that failed.
CONTINUED_RETRY_DELAY = timedelta(seconds=1)
#: The decay of the longest duration with each message: a slow message stops counting after some dozen others.
DURATION_DECAY = 0.9
#: How far the queue's clock may be behind ours when it reports the time at which a message was sent.
CLOCK_SKEW = timedelta(seconds=0.25)


def consume(event: dict[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Handle an SQS event, and name the messages that failed, so that only those are delivered again.

    A message that has failed too often becomes a dead letter, which the operator lists and replays.
    See AWS's "Reporting batch item failures for Lambda functions with an Amazon SQS trigger".
    """
    full_time = seconds_left()
    records: list[dict[str, Any]] = event["Records"]
    failed: list[dict[str, Any]] = []
    unattempted: list[dict[str, Any]] = []
    for number, record in enumerate(records):
        if number and not _has_time_for_another(full_time):
            unattempted = records[number:]
            break
        began = time.perf_counter()
        if not _process_record(record):
            failed.append(record)
        _record_duration(time.perf_counter() - began)
    for record in failed:
        _retry_later(record, _deliveries(record))
    _return_to_queue(unattempted)
    failed += unattempted
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in failed]}


def _has_time_for_another(full_time: float) -> bool:
    """Whether as much time is left as the longest message took: a message that is cut off runs twice.

    An invocation with all its time left has time for any message: no other invocation would have more.
    """
    longest = min(services.current().longest_message, full_time)
    left = seconds_left()
    return left > MIN_SECONDS_LEFT and left >= longest


def _record_duration(seconds: float) -> None:
    """Update the duration of the longest message, which decays with each message."""
    app = services.current()
    app.longest_message = max(seconds, app.longest_message * DURATION_DECAY)


def _return_to_queue(records: Sequence[dict[str, Any]]) -> None:
    """Have unattempted messages delivered again in a second, without counting an attempt."""
    if not records:
        return
    logger.warning("%s messages are left for the next invocation: too little time is left", len(records))
    for record in records:
        _retry_later(record, 1)


def _retry_later(record: dict[str, Any], attempts: int) -> None:
    """Have the queue deliver a message again, with a backoff that grows with each attempt."""
    source = str(record.get("eventSourceARN", ""))
    services.current().queue.retry_later(record["receiptHandle"], attempts, source)


def _process_record(record: dict[str, Any]) -> bool:
    """Decode a record and handle its message; False when it has to be redelivered."""
    message: Message | None = None
    attempts = 0
    try:
        message = _decode(record)
        if message is None:
            return True
        attempts = _begin_attempt(message, record)
        if attempts > MAX_DELIVERIES:
            # No failure was ever reported: the process crashed while it carried the message out.
            is_settled = _discard_crashing(message, attempts - 1)
        else:
            _carry_out(message, record)
            is_settled = True
    except Exception as error:
        # Any error: the other messages of the batch continue, and the queue delivers this one again.
        kind = "unread" if message is None else kind_of(message.body)
        attempts = attempts or _count_failure(message, record)
        logger.exception("message %s (%s) failed, attempt %s", record["messageId"], kind, attempts)
        is_settled = (
            message is not None and attempts >= MAX_DELIVERIES and _move_to_dead_letters(message, error)
        )
    if is_settled and message is not None:
        _forget_attempts(message, record)
    return is_settled


def _begin_attempt(message: Message, record: dict[str, Any]) -> int:
    """Return the number of this attempt; 0 for SQS's first delivery, which is counted only if it fails.

    SQS counts deliveries, which may have been returned or throttled before an attempt began. A queue that
    tracks what is pending delivers a message only to an attempt.
    """
    app = services.current()
    if app.queue.tracks_pending:
        return _deliveries(record)
    return 0 if _deliveries(record) == 1 else app.run(delivery_attempts.begin, _counter_name(message, record))


def _count_failure(message: Message | None, record: dict[str, Any]) -> int:
    """Count a first attempt that failed; 0 if it can't be counted, which makes no dead letter."""
    if message is None:
        return 0
    try:
        return services.current().run(delivery_attempts.begin, _counter_name(message, record))
    except PetriError:
        logger.exception("a failed attempt couldn't be counted")
        return 0


def _forget_attempts(message: Message, record: dict[str, Any]) -> None:
    """Delete the attempt count of a message that is done, where one was stored."""
    app = services.current()
    if app.queue.tracks_pending or _deliveries(record) == 1:
        return
    try:
        app.run(delivery_attempts.forget, _counter_name(message, record))
    except PetriError:
        logger.exception("the attempt count of a message that is done couldn't be deleted; it does no harm")


def _counter_name(message: Message, record: dict[str, Any]) -> str:
    """Name the counter: one for each recorded message, or one for each delivery of a nudge."""
    return (
        str(record["messageId"])
        if message.key[0] == TRANSIENT
        else delivery_attempts.attempt_name(message.key)
    )


def _discard_crashing(message: Message, attempts: int) -> bool:
    """Move a message that repeatedly crashes its process to the dead letters, before any hook runs."""
    kind = kind_of(message.body)
    logger.error(
        "message %s ended the process that carried it out in each of %s attempts; it isn't retried",
        kind,
        attempts,
    )
    if message.key[0] == TRANSIENT and kind != RecruiterDelivery.kind:
        return True
    return _move_to_dead_letters(
        message, PetriError(f"the process that carried it out ended in each of {attempts} attempts")
    )


def _move_to_dead_letters(message: Message, error: Exception) -> bool:
    """Move a message that keeps failing to the dead letters; False when even that fails."""
    try:
        services.current().handle(
            message, dead_letters.move_to_dead_letters, message, f"{type(error).__name__}: {error}"
        )
    except PetriError:
        logger.exception("a dead letter couldn't be stored; the message stays in the queue")
        return False
    return True


def _deliveries(record: dict[str, Any]) -> int:
    return int(record["attributes"]["ApproximateReceiveCount"])


def _decode(record: dict[str, Any]) -> Message | None:
    """Return the message, reading the body of a long one from its record; None when it is done."""
    envelope = json.loads(record["body"])
    if "TopicArn" in envelope:
        # Deliveries of SNS aren't recorded, as nudges aren't.
        return Message((TRANSIENT, record["messageId"]), to_body(RecruiterDelivery(envelope)))
    key = (envelope["key"][0], envelope["key"][1])
    body = envelope["body"] if "body" in envelope else services.current().run(outbox.body_of, key)
    return None if body is None else Message(key, body)


def _carry_out(message: Message, record: dict[str, Any]) -> None:
    """Handle a message, and the messages it posted that this consumer continues with.

    Messages that aren't carried out here are sent. Those lost with the process stay recorded for the sweep.
    A consumer of the real-time lane continues with nothing: participants would wait for vendors.
    """
    if lane_of(message.body) is Lane.REALTIME:
        _handle_coalesced(message, record)
        return
    with services.continuing(_has_time_to_continue) as continuation:
        try:
            _handle_coalesced(message, record)
            _continue(continuation.posted)
        finally:
            services.current().send_posted(continuation.posted)


def _has_time_to_continue() -> bool:
    return seconds_left() > SECONDS_TO_CONTINUE


def _continue(posted: list[Message]) -> None:
    """Carry out messages, and those that they post, while there is time; leave failed ones in the list.

    Their failures don't fail the message that posted them: the queue retries them.
    """
    failed: list[Message] = []
    while posted and _has_time_to_continue():
        message = posted.pop(0)
        try:
            handle(message, is_continued=True)
        except Exception:
            # A recruiter's adapter may raise anything.
            logger.exception("message %s failed; the queue retries it", kind_of(message.body))
            due = services.current().clock.now() + CONTINUED_RETRY_DELAY
            failed.append(replace(message, due=due))
    posted[:0] = failed


def _handle_coalesced(message: Message, record: dict[str, Any]) -> None:
    """Handle a message; a nudge that was sent before the last one of its name began has had its effect."""
    if message.key[0] != TRANSIENT or kind_of(message.body) == RecruiterDelivery.kind:
        handle(message)
        return
    app = services.current()
    sent, name = record["attributes"].get("SentTimestamp"), message.key[1]
    last, now = app.last_transient.get(name), app.clock.now()
    if (
        sent is not None
        and last is not None
        and datetime.fromtimestamp(int(sent) / 1000, UTC) + CLOCK_SKEW < last
    ):
        return
    handle(message)
    app.last_transient[name] = now
