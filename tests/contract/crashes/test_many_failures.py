"""A participant with nodes in very many networks leaves: the loss is recorded, and all of the nodes fail."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chalicelib import services
from chalicelib.errors import CommitTooLarge, RuleBroken
from chalicelib.experiment.experiment import Experiment
from chalicelib.experiment.networks import Empty
from chalicelib.messages import CarryOutRecruitment, FailRecords, kind_of
from chalicelib.messaging.local_queue import LocalQueue
from chalicelib.model.info import Info
from chalicelib.model.node import Node
from chalicelib.model.participant import Participant
from chalicelib.model.question import Question
from chalicelib.model.record import Record
from chalicelib.model.statuses import ParticipantStatus
from chalicelib.operations.participant.completion import report_error, withdraw
from chalicelib.operations.participant.submission import process_submission, record_loss
from chalicelib.ports import Message
from chalicelib.services import App
from chalicelib.storage.engine import Engine
from chalicelib.storage.engine_store import EngineStore
from chalicelib.workers import queue_consumer
from tests.contract.factories import ANY_CALLER, a_room, an_app, arrive, begin
from tests.tools.engines import Crash, FailingEngine


def many(engine: Engine) -> int:
    """How many networks the participant is in: each failed node takes two writes."""
    return 120 if engine.max_writes == 100 else 18


def few(engine: Engine) -> int:
    """How many nodes are made, or fail, in one commit."""
    return 40 if engine.max_writes == 100 else 4


@pytest.fixture(params=["sqlite", "dynamodb", "torn"])
def stepped(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Each engine, taking 100 writes at one moment, or 13 where moto would need seconds."""
    engine: Engine = request.getfixturevalue(request.param)
    monkeypatch.setattr(engine, "max_writes", 13 if request.param == "dynamodb" else 100)
    return engine


@pytest.fixture
def new_app() -> Iterator[Callable[..., tuple[App, int]]]:
    def make(engine: Engine, networks: int | None = None, **more: Any) -> tuple[App, int]:
        repeats = networks or many(engine)

        def configure(experiment: Experiment) -> None:
            experiment.experiment_repeats = repeats

        room = a_room(partial(Empty, max_size=1), configure=configure, **more)
        app = an_app(engine, room, auto_recruit=True)
        services.use(app)
        ann = arrive(app, "ann")
        for first in range(1, repeats + 1, few(engine)):
            app.run(_seat, ann, range(first, min(first + few(engine), repeats + 1)))
        taken(app)
        return app, ann

    yield make
    services.use(None)


def _seat(ctx: Any, person: int, networks: range) -> None:
    for number in networks:
        Node(ctx.uow.network(number), ctx.uow.participant(person))


def taken(app: App) -> list[Message]:
    """Take every message that is due."""
    assert isinstance(app.queue, LocalQueue)
    found = []
    while (message := app.queue.take()) is not None:
        found.append(message)
    return found


def kinds(messages: list[Message]) -> list[str]:
    return [kind_of(message.body) for message in messages]


def carry_out(app: App) -> int:
    """Handle the messages, and those that follow; return how many failed records."""
    count = 0
    while batch := taken(app):
        count += kinds(batch).count(FailRecords.kind)
        for message in batch:
            queue_consumer.handle(message)
    return count


def living(engine: Engine) -> tuple[int, int, int]:
    """Return how many nodes live, how many the networks count, and how many networks are full."""
    with begin(engine) as work:
        networks = work.networks()
        nodes = [node for network in networks for node in network.nodes()]
        return len(nodes), sum(network.n_alive for network in networks), sum(one.full for one in networks)


def lose(status: ParticipantStatus) -> Callable[[App, int], Any]:
    return lambda app, person: app.run(record_loss, person, status)


def screen_out(app: App, person: int) -> None:
    app.run(lambda ctx: ctx.experiment.screen_out(ctx.uow.participant(person)))


def submit(app: App, person: int) -> None:
    app.run(process_submission, person)


def report(app: App, person: int) -> None:
    app.run(report_error, person, {"error_text": "It broke."}, caller=ANY_CALLER)


LEAVINGS: dict[str, tuple[Callable[[App, int], Any], dict[str, Any]]] = {
    "returned": (lose(ParticipantStatus.RETURNED), {}),
    "abandoned": (lose(ParticipantStatus.ABANDONED), {}),
    "replaced": (lose(ParticipantStatus.REPLACED), {}),
    "withdrawn": (lambda app, person: app.run(withdraw, person, caller=ANY_CALLER), {}),
    "screened out": (screen_out, {}),
    "bad data": (submit, {"data_check": lambda *_: False}),
    "not attentive": (submit, {"attention_check": lambda *_: False}),
    "an error": (report, {}),
}


