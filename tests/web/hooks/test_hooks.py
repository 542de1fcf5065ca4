"""The author's hooks: each is called when it should be, in the same unit of work, with what it is about."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from chalicelib.experiment.experiment import Experiment
from chalicelib.model.info import Info
from chalicelib.model.network import Network
from chalicelib.model.node import Node
from chalicelib.model.participant import Participant
from tests.web.conftest import NewWorld, Scene
from tests.web.experiments import Retelling, Talk, with_hooks
from tests.web.routes import Request
from tests.web.world import Person, World

HOOKS = {
    "node_post_request": Request("", "POST", "/node/{other}"),
    "node_get_request": Request("", "GET", "/node/{node}/neighbors"),
    "vector_post_request": Request("", "POST", "/node/{node}/connect/{third}"),
    "vector_get_request": Request("", "GET", "/node/{node}/vectors"),
    "info_post_request": Request("", "POST", "/info/{node}", {"contents": "words"}),
    "info_get_request": Request("", "GET", "/node/{node}/infos"),
    "transmission_post_request": Request("", "POST", "/node/{node}/transmit"),
    "transmission_get_request": Request("", "GET", "/node/{node}/transmissions"),
    "transformation_post_request": Request("", "POST", "/transformation/{node}/{info}/{info}"),
    "transformation_get_request": Request("", "GET", "/node/{node}/transformations"),
}


def noting(seen: list[tuple[str, Any, Any]]) -> dict[str, Any]:
    """Return the ten hooks, each of which notes its name and what it was given."""

    def hook(name: str) -> Any:
        def noted(self: Experiment, first: Any = None, second: Any = None, **named: Any) -> None:
            values = [*(v for v in (first, second) if v is not None), *named.values()]
            seen.append((name, values[0], values[1]))

        return noted

    return {name: hook(name) for name in HOOKS}


def ask(request: Request, scene: Scene) -> None:
    """Make a hook's request in the scene as the operator would."""
    ids = {"node": scene.node, "third": scene.node, "info": scene.info, "other": scene.here.arrive().id}
    path = request.path.format(**ids)
    call = scene.here.get if request.method == "GET" else scene.here.post
    said = call(path, request.fields, token="the-operator")
    assert said.status == 200, said


def nothing(*_: Any, **__: Any) -> None:
    """A hook that does nothing."""


def scene_of(here: World) -> Scene:
    one, other = here.arrive(), here.arrive()
    node, other_node = one.join(), other.join()
    return Scene(here, one, other, node, other_node, one.answer(node))


@pytest.mark.parametrize("name", [name for name in HOOKS if name != "vector_post_request"])
def test_each_request_hook_is_called_once_with_its_node(world: NewWorld, name: str) -> None:
    seen: list[tuple[str, Any, Any]] = []
    scene = scene_of(world(with_hooks(Talk, **noting(seen))))
    seen.clear()
    ask(HOOKS[name], scene)
    ((called, first, _),) = seen
    assert called == name
    assert isinstance(first, Participant) if name == "node_post_request" else first.id == scene.node


def test_the_hook_of_connecting_gets_the_new_vectors(world: NewWorld) -> None:
    seen: list[tuple[str, Any, Any]] = []
    hooks = {**noting(seen), "add_node_to_network": nothing}
    scene = scene_of(world(with_hooks(Talk, **hooks)))
    seen.clear()
    scene.one.post(f"/node/{scene.node}/connect/{scene.other_node}")
    ((name, node, vectors),) = seen
    assert (name, node.id) == ("vector_post_request", scene.node)
    assert [vector.destination_id for vector in vectors] == [scene.other_node]


@pytest.mark.parametrize("what", ["received_infos", "info"])
def test_each_way_of_reading_infos_calls_the_hook(world: NewWorld, what: str) -> None:
    seen: list[tuple[str, Any, Any]] = []
    scene = scene_of(world(with_hooks(Talk, **noting(seen))))
    seen.clear()
    path = f"/info/{scene.node}/{scene.info}" if what == "info" else f"/node/{scene.node}/received_infos"
    scene.one.get(path)
    ((name, _, infos),) = seen
    assert name == "info_get_request"
    assert [info.id for info in infos] == ([scene.info] if what == "info" else [])


