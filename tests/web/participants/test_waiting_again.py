"""Participants who wait for a place in a chain again, after a release, or behind one more who left."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.errors import NetworkBusy
from tests.web.conftest import NewWorld
from tests.web.experiments import Retelling, with_hooks
from tests.web.world import Person, Said, World


def try_to_join(person: Person) -> Said:
    return person.post(f"/node/{person.id}")


def waiting(here: World) -> list[int]:
    """Return the ids of the participants that are counted as waiting."""
    return [item["id"] for item in here.items("listed") if item.get("waiting")]


def test_a_participant_who_was_released_gets_no_place_that_opens_later(world: NewWorld) -> None:
    here = world(Retelling)
    first = here.arrive()
    node = first.join()
    late = here.arrive()
    try_to_join(late)
    here.clock.turn(minutes=11)
    assert try_to_join(late).code == "no_network"
    first.answer(node)
    with here.unchanged():
        assert try_to_join(late).code == "no_network"
    assert try_to_join(here.arrive()).status == 200


def test_a_participant_who_waited_for_a_second_place_is_not_waited_with_any_more(world: NewWorld) -> None:
    here = world(with_hooks(Retelling, experiment_repeats=2))
    ahead = [here.arrive() for _ in range(2)]
    nodes = [person.join() for person in ahead]
    late = here.arrive()
    ahead[0].answer(nodes[0])
    first = late.join()
    late.answer(first)
    assert try_to_join(late).code == "network_busy"
    assert waiting(here) == [late.id]
    ahead[1].answer(nodes[1])
    assert late.join() // 100_000 != first // 100_000
    assert waiting(here) == []


@pytest.mark.parametrize("minutes", [0, 11])
def test_a_participant_waits_where_a_departed_one_was_not_the_only_one_ahead(
    world: NewWorld, minutes: float
) -> None:
    """Failing a departed participant's node opens a place that the experiment may not offer yet."""
    asked: list[int] = []

    def get_network_for_participant(self: Any, participant: Any) -> Any:
        asked.append(participant.id)
        if participant.id > 1:
            raise NetworkBusy
        return Retelling.get_network_for_participant(self, participant)

    here = world(with_hooks(Retelling, get_network_for_participant=get_network_for_participant))
    first = here.arrive()
    node = first.join()
    first.post("/worker_failed", {"participant_id": first.id})
    late = here.arrive()
    assert try_to_join(late).code == "network_busy"
    assert asked == [1, late.id, late.id]
    assert [item["id"] for item in here.items("node") if item.get("failed")] == [node]
    assert waiting(here) == [late.id]
    here.clock.turn(minutes=minutes)
    assert try_to_join(late).code == ("no_network" if minutes else "network_busy")
