"""What nodes make and send: infos, transmissions, transformations, events."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.experiment.infos import Meme
from tests.web.conftest import NewWorld, Scene
from tests.web.experiments import Islands, Talk, with_hooks

NEVER = 99_999_00_001


# -- infos ------------------------------------------------------------------------------------------


def test_posting_returns_the_info_with_the_contracts_fields(scene: Scene) -> None:
    fields = {"contents": "words", "info_type": "Meme", "property2": "p", "details": {"b": [1]}}
    shown = scene.one.post(f"/info/{scene.node}", fields)["info"]
    assert list(shown)[11:] == ["type", "origin_id", "network_id", "contents", "object_type"]
    assert (shown["type"], shown["origin_id"], shown["contents"]) == ("meme", scene.node, "words")
    assert (shown["property2"], shown["details"], shown["failed"]) == ("p", {"b": [1]}, False)


def test_contents_may_be_empty(scene: Scene) -> None:
    assert scene.one.post(f"/info/{scene.node}", {"contents": ""})["info"]["contents"] == ""


def test_contents_must_be_sent(scene: Scene) -> None:
    with scene.here.unchanged():
        said = scene.one.post(f"/info/{scene.node}")
    assert (said.status, said.code) == (400, "contents_missing")


@pytest.mark.parametrize("word", ["Nothing", "Node", "Agent", "Transformation", "info"])
def test_only_known_classes_of_infos_are_made(scene: Scene, word: str) -> None:
    with scene.here.unchanged():
        said = scene.one.post(f"/info/{scene.node}", {"contents": "", "info_type": word})
    assert (said.status, said.code) == (400, "unknown_class")


def test_an_author_makes_own_classes_known(world: NewWorld) -> None:
    class Drawing(Meme):
        type = "drawing_of_the_web_tests"

    def configure(self: Talk) -> None:
        self.known_classes["Drawing"] = Drawing

    here = world(with_hooks(Talk, configure=configure))
    person = here.arrive()
    said = person.post(f"/info/{person.join()}", {"contents": "", "info_type": "Drawing"})
    assert said["info"]["type"] == "drawing_of_the_web_tests"


def test_contents_of_300_kilobytes_are_stored(scene: Scene) -> None:
    assert scene.one.post(f"/info/{scene.node}", {"contents": "x" * 300 * 1024}).status == 200


def test_longer_contents_are_refused_with_the_limit(scene: Scene) -> None:
    with scene.here.unchanged():
        said = scene.one.post(f"/info/{scene.node}", {"contents": "x" * (300 * 1024 + 1)})
    assert (said.status, said.code) == (413, "too_large")
    assert "300 KB" in said["error_text"]


def test_details_have_a_limit_of_their_own(scene: Scene) -> None:
    with scene.here.unchanged():
        said = scene.one.post(f"/info/{scene.node}", {"contents": "", "details": {"a": "x" * 60_000}})
    assert (said.status, said.code) == (413, "too_large")


def test_a_failed_node_takes_no_infos(world: NewWorld) -> None:
    def fail(self: Talk, node: Any, info: Any) -> None:
        if not node.failed:
            node.fail()

    here = world(with_hooks(Talk, info_post_request=fail))
    person = here.arrive()
    node = person.join()
    person.answer(node)
    with here.unchanged():
        said = person.post(f"/info/{node}", {"contents": "more"})
    assert (said.status, said.code) == (403, "node_failed")
    assert person.post(f"/info/{node}", {"contents": "more", "failed": "TRUE"})["info"]["failed"] is True


def test_an_own_info_is_read(scene: Scene) -> None:
    assert scene.one.get(f"/info/{scene.node}/{scene.info}")["info"]["contents"] == "hello"


def test_another_participants_info_is_not_read_before_it_is_received(scene: Scene) -> None:
    scene.one.post(f"/node/{scene.node}/transmit")
    assert scene.other.get(f"/info/{scene.other_node}/{scene.info}").status == 403
    scene.other.get(f"/node/{scene.other_node}/transmissions")
    assert scene.other.get(f"/info/{scene.other_node}/{scene.info}").status == 200


def test_an_unknown_info_is_not_found(scene: Scene) -> None:
    assert scene.one.get(f"/info/{scene.node}/{scene.info + 5}").code == "info_not_found"


def test_infos_are_listed_oldest_first_and_by_class(scene: Scene) -> None:
    meme = scene.one.answer(scene.node, "m", info_type="Meme")
    last = scene.one.answer(scene.node, "l")
    every = scene.one.get(f"/node/{scene.node}/infos")["infos"]
    memes = scene.one.get(f"/node/{scene.node}/infos", {"info_type": "Meme"})["infos"]
    assert [info["id"] for info in every] == [scene.info, meme, last]
    assert [info["id"] for info in memes] == [meme]


def test_received_infos_are_those_received(scene: Scene) -> None:
    scene.one.post(f"/node/{scene.node}/transmit")
    path = f"/node/{scene.other_node}/received_infos"
    assert scene.other.get(path)["infos"] == []
    scene.other.get(f"/node/{scene.other_node}/transmissions")
    assert [info["contents"] for info in scene.other.get(path)["infos"]] == ["hello"]


# -- transmissions ----------------------------------------------------------------------------------


def test_transmitting_returns_pending_transmissions(scene: Scene) -> None:
    (shown,) = scene.one.post(f"/node/{scene.node}/transmit", {"property1": "p", "details": {"a": 1}})[
        "transmissions"
    ]
    assert list(shown)[11:] == [
        *("vector_id", "origin_id", "destination_id", "info_id", "network_id", "receive_time", "status"),
        "object_type",
    ]
    assert (shown["origin_id"], shown["destination_id"], shown["info_id"]) == (
        scene.node,
        scene.other_node,
        scene.info,
    )
    assert (shown["status"], shown["receive_time"], shown["property1"]) == ("pending", None, "p")


@pytest.mark.parametrize("what", ["id", "Info", "Meme"])
def test_the_parameter_what_is_an_id_or_a_class(scene: Scene, what: str) -> None:
    word = str(scene.info) if what == "id" else what
    said = scene.one.post(f"/node/{scene.node}/transmit", {"what": word, "to_whom": "Node"})
    assert len(said["transmissions"]) == (0 if what == "Meme" else 1)


def test_to_whom_may_be_one_node(scene: Scene) -> None:
    scene.here.arrive().join()
    said = scene.one.post(f"/node/{scene.node}/transmit", {"to_whom": scene.other_node})
    assert [t["destination_id"] for t in said["transmissions"]] == [scene.other_node]


def test_a_foreign_info_is_not_sent_on(scene: Scene) -> None:
    foreign = scene.other.answer(scene.other_node)
    said = scene.one.post(f"/node/{scene.node}/transmit", {"what": foreign})
    assert (said.status, said.code) == (400, "foreign_info")


def test_nothing_is_sent_without_a_vector(world: NewWorld) -> None:
    here = world(Islands)
    one, other = here.arrive(), here.arrive()
    node, other_node = one.join(), other.join()
    one.answer(node)
    said = one.post(f"/node/{node}/transmit", {"to_whom": other_node})
    assert (said.status, said.code) == (400, "cannot_transmit")


@pytest.mark.parametrize("name", ["what", "to_whom"])
@pytest.mark.parametrize(
    ("word", "status"), [("Nothing", 400), (NEVER, 404), ("9" * 5000, 404), ("\u00b2", 400)]
)
def test_the_parameters_what_and_to_whom_must_be_known(
    scene: Scene, name: str, word: str, status: int
) -> None:
    with scene.here.unchanged():
        assert scene.one.post(f"/node/{scene.node}/transmit", {name: word}).status == status


def test_reading_what_comes_in_receives_it(scene: Scene) -> None:
    scene.one.post(f"/node/{scene.node}/transmit")
    (shown,) = scene.other.get(f"/node/{scene.other_node}/transmissions")["transmissions"]
    assert (shown["status"], shown["receive_time"]) == ("received", "2026-03-01T12:00:00.000000Z")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, "received"),
        ({"direction": "to"}, "received"),
        ({"direction": "all", "status": "pending"}, "received"),
        ({"direction": "outgoing"}, "pending"),
        ({"direction": "from", "status": "pending"}, "pending"),
        ({"status": "received"}, "pending"),
    ],
)
def test_only_what_is_shown_as_coming_in_is_received(
    scene: Scene, fields: dict[str, str], status: str
) -> None:
    scene.one.post(f"/node/{scene.node}/transmit")
    scene.other.get(f"/node/{scene.other_node}/transmissions", fields)
    (stored,) = scene.here.items("transmission")
    assert stored["status"] == status


def test_the_sender_sees_transmissions_go_out(scene: Scene) -> None:
    scene.one.post(f"/node/{scene.node}/transmit")
    said = scene.one.get(f"/node/{scene.node}/transmissions", {"direction": "outgoing"})
    assert [t["status"] for t in said["transmissions"]] == ["pending"]


@pytest.mark.parametrize(
    "path",
    [
        "transmissions?direction=sideways",
        "transmissions?status=lost",
        "vectors?direction=up",
        "vectors?failed=maybe",
        "neighbors?connection=none",
        "neighbors?node_type=Info",
        "infos?info_type=Node",
        "received_infos?info_type=Nothing",
        "transformations?transformation_type=Info",
    ],
)
def test_a_wrong_word_is_refused(scene: Scene, path: str) -> None:
    path, _, query = path.partition("?")
    said = scene.here.call("GET", f"/node/{scene.node}/{path}", query=query.encode(), token=scene.one.token)
    assert said.status == 400


# -- transformations and events --------------------------------------------------------------


def test_a_transformation_is_recorded(scene: Scene) -> None:
    made = scene.one.answer(scene.node, "hello!")
    fields = {"transformation_type": "Mutation", "property3": "p"}
    shown = scene.one.post(f"/transformation/{scene.node}/{scene.info}/{made}", fields)["transformation"]
    assert list(shown)[11:] == ["type", "info_in_id", "info_out_id", "node_id", "network_id", "object_type"]
    assert (shown["type"], shown["info_in_id"], shown["info_out_id"]) == ("mutation", scene.info, made)
    assert shown["property3"] == "p"


def test_transformations_are_listed_by_class(scene: Scene) -> None:
    made = scene.one.answer(scene.node)
    scene.one.post(f"/transformation/{scene.node}/{scene.info}/{made}")
    path = f"/node/{scene.node}/transformations"
    assert len(scene.one.get(path)["transformations"]) == 1
    assert scene.one.get(path, {"transformation_type": "Mutation"})["transformations"] == []


def test_a_transformation_ends_at_its_own_node(scene: Scene) -> None:
    scene.one.post(f"/node/{scene.node}/transmit")
    scene.other.get(f"/node/{scene.other_node}/transmissions")
    own = scene.other.answer(scene.other_node)
    said = scene.other.post(f"/transformation/{scene.other_node}/{own}/{scene.info}")
    assert (said.status, said.code) == (400, "cannot_transform")


def test_an_unknown_kind_of_transformation_is_refused(scene: Scene) -> None:
    path = f"/transformation/{scene.node}/{scene.info}/{scene.info}"
    assert scene.one.post(path, {"transformation_type": "Info"}).code == "unknown_class"


def test_a_transformation_of_an_unknown_info_is_not_found(scene: Scene) -> None:
    assert scene.one.post(f"/transformation/{scene.node}/{scene.info + 9}/{scene.info}").status == 404


def test_an_event_is_kept_as_an_info_of_type_tracking(scene: Scene) -> None:
    said = scene.one.post(f"/tracking_event/{scene.node}", {"details": {"key": "x"}})
    assert said.body == {"status": "success", "details": {"key": "x"}}
    (stored,) = [item for item in scene.here.items("info") if item["type"] == "tracking"]
    assert stored["details"] == {"key": "x"}


def test_an_event_is_not_transmitted_by_default(scene: Scene) -> None:
    scene.one.post(f"/tracking_event/{scene.node}", {"details": {"key": "x"}})
    sent = scene.one.post(f"/node/{scene.node}/transmit")["transmissions"]
    assert [t["info_id"] for t in sent] == [scene.info]
