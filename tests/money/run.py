"""A run whose process dies at any commit, and whose messages come late, twice and in any order."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal

from chalicelib import bootstrap
from chalicelib.messages import CheckListing
from chalicelib.messaging.local_queue import LocalQueue
from chalicelib.model.participant import Participant
from chalicelib.operations.network.create_info import create_info
from chalicelib.operations.network.join_network import join_network
from chalicelib.operations.participant import completion
from chalicelib.operations.participant.create_participant import create_participant
from chalicelib.operations.participant.entry_verification import EntryRequest
from chalicelib.operations.payment import ledger, operator_actions
from chalicelib.operations.run.launch import launch
from chalicelib.operations.schedule import dead_letters
from chalicelib.operations.shared.context import ANYONE, OPERATOR_CALLER, Caller, Context, Request
from chalicelib.ports import Message
from chalicelib.storage.engine import Engine
from chalicelib.workers import queue_consumer, scheduler
from tests.tools.engines import Crash, FailingEngine

from .people import Paying, Person
from .sides import Side, nothing

ANY_CALLER = Caller(ANYONE)
AT_LAST = timedelta(days=60)


class Mortal(FailingEngine):
    """Crashes at the given points, as often as given."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine, fail_at=0)

    def die_in(self, commits: int, when: Literal["before", "after"]) -> None:
        self._fail_at, self._when = self.commits + commits, when

    def live(self) -> None:
        self._fail_at = 0


class Silent:
    """Sends no mail."""

    def tell(self, subject: str, text: str) -> None:
        """The letters are other tests' business."""


