"""However a run goes, statuses change only as the table of transitions allows."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from chalicelib.experiment.experiment import Experiment
from chalicelib.model.info import Info
from chalicelib.model.node import Node
from chalicelib.model.participant import Participant
from chalicelib.model.statuses import PARTICIPANT_TRANSITIONS, PAYMENT_TRANSITIONS, AssignmentStatus
from chalicelib.operations.payment import operator_actions
from chalicelib.operations.payment.compensation import compensate
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.storage.engine import Put, Write
from tests.web.conftest import NewWorld
from tests.web.experiments import Talk
from tests.web.paying_runs import Till
from tests.web.world import Person

STEPS = 45
REPORTS = (
    "AssignmentAccepted",
    "AssignmentAbandoned",
    "AssignmentReturned",
    "AssignmentSubmitted",
    "AssignmentReassigned",
    "NotificationMissing",
    "BotAssignmentSubmitted",
    "BotAssignmentRejected",
)


class Undecided(Talk):
    """Checks, bonus and screening-out are drawn."""

    seats = 200

    def info_post_request(self, node: Node, info: Info) -> None:
        if self.random.random() < 0.2 and node.participant is not None:
            self.screen_out(node.participant)

    def data_check(self, participant: Participant) -> bool:
        return self.random.random() < 0.7

    def attention_check(self, participant: Participant) -> bool:
        return self.random.random() < 0.7

    def bonus(self, participant: Participant) -> float:
        return self.random.choice([0, 0.5, 3])


class Meeting(Undecided):
    """The third participant and all after are one too many."""

    quorum = 2


class Observer:
    """Notes each status that a commit stores."""

    def __init__(self, till: Till) -> None:
        self.seen: dict[tuple[str, str], list[str]] = {}
        self._commit = till.here.engine.commit
        till.here.engine.commit = self.commit  # type: ignore[method-assign]

    def commit(self, writes: list[Write]) -> None:
        self._commit(writes)
        for write in writes:
            if isinstance(write, Put) and write.item["kind"] in ("participant", "payment"):
                path = self.seen.setdefault((write.item["pk"], write.item["sk"]), [])
                path.append(write.item.get("status", "working"))


def reachable(table: Mapping[Any, frozenset[Any]], status: str) -> set[str]:
    found: set[str] = {status}
    while True:
        more = found | {str(after) for one in found for after in table.get(one, ())}
        if more == found:
            return found
        found = more


@dataclass
class Play:
    """Does what participants, the vendor and the operator may do; a refusal changes nothing."""

    till: Till
    draw: random.Random
    people: list[Person]

    def step(self) -> None:
        """Do one thing, and let workers and time do more or less of what follows."""
        act = self.draw.choice(
            [
                self.arrive,
                self.arrive,
                self.begin_with_an_assignment_of_another,
                self.take_part,
                self.take_part,
                self.finish,
                self.report,
                self.report,
                self.fail_the_next_payment,
                self.decide_an_assignment,
                self.compensate,
                self.act_on_a_payment,
            ]
        )
        act(self.draw.choice(self.people))
        if self.draw.random() < 0.7:
            self.till.work()
        if self.draw.random() < 0.3:
            self.till.go_on(minutes=self.draw.choice([1, 40]))

    def arrive(self, _: Person) -> None:
        self.people.append(self.till.arrive())

    def begin_with_an_assignment_of_another(self, person: Person) -> None:
        ids = {"workerId": "another", "assignmentId": person.assignment_id, "hitId": "h1"}
        self.till.here.post("/participant", {**ids, "mode": "debug", "recruiter": "vendor"})

    def take_part(self, person: Person) -> None:
        joined = person.post(f"/node/{person.id}")
        if joined.status == 200:
            person.post(f"/info/{joined['node']['id']}", {"contents": "an answer"})

    def finish(self, person: Person) -> None:
        person.finish()

    def report(self, person: Person) -> None:
        self.till.report(self.draw.choice(REPORTS), person)

    def fail_the_next_payment(self, _: Person) -> None:
        self.till.vendor.faults.append(self.draw.choice(["refused", "unreachable", "answer lost"]))

    def decide_an_assignment(self, person: Person) -> None:
        self.till.vendor.fates[person.assignment_id] = self.draw.choice(list(AssignmentStatus))

    def compensate(self, person: Person) -> None:
        if "compensation" not in self.till.ledger(person):
            self.till.here.app.run(compensate, person.worker_id, Decimal(1), caller=OPERATOR_CALLER)

    def act_on_a_payment(self, person: Person) -> None:
        app = self.till.here.app
        kind = self.draw.choice(operator_actions.KINDS)
        if self.draw.random() < 0.3:
            app.run(operator_actions.record_found_payment, person.id, kind, "found", caller=OPERATOR_CALLER)
        else:
            app.run(
                self.draw.choice([operator_actions.release_payment, operator_actions.retry_payment]),
                person.id,
                kind,
                caller=OPERATOR_CALLER,
            )


@pytest.mark.parametrize("experiment_class", [Undecided, Meeting])
@pytest.mark.parametrize("seed", range(12))
def test_random_operations_never_leave_the_table(
    world: NewWorld, seed: int, experiment_class: type[Experiment]
):
    cap = {"hard_cap": 4} if seed % 3 == 0 else {}
    till = Till(world, experiment_class, screen_out_payment=0.25, allow_repeat_worker_ids=True, **cap)
    observer = Observer(till)
    play = Play(till, random.Random(seed), [till.arrive()])
    for _ in range(STEPS):
        play.step()
    till.go_on(hours=3)
    for (_, part), path in observer.seen.items():
        table = PAYMENT_TRANSITIONS if part.startswith("payment") else PARTICIPANT_TRANSITIONS
        assert all(after in reachable(table, before) for before, after in pairwise(path)), path
    for payment in till.here.items("payment"):
        steps = [move["to"] for move in payment["details"]["moves"]]
        changes = [(before, after) for before, after in pairwise(steps) if before != after]
        assert all(after in PAYMENT_TRANSITIONS[before] for before, after in changes), steps