def test_a_hooks_records_are_committed_with_the_request(world: NewWorld) -> None:
    def echo(self: Talk, node: Any, info: Info) -> None:
        Info(origin=node, contents=f"echo of {info.contents}")

    here = world(with_hooks(Talk, info_post_request=echo))
    person = here.arrive()
    node = person.join()
    person.answer(node, "a")
    assert [i["contents"] for i in person.get(f"/node/{node}/infos")["infos"]] == ["a", "echo of a"]


def test_a_hooks_changes_of_the_new_record_are_in_the_response(world: NewWorld) -> None:
    def mark(self: Talk, participant: Any, node: Any) -> None:
        node.property1 = "marked"

    here = world(with_hooks(Talk, node_post_request=mark))
    person = here.arrive()
    assert person.post(f"/node/{person.id}")["node"]["property1"] == "marked"


def test_state_lasts_from_request_to_request(world: NewWorld) -> None:
    def count(self: Talk, node: Any, info: Any) -> None:
        self.state["answers"] = self.state.get("answers", 0) + 1
        info.property1 = str(self.state["answers"])

    here = world(with_hooks(Talk, info_post_request=count))
    person = here.arrive()
    node = person.join()
    person.answer(node)
    person.answer(node)
    assert person.post(f"/info/{node}", {"contents": ""})["info"]["property1"] == "3"


def test_a_new_node_hears_the_one_before_in_the_same_request(world: NewWorld) -> None:
    here = world(Retelling)
    person = here.arrive()
    (heard,) = person.get(f"/node/{person.join()}/received_infos")["infos"]
    assert heard["contents"].startswith("One night two young men")


def test_creating_participants_calls_the_authors_constructor(world: NewWorld) -> None:
    class Guest(Participant):
        type = "guest_of_the_web_tests"

    said = world(with_hooks(Talk, participant_constructor=Guest)).post(
        "/participant", {"workerId": "w", "hitId": "h", "assignmentId": "a"}
    )
    assert said["participant"]["type"] == "guest_of_the_web_tests"


def test_a_constructor_set_on_the_object_wins_over_the_class(world: NewWorld) -> None:
    class Visitor(Participant):
        type = "visitor_of_the_web_tests"

    def configure(self: Experiment) -> None:
        Talk.configure(self)
        self.participant_constructor = Visitor

    said = world(with_hooks(Talk, configure=configure)).post(
        "/participant", {"workerId": "w", "hitId": "h", "assignmentId": "a"}
    )
    assert said["participant"]["type"] == "visitor_of_the_web_tests"


@pytest.mark.parametrize(
    "given",
    [
        "7d444840-9dc0-11d1-b245-5ffdce74fad2",
        "5df41881-3aed-3515-88a7-2f4a814cf09e",
        "6AB5E918-44C0-49BC-9D97-A5DDBBDDB68A",
    ],
)
def test_a_valid_uuid_of_any_version_is_kept(given: str) -> None:
    assert Experiment.make_uuid(given) == given


@pytest.mark.parametrize("given", [None, "my_study", ""])
def test_anything_but_a_uuid_gets_a_new_one(given: str | None) -> None:
    made = [Experiment.make_uuid(given) for _ in range(2)]
    assert len({uuid.UUID(one) for one in made}) == 2


def test_the_joining_hooks_are_called_in_their_order(world: NewWorld) -> None:
    called: list[str] = []

    def noted(name: str) -> Any:
        def hook(self: Experiment, *args: Any, **named: Any) -> Any:
            called.append(name)
            return getattr(Talk, name)(self, *args, **named)

        return hook

    order = [
        *("get_network_for_participant", "choose_network", "create_node", "add_node_to_network"),
        "node_post_request",
    ]
    here = world(with_hooks(Talk, **{name: noted(name) for name in order}))
    here.arrive().join()
    assert called == order


