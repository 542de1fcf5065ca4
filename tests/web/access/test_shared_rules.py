"""Rules that several operations share: callers, ids, sizes, repeated requests, and how often to poll."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.errors import BadRequest, Forbidden, NotFound, TooLarge, Unauthorized, Unprocessable
from chalicelib.experiment.infos import Meme
from chalicelib.model.info import Info
from chalicelib.model.node import Node
from chalicelib.operations.shared import access, fields, idempotency, poll_intervals
from chalicelib.operations.shared.context import (
    ANONYMOUS,
    ANYONE,
    OPERATOR_CALLER,
    PARTICIPANT,
    Caller,
    Context,
    Request,
)
from tests.web.conftest import NewWorld, Scene
from tests.web.experiments import Talk
from tests.web.world import World

TOKENS_OFF = Caller(ANYONE)


@pytest.fixture
def here(world: NewWorld) -> World:
    return world(Talk)


def holder(participant_id: int, serial: int = 1) -> Caller:
    return Caller(PARTICIPANT, participant_id, serial)


# -- callers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("caller", "error", "code"),
    [
        (OPERATOR_CALLER, None, ""),
        (TOKENS_OFF, None, ""),
        (holder(1), Forbidden, "operator_only"),
        (ANONYMOUS, Unauthorized, "unauthorized"),
    ],
)
def test_the_operators_operations_are_the_operators(
    here: World, caller: Caller, error: type[Forbidden] | None, code: str
) -> None:
    if error is None:
        here.app.run(access.require_operator, caller=caller)
        return
    with pytest.raises(error) as caught:
        here.app.run(access.require_operator, caller=caller)
    assert caught.value.code in (code, Unauthorized.code)


@pytest.mark.parametrize(
    ("caller", "code"),
    [
        (OPERATOR_CALLER, None),
        (TOKENS_OFF, None),
        (holder(1), None),
        (holder(1, 2), "token_ended"),
        (holder(9), "token_invalid"),
        (ANONYMOUS, Unauthorized.code),
    ],
)
def test_a_token_is_the_newest_of_a_participant_of_this_run(
    here: World, caller: Caller, code: str | None
) -> None:
    here.arrive()
    if code is None:
        here.app.run(access.require_token, caller=caller)
        return
    with pytest.raises(Unauthorized) as caught:
        here.app.run(access.require_token, caller=caller)
    assert caught.value.code == code


def test_the_calling_participant_is_that_of_the_token(here: World) -> None:
    person = here.arrive()

    def caller_of(ctx: Context) -> int | None:
        found = access.calling_participant(ctx)
        return None if found is None else found.id

    assert here.app.run(caller_of, caller=holder(person.id)) == person.id
    assert here.app.run(caller_of, caller=OPERATOR_CALLER) is None
    assert here.app.run(caller_of) is None


@pytest.mark.parametrize("caller", [OPERATOR_CALLER, TOKENS_OFF])
def test_the_operator_acts_for_every_node_and_network(islands: Scene, caller: Caller) -> None:
    run = islands.here.app.run

    def ids(ctx: Context) -> tuple[int, int, int]:
        node = access.own_node(ctx, islands.node)
        return node.id, access.own_network(ctx, 1).id, access.own_info(ctx, node, islands.info).id

    assert run(ids, caller=caller) == (islands.node, 1, islands.info)
    other = run(
        lambda ctx: access.own_info(ctx, ctx.uow.node(islands.other_node), islands.info).id, caller=caller
    )
    assert other == islands.info


def test_a_participant_acts_for_their_own_node_network_and_infos(islands: Scene) -> None:
    run, own = islands.here.app.run, holder(islands.one.id)
    assert run(lambda ctx: access.own_node(ctx, islands.node).id, caller=own) == islands.node
    assert run(lambda ctx: access.own_network(ctx, 1).id, caller=own) == 1
    refused: list[Callable[[Context], object]] = [
        lambda ctx: access.own_node(ctx, islands.other_node),
        lambda ctx: access.own_network(ctx, 2),
        lambda ctx: access.own_participant(ctx, islands.other.id),
        lambda ctx: access.own_info(ctx, ctx.uow.node(islands.other_node), islands.info),
    ]
    for operation in refused:
        with pytest.raises(Forbidden) as caught:
            run(operation, caller=own)
        assert caught.value.code == "not_yours"


def test_a_node_of_another_network_is_refused(islands: Scene) -> None:
    def in_other_network(ctx: Context) -> None:
        foreign = Node(network=ctx.uow.network(2))
        access.other_node(ctx, ctx.uow.node(islands.node), foreign.id)

    with pytest.raises(Forbidden) as caught:
        islands.here.app.run(in_other_network)
    assert caught.value.code == "another_network"


@pytest.mark.parametrize(
    ("text", "number"),
    [("7", 7), ("007", 7), ("", None), ("x", None), ("-7", None), ("1.5", None), ("٣", None)],
)
def test_an_id_is_a_number_in_ascii_digits(text: str, number: int | None) -> None:
    assert access.read_id(text, "node") == number


@pytest.mark.parametrize("text", ["0", str(10**15), "9" * 5000])
def test_a_number_beyond_the_range_of_ids_is_not_found(text: str) -> None:
    with pytest.raises(NotFound) as caught:
        access.read_id(text, "node")
    assert caught.value.code == "node_not_found"


def test_the_largest_id_is_in_the_range() -> None:
    assert access.read_id(str(10**15 - 1), "info") == 10**15 - 1


# -- fields -----------------------------------------------------------------------------------------


def test_free_fields_are_set_where_they_are_given(scene: Scene) -> None:
    def change(ctx: Context, **given: Any) -> dict[str, Any]:
        info = ctx.uow.info(scene.info)
        fields.set_free_fields(info, given)
        return info.as_json()

    first = scene.here.app.run(change, property1=5, property5="", details={"a": 1}, other="ignored")
    assert (first["property1"], first["property2"], first["property5"]) == ("5", None, "")
    second = scene.here.app.run(change, property1=None, details={})
    assert (second["property1"], second["details"]) == ("5", {"a": 1})


@pytest.mark.parametrize(
    ("given", "longest"),
    [
        ({"a": "x" * 51_200}, None),
        ({"a": "x" * 51_201}, "a has 51201 bytes; the limit for a together is 51200 bytes (50 KB)"),
        ({"a": "x" * 25_600, "b": "x" * 25_601, "c": ""}, "b has 25601 bytes; the limit for a, b together"),
        ({"a": "€" * 17_067}, "a has 51201 bytes"),
        ({"a": {"k": "€" * 17_066}}, "a has 51207 bytes"),
        ({"a": None, "b": {}}, None),
    ],
)
def test_fields_are_measured_together_in_bytes(given: dict[str, Any], longest: str | None) -> None:
    if longest is None:
        fields.check_size(**given)
        return
    with pytest.raises(TooLarge) as caught:
        fields.check_size(**given)
    assert str(caught.value).startswith(longest)


def test_a_class_is_named_by_its_word_and_is_of_the_kind(here: World) -> None:
    run = here.app.run
    assert run(fields.known_class, None, Info) is Info
    assert run(fields.known_class, "", Info) is Info
    assert run(fields.known_class, "Info", Info) is Info
    assert run(fields.known_class, "Meme", Info) is Meme
    for word, default in (("Meme", Node), ("Nothing", Info)):
        with pytest.raises(BadRequest) as caught:
            run(fields.known_class, word, default)
        assert caught.value.code == "unknown_class"


# -- repeated requests ------------------------------------------------------------------------------


def test_the_results_of_the_last_twenty_requests_are_kept(here: World) -> None:
    person = here.arrive()

    def keep(ctx: Context, result: int) -> None:
        idempotency.record_result(ctx, ctx.uow.participant(person.id), result)

    def kept(ctx: Context) -> Any:
        return idempotency.previous_result(ctx, ctx.uow.participant(person.id))

    here.app.run(keep, 99)
    assert here.app.run(kept) is None
    for number in range(21):
        here.app.run(keep, number, request=Request(f"r{number}", "print"))
    found = [here.app.run(kept, request=Request(f"r{number}", "print")) for number in (0, 1, 20, 21)]
    assert found == [None, 1, 20, None]
    with pytest.raises(Unprocessable):
        here.app.run(kept, request=Request("r20", "another print"))


# -- how often to poll ------------------------------------------------------------------------------


@pytest.mark.parametrize(("people", "seconds"), [(0, 10), (200, 10), (300, 15), (500, 25), (9000, 25)])
def test_twenty_pages_a_second_poll_in_the_waiting_room(people: int, seconds: float) -> None:
    assert poll_intervals.poll_interval(people) == seconds


class Listing:
    """A unit of work that lists participants, and counts how often it is asked."""

    def __init__(self, now: Any, waiting: int) -> None:
        self.now = now
        self.asked = 0
        self._items = [{"status": "working", "waiting": True}] * waiting
        self._items += [{"status": "working"}, {"status": "overrecruited", "waiting": True}]

    def active_participants(self) -> list[dict[str, Any]]:
        self.asked += 1
        return self._items


@pytest.mark.parametrize(("waiting", "seconds"), [(0, 1), (20, 1), (30, 1.5), (300, 15), (9000, 15)])
def test_twenty_who_wait_for_a_place_retry_in_a_second(here: World, waiting: int, seconds: float) -> None:
    listing = Listing(here.clock.now(), waiting)
    assert poll_intervals.WaitingEstimate().retry_after_seconds(listing) == seconds  # type: ignore[arg-type]


@pytest.mark.parametrize(("after", "asked"), [(0, 0), (5, 0), (-5, 0), (5.1, 1), (-5.1, 1)])
def test_the_number_of_those_who_wait_is_counted_every_five_seconds(
    here: World, after: float, asked: int
) -> None:
    now = here.clock.now()
    estimate = poll_intervals.WaitingEstimate()
    first = Listing(now, 40)
    assert estimate.retry_after_seconds(first) == 2  # type: ignore[arg-type]
    again = Listing(now + timedelta(seconds=after), 60)
    assert estimate.retry_after_seconds(again) == (3 if asked else 2)  # type: ignore[arg-type]
    assert (first.asked, again.asked) == (1, asked)