@pytest.mark.parametrize("leaving", LEAVINGS)
def test_every_node_of_a_participant_who_leaves_fails(
    small_steps: Engine, new_app: Callable[..., tuple[App, int]], leaving: str
) -> None:
    leave, hooks = LEAVINGS[leaving]
    app, ann = new_app(small_steps, **hooks)
    leave(app, ann)
    messages = carry_out(app)
    assert (living(small_steps), messages > 0) == ((0, 0, 0), True)


def test_a_participant_in_a_hundred_and_twenty_networks_leaves(
    full_steps: Engine, new_app: Callable[..., tuple[App, int]]
) -> None:
    app, ann = new_app(full_steps)
    app.run(record_loss, ann, ParticipantStatus.RETURNED)
    first = living(full_steps)
    assert (carry_out(app), first[0] > 0, living(full_steps)) == (2, True, (0, 0, 0))


def test_hooks_that_fail_nodes_themselves_may_fail_very_many(
    stepped: Engine, new_app: Callable[..., tuple[App, int]]
) -> None:
    def fail_each(_: Any, participant: Participant) -> None:
        for node in participant.nodes():
            node.fail("gone")

    app, ann = new_app(stepped, assignment_returned=fail_each)
    app.run(record_loss, ann, ParticipantStatus.RETURNED)
    carry_out(app)
    with begin(stepped) as work:
        reasons = {node.failed_reason for node in work.participant(ann).nodes(failed="all")}
    assert (living(stepped), reasons) == ((0, 0, 0), {"gone"})


def test_the_loss_is_recorded_with_as_many_failures_as_fit(
    stepped: Engine, new_app: Callable[..., tuple[App, int]]
) -> None:
    app, ann = new_app(stepped)
    app.run(record_loss, ann, ParticipantStatus.RETURNED)
    with begin(stepped) as work:
        status = work.participant(ann).status
    left = living(stepped)
    assert (status, left[0] == left[1] == left[2]) == (ParticipantStatus.RETURNED, True)
    assert many(stepped) / 2 < left[0] < many(stepped)


def test_places_are_opened_for_the_nodes_that_fail_later(
    small_steps: Engine, new_app: Callable[..., tuple[App, int]]
) -> None:
    """Every network was full: `recruit` sees those that this commit leaves full as well."""
    app, ann = new_app(small_steps)
    app.run(record_loss, ann, ParticipantStatus.MISSING_NOTIFICATION)
    requests = [one.body["requests"] for one in taken(app) if kind_of(one.body) == CarryOutRecruitment.kind]
    assert requests == [[["recruit", 1]]]


def test_a_cascade_that_fits_into_one_commit_fails_atomically(
    stepped: Engine, new_app: Callable[..., tuple[App, int]]
) -> None:
    app, ann = new_app(stepped, networks=few(stepped))
    app.run(record_loss, ann, ParticipantStatus.RETURNED)
    assert (living(stepped), FailRecords.kind in kinds(taken(app))) == ((0, 0, 0), False)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("commit", [1, 2])
def test_a_crash_between_the_commits_loses_no_failure(
    small_steps: Engine, new_app: Callable[..., tuple[App, int]], commit: int, when: Any
) -> None:
    """The consumer dies before or after a commit; what the sweep finds is delivered again."""
    app, ann = new_app(small_steps)
    app.run(record_loss, ann, ParticipantStatus.RETURNED)
    app.store = EngineStore(FailingEngine(small_steps, fail_at=commit, when=when))
    crashes = 0
    for _ in range(many(small_steps)):
        waiting = recorded(app)
        for message in waiting:
            try:
                queue_consumer.handle(message)
            except Crash:
                crashes += 1
        if not waiting:
            break
    assert (crashes, living(small_steps)) == (1, (0, 0, 0))


def recorded(app: App) -> list[Message]:
    """Return the messages of the outbox that fail records."""
    due = app.store.due(app.clock.now() + timedelta(hours=1))
    return [one for one in due if kind_of(one.body) == FailRecords.kind]


def test_a_message_that_comes_again_changes_nothing(
    small_steps: Engine, new_app: Callable[..., tuple[App, int]]
) -> None:
    app, ann = new_app(small_steps)
    app.run(record_loss, ann, ParticipantStatus.RETURNED)
    again = [one for one in taken(app) if kind_of(one.body) == FailRecords.kind]
    for message in again * 2:
        queue_consumer.handle(message)
    carry_out(app)
    assert living(small_steps) == (0, 0, 0)


