"""An author's own addresses: @experiment_route."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from typing import Any

import pytest
from chalice.app import Response

from app import app
from chalicelib.errors import NotFound
from chalicelib.experiment.experiment import Experiment
from chalicelib.experiment.routes import collect_routes, experiment_route
from chalicelib.model.info import Info
from tests.web.conftest import NewWorld
from tests.web.experiments import Talk
from tests.web.world import OPERATOR_TOKEN, World


@experiment_route("/double/<int:x>")
def double(x: int) -> dict[str, int]:
    return {"result": 2 * x}


class Own(Talk):
    """Answers addresses of its own."""

    @experiment_route("/own/page")
    def page(self) -> str:
        return f"<h1>{self.task}</h1>"

    @experiment_route("/own/count", methods=["GET", "POST"])
    def count(self) -> dict[str, int]:
        self.state["n"] = self.state.get("n", 0) + int(self.parameters.get("by", 1))
        return {"n": self.state["n"]}

    @experiment_route("/own/draw", methods=["POST"])
    def draw(self) -> dict[str, float]:
        return {"first": random.random(), "second": self.random.random()}

    @experiment_route("/own/nothing")
    def nothing(self) -> None:
        return None

    @experiment_route("/own/image")
    def image(self) -> Response:
        return Response(b"\x89PNG", headers={"Content-Type": "image/png"}, status_code=203)

    @experiment_route("/own/teapot")
    def teapot(self) -> Response:
        return Response({"short": "stout"}, status_code=418)

    @experiment_route("/own/who")
    def who(self) -> dict[str, Any]:
        return {"who": self.calling_participant and self.calling_participant.id}

    @experiment_route("/own/note/{node_id}", methods=["POST"])
    def note(self, node_id: str) -> dict[str, Any]:
        info = Info(origin=self.work.node(int(node_id)), contents=self.parameters["text"])
        return {"id": info.id, "when": info.creation_time}

    @experiment_route("/own/broken", methods=["POST"])
    def broken(self) -> None:
        self.state["broken"] = True
        raise ZeroDivisionError

    @experiment_route("/own/wrong", methods=["POST"])
    def wrong(self) -> set[int]:
        self.state["wrong"] = True
        return {1}

    @experiment_route("/own/unwritable", methods=["POST"])
    def unwritable(self) -> dict[str, Any]:
        self.state["unwritable"] = True
        return {"a": {1}}

    @experiment_route("/own/nan", methods=["POST"])
    def nan(self) -> dict[str, Any]:
        self.state["nan"] = True
        return {"scores": [1.0, float(self.parameters["score"])]}

    @experiment_route("/own/nan-response", methods=["POST"])
    def nan_response(self) -> Response:
        return Response({"score": float("nan")})

    @experiment_route("/own/missing")
    def missing(self) -> None:
        raise NotFound("There is no such thing; ask for another.", code="no_such_thing")

    @experiment_route("/own/long", methods=["POST"])
    def long(self) -> dict[str, str]:
        self.state["long"] = self.state.get("long", 0) + 1
        return {"text": "x" * 10_000}

    @staticmethod
    @experiment_route("/own/static/{word}")
    def static(word: str) -> dict[str, str]:
        return {"word": word}


Open = Callable[..., World]


@pytest.fixture
def own(world: NewWorld) -> Open:
    """Makes runs of `Own` with its routes, as the loader collects them."""
    routes = collect_routes(sys.modules[__name__], Own, app.routes)

    def make(experiment_class: type[Experiment] = Own, **settings: Any) -> World:
        return world(experiment_class, routes=routes, **settings)

    return make


def test_a_functions_fields_are_merged_into_the_success(own: Open) -> None:
    assert own().get("/double/21").body == {"status": "success", "result": 42}


def test_values_of_the_address_are_decoded_and_typed(own: Open) -> None:
    here = own()
    assert here.get("/own/static/a%20%C3%A9")["word"] == "a \u00e9"
    assert here.get("/double/two").status == 400


def test_a_text_is_a_page(own: Open) -> None:
    said = own().get("/own/page")
    assert (said.status, said.raw) == (200, b"<h1>Experiment title</h1>")
    assert said.headers["content-type"] == "text/html; charset=utf-8"


def test_nothing_is_a_bare_success(own: Open) -> None:
    assert own().get("/own/nothing").body == {"status": "success"}


def test_a_response_goes_out_as_it_is(own: Open) -> None:
    said = own().get("/own/teapot")
    assert (said.status, said.body) == (418, {"short": "stout"})


def test_bytes_go_out_as_they_are(own: Open) -> None:
    said = own().get("/own/image", headers={"accept": "image/png"})
    assert (said.status, said.raw, said.headers["content-type"]) == (203, b"\x89PNG", "image/png")


def test_a_routes_changes_are_committed(own: Open) -> None:
    here = own()
    assert [here.post("/own/count", {"by": 2})["n"], here.get("/own/count")["n"]] == [2, 3]


def test_a_routes_records_are_visible_to_others(own: Open) -> None:
    here = own()
    person = here.arrive()
    node = person.join()
    said = person.post(f"/own/note/{node}", {"text": "\u05e9\u05dc\u05d5\u05dd"})
    (info,) = person.get(f"/node/{node}/infos")["infos"]
    assert (info["id"], info["contents"]) == (said["id"], "\u05e9\u05dc\u05d5\u05dd")
    assert said["when"] == info["creation_time"]


@pytest.mark.parametrize("name", ["broken", "wrong", "unwritable"])
def test_a_route_that_fails_answers_in_the_one_shape_and_writes_nothing(own: Open, name: str) -> None:
    here = own()
    with here.unchanged():
        said = here.post(f"/own/{name}")
    assert (said.status, said.code) == (500, "internal_error")


def test_an_authors_refusal_is_returned(own: Open) -> None:
    said = own().get("/own/missing")
    assert (said.status, said.code) == (404, "no_such_thing")
    assert said["error_text"] == "There is no such thing; ask for another."


def test_a_route_knows_whose_token_came_with_the_request(own: Open) -> None:
    here = own()
    person = here.arrive()
    who = [person.get("/own/who")["who"], here.get("/own/who")["who"]]
    assert who == [person.id, None]


def test_a_token_that_has_ended_is_refused(own: Open) -> None:
    here = own()
    person = here.arrive()
    here.post("/load-participant", {"assignment_id": person.assignment_id, "worker_id": person.worker_id})
    assert person.get("/own/who").code == "token_ended"


def test_a_forged_token_is_refused(own: Open) -> None:
    assert own().get("/own/who", token="forged").code == "token_invalid"


@pytest.mark.parametrize("path", ["/own/count", "/own/draw", "/own/long"])
def test_a_repeat_of_a_participants_request_changes_nothing(own: Open, path: str) -> None:
    here = own()
    person = here.arrive()
    person.post(path, request_id="r1")
    with here.unchanged():
        assert person.post(path, request_id="r1").status == 200


def test_a_repeat_of_a_participants_request_gets_the_first_answer(own: Open) -> None:
    person = own().arrive()
    first = person.post("/own/draw", request_id="r1")
    assert person.post("/own/draw", request_id="r1").raw == first.raw


def test_the_same_id_with_other_words_is_refused(own: Open) -> None:
    person = own().arrive()
    person.post("/own/count", request_id="r1")
    assert person.post("/own/count", {"by": 5}, request_id="r1").status == 422


@pytest.mark.parametrize("sent", ["by=1&by=2", "by=%00"])
def test_bad_parameters_are_refused_before_the_author_sees_them(own: Open, sent: str) -> None:
    here = own()
    with here.unchanged():
        assert here.post("/own/count", body=sent.encode()).status == 400


def test_an_own_address_can_be_protected(own: Open) -> None:
    here = own(protected_routes='["/double/<x>"]')
    assert here.get("/double/1").code == "route_protected"
    assert here.get("/double/1", token=OPERATOR_TOKEN)["result"] == 2


def test_another_run_in_the_same_process_has_other_addresses(own: Open, world: NewWorld) -> None:
    own()
    assert world().lane.routes.match("/double/1") is None


def test_petris_own_addresses_stay_when_an_authors_go(own: Open, world: NewWorld) -> None:
    before = {path for path in app.routes if not path.startswith(("/own", "/double"))}
    own()
    world()
    assert set(app.routes) == before


@pytest.mark.parametrize("score", ["nan", "inf", "-inf"])
def test_an_answer_with_a_number_that_json_lacks_is_named_and_nothing_is_kept(
    own: Open, caplog: pytest.LogCaptureFixture, score: str
) -> None:
    here = own()
    with here.unchanged():
        assert here.post("/own/nan", {"score": score}).status == 500
    assert f"The result of nan()['scores'][1] can't be stored or sent: JSON has no {score}" in caplog.text


def test_a_response_with_a_number_that_json_lacks_is_named(
    own: Open, caplog: pytest.LogCaptureFixture
) -> None:
    assert own().post("/own/nan-response").status == 500
    assert "The result of nan_response()['score'] can't be stored or sent: JSON has no nan" in caplog.text
