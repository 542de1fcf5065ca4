"""Mechanical Turk's side: the product's client over the stand-in, called in this process."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError

from chalicelib.model.participant import Participant
from chalicelib.ports import Transfer
from chalicelib.recruiters.mturk import MTurkRecruiter
from chalicelib.recruiters.mturk.requester import Requester
from chalicelib.workers import queue_consumer
from infra.emulator.mturk import ACCESS_KEY, SECRET_KEY, TOPIC, Fault, HandClock, MTurkStandIn
from infra.emulator.mturk.things import AssignmentState

from .sides import BASE_ADDRESS, Books, nothing

TARGET = "MTurkRequesterServiceV20170117."


class _Body:
    """The part of a urllib3 response that botocore reads."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> Iterator[bytes]:
        yield self._content


class Connection:
    """The product's client; the stand-in answers its calls, signed as ever, in this process."""

    def __init__(self, standin: MTurkStandIn) -> None:
        self.standin = standin
        self.meanwhile = nothing
        self.requester = Requester("sandbox", ACCESS_KEY, SECRET_KEY, endpoint=standin.url, attempts=1)
        events = self.requester._client.meta.events
        events.register_first("before-send.mturk", self._send)

    def _send(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        headers = {name.lower(): _text(value) for name, value in request.headers.items()}
        operation = headers["x-amz-target"].removeprefix(TARGET)
        self.meanwhile()
        answer = self.standin.answer(operation, headers["authorization"], request.body)
        self.meanwhile()
        if answer is None:
            raise ConnectionClosedError(endpoint_url=str(request.url))
        status, fields = answer
        return AWSResponse(str(request.url), status, HTTPHeaders(), _Body(json.dumps(fields).encode()))


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


class Turk:
    """Plays workers and requester's luck at Mechanical Turk."""

    nickname = "mturk"
    pays_any_submission = True
    words: ClassVar[dict[str, str]] = {
        "base": "reward",
        "bonus": "bonus",
        "screen-out": "compensation",
        "compensation": "compensation",
    }

    def __init__(
        self, connection: Connection, recruiter_class: type[MTurkRecruiter] = MTurkRecruiter
    ) -> None:
        self._connection = connection
        self._standin = connection.standin
        self._standin.reset()
        self.meanwhile = nothing
        self.clock: HandClock = self._standin.clock
        self.settings: dict[str, Any] = {
            "title": "Stories",
            "description": "Read a story.",
            "base_payment": 1.5,
            "duration": 1.0,
            "lifetime": 720,
            "screen_out_payment": 0.25,
        }
        self.recruiter = recruiter_class(
            connection.requester, self.settings, lambda: BASE_ADDRESS, self.clock, app_id="money", topic=TOPIC
        )

    @property
    def meanwhile(self) -> Callable[[], None]:
        return self._connection.meanwhile

    @meanwhile.setter
    def meanwhile(self, happens: Callable[[], None]) -> None:
        self._connection.meanwhile = happens

    @property
    def market(self) -> Any:
        return self._standin.market

    def take(self, worker: str, reused: str | None = None) -> tuple[str, str]:
        hit = next(hit for hit in self.market.open_hits() if self.market.may_see(worker, hit))
        return self.market.accept(worker, hit.id, reused), hit.id

    def submit(self, assignment_id: str, participant: Participant) -> None:
        assert participant.status == "screened_out" or assignment_id in self.recruiter.submit_address(
            participant
        )
        self.market.submit(assignment_id)

    def have_rejected(self, assignment_id: str, participant: Participant) -> None:
        waiting = self._standin.post.waiting
        heard = len(waiting)
        self.submit(assignment_id, participant)
        self._standin.operations.reject_assignment({"AssignmentId": assignment_id})
        while len(waiting) > heard:
            waiting.pop()

    def give_back(self, assignment_id: str) -> None:
        self.market.give_back(assignment_id)

    def abandon(self, assignment_id: str) -> None:
        self.market.abandon(assignment_id)

    def is_through(self, assignment_id: str) -> bool:
        return self.market.assignments[assignment_id].state is not AssignmentState.ACCEPTED

    def pass_time(self, by: timedelta) -> None:
        self.market.pass_time(seconds=by.total_seconds())

    def fail_with(self, draw: Callable[[], bool], chance: random.Random) -> None:
        self._standin.faults.draw = lambda _: chance.choice(list(Fault)) if draw() else None

    def fix(self) -> None:
        self._standin.faults.draw = lambda _: None
        self.market.balance = Decimal(1000)

    def empty_account(self) -> None:
        self.market.balance = Decimal("2.50")

    def reports(self) -> list[Any]:
        waiting = list(self._standin.post.waiting)
        self._standin.post.waiting.clear()
        return waiting

    def deliver(self, report: Any) -> bool:
        """As SNS does, straight into our queue."""
        ids = {"messageId": "sns", "receiptHandle": "receipt"}
        record = {**ids, "body": report, "attributes": {"ApproximateReceiveCount": "1"}}
        return not queue_consumer.consume({"Records": [record]})["batchItemFailures"]

    def take_compensation(self, worker: str) -> None:
        for hit_id in self.market.visible_to(worker):
            if ":compensation:" in self.market.hits[hit_id].annotation:
                self.market.submit(self.market.accept(worker, hit_id))

    def books(self) -> Books:
        assert not self._standin.defects, self._standin.defects
        found: Books = Counter()
        for paid in self._standin.books().entries:
            hit = self.market.assignments[paid.assignment].hit
            is_own_hit = paid.kind == "reward" and ":compensation:" in hit.annotation
            found[paid.worker, "compensation" if is_own_hit else paid.kind, paid.amount] += 1
        return found


class ForgetfulTurk(MTurkRecruiter):
    """Doesn't look whether an earlier try has paid, and sends each try as a new payment."""

    tries = 0

    def find_payment(self, transfer: Transfer) -> str | None:
        return None

    def pay(self, transfer: Transfer) -> str:
        ForgetfulTurk.tries += 1
        return super().pay(replace(transfer, token=f"{transfer.token}-{self.tries}"))