class Run:
    """One run at one vendor, over one engine."""

    def __init__(self, side: Side, engine: Engine, people: list[Person], chance: random.Random) -> None:
        self.side, self.chance = side, chance
        self.engine = Mortal(engine)
        self.waiting_room = any(one.outcome in ("overrecruited", "waited_in_vain") for one in people)
        all_people = [each for one in people for each in (one, one.successor) if each is not None]
        #: Whether others than those who only wait have something to do.
        self.is_busy: Callable[[], bool] = lambda: False
        self.experiment: Any = type(
            "Tried",
            (Paying,),
            {"people": {one.worker: one for one in all_people}, "quorum": 99 if self.waiting_room else 0},
        )
        self.app = bootstrap.local(
            self.experiment,
            {
                **side.settings,
                "mode": "debug",
                "recruiter": side.nickname,
                "run_seed": "seed",
                # Participants run out of time here all the time; recruitment continues.
                "disable_when_duration_exceeded": False,
            },
            app_id="money",
            engine=self.engine,  # type: ignore[arg-type]  # passes everything on
            clock=side.clock,
        )
        self.app.mailer = Silent()
        book = self.app.recruiters
        book.recruiters[side.nickname] = side.recruiter
        book.receivers = bootstrap._receivers(book.recruiters, side.clock)
        #: Messages that the queue delivers a second time, and reports that come again or late.
        self.copies: list[Message] = []
        self.late: list[Any] = []
        self.in_hand: Message | None = None

    # -- the process dies ---------------------------------------------------------------------------

    def restart(self) -> None:
        """Restart from what is stored; messages in memory are lost."""
        self.engine.live()
        self.app.queue = LocalQueue(self.side.clock)

    def act(
        self,
        operation: Callable[..., Any],
        *args: Any,
        caller: Caller = ANY_CALLER,
        id: str | None = None,
        **more: Any,
    ) -> Any:
        """Make a request as a page does: again with the same id when no answer comes."""
        while True:
            try:
                return self.app.run(operation, *args, caller=caller, request=Request(id, id or ""), **more)
            except Crash:
                self.restart()

    # -- what people do -----------------------------------------------------------------------------

    def launch(self) -> None:
        self.act(launch, caller=OPERATOR_CALLER)
        self.work()

    def begin(self, person: Person, hit_id: str) -> int:
        self.experiment.is_crowded = person.outcome == "overrecruited"
        entry = EntryRequest(person.worker, hit_id, person.assignment, recruiter=self.side.nickname)
        made = self.act(create_participant, entry, id=f"begin-{person.worker}")
        self.experiment.is_crowded = False
        return int(made["participant"]["id"])

    def join(self, person: Person) -> int:
        return int(self.act(join_network, person.id, {}, id=f"join-{person.worker}")["node"]["id"])

    def say(self, person: Person, node_id: int) -> None:
        answer = {"contents": person.answer, "info_type": None, "failed": False, "fields": {}}
        self.act(create_info, node_id, id=f"say-{person.worker}", **answer)

    def finish(self, person: Person) -> None:
        self.act(completion.complete_participation, person.id, id=f"end-{person.worker}")

    def withdraw(self, person: Person) -> None:
        self.act(completion.withdraw, person.id, id=f"end-{person.worker}")

    def report_error(self, person: Person) -> None:
        self.act(completion.report_error, person.id, {"text": "broken"}, id=f"end-{person.worker}")

    def participant(self, person: Person) -> Participant:
        with self.app.store.begin(self.side.clock.now()) as work:
            return work.participant(person.id)

    # -- what the operator does ---------------------------------------------------------------------

    def compensate(self, person: Person) -> None:
        """Repeatedly, like a participant who gets no response."""
        for _ in range(self.chance.randint(1, 2)):
            self.act(owe_compensation, person.id, Decimal(person.compensation), caller=OPERATOR_CALLER)

    def fix(self) -> None:
        """Replay dead letters, and release what was refused, now that the account is filled."""
        for letter in self.app.run(dead_letters.list_dead_letters, caller=OPERATOR_CALLER):
            self.app.run(dead_letters.replay_dead_letter, letter["id"], caller=OPERATOR_CALLER)
        for entry in self.ledger():
            self.app.run(
                operator_actions.release_payment, entry.participant_id, entry.kind, caller=OPERATOR_CALLER
            )

    def ledger(self) -> list[operator_actions.PaymentEntry]:
        return self.app.run(
            operator_actions.list_payments, operator_actions.PaymentFilter(), caller=OPERATOR_CALLER
        )

    def ends(self) -> set[str]:
        """How people came to their end."""
        people = [self.participant(one) for one in self.experiment.people.values() if one.id]
        return {one.status for one in people} | {f"released: {one.early_exit_reason}" for one in people}

    def states_of_payments(self) -> set[str]:
        """Through which states payments went."""
        with self.app.store.begin(self.side.clock.now()) as work:
            found = [work.payment(entry.participant_id, entry.kind) for entry in self.ledger()]
            return {each["to"] for payment in found if payment for each in ledger.transitions_of(payment)}

    # -- what comes in ------------------------------------------------------------------------------

    def hear(self, loss: float = 0.0) -> None:
        """Let reports arrive: some get lost, some come twice, late or in another order."""
        reports, self.late = [*self.late, *self.side.reports()], []
        self.chance.shuffle(reports)
        for report in reports:
            if self.chance.random() < loss:
                continue
            if loss and self.chance.random() < 0.2:
                self.late.append(report)
                if self.chance.random() < 0.5:
                    continue
            self._deliver(report)

    def _deliver(self, report: Any) -> None:
        try:
            is_heard = self.side.deliver(report)
        except Crash:
            self.restart()
            is_heard = False
        if not is_heard:
            self.late.append(report)

    def work(self) -> None:
        """Handle what is due, in any order, some of it twice; what fails comes again later."""
        while batch := self._taken():
            for message in batch:
                if not self._handle(message):
                    return

    def _taken(self) -> list[Message]:
        queue, batch = self.queue, []
        while (message := queue.take()) is not None:
            batch.append(message)
            if self.chance.random() < 0.1:
                self.copies.append(message)
        self.chance.shuffle(batch)
        return batch

    @property
    def queue(self) -> LocalQueue:
        assert isinstance(self.app.queue, LocalQueue)
        return self.app.queue

    def _handle(self, message: Message) -> bool:
        """Return False when the process died, and the rest of what it had taken with it."""
        event = LocalQueue.as_event(message, self.queue.tries(message))
        self.in_hand = message
        try:
            failed = queue_consumer.consume(event)["batchItemFailures"]
        except Crash:
            self.restart()
            return False
        finally:
            self.in_hand = None
        (self.queue.failed if failed else self.queue.done)(message)
        return True

    def deliver_copies(self) -> None:
        """Let the queue deliver again what it has delivered before."""
        copies, self.copies = self.copies, []
        for message in copies:
            self._consume_again(message)

    def _consume_again(self, message: Message) -> None:
        try:
            queue_consumer.consume(LocalQueue.as_event(message))
        except Crash:
            self.restart()

    def deliver_meanwhile(self) -> None:
        """Let another worker get the same message while this one is calling the vendor."""
        message, self.in_hand = self.in_hand, None
        if message is not None and self.chance.random() < 0.1:
            self._consume_again(message)
        self.in_hand = message

    def pass_time(self, by: timedelta) -> None:
        self.side.pass_time(by)
        scheduler.resend_due_messages()
        self.work()

    # -- the end ------------------------------------------------------------------------------------

    def come_to_rest(self) -> None:
        """Let nothing fail any more, and go on until there is nothing left to do."""
        self.engine.live()
        self.side.meanwhile = nothing
        self.side.fix()
        for hours in (0.002, 0.05, 0.4, 1.1, 1.1, 0.4) * 5:
            self.hear()
            self.deliver_copies()
            self.fix()
            self.pass_time(timedelta(hours=hours))
            if self.is_at_rest():
                return
        raise AssertionError(f"the run doesn't come to rest: {self.app.store.due(self._at_last())}")

    def is_at_rest(self) -> bool:
        # The end of a HIT, a month ahead, doesn't affect pay.
        due = [
            message
            for message in self.app.store.due(self._at_last())
            if message.body["kind"] != CheckListing.kind
        ]
        if (
            self.late
            or self.copies
            or due
            or self.app.run(dead_letters.list_dead_letters, caller=OPERATOR_CALLER)
        ):
            return False
        return all(entry.status == "paid" for entry in self.ledger())

    def _at_last(self) -> Any:
        return self.side.clock.now() + AT_LAST


def owe_compensation(ctx: Context, participant_id: int, amount: Decimal) -> None:
    participant = ctx.uow.participant(participant_id)
    ledger.record_debt(ctx, participant, ledger.COMPENSATION, amount, "for your time", ledger.OPERATOR)
