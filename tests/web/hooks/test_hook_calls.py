"""What each hook receives, and the seed of what it draws: part of what makes a run repeatable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.experiment.experiment import Experiment
from chalicelib.model.record import Record
from tests.web.conftest import NewWorld
from tests.web.experiments import Talk
from tests.web.paying_runs import Till
from tests.web.world import Person, World

HOOKS = (
    "setup",
    "node_post_request",
    "node_get_request",
    "vector_post_request",
    "vector_get_request",
    "info_post_request",
    "info_get_request",
    "transmission_post_request",
    "transmission_get_request",
    "transformation_post_request",
    "transformation_get_request",
    "participant_task_completed",
    "data_check",
    "bonus",
    "attention_check",
    "submission_successful",
    "data_check_failed",
    "attention_check_failed",
    "assignment_abandoned",
    "assignment_returned",
    "assignment_reassigned",
    "fail_participant",
    "recruit",
)

Call = tuple[str, list[Any], str | None]


def described(value: Any) -> Any:
    """Return a record as its class and id, so that calls can be compared."""
    if isinstance(value, Record):
        return f"{type(value).__name__} {value.id}"
    return [described(one) for one in value] if isinstance(value, list) else value


def noting(calls: list[Call], **returned: Any) -> type[Experiment]:
    """Return an experiment whose hooks note their calls and then do what they do by default."""

    def wrapped(name: str) -> Callable[..., Any]:
        default = getattr(Talk, name)

        def hook(self: Experiment, *given: Any, **named: Any) -> Any:
            values = [described(value) for value in (*given, *named.values())]
            calls.append((name, values, self.random_seed))
            default_result = default(self, *given, **named)
            return returned.get(name, default_result)

        return hook

    return type("Noting", (Talk,), {"journal": [], **{name: wrapped(name) for name in HOOKS}})


def seated(here: World) -> tuple[Person, int, int]:
    """Return a participant, their node, and the node of the one who came before."""
    other = here.arrive()
    other_node = other.join()
    other.answer(other_node, "hello")
    person = here.arrive()
    return person, person.join(), other_node


def test_setup_draws_from_the_launch(world: NewWorld) -> None:
    calls: list[Call] = []
    world(noting(calls))
    assert calls == [("setup", [], "seed|0|launch|0")]


def test_the_hooks_of_the_node_routes_receive_their_records_and_seeds(world: NewWorld) -> None:
    calls: list[Call] = []
    here = world(noting(calls))
    person, node, other_node = seated(here)
    del calls[:]
    info = person.answer(node, "one")
    second = person.answer(node, "two")
    one, two = f"Info {info}", f"Info {second}"
    mine, theirs = f"Node {node}", f"Node {other_node}"
    expected: list[Call] = [
        ("info_post_request", [mine, one], f"seed|2|create_info|{node}|2"),
        ("info_post_request", [mine, two], f"seed|2|create_info|{node}|3"),
    ]
    assert calls == expected
    del calls[:]
    at = f"/node/{node}"
    person.get(f"/info/{node}/{info}")
    person.get(f"{at}/infos")
    person.get(f"{at}/received_infos")
    person.get(f"{at}/neighbors")
    person.get(f"{at}/vectors")
    person.get(f"{at}/transformations")
    vectors = here.app.run(lambda ctx: [described(one) for one in ctx.uow.node(node).vectors()])
    transmissions = [
        f"Transmission {one['id']}" for one in person.get(f"{at}/transmissions")["transmissions"]
    ]
    assert calls == [
        ("info_get_request", [mine, [one]], f"seed|2|get_info|{node}|4"),
        ("info_get_request", [mine, [one, two]], f"seed|2|list_infos|{node}|4"),
        ("info_get_request", [mine, []], f"seed|2|list_received_infos|{node}|4"),
        ("node_get_request", [mine, [theirs]], f"seed|2|list_neighbors|{node}|4"),
        ("vector_get_request", [mine, vectors], f"seed|2|list_vectors|{node}|4"),
        ("transformation_get_request", [mine, []], f"seed|2|list_transformations|{node}|4"),
        ("transmission_get_request", [mine, transmissions], f"seed|2|list_transmissions|{node}|4"),
    ]


def test_the_hooks_of_posting_receive_what_was_made(world: NewWorld) -> None:
    calls: list[Call] = []
    here = world(noting(calls))
    person, node, _ = seated(here)
    first, second = person.answer(node, "one"), person.answer(node, "two")
    del calls[:]
    sent = person.post(f"/node/{node}/transmit", {"what": first})["transmissions"]
    made = person.post(f"/transformation/{node}/{first}/{second}")["transformation"]
    assert calls == [
        (
            "transmission_post_request",
            [f"Node {node}", [f"Transmission {one['id']}" for one in sent]],
            f"seed|2|transmit|{node}|4",
        ),
        (
            "transformation_post_request",
            [f"Node {node}", f"Transformation {made['id']}"],
            f"seed|2|create_transformation|{node}|5",
        ),
    ]


def test_joining_draws_again_for_each_node(world: NewWorld) -> None:
    calls: list[Call] = []
    tried = noting(calls)
    tried.experiment_repeats = 2
    here = world(tried)
    person = here.arrive()
    del calls[:]
    nodes = [person.join(), person.join()]
    assert calls == [
        ("node_post_request", ["Participant 1", f"Node {node}"], f"seed|1|join_network|{count}")
        for count, node in enumerate(nodes)
    ]


@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        (
            {},
            [
                ("data_check", ["Participant 1"], "seed|1|judge_participant|0"),
                ("bonus", ["Participant 1"], "seed|1|judge_participant|0"),
                ("attention_check", ["Participant 1"], "seed|1|judge_participant|0"),
                ("submission_successful", ["Participant 1"], "seed|1|follow_up|submission_successful|0"),
                ("recruit", [], "seed|1|follow_up|submission_successful|0"),
            ],
        ),
        (
            {"data_check": False},
            [
                ("data_check", ["Participant 1"], "seed|1|judge_participant|0"),
                ("data_check_failed", ["Participant 1"], "seed|1|follow_up|data_check_failed|0"),
                ("fail_participant", ["Participant 1"], "seed|1|follow_up|data_check_failed|0"),
            ],
        ),
        (
            {"attention_check": False},
            [
                ("data_check", ["Participant 1"], "seed|1|judge_participant|0"),
                ("bonus", ["Participant 1"], "seed|1|judge_participant|0"),
                ("attention_check", ["Participant 1"], "seed|1|judge_participant|0"),
                ("attention_check_failed", ["Participant 1"], "seed|1|follow_up|attention_check_failed|0"),
                ("fail_participant", ["Participant 1"], "seed|1|follow_up|attention_check_failed|0"),
            ],
        ),
    ],
    ids=["good work", "bad data", "no attention"],
)
def test_the_hooks_of_a_submission_receive_the_participant(
    world: NewWorld, returned: dict[str, Any], expected: list[Call]
) -> None:
    calls: list[Call] = []
    here = world(noting(calls, **returned))
    person = here.arrive()
    person.answer(person.join())
    del calls[:]
    person.finish()
    here.work()
    task = ("participant_task_completed", ["Participant 1"], "seed|1|participant_task_completed|0")
    assert calls == [task, *expected]


@pytest.mark.parametrize(
    ("event", "status"), [("returned", "returned"), ("abandoned", "abandoned"), ("reassigned", "replaced")]
)
def test_the_hook_of_a_lost_assignment_receives_the_participant(
    world: NewWorld, event: str, status: str
) -> None:
    calls: list[Call] = []
    till = Till(world, noting(calls))
    person = till.arrive()
    del calls[:]
    till.report(f"Assignment{event.capitalize()}", person)
    till.work()
    seed = f"seed|1|lose_participant|{status}|0"
    assert calls == [
        (f"assignment_{event}", ["Participant 1"], seed),
        ("fail_participant", ["Participant 1"], seed),
    ]


def test_withdrawing_fails_the_participant_by_the_hook(world: NewWorld) -> None:
    calls: list[Call] = []
    here = world(noting(calls))
    person = here.arrive()
    del calls[:]
    person.post("/withdraw", {"participant_id": person.id})
    assert calls == [("fail_participant", ["Participant 1"], "seed|1|withdraw|0")]
