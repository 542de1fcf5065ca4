"""Sends messages to SQS, with a queue for each lane; each is delivered at least once.

Messages that SQS doesn't accept aren't lost: those beyond its longest delay and those that couldn't be sent
are recorded, and the sweep sends them. Nudges aren't recorded; of a burst with the same name, one is sent
immediately and one a second later, whose handler sees the state after all of them.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import Unsent, VendorUnreachable
from chalicelib.messages import Lane, lane_of
from chalicelib.ports import MAX_QUEUE_DELAY, TRANSIENT, Clock, Key, Message

from .message_format import MAX_MESSAGE_BYTES, encode_message
from .retry_backoff import backoff_seconds

logger = logging.getLogger("petri.queue")

#: The maximum number of messages in one call.
MAX_BATCH = 10
#: The shortest interval in seconds between nudges of one name from one process.
COALESCE_WINDOW = timedelta(seconds=1)
#: How many names of nudges are remembered before delivered ones are forgotten.
MAX_COALESCED_NAMES = 1000


@dataclass(frozen=True, slots=True)
class _OutgoingMessage:
    """A message in SQS's format."""

    key: Key
    text: str
    size: int
    delay: int
    lane: Lane


class SQSQueue:
    """Sends messages to the queue of their lane, several in a call."""

    #: SQS doesn't list its messages.
    tracks_pending = False

    def __init__(self, names: Mapping[Lane, str], clock: Clock, client: Callable[[], Any]) -> None:
        """`names`: a queue for each lane; `client` creates botocore's client for SQS when first needed."""
        self._names = dict(names)
        self._urls: dict[str, str] = {}
        self._clock = clock
        self._make_client = client
        self._guard = threading.Lock()
        #: The earliest delivery time of the newest nudge of each name.
        self._nudged: dict[str, datetime] = {}

    def send(self, *messages: Message) -> None:
        """Send messages, none before it is due; at the end, raise Unsent with those that SQS refused."""
        problems: dict[Key, str] = {}
        silence: str | None = None
        for batch in self._batches(messages):
            try:
                # When SQS doesn't respond, the rest isn't attempted: each attempt takes seconds.
                refused = dict.fromkeys(_keys(batch), silence) if silence else self._post(batch)
            except BotoCoreError as error:
                silence = f"{type(error).__name__}: {error}."
                refused = dict.fromkeys(_keys(batch), silence)
            problems.update(refused)
        if problems:
            self._forget_transient(problems)
            raise Unsent(
                f"{len(problems)} of {len(messages)} messages couldn't be sent to the app's queues: "
                f"{next(iter(problems.values()))} Those that are recorded are sent by the clock.",
                keys=problems,
            )

    def retry_later(self, receipt: str, tries: int, source: str = "") -> None:
        """Have a message redelivered with backoff instead of after the queue's visibility timeout."""
        seconds = math.ceil(backoff_seconds(tries))
        name = source.rpartition(":")[2] or self._names[Lane.WORK]
        try:
            self._client.change_message_visibility(
                QueueUrl=self._url(name), ReceiptHandle=receipt, VisibilityTimeout=seconds
            )
        except (BotoCoreError, ClientError):
            logger.warning("a failed message comes again after the queue's own pause", exc_info=True)

    @property
    def account(self) -> str:
        """The id of the account that owns the queues, which is part of their addresses.

        VendorUnreachable when SQS doesn't respond.
        """
        name = self._names[Lane.WORK]
        try:
            return self._url(name).split("/")[-2]
        except (BotoCoreError, ClientError) as error:
            raise VendorUnreachable(
                f"SQS doesn't say where the queue {name} is ({type(error).__name__}: {error})."
            ) from error

    @cached_property
    def _client(self) -> Any:
        return self._make_client()

    def _url(self, name: str) -> str:
        """Return the address of a queue, which is looked up once."""
        if name not in self._urls:
            self._urls[name] = str(self._client.get_queue_url(QueueName=name)["QueueUrl"])
        return self._urls[name]

    # -- sending ------------------------------------------------------------------------------------

    def _batches(self, messages: Iterable[Message]) -> Iterator[list[_OutgoingMessage]]:
        """Group messages by call, real-time messages first: a call has one queue."""
        lanes: dict[Lane, list[_OutgoingMessage]] = {Lane.REALTIME: [], Lane.WORK: []}
        for parcel in self._outgoing(messages):
            lanes[parcel.lane].append(parcel)
        for parcels in lanes.values():
            yield from _batches(parcels)

    def _outgoing(self, messages: Iterable[Message]) -> Iterator[_OutgoingMessage]:
        now = self._clock.now()
        for message in messages:
            wait = max(timedelta(), (message.due or now) - now)
            if wait > MAX_QUEUE_DELAY:
                continue
            # Rounded up, so that no message arrives before it is due.
            whole = math.ceil(wait.total_seconds())
            is_nudge = message.key[0] == TRANSIENT
            delay = self._transient_delay(message.key[1], now, whole) if is_nudge else whole
            if delay is not None:
                text = encode_message(message)
                yield _OutgoingMessage(message.key, text, len(text.encode()), delay, lane_of(message.body))

    def _transient_delay(self, name: str, now: datetime, delay: int) -> int | None:
        """Return the delay of a nudge; None if an earlier one can't have been delivered yet."""
        with self._guard:
            last = self._nudged.get(name)
            if last is not None and last > now:
                return None
            if last is not None and last + COALESCE_WINDOW > now:
                delay = max(delay, 1)
            if len(self._nudged) >= MAX_COALESCED_NAMES:
                self._nudged = {one: at for one, at in self._nudged.items() if at + COALESCE_WINDOW > now}
            self._nudged[name] = now + timedelta(seconds=delay)
            return delay

    def _forget_transient(self, keys: Iterable[Key]) -> None:
        with self._guard:
            for kind, name in keys:
                if kind == TRANSIENT:
                    self._nudged.pop(name, None)

    def _post(self, batch: Sequence[_OutgoingMessage]) -> dict[Key, str]:
        """Send at most ten messages of one lane; return why some were refused. BotoCoreError: no response."""
        entries = [
            {"Id": str(place), "MessageBody": parcel.text, "DelaySeconds": parcel.delay}
            for place, parcel in enumerate(batch)
        ]
        try:
            url = self._url(self._names[batch[0].lane])
            answer = self._client.send_message_batch(QueueUrl=url, Entries=entries)
        except ClientError as error:
            return dict.fromkeys(_keys(batch), f"{type(error).__name__}: {error}.")
        return {
            batch[int(failed["Id"])].key: f"{failed.get('Code')}: {failed.get('Message', '')}."
            for failed in answer.get("Failed", ())
        }


def _keys(batch: Iterable[_OutgoingMessage]) -> list[Key]:
    return [parcel.key for parcel in batch]


def _batches(parcels: Iterable[_OutgoingMessage]) -> Iterator[list[_OutgoingMessage]]:
    """Group messages by call: at most ten, and at most as many bytes as a single message may have."""
    batch: list[_OutgoingMessage] = []
    size = 0
    for parcel in parcels:
        if batch and (len(batch) == MAX_BATCH or size + parcel.size > MAX_MESSAGE_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(parcel)
        size += parcel.size
    if batch:
        yield batch