def test_an_author_sends_a_participant_to_the_questionnaire_by_choosing_no_network(world: NewWorld) -> None:
    here = world(with_hooks(Talk, get_network_for_participant=nothing))
    person = here.arrive()
    assert person.post(f"/node/{person.id}").code == "no_network"


# -- hooks that raise -------------------------------------------------------------------------------


def broken(*_: Any, **__: Any) -> None:
    raise ZeroDivisionError("in the author's code")


@pytest.mark.parametrize(
    "name",
    [
        *HOOKS,
        *("get_network_for_participant", "choose_network", "create_node", "add_node_to_network"),
    ],
)
def test_a_hook_that_raises_writes_nothing(world: NewWorld, name: str) -> None:
    switch = {"on": False}

    def hook(self: Experiment, *args: Any, **named: Any) -> Any:
        return broken() if switch["on"] else getattr(Talk, name)(self, *args, **named)

    made = {name: hook}
    if name == "vector_post_request":
        made["add_node_to_network"] = nothing
    scene = scene_of(world(with_hooks(Talk, **made)))
    late = scene.here.arrive()
    paths = {"vector_post_request": f"/node/{scene.node}/connect/{scene.other_node}"}
    request = HOOKS.get(name, HOOKS["node_post_request"])
    path = paths.get(name) or request.path.format(node=scene.node, info=scene.info, other=late.id, third=0)
    switch["on"] = True
    with scene.here.unchanged():
        call = scene.here.get if request.method == "GET" else scene.here.post
        said = call(path, request.fields, token="the-operator")
    assert (said.status, said.code) == (500, "internal_error")


def test_after_a_hook_that_raised_the_next_request_is_fine(world: NewWorld) -> None:
    switch = {"on": True}

    def once(self: Talk, node: Any, info: Any) -> None:
        if switch.pop("on", False):
            broken()

    here = world(with_hooks(Talk, info_post_request=once))
    person = here.arrive()
    node = person.join()
    assert person.post(f"/info/{node}", {"contents": "a"}).status == 500
    assert person.post(f"/info/{node}", {"contents": "a"}).status == 200
    assert len(person.get(f"/node/{node}/infos")["infos"]) == 1


def test_internal_errors_are_not_exposed(world: NewWorld) -> None:
    here = world(with_hooks(Talk, node_post_request=broken))
    person = here.arrive()
    said = person.post(f"/node/{person.id}")
    assert b"ZeroDivision" not in said.raw
    assert b"author" not in said.raw


def test_a_setup_that_raises_leaves_the_experiment_unlaunched(world: NewWorld) -> None:
    here = world(with_hooks(Talk, setup=broken), launch=False)
    with here.unchanged():
        assert here.post("/launch", token="the-operator").status == 500


def test_a_participant_whose_creation_raises_can_begin_afterwards(world: NewWorld) -> None:
    switch = {"on": True}

    def once(self: Talk, *args: Any, **named: Any) -> Participant:
        made = Talk.create_participant(self, *args, **named)
        if switch.pop("on", False):
            broken()
        return made

    here = world(with_hooks(Talk, create_participant=once))
    ids = {"workerId": "w", "hitId": "h", "assignmentId": "a"}
    with here.unchanged():
        assert here.post("/participant", ids).status == 500
    assert isinstance(here.arrive(**ids), Person)


def test_json_data_that_cannot_be_written_leaves_nothing_behind(world: NewWorld) -> None:
    class Strange(Node):
        type = "strange"

        def json_data(self) -> dict[str, Any]:
            return {"friends": {1, 2}}

    def create_node(self: Experiment, participant: Participant, network: Network) -> Node:
        return Strange(network, participant)

    here = world(with_hooks(Talk, create_node=create_node))
    person = here.arrive()
    with here.unchanged():
        said = person.post(f"/node/{person.id}")
    assert (said.status, said.code) == (500, "internal_error")
