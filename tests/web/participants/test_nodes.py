"""Joining, neighbours, vectors, networks."""

from __future__ import annotations

import pytest

from tests.web.conftest import NewWorld, Scene
from tests.web.experiments import Islands, Retelling, Talk, with_hooks
from tests.web.world import OPERATOR_TOKEN

NEVER = 99_999_00_001


# -- joining ----------------------------------------------------------------------------------------


def test_joining_returns_the_node_with_the_contracts_fields(scene: Scene) -> None:
    third = scene.here.arrive()
    shown = third.post(f"/node/{third.id}", {"property1": "x", "details": {"a": 1.5}})["node"]
    assert list(shown)[11:] == ["type", "network_id", "participant_id", "object_type"]
    assert (shown["network_id"], shown["participant_id"], shown["type"]) == (1, third.id, "node")
    assert (shown["property1"], shown["details"]) == ("x", {"a": 1.5})


def test_when_every_network_is_full_there_is_no_network(world: NewWorld) -> None:
    here = world(with_hooks(Talk, seats=1))
    here.arrive().join()
    late = here.arrive()
    with here.unchanged():
        said = late.post(f"/node/{late.id}")
    assert (said.status, said.code) == (403, "no_network")


def test_each_participant_visits_each_network_once(world: NewWorld) -> None:
    here = world(Islands)
    person = here.arrive()
    assert {person.join() // 100_000, person.join() // 100_000} == {1, 2}
    assert person.post(f"/node/{person.id}").code == "no_network"


def test_practice_networks_come_first(world: NewWorld) -> None:
    here = world(with_hooks(Islands, practice_repeats=1))
    person = here.arrive()
    said = person.get(f"/network/{person.join() // 100_000}")
    assert said["network"]["role"] == "practice"


# -- neighbours and vectors -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("connection", "found"), [(None, 1), ("to", 1), ("from", 1), ("either", 1), ("both", 1)]
)
def test_neighbours_are_listed_by_connection(scene: Scene, connection: str | None, found: int) -> None:
    said = scene.one.get(f"/node/{scene.node}/neighbors", {"connection": connection})
    assert [node["id"] for node in said["nodes"]] == [scene.other_node] * found


def test_neighbours_are_outgoing_by_default(world: NewWorld) -> None:
    here = world(Retelling)
    person = here.arrive()
    node = person.join()
    assert person.get(f"/node/{node}/neighbors")["nodes"] == []
    (source,) = person.get(f"/node/{node}/neighbors", {"connection": "from"})["nodes"]
    assert (source["participant_id"], source["type"]) == (None, "told")


def test_neighbours_may_be_of_one_class(scene: Scene) -> None:
    assert scene.one.get(f"/node/{scene.node}/neighbors", {"node_type": "Agent"})["nodes"] == []


@pytest.mark.parametrize("failed", ["False", "True", "all", "x"])
def test_neighbours_take_no_failed_and_say_why(scene: Scene, failed: str) -> None:
    said = scene.one.get(f"/node/{scene.node}/neighbors", {"failed": failed})
    assert (said.status, said.code) == (400, "failed_not_allowed")
    assert "living nodes" in said["error_text"]


@pytest.mark.parametrize(("direction", "count"), [(None, 2), ("all", 2), ("incoming", 1), ("outgoing", 1)])
def test_vectors_are_listed_by_direction(scene: Scene, direction: str | None, count: int) -> None:
    said = scene.one.get(f"/node/{scene.node}/vectors", {"direction": direction})
    assert len(said["vectors"]) == count


def test_a_vector_is_shown_with_the_contracts_fields(scene: Scene) -> None:
    (vector,) = scene.one.get(f"/node/{scene.node}/vectors", {"direction": "outgoing"})["vectors"]
    assert list(vector)[11:] == ["origin_id", "destination_id", "network_id", "object_type"]
    assert (vector["origin_id"], vector["destination_id"]) == (scene.node, scene.other_node)


