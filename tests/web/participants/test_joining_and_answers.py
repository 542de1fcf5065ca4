"""What joining, answering, launching and an author's own route store and answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.errors import NoNetwork
from chalicelib.model.participant import Participant
from chalicelib.operations.network import join_network
from chalicelib.operations.run.custom_route import (
    DONE_BEFORE,
    MAX_STORED_RESPONSE,
    CustomResponse,
    CustomRoute,
    _stored,
    answer_custom_route,
)
from chalicelib.operations.run.launch import launch
from chalicelib.operations.shared.context import OPERATOR_CALLER, PARTICIPANT, Caller, Context
from tests.web.conftest import NewWorld
from tests.web.experiments import Retelling, Talk, with_hooks
from tests.web.world import Person, World


def again(here: World, person: Person) -> Person:
    """Begin again under the same ids, as another browser does."""
    ids = {"workerId": person.worker_id, "hitId": person.hit_id, "assignmentId": person.assignment_id}
    said = here.post("/participant", {**ids, "mode": "debug", "recruiter": "hotair"})
    return Person(here, person.id, said["token"], person.worker_id, person.assignment_id)


@pytest.mark.parametrize("failed", [True, False])
def test_an_answer_is_stored_at_its_node_with_its_contents(world: NewWorld, failed: bool) -> None:
    here = world(Talk)
    person = here.arrive()
    node = person.join()
    said = person.post(f"/info/{node}", {"contents": "words", "failed": str(failed).lower()})
    (kept,) = here.items("info")
    assert (said["info"]["contents"], kept["origin_id"], kept["contents"]) == ("words", node, "words")
    assert bool(kept.get("failed")) is failed


def test_a_new_session_gets_the_unanswered_node_back(world: NewWorld) -> None:
    here = world(Talk)
    person = here.arrive()
    node = person.join()
    back = again(here, person)
    for _ in range(2):
        said = back.post(f"/node/{person.id}", request_id="r1")
        assert said["node"]["id"] == node
    assert len(here.items("node")) == 1


def test_a_new_session_gets_its_newest_node_only_while_it_is_unanswered(world: NewWorld) -> None:
    here = world(with_hooks(Talk, experiment_repeats=3))
    person = here.arrive()
    first, second = person.join(), person.join()
    back = again(here, person)
    assert back.post(f"/node/{person.id}")["node"]["id"] == second
    back.answer(second)
    newest = again(here, back).post(f"/node/{person.id}")["node"]["id"]
    assert newest not in (first, second)


def test_a_participant_who_waited_too_long_is_released_with_pay(world: NewWorld) -> None:
    here = world(with_hooks(Retelling, places=9), busy_timeout=5)
    here.arrive().join()
    late = here.arrive()

    def join(minutes: float) -> str:
        here.clock.turn(minutes=minutes)
        return late.post(f"/node/{late.id}").code

    assert [join(minutes) for minutes in (0, 5, 0.01)] == ["network_busy", "network_busy", "no_network"]
    assert [item.get("released") for item in here.items("participant")] == [None, "busy"]
    with pytest.raises(NoNetwork):
        here.app.run(lambda ctx: join_network.find_network(ctx, ctx.uow.participant(late.id)))


def test_the_refusal_of_a_participant_who_waited_too_long_promises_pay(world: NewWorld) -> None:
    here = world(with_hooks(Retelling, places=9), busy_timeout=5)
    here.arrive().join()
    late = here.arrive()
    late.post(f"/node/{late.id}")
    here.clock.turn(minutes=6)
    said = late.post(f"/node/{late.id}")
    assert said["error_text"] == "We are sorry: no place became free in time. You will be paid for waiting."


@pytest.mark.parametrize(
    ("number", "seconds", "due"), [(1, 2, True), (1, 0, False), (1, 1, False), (2, 1, True), (3, 0, True)]
)
def test_each_who_waits_checks_for_departed_every_three_seconds(
    world: NewWorld, number: int, seconds: int, due: bool
) -> None:
    """Noon is a multiple of three seconds; participants check in different ones."""
    here = world(Talk)
    here.clock.turn(seconds=seconds)
    participant = Participant()
    participant.id = number

    def is_due(ctx: Context) -> bool:
        return join_network._is_due_to_check(ctx, participant)

    assert here.app.run(is_due)
    participant.waiting_since = here.clock.now() - timedelta(minutes=1)
    assert here.app.run(is_due) is due


@pytest.mark.parametrize(
    ("auto_recruit", "told"), [(True, "Recruitment was started."), (False, "Recruitment is off.")]
)
def test_launching_tells_of_recruitment(world: NewWorld, auto_recruit: bool, told: str) -> None:
    here = world(Talk, launch=False, auto_recruit=auto_recruit)
    for _ in range(2):
        assert here.app.run(launch, caller=OPERATOR_CALLER) == {"recruitment_msg": told}


def test_amounts_have_the_currency_of_the_experiment(world: NewWorld) -> None:
    assert world().app.run(lambda ctx: ctx.money(1)) == "$1.00"
    assert "€" in world(currency="EUR").app.run(lambda ctx: ctx.money("1.5"))


# -- an author's own routes -------------------------------------------------------------------------


def text(value: Any) -> CustomResponse:
    return CustomResponse(200, {"Content-Type": "text/plain"}, str(value))


@pytest.mark.parametrize("is_method", [True, False])
def test_an_authors_route_receives_its_arguments_and_draws_by_caller_and_time(
    world: NewWorld, is_method: bool
) -> None:
    here = world(Talk)
    person = here.arrive()
    calls: list[Any] = []

    def function(*given: Any, **named: Any) -> str:
        calls.append((len(given), named))
        return "done"

    seeds: list[Any] = []

    def call(ctx: Context) -> CustomResponse:
        route = CustomRoute("greet", function, is_method, text)
        response = answer_custom_route(ctx, route, {"word": "hello"}, {"more": "1"})
        experiment = ctx.experiment
        caller = experiment.calling_participant
        seeds.append((experiment.random_seed, caller and caller.id, experiment.parameters))
        return response

    for caller in (Caller(PARTICIPANT, person.id, 1), OPERATOR_CALLER):
        assert here.app.run(call, caller=caller) == text("done")
    assert calls == [(int(is_method), {"word": "hello"})] * 2
    noon = "2026-03-01T12:00:00.000000Z"
    assert seeds == [
        (f"seed|1|greet|{noon}|0", 1, {"more": "1"}),
        (f"seed|0|greet|{noon}|0", None, {"more": "1"}),
    ]


@pytest.mark.parametrize(
    ("body", "is_stored"),
    [("x" * MAX_STORED_RESPONSE, True), ("x" * (MAX_STORED_RESPONSE + 1), False), (b"x", False)],
)
def test_a_short_text_is_stored_for_a_repeated_request(body: str | bytes, is_stored: bool) -> None:
    response = CustomResponse(201, {"X-Word": "w"}, body)
    assert _stored(response) == ([201, {"X-Word": "w"}, body] if is_stored else DONE_BEFORE)