@pytest.fixture
def own_cascade(own_classes: None) -> type[Node]:
    """A class of the author's whose cascade is its own, which then counts for the whole process."""

    class Talker(Node):
        """A node whose author decides what fails with it."""

        type = "talker_with_own_cascade"

        @property
        def failure_cascade(self) -> Any:
            return [self.infos]

    return Talker


def test_a_node_with_very_many_infos_and_a_cascade_of_the_author_fails(
    small_steps: Engine, new_app: Callable[..., tuple[App, int]], own_cascade: type[Node]
) -> None:
    app, ann = new_app(small_steps, networks=1)
    app.run(_say_much, ann, many(small_steps))
    app.run(record_loss, ann, ParticipantStatus.RETURNED)
    carry_out(app)
    with begin(small_steps) as work:
        (node,) = work.participant(ann).nodes(failed="all")
        infos = [(info.own_failed, info.failed_reason) for info in node.infos(failed="all")]
        counts = (node.n_infos, node.n_failed_infos)
    reason = f"Participant-{ann} left->Node{node.id}"
    assert (infos, counts, living(small_steps)) == (
        [(True, reason)] * many(small_steps),
        (0, many(small_steps)),
        (0, 0, 0),
    )


def _say_much(ctx: Any, person: int, count: int) -> None:
    (node,) = ctx.uow.participant(person).nodes()
    for number in range(count):
        Info(node, contents=str(number))


def test_a_participant_with_very_many_answers_fails(
    small_steps: Engine, new_app: Callable[..., tuple[App, int]]
) -> None:
    app, ann = new_app(small_steps, networks=1)
    for first in range(0, many(small_steps), few(small_steps)):
        app.run(_answer, ann, range(first, min(first + few(small_steps), many(small_steps))))
    app.run(lambda ctx: ctx.uow.participant(ann).fail("gone"))
    carry_out(app)
    with begin(small_steps) as work:
        answers: list[Record] = list(work.participant(ann).questions())
    assert [one.failed_reason for one in answers] == [f"gone->Participant{ann}"] * many(small_steps)


def _answer(ctx: Any, person: int, numbers: range) -> None:
    for number in numbers:
        Question(ctx.uow.participant(person), question=f"q{number}", response="a", number=number)


def test_failed_nodes_that_also_change_otherwise_are_written_with_the_commit_or_refused(
    small_steps: Engine, new_app: Callable[..., tuple[App, int]]
) -> None:
    """A later commit couldn't know the other change."""

    def mark_each(_: Any, participant: Participant) -> None:
        for node in participant.nodes():
            node.fail("gone")
            node.property1 = "left early"

    app, ann = new_app(small_steps, assignment_returned=mark_each)
    before = living(small_steps)
    with pytest.raises(CommitTooLarge, match="several requests"):
        app.run(record_loss, ann, ParticipantStatus.RETURNED)
    assert living(small_steps) == before


def test_records_whose_failing_was_ended_by_an_error_are_never_left_to_a_later_commit(
    sqlite: Engine, new_app: Callable[..., tuple[App, int]]
) -> None:
    _, ann = new_app(sqlite, networks=2)
    with begin(sqlite) as work:
        broken, whole = work.participant(ann).nodes()
        with contextlib.suppress(RuleBroken), work.failing(broken, "gone"):
            broken.property1 = "half-way"
            raise RuleBroken("The author's cascade failed.")
        for node in (broken, whole):
            with work.failing(node, "gone"):
                node.own_failed = True
        left_out = work._failure_log.deferrable([broken, whole])
    assert left_out == {("Network", whole.network_id): [whole]}


def test_other_changes_of_a_failed_node_are_kept_where_the_rest_is_left_out(
    small_steps: Engine, new_app: Callable[..., tuple[App, int]]
) -> None:
    def mark_last(_: Any, participant: Participant) -> None:
        nodes = participant.nodes()
        nodes[-1].property1 = "the last"
        for node in nodes:
            node.fail("gone")

    app, ann = new_app(small_steps, assignment_returned=mark_last)
    app.run(record_loss, ann, ParticipantStatus.RETURNED)
    with begin(small_steps) as work:
        last = work.participant(ann).nodes(failed="all")[-1]
        assert (last.property1, last.failed) == ("the last", True)
    carry_out(app)
    assert living(small_steps) == (0, 0, 0)