@pytest.mark.parametrize(("failed", "count"), [(None, 0), ("False", 0), ("true", 2), ("ALL", 2)])
def test_failed_vectors_are_left_out_by_default(scene: Scene, failed: str | None, count: int) -> None:
    scene.other.post("/withdraw", {"participant_id": scene.other.id})
    said = scene.one.get(f"/node/{scene.node}/vectors", {"failed": failed})
    assert len(said["vectors"]) == count


@pytest.mark.parametrize(
    ("direction", "ends"),
    [(None, [(0, 1)]), ("to", [(0, 1)]), ("from", [(1, 0)]), ("both", [(0, 1), (1, 0)])],
)
def test_connecting_returns_the_new_vectors(
    world: NewWorld, direction: str | None, ends: list[tuple[int, int]]
) -> None:
    here = world(Islands)
    one, other = here.arrive(), here.arrive()
    nodes = (one.join(), other.join())
    said = one.post(f"/node/{nodes[0]}/connect/{nodes[1]}", {"direction": direction})
    made = [(vector["origin_id"], vector["destination_id"]) for vector in said["vectors"]]
    assert made == [(nodes[a], nodes[b]) for a, b in ends]


def test_connecting_again_makes_no_second_vector(scene: Scene) -> None:
    with pytest.warns(UserWarning, match="already connected"):
        said = scene.one.post(f"/node/{scene.node}/connect/{scene.other_node}")
    assert (said.status, said["vectors"]) == (200, [])


def test_a_node_is_not_connected_with_itself(scene: Scene) -> None:
    said = scene.one.post(f"/node/{scene.node}/connect/{scene.node}")
    assert (said.status, said.code) == (400, "cannot_connect")


def test_a_node_is_not_connected_with_another_networks(world: NewWorld) -> None:
    here = world(Islands)
    person, other = here.arrive(), here.arrive()
    node = person.join()
    other.join()
    said = person.post(f"/node/{node}/connect/{other.join()}")
    assert (said.status, said.code) == (400, "cannot_connect")


def test_a_source_does_not_become_a_destination_of_a_participant(world: NewWorld) -> None:
    here = world(Retelling)
    person = here.arrive()
    said = person.post(f"/node/{person.join()}/connect/100001")
    assert (said.status, said.code) == (400, "cannot_connect")


# -- networks, and what isn't there ----------------------------------------------------------------


def test_a_network_is_shown_with_its_counts(scene: Scene) -> None:
    shown = scene.one.get("/network/1")["network"]
    assert {name: shown[name] for name in list(shown)[11:]} == {
        "type": "fully-connected",
        "max_size": 10,
        "full": False,
        "role": "experiment",
        "n_pending_infos": 1,
        "n_completed_infos": 1,
        "n_failed_infos": 0,
        "n_alive_nodes": 2,
        "n_failed_nodes": 0,
        "object_type": "Network",
    }


@pytest.mark.parametrize(
    "path",
    [
        *(f"/node/{NEVER}/{what}" for what in ("neighbors", "vectors", "infos", "received_infos")),
        *(f"/node/{NEVER}/{what}" for what in ("transmissions", "transformations")),
        f"/info/{NEVER}/1",
        "/network/99",
    ],
)
def test_a_missing_record_has_status_404(scene: Scene, path: str) -> None:
    assert scene.here.get(path, token=OPERATOR_TOKEN).status == 404


@pytest.mark.parametrize("path", [f"/info/{NEVER}", f"/tracking_event/{NEVER}", f"/node/{NEVER}/transmit"])
def test_nothing_is_posted_where_nothing_is(scene: Scene, path: str) -> None:
    with scene.here.unchanged():
        assert scene.here.post(path, {"contents": ""}, token=OPERATOR_TOKEN).status == 404


def test_a_node_is_connected_with_no_unknown_one(scene: Scene) -> None:
    assert scene.one.post(f"/node/{scene.node}/connect/{NEVER}").code == "node_not_found"
