"""Runs that pay through the vendor of the tests, and what the ledger says of them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from chalicelib.experiment.experiment import Experiment
from chalicelib.messaging.local_queue import LocalQueue
from chalicelib.operations.schedule import dead_letters
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.workers import queue_consumer
from tests.tools.vendor import Vendor
from tests.web.conftest import NewWorld
from tests.web.experiments import Talk, with_hooks
from tests.web.world import OPERATOR_TOKEN, Person, World


class Letters:
    """A mailer that stores the notices to the operator."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def tell(self, subject: str, text: str) -> None:
        self.sent.append(text)

    @property
    def told(self) -> list[str]:
        """The notices, without the frame of a letter."""
        return [json.loads(text)["message"] for text in self.sent]

    def about(self, word: str) -> list[str]:
        return [text for text in self.sent if word in text]


class Till:
    """A run, the vendor it pays through, and the operator's letter box."""

    def __init__(self, world: NewWorld, experiment_class: type[Experiment], **settings: Any) -> None:
        self.vendor = Vendor()
        self.letters = Letters()
        # A participant who is late doesn't end recruitment, unless a test asks for it.
        defaults = {"recruiter": "vendor", "disable_when_duration_exceeded": False}
        self.here: World = world(experiment_class, launch=False, **{**defaults, **settings})
        self.here.app.recruiters.recruiters["vendor"] = self.vendor
        self.here.app.mailer = self.letters
        self.here.launch()

    def arrive(self, **fields: Any) -> Person:
        return self.here.arrive(**{"recruiter": "vendor", **fields})

    def report(self, event: str, person: Person, **fields: Any) -> None:
        """Let the vendor report about a participant; the messages that follow aren't handled yet."""
        given = {"Event.1.EventType": event, "Event.1.AssignmentId": person.assignment_id, **fields}
        assert self.here.post("/notifications", given, token=OPERATOR_TOKEN).status == 200

    def finish(self, person: Person | None = None) -> Person:
        """Let a participant finish and submit."""
        who = person or self.arrive()
        who.answer(who.join())
        who.finish()
        self.report("AssignmentSubmitted", who)
        self.work()
        return who

    def work(self) -> None:
        """Handle what is due, as the local host does: what fails comes again later, and dies in the end."""
        queue = self.here.app.queue
        assert isinstance(queue, LocalQueue)
        while (message := queue.take()) is not None:
            event = LocalQueue.as_event(message, queue.tries(message))
            failed = queue_consumer.consume(event)["batchItemFailures"]
            (queue.failed if failed else queue.done)(message)

    def go_on(self, **by: float) -> None:
        """Let time pass, and do what falls due at its moment."""
        queue, clock = self.here.app.queue, self.here.clock
        assert isinstance(queue, LocalQueue)
        end = clock.now() + timedelta(**by)
        self.work()
        while True:
            step = min(end, queue.next_due or end)
            clock.turn(seconds=max(0.0, (step - clock.now()).total_seconds()))
            self.work()
            if step >= end:
                return

    def ledger(self, person: Person) -> dict[str, str]:
        """A participant's payments in the ledger: status by kind."""
        mine = [item for item in self.here.items("payment") if item["participant_id"] == person.id]
        return {item["payment_kind"]: item["status"] for item in mine}

    def moves(self, person: Person, kind: str) -> list[dict[str, Any]]:
        (item,) = [
            item
            for item in self.here.items("payment")
            if (item["participant_id"], item["payment_kind"]) == (person.id, kind)
        ]
        moves: list[dict[str, Any]] = item["details"]["moves"]
        return moves

    def dead_letters(self) -> list[dict[str, Any]]:
        return self.here.app.run(dead_letters.list_dead_letters, caller=OPERATOR_CALLER)

    def statuses(self, *people: Person) -> list[str]:
        return [person.now()["status"] for person in people]


def paying(bonus: Any = 0, **members: Any) -> type[Experiment]:
    """Return an experiment with ten seats whose bonus is this (or is returned by this function)."""

    def answer(self: Experiment, participant: Any) -> Any:
        return bonus() if callable(bonus) else bonus

    return with_hooks(Talk, bonus=answer, **members)
