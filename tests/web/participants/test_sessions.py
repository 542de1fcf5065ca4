"""A participant who comes back from a second device or a cleared browser continues where they were."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.web.conftest import NewWorld
from tests.web.experiments import Islands, Retelling, Talk, with_hooks
from tests.web.world import Person, World


def come_again(here: World, person: Person) -> Person:
    """Let a participant enter by their ids, without the token that the first browser holds."""
    found = here.post(
        "/load-participant", {"assignment_id": person.assignment_id, "worker_id": person.worker_id}
    )
    assert found.status == 200, found
    return Person(here, found["participant"]["id"], found["token"], person.worker_id, person.assignment_id)


def test_a_second_session_gets_the_unanswered_node_back(world: NewWorld) -> None:
    here = world(Retelling)
    first = here.arrive()
    node = first.join()
    second = come_again(here, first)
    said = second.post(f"/node/{second.id}")
    assert (said["node"]["id"], said["resumed"]) == (node, True)


def test_the_node_that_a_second_session_got_back_takes_its_answer(world: NewWorld) -> None:
    here = world(Retelling)
    first = here.arrive()
    node = first.join()
    second = come_again(here, first)
    assert second.join() == node
    second.answer(node, "from the phone")
    assert second.post(f"/node/{second.id}").code == "no_network"


def test_a_repeated_request_of_a_second_session_gets_the_same_node(world: NewWorld) -> None:
    here = world(Islands)
    first = here.arrive()
    node = first.join()
    second = come_again(here, first)
    joins = [second.post(f"/node/{second.id}", request_id="r1")["node"]["id"] for _ in range(2)]
    assert joins == [node, node]


def test_a_second_session_gets_a_new_node_after_an_answer(world: NewWorld) -> None:
    here = world(Islands)
    first = here.arrive()
    node = first.join()
    first.answer(node)
    assert come_again(here, first).join() != node


def test_one_session_gets_a_new_node_each_time(world: NewWorld) -> None:
    here = world(Islands)
    first = here.arrive()
    first.join()
    second = come_again(here, first)
    assert len({second.join(), second.join()}) == 2


def test_a_second_session_does_not_get_a_failed_node_back(world: NewWorld) -> None:
    def node_post_request(experiment: Islands, participant: object, node: object) -> None:
        del experiment, participant
        node.fail("for the test")  # type: ignore[attr-defined]

    here = world(with_hooks(Islands, node_post_request=node_post_request))
    first = here.arrive()
    node = first.join()
    assert come_again(here, first).join() != node


def test_the_experiment_is_asked_only_for_new_nodes(world: NewWorld) -> None:
    asked: list[int] = []

    def choose_network(experiment: Talk, networks: list[object], participant: Person) -> object:
        del experiment
        asked.append(participant.id)
        return networks[0]

    here = world(with_hooks(Talk, choose_network=choose_network))
    first = here.arrive()
    first.join()
    come_again(here, first).join()
    assert asked == [first.id]


@pytest.mark.parametrize("seats", [1, 2])
def test_an_unanswered_node_is_given_back_though_its_network_is_full(world: NewWorld, seats: int) -> None:
    here = world(with_hooks(Talk, seats=seats))
    people = [here.arrive() for _ in range(seats)]
    nodes = [person.join() for person in people]
    assert come_again(here, people[0]).join() == nodes[0]


def test_creating_the_participant_again_resumes_as_loading_does(world: NewWorld) -> None:
    here = world(Retelling)
    first = here.arrive()
    node = first.join()
    again = here.arrive(workerId=first.worker_id, assignmentId=first.assignment_id)
    assert (again.id, again.join()) == (first.id, node)


def test_each_session_has_a_number(world: NewWorld) -> None:
    here = world(Retelling)
    ids = {"workerId": "w", "assignmentId": "a", "hitId": "h", "mode": "debug", "recruiter": "hotair"}
    first = here.post("/participant", ids)
    same = here.post("/participant", ids, token=first["token"])
    other = here.post("/participant", ids)
    assert [said["session"] for said in (first, same, other)] == [1, 1, 2]


# -- the normal end ---------------------------------------------------------------------------------


def test_nothing_left_is_a_normal_answer_for_who_asks_so(world: NewWorld) -> None:
    here = world(with_hooks(Talk, seats=1))
    here.arrive().join()
    late = here.arrive()
    with here.unchanged():
        said = late.post(f"/node/{late.id}", {"allow_none": "true"})
    assert (said.status, said["status"], said["node"], said.code) == (200, "success", None, "no_network")
    assert "questionnaire" in said["error_text"]


def test_waiting_for_the_person_ahead_is_a_normal_answer_for_who_asks_so(world: NewWorld) -> None:
    here = world(Retelling)
    here.arrive().join()
    second = here.arrive()
    said = second.post(f"/node/{second.id}", {"allow_none": "true"})
    assert (said.status, said["node"], said.code) == (200, None, "network_busy")
    assert int(said.headers["retry-after"]) >= 1


def test_a_client_that_allows_none_gets_a_node(world: NewWorld) -> None:
    person = world(Retelling).arrive()
    assert person.post(f"/node/{person.id}", {"allow_none": "true"})["node"]["participant_id"] == person.id


def test_other_refusals_stay_errors_for_who_asks_for_a_normal_answer(world: NewWorld) -> None:
    person = world(Retelling).arrive()
    person.finish()
    said = person.post(f"/node/{person.id}", {"allow_none": "true"})
    assert (said.status, said.code) == (403, "participant_not_working")


# -- questionnaires ---------------------------------------------------------------------------------


def questions(here: World) -> list[tuple[int, str, str]]:
    return sorted((item["number"], item["question"], item["response"]) for item in here.items("question"))


def test_a_questionnaire_is_kept_answer_by_answer(world: NewWorld) -> None:
    person = world(Talk).arrive()
    answers = {"age": "30", "langs": ["de", "fr"], "rating": 4, "why": ""}
    said = person.post(f"/question/{person.id}", {"question": "end", "answers": json.dumps(answers)})
    assert said.status == 200
    assert questions(person.world) == [
        (1, "age", "30"),
        (2, "langs", '["de", "fr"]'),
        (3, "rating", "4"),
        (4, "why", ""),
    ]
    assert {json.dumps(item["details"]) for item in person.world.items("question")} == {
        '{"questionnaire": "end"}'
    }


def test_thirty_long_answers_are_kept(world: NewWorld) -> None:
    person = world(Talk).arrive()
    answers = {f"item{number:02}": "x" * 1000 for number in range(30)}
    assert person.post(f"/question/{person.id}", {"answers": json.dumps(answers)}).status == 200
    assert len(questions(person.world)) == 30


def test_the_limit_holds_for_each_answer_and_none_is_kept_when_one_is_too_long(world: NewWorld) -> None:
    person = world(Talk).arrive()
    answers = {"short": "x", "story": "x" * 1001}
    with person.world.unchanged():
        said = person.post(f"/question/{person.id}", {"answers": json.dumps(answers)})
    assert (said.status, said.code) == (400, "question_too_long")
    assert said["error_text"].startswith("story has 1001 characters")


def test_an_older_page_sends_its_questionnaire_as_one_response(world: NewWorld) -> None:
    person = world(Talk).arrive()
    response = json.dumps({f"item{number}": "x" * 100 for number in range(30)})
    fields = {"question": "questionnaire", "number": 1, "response": response}
    assert person.post(f"/question/{person.id}", fields).status == 200
    assert questions(person.world) == [(1, "questionnaire", response)]


def test_one_answer_too_long_in_an_older_pages_response_is_refused(world: NewWorld) -> None:
    person = world(Talk).arrive()
    response = json.dumps({"why": "x" * 1001})
    said = person.post(f"/question/{person.id}", {"question": "q", "number": 1, "response": response})
    assert (said.status, said.code) == (400, "question_too_long")


def test_a_repeated_questionnaire_is_kept_once(world: NewWorld) -> None:
    person = world(Talk).arrive()
    for _ in range(2):
        person.post(f"/question/{person.id}", {"answers": '{"a": "1", "b": "2"}'}, request_id="r1")
    assert len(questions(person.world)) == 2


@pytest.mark.parametrize("answers", ["[1]", "x", json.dumps({str(n): "" for n in range(501)})])
def test_answers_that_are_not_a_object_or_too_many_are_refused(world: NewWorld, answers: str) -> None:
    person = world(Talk).arrive()
    with person.world.unchanged():
        assert person.post(f"/question/{person.id}", {"answers": answers}).status == 400


# -- the response for the last page -----------------------------------------------------------------


def at_the_exit(person: Person) -> dict[str, Any]:
    return person.get(f"/recruiter-exit/{person.id}").body


def test_the_exit_tells_that_a_participant_has_not_finished(world: NewWorld) -> None:
    told = at_the_exit(world(Talk).arrive())
    assert (told["ended"], told["pay"]["recorded"], told["pay"]["base"]) == (False, False, 1.5)


def test_the_exit_tells_base_pay_and_bonus_once_they_are_known(world: NewWorld) -> None:
    here = world(with_hooks(Talk, bonus=lambda experiment, participant: 0.25))
    person = here.arrive()
    person.finish()
    assert (at_the_exit(person)["ended"], at_the_exit(person)["pay"]["bonus"]) == (True, None)
    here.work()
    pay = at_the_exit(person)["pay"]
    assert pay == {
        "currency": "USD",
        "entitled": True,
        "base": 1.5,
        "bonus": 0.25,
        "recorded": True,
        "sent": True,
        "sessions": [],
    }


def test_the_exit_promises_the_fee_to_a_participant_who_was_screened_out(world: NewWorld) -> None:
    def out(self: Any, node: Any, info: Any) -> None:
        self.screen_out(node.participant)

    person = world(with_hooks(Talk, info_post_request=out), screen_out_payment=0.25).arrive()
    person.answer(person.join())
    pay = at_the_exit(person)["pay"]
    assert (pay["base"], pay["recorded"]) == (0.25, False)


def test_the_exit_tells_the_studys_currency(world: NewWorld) -> None:
    assert at_the_exit(world(Talk, currency="EUR").arrive())["pay"]["currency"] == "EUR"


def test_the_ad_learns_that_a_participant_has_finished(world: NewWorld) -> None:
    here = world(Talk)
    person = here.arrive()
    ids = {"workerId": person.worker_id, "assignmentId": person.assignment_id, "hitId": person.hit_id}
    assert here.get("/may-take-part", ids).body["resumes"] is True
    person.finish()
    assert here.get("/may-take-part", ids)["ended"] is True
    assert "ended" not in here.get("/may-take-part", {**ids, "assignmentId": "another"}).body


def test_an_error_report_says_whether_the_end_was_recorded(world: NewWorld) -> None:
    here = world(Talk)
    person = here.arrive()
    assert person.post("/handle-error", {"participant_id": person.id})["recorded"] is True
    assert here.post("/handle-error", {"participant_id": person.id})["recorded"] is False
