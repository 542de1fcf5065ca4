"""Counts the messages, units of work and DynamoDB usage that follow a submission on Mechanical Turk.

python -m bench.submissions
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from bench.clients.visitor import RETELLING
from bench.costs import rehearsal
from bench.scenarios import BARTLETT
from chalicelib import services
from chalicelib.messaging.local_queue import LocalQueue
from chalicelib.model.participant import Participant
from chalicelib.ports import Capabilities, RecruitmentResult, Transfer
from chalicelib.recruiters.null_recruiter import NullRecruiter
from chalicelib.services import App
from chalicelib.workers import queue_consumer

WORKER = {"workerId": "w1", "hitId": "h", "assignmentId": "a1", "mode": "debug", "recruiter": "mturk"}


class Market(NullRecruiter):
    """Behaves like the Mechanical Turk adapter, without a network."""

    nickname = "mturk"
    capabilities = Capabilities(auto_submits=False)

    def recruit(self, n: int, token: str, recruiter_state: Mapping[str, Any]) -> RecruitmentResult:
        return RecruitmentResult(f"{n} places are open.", recruiter_state={**recruiter_state, "token": token})

    def close_recruitment(self, recruiter_state: Mapping[str, Any]) -> RecruitmentResult:
        return RecruitmentResult("Closed.", recruiter_state=dict(recruiter_state))

    def prepare(self, transfer: Transfer) -> str | None:
        return transfer.reference

    def pay(self, transfer: Transfer) -> str:
        return transfer.token

    def find_payment(self, transfer: Transfer) -> str | None:
        return transfer.reference

    def fee(self, amount: Decimal, places: int) -> Decimal:
        return amount * Decimal("0.2") * min(1, places)

    def submit_address(self, participant: Participant) -> str:
        return f"https://example.org/submit?assignmentId={participant.assignment_id}"


def follow_submission() -> dict[str, int]:
    """Count what follows the notification of a submission, until the outbox is empty."""
    settings = {"experiment_repeats": 20, "num_participants": 50, "base_payment": 1, "auto_recruit": True}
    with rehearsal(BARTLETT, **settings) as stage:
        app = services.current()
        market: Any = Market()
        app.recruiters.recruiters = {**app.recruiters.recruiters, "mturk": market}
        made = stage.ask("arrive", "POST", "/participant", urlencode(WORKER), token="")
        token, participant_id = made["token"], made["participant"]["id"]
        node = stage.ask("join", "POST", f"/node/{participant_id}", "", token)["node"]["id"]
        stage.ask("answer", "POST", f"/info/{node}", urlencode({"contents": RETELLING}), token)
        stage.ask("end", "GET", f"/worker_complete?participant_id={participant_id}", "", token)
        stage.carry_out("the end")
        return _count(app)


def _count(app: App) -> dict[str, int]:
    units: list[datetime] = []
    store: Any = app.store
    begin = store.begin
    store.begin = lambda now: units.append(now) or begin(now)
    engine = store.engine
    engine.take_counts()
    delivered = 1
    queue_consumer.consume(_report())
    queue: Any = app.queue
    while (message := queue.take()) is not None:
        delivered += 1
        queue_consumer.consume(LocalQueue.as_event(message, queue.tries(message)))
        queue.done(message)
    return {"messages": delivered, "units of work": len(units), **engine.take_counts()}


def _report() -> dict[str, Any]:
    told = {"Events": [{"EventType": "AssignmentSubmitted", "AssignmentId": "a1", "HITId": "h"}]}
    envelope = {"Type": "Notification", "TopicArn": "arn:aws:sns:us-east-1:1:t", "Message": json.dumps(told)}
    record = {"messageId": "1", "receiptHandle": "r", "body": json.dumps(envelope)}
    return {"Records": [{**record, "attributes": {"ApproximateReceiveCount": "1"}}]}


if __name__ == "__main__":
    for what, count in follow_submission().items():
        print(f"{what}: {count}")
