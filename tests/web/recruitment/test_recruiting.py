"""The run as a whole: launch, recruiting, quotas, closing, the summary, what pages may know."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.experiment.experiment import Experiment
from tests.web.conftest import NewWorld
from tests.web.experiments import Islands, Retelling, Talk, with_hooks
from tests.web.world import OPERATOR_TOKEN, World


def finish_one(here: World) -> None:
    person = here.arrive()
    person.answer(person.join())
    person.finish()
    here.work()


# -- launch -----------------------------------------------------------------------------------------


def test_launching_says_what_became_of_recruiting(world: NewWorld) -> None:
    said = world(launch=False).post("/launch", token=OPERATOR_TOKEN)
    assert set(said.body) == {"status", "recruitment_msg"}


def test_launching_makes_the_networks_by_role(world: NewWorld) -> None:
    here = world(with_hooks(Talk, practice_repeats=1, experiment_repeats=2))
    assert [item["role"] for item in here.items("network")] == ["practice", "experiment", "experiment"]


def test_launching_again_does_nothing_twice(world: NewWorld) -> None:
    here = world()
    with here.unchanged():
        assert here.post("/launch", token=OPERATOR_TOKEN).status == 200
        here.work()


def test_launching_asks_for_the_first_participants(world: NewWorld) -> None:
    here = world(with_hooks(Talk, initial_recruitment_size=3))
    assert here.recruited() == [("hotair", "recruit", 3)]


def test_launching_runs_the_background_tasks(world: NewWorld) -> None:
    ran: list[str] = []
    world(with_hooks(Talk, background_tasks=[lambda: ran.append("once")]))
    assert ran == ["once"]


def test_without_auto_recruit_no_participant_is_asked_for(world: NewWorld) -> None:
    here = world(auto_recruit=False)
    finish_one(here)
    assert here.recruited() == []


# -- recruiting -------------------------------------------------------------------------------------


def test_each_success_recruits_one_more(world: NewWorld) -> None:
    here = world()
    finish_one(here)
    assert here.recruited() == [("hotair", "recruit", 1), ("hotair", "recruit", 1)]


def test_recruitment_closes_when_every_network_is_full(world: NewWorld) -> None:
    here = world(with_hooks(Talk, seats=1))
    finish_one(here)
    assert here.recruited()[-1] == ("hotair", "close", 0)


def test_recruitment_is_closed_once(world: NewWorld) -> None:
    here = world(with_hooks(Talk, seats=2))
    people = [here.arrive(), here.arrive()]
    for person in people:
        person.answer(person.join())
    for person in people:
        person.finish()
        here.work()
    assert here.recruited().count(("hotair", "close", 0)) == 1


def test_no_more_places_are_opened_than_are_open(world: NewWorld) -> None:
    here = world(with_hooks(Retelling, initial_recruitment_size=10))
    assert here.recruited() == [("hotair", "recruit", 1)]


def test_an_experiment_may_recruit_more_than_are_open(world: NewWorld) -> None:
    here = world(with_hooks(Retelling, initial_recruitment_size=10, over_recruitment=2))
    assert here.recruited() == [("hotair", "recruit", 3)]


def test_several_recruiters_are_asked_by_their_quotas(world: NewWorld) -> None:
    here = world(
        with_hooks(Talk, initial_recruitment_size=5), recruiter="multi", recruiters="hotair: 2, cli: 2"
    )
    assert here.recruited() == [("hotair", "recruit", 2), ("cli", "recruit", 2)]


def test_quotas_hold_over_the_whole_run(world: NewWorld) -> None:
    here = world(recruiter="multi", recruiters="hotair: 1, cli: 1")
    finish_one(here)
    finish_one(here)
    assert here.recruited() == [("hotair", "recruit", 1), ("cli", "recruit", 1)]


def test_recruitment_is_closed_at_all_recruiters(world: NewWorld) -> None:
    here = world(with_hooks(Talk, seats=1), recruiter="multi", recruiters="hotair: 2, cli: 2")
    finish_one(here)
    assert here.recruited()[-2:] == [("hotair", "close", 0), ("cli", "close", 0)]


def test_an_authors_wish_is_carried_out_once_after_its_commit(world: NewWorld) -> None:
    def ask(self: Talk, node: Any, info: Any) -> None:
        self.recruiter.recruit(n=2)
        self.recruiter().recruit(n=1)

    here = world(with_hooks(Talk, info_post_request=ask))
    person = here.arrive()
    person.answer(person.join())
    here.work()
    assert here.recruited()[1:] == [("hotair", "recruit", 2), ("hotair", "recruit", 1)]


def test_an_effect_of_a_hook_that_raises_is_discarded(world: NewWorld) -> None:
    def ask(self: Talk, node: Any, info: Any) -> None:
        self.recruiter.recruit(n=2)
        raise ZeroDivisionError

    here = world(with_hooks(Talk, info_post_request=ask))
    person = here.arrive()
    assert person.post(f"/info/{person.join()}", {"contents": ""}).status == 500
    assert here.work() == []


# -- may a worker take part -------------------------------------------------------------------------

ASK = {"workerId": "w1", "hitId": "h1", "assignmentId": "a1"}


def test_a_newcomer_may_take_part(world: NewWorld) -> None:
    assert world().get("/may-take-part", ASK).body == {"status": "success", "may": True}


@pytest.mark.parametrize(
    "names",
    [("PROLIFIC_PID", "STUDY_ID", "SESSION_ID"), ("worker_id", "hit_id", "assignment_id")],
)
def test_each_recruiters_names_are_understood(world: NewWorld, names: tuple[str, str, str]) -> None:
    assert world().get("/may-take-part", dict.fromkeys(names, "x"))["may"] is True


def test_a_preview_may_not_take_part_yet(world: NewWorld) -> None:
    said = world().get("/may-take-part", {**ASK, "assignmentId": "ASSIGNMENT_ID_NOT_AVAILABLE"})
    assert (said["may"], said["reason"]) == (False, "preview")


def test_a_participant_who_took_part_may_not_again(world: NewWorld) -> None:
    here = world()
    here.arrive()
    said = here.get("/may-take-part", {**ASK, "assignmentId": "another"})
    assert (said["may"], said["reason"]) == (False, "repeat_worker")


def test_a_participant_who_is_in_the_middle_may_continue(world: NewWorld) -> None:
    here = world()
    here.arrive()
    assert here.get("/may-take-part", ASK)["may"] is True


@pytest.mark.parametrize(
    ("agent", "may"), [("Mozilla/5.0 (iPhone) Mobile", False), ("Mozilla/5.0 (X11; Linux)", True)]
)
def test_excluded_browsers_may_not_take_part(world: NewWorld, agent: str, may: bool) -> None:
    here = world(browser_exclude_rule="MSIE, mobile, tablet")
    assert here.get("/may-take-part", ASK, headers={"user-agent": agent})["may"] is may


def test_when_recruitment_is_closed_no_participant_may_begin(world: NewWorld) -> None:
    here = world(with_hooks(Talk, seats=1))
    finish_one(here)
    said = here.get("/may-take-part", {"workerId": "n", "hitId": "h", "assignmentId": "n"})
    assert (said["may"], said["reason"]) == (False, "closed")


@pytest.mark.parametrize("name", ASK)
def test_a_participant_without_ids_is_asked(world: NewWorld, name: str) -> None:
    assert world().get("/may-take-part", {**ASK, name: None}).status == 400


# -- what is known from outside ---------------------------------------------------------------------


def test_the_summary_counts(world: NewWorld) -> None:
    here = world(with_hooks(Talk, seats=3))
    finish_one(here)
    here.arrive().join()
    assert here.get("/summary").body == {
        "status": "success",
        "summary": [["approved", 1], ["working", 1]],
        "completed": False,
        "unfilled_networks": 1,
        "nodes_remaining": 1,
        "required_nodes": 3,
    }


def test_a_run_is_complete_when_all_is_full_and_no_participant_works(world: NewWorld) -> None:
    here = world(with_hooks(Talk, seats=1))
    finish_one(here)
    said = here.get("/summary")
    assert (said["completed"], said["unfilled_networks"], said["required_nodes"]) == (True, 0, 0)


def test_a_run_that_was_not_launched_is_not_complete(world: NewWorld) -> None:
    assert world(launch=False).get("/summary")["completed"] is False


@pytest.mark.parametrize("answer", [True, False])
def test_an_author_says_when_a_run_is_complete(world: NewWorld, answer: bool) -> None:
    def is_complete(self: Experiment) -> bool:
        return answer

    assert world(with_hooks(Talk, is_complete=is_complete)).get("/summary")["completed"] is answer


@pytest.mark.parametrize("first", ["experiment", "experiment_property"])
def test_a_public_property_is_returned(world: NewWorld, first: str) -> None:
    assert world().get(f"/{first}/seats").body == {"status": "success", "seats": 10}


def test_a_public_property_may_be_nothing(world: NewWorld) -> None:
    assert world().get("/experiment/nothing").body == {"status": "success", "nothing": None}


@pytest.mark.parametrize("name", ["task", "known_classes", "work", "__class__"])
def test_a_private_property_is_not_found(world: NewWorld, name: str) -> None:
    said = world().get(f"/experiment/{name}")
    assert (said.status, said.code) == (404, "property_not_found")


def test_the_ads_address_contains_mode_and_hit(world: NewWorld) -> None:
    said = world().get("/ad_address/debug/h%201", headers={"host": "study.example"})
    assert said["address"] == "http://study.example/ad?hitId=h%201&mode=debug"


def test_behind_cloudfront_the_ads_address_is_that_of_the_pages(world: NewWorld) -> None:
    here = world()
    here.app.site_url = lambda: "https://d111.cloudfront.net"
    said = here.get("/ad_address/live/h1", headers={"host": "abc.execute-api.us-east-1.amazonaws.com"})
    assert said["address"] == "https://d111.cloudfront.net/ad?hitId=h1&mode=live"


def test_a_failed_network_is_recruited_for_no_more(world: NewWorld) -> None:
    def fail_network(self: Islands, node: Any, info: Any) -> None:
        node.network.fail("for the test")

    here = world(with_hooks(Islands, experiment_repeats=1, info_post_request=fail_network))
    person = here.arrive()
    person.answer(person.join())
    person.finish()
    here.work()
    assert here.recruited()[-1] == ("hotair", "close", 0)
