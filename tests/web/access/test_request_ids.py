"""A request that is repeated changes nothing, and gets its first answer again."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.operations.shared.context import Context
from tests.web.conftest import NewWorld, Scene
from tests.web.experiments import Talk
from tests.web.routes import OWN, REQUESTS, Request

#: Posts that leave something behind; the others, and plain reading, need no memory.
POSTS = [r for r in REQUESTS if r.who == OWN and r.method == "POST"]
ENTRY = {"workerId": "w", "hitId": "h", "assignmentId": "a", "mode": "debug"}


@pytest.mark.parametrize("request_", POSTS, ids=str)
def test_a_repeat_gets_the_same_answer(islands: Scene, request_: Request) -> None:
    first = request_.send(islands, islands.one.token, request_id="r1")
    assert first.status == 200
    assert request_.send(islands, islands.one.token, request_id="r1").raw == first.raw


@pytest.mark.parametrize("request_", POSTS, ids=str)
def test_a_repeat_changes_nothing(islands: Scene, request_: Request) -> None:
    request_.send(islands, islands.one.token, request_id="r1")
    with islands.here.unchanged():
        request_.send(islands, islands.one.token, request_id="r1")


@pytest.mark.parametrize("request_", [r for r in POSTS if "worker_" not in r.path], ids=str)
def test_a_repeat_after_the_end_still_gets_its_answer(islands: Scene, request_: Request) -> None:
    first = request_.send(islands, islands.one.token, request_id="r1")
    islands.one.finish()
    islands.here.work()
    with islands.here.unchanged():
        again = request_.send(islands, islands.one.token, request_id="r1")
    assert again.status == first.status


# A page notes that it has shown a message: the note is the same however often it comes, so no id is stored.
@pytest.mark.parametrize("request_", [r for r in POSTS if not r.path.endswith("/messages")], ids=str)
def test_the_same_id_for_something_else_is_refused(islands: Scene, request_: Request) -> None:
    request_.send(islands, islands.one.token, request_id="r1")
    other = Request(request_.who, "POST", request_.path, {**request_.fields, "property1": "else"})
    with islands.here.unchanged():
        said = other.send(islands, islands.one.token, request_id="r1")
    assert (said.status, said.code) == (422, "request_id_reused")


def test_the_same_id_at_another_address_is_refused(islands: Scene) -> None:
    one = islands.one
    one.post(f"/info/{islands.node}", {"contents": "a"}, request_id="r1")
    said = one.post(f"/tracking_event/{islands.node}", {"contents": "a"}, request_id="r1")
    assert said.code == "request_id_reused"


def test_two_ids_are_two_requests(islands: Scene) -> None:
    one = islands.one
    made = [one.post(f"/info/{islands.node}", {"contents": "a"}, request_id=f"r{n}") for n in (1, 2)]
    assert made[0]["info"]["id"] != made[1]["info"]["id"]


def test_without_an_id_the_same_again_is_a_second_one(islands: Scene) -> None:
    first, second = (islands.one.answer(islands.node, "same") for _ in range(2))
    assert first != second


def test_the_id_may_be_a_field(islands: Scene) -> None:
    fields = {"contents": "a", "request_id": "r1"}
    first = islands.one.post(f"/info/{islands.node}", fields)
    assert islands.one.post(f"/info/{islands.node}", fields).raw == first.raw


def test_header_and_field_are_the_same_id(islands: Scene) -> None:
    first = islands.one.post(f"/info/{islands.node}", {"contents": "a", "request_id": "r1"})
    again = islands.one.post(f"/info/{islands.node}", {"contents": "a"}, request_id="r1")
    assert again.raw == first.raw


@pytest.mark.parametrize("request_", ["info", "question"])
def test_the_last_twenty_requests_are_remembered(islands: Scene, request_: str) -> None:
    one = islands.one

    def send(number: int) -> Any:
        if request_ == "info":
            path, fields = f"/info/{islands.node}", {"contents": str(number)}
        else:
            path, fields = f"/question/{one.id}", {"question": "q", "response": "r", "number": str(number)}
        return one.post(path, fields, request_id=f"r{number}")

    answers = [send(number).raw for number in range(20)]
    with islands.here.unchanged():
        assert [send(number).raw for number in range(20)] == answers


def test_a_read_that_receives_gives_its_first_answer_again(world: NewWorld) -> None:
    here = world()
    one, other = here.arrive(), here.arrive()
    node, other_node = one.join(), other.join()
    one.answer(node, "first")
    one.post(f"/node/{node}/transmit")
    path = f"/node/{other_node}/transmissions"
    first = other.get(path, {"status": "pending"}, request_id="r1")
    one.answer(node, "second")
    one.post(f"/node/{node}/transmit")
    with here.unchanged():
        again = other.get(path, {"status": "pending"}, request_id="r1")
    assert len(first["transmissions"]) == 1
    assert again.raw == first.raw


def test_beginning_again_with_the_same_id_ends_no_token(world: NewWorld) -> None:
    here = world()
    first = here.post("/participant", ENTRY, request_id="r1")
    again = here.post("/participant", ENTRY, request_id="r1")
    path = f"/participant/{first['participant']['id']}"
    assert again["participant"] == first["participant"]
    assert {here.get(path, token=said["token"]).status for said in (first, again)} == {200}


def test_beginning_with_the_same_id_and_other_words_is_refused(world: NewWorld) -> None:
    here = world()
    here.post("/participant", ENTRY, request_id="r1")
    with here.unchanged():
        said = here.post("/participant", {**ENTRY, "panel": "b"}, request_id="r1")
    assert (said.status, said.code) == (422, "request_id_reused")


def test_loading_again_with_the_same_id_ends_no_token(world: NewWorld) -> None:
    here = world()
    here.post("/participant", ENTRY)
    ids = {"assignment_id": "a", "worker_id": "w"}
    first = here.post("/load-participant", ids, request_id="r1")
    here.post("/load-participant", ids, request_id="r1")
    assert here.get(f"/participant/{first['participant']['id']}", token=first["token"]).status == 200


def test_a_refused_request_may_be_sent_again_with_its_id(world: NewWorld) -> None:
    here = world()
    person = here.arrive()
    node = person.join()
    assert person.post(f"/info/{node}", request_id="r1").code == "contents_missing"
    assert person.post(f"/info/{node}", {"contents": "a"}, request_id="r1").status == 200


def test_one_report_of_an_error_is_mailed_once(world: NewWorld) -> None:
    here = world()
    person = here.arrive()
    for _ in range(3):
        person.post("/handle-error", {"error_feedback": "It broke."}, request_id="r1")
    kinds = [body["kind"] for body in here.work()]
    assert kinds.count("notify_operator") == 1


@pytest.mark.parametrize("request_id", ["x" * 101, "a\x00b"])
def test_an_id_that_cant_be_kept_is_refused(islands: Scene, request_id: str) -> None:
    with islands.here.unchanged():
        said = islands.one.post(f"/info/{islands.node}", {"contents": "a", "request_id": request_id})
    assert said.status == 400


def test_a_withdrawal_that_is_sent_again_withdraws_from_no_later_session(world: NewWorld) -> None:
    here = world(Talk)
    person = here.arrive()
    person.post("/withdraw", {"participant_id": person.id}, request_id="leave")

    def begin_again(ctx: Context) -> None:
        participant = ctx.uow.participant(person.id)
        participant.end_time, participant.early_exit_reason = None, None

    here.app.run(begin_again)
    assert person.post("/withdraw", {"participant_id": person.id}, request_id="leave").status == 200
    assert person.now()["end_time"] is None
    person.post("/withdraw", {"participant_id": person.id}, request_id="leave now")
    assert person.now()["end_time"] is not None
