"""Opening and closing places, against the stand-in."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

import pytest

from chalicelib.errors import ConfigError, VendorUnreachable
from chalicelib.recruiters.mturk import MTurkRecruiter
from chalicelib.recruiters.mturk.mturk_errors import TurkRefused
from infra.emulator.mturk import TOPIC, Fault, MTurkStandIn

from .conftest import transfer

Build = Callable[..., MTurkRecruiter]


def places(turk: MTurkStandIn) -> list[int]:
    return [hit.places for hit in turk.market.hits.values()]


def test_the_first_call_makes_a_hit_with_so_many_places(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    recruiter.recruit(4, "first", {})
    assert places(turk) == [4]


def test_later_calls_add_places_to_it(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    recruiter_state = recruiter.recruit(4, "first", {}).recruiter_state
    recruiter.recruit(2, "second", recruiter_state)
    assert places(turk) == [6]


def test_facts_say_what_there_is(recruiter: MTurkRecruiter):
    recruiter_state = recruiter.recruit(4, "first", {}).recruiter_state
    assert recruiter.recruit(2, "second", recruiter_state).recruiter_state == {
        "hits": [{"id": recruiter_state["hits"][0]["id"], "places": 6}]
    }


def test_a_small_hit_isnt_grown_to_ten_but_joined_by_another(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    recruiter_state = recruiter.recruit(9, "first", {}).recruiter_state
    recruiter.recruit(1, "second", recruiter_state)
    assert places(turk) == [9, 1]


def test_a_large_hit_grows_further(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    recruiter_state = recruiter.recruit(10, "first", {}).recruiter_state
    recruiter.recruit(5, "second", recruiter_state)
    assert places(turk) == [15]


def test_it_is_the_newest_hit_that_grows(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    recruiter_state = recruiter.recruit(9, "first", {}).recruiter_state
    recruiter_state = recruiter.recruit(1, "second", recruiter_state).recruiter_state
    recruiter.recruit(1, "third", recruiter_state)
    assert places(turk) == [9, 2]


def test_no_hit_is_made_for_no_places(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    recruiter.recruit(0, "none", {})
    assert places(turk) == []


@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.LATE_TROUBLE])
@pytest.mark.parametrize("operation", ["CreateHITWithHITType", "CreateHITType", "UpdateNotificationSettings"])
def test_a_hit_is_made_once_when_the_answer_is_lost(
    turk: MTurkStandIn, recruiter: MTurkRecruiter, operation: str, fault: Fault
):
    turk.faults.plan(operation, fault)
    with pytest.raises(VendorUnreachable):
        recruiter.recruit(3, "first", {})
    recruiter.recruit(3, "first", {})
    assert places(turk) == [3]


def test_places_are_added_once_when_the_answer_is_lost(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    recruiter_state = recruiter.recruit(3, "first", {}).recruiter_state
    turk.faults.plan("CreateAdditionalAssignmentsForHIT", Fault.LOST_ANSWER)
    with pytest.raises(VendorUnreachable):
        recruiter.recruit(1, "second", recruiter_state)
    recruiter.recruit(1, "second", recruiter_state)
    assert places(turk) == [4]


def test_the_ninth_place_is_added_once_when_the_answer_is_lost(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    recruiter_state = recruiter.recruit(8, "first", {}).recruiter_state
    turk.faults.plan("CreateAdditionalAssignmentsForHIT", Fault.LOST_ANSWER)
    with pytest.raises(VendorUnreachable):
        recruiter.recruit(1, "second", recruiter_state)
    recruiter.recruit(1, "second", recruiter_state)
    assert places(turk) == [9]


def test_a_hit_is_made_once_although_its_token_has_ended(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    turk.faults.plan("CreateHITWithHITType", Fault.LOST_ANSWER)
    with pytest.raises(VendorUnreachable):
        recruiter.recruit(3, "first", {})
    turk.market.pass_time(hours=25)
    recruiter.recruit(3, "first", {})
    assert places(turk) == [3]


def test_a_repeat_opens_nothing_when_others_have_opened_places_since(
    turk: MTurkStandIn, recruiter: MTurkRecruiter
):
    turk.faults.plan("CreateHITWithHITType", Fault.LOST_ANSWER)
    with pytest.raises(VendorUnreachable):
        recruiter.recruit(3, "first", {})
    recruiter_state = recruiter.recruit(1, "second", {}).recruiter_state
    recruiter.recruit(3, "first", recruiter_state)
    assert sum(places(turk)) == 4


def test_a_hit_that_isnt_listed_yet_is_remembered(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    recruiter_state = recruiter.recruit(3, "first", {}).recruiter_state
    hit = turk.market.hits[recruiter_state["hits"][0]["id"]]
    hit.annotation = ""
    recruiter.recruit(1, "second", recruiter_state)
    assert places(turk) == [4]


def test_two_runs_with_the_same_tokens_open_places_each(turk: MTurkStandIn, build: Build):
    build("run-1").recruit(2, "42-open-2", {})
    build("run-2").recruit(2, "42-open-2", {})
    assert places(turk) == [2, 2]


def test_a_list_of_many_pages_is_read_to_its_end(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    turk.operations.page = 2
    recruiter_state = {}
    for token in ("a", "b", "c", "d", "e"):
        recruiter_state = recruiter.recruit(9, token, recruiter_state).recruiter_state
    assert len(recruiter_state["hits"]) == 5


def test_the_hit_shows_the_ad(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    recruiter.recruit(1, "first", {})
    (hit,) = turk.market.hits.values()
    address = "<ExternalURL>https://stories.example.org/ad?recruiter=mturk&amp;mode=sandbox</ExternalURL>"
    assert address in hit.question


def test_the_hit_has_the_values_of_the_settings(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    recruiter.recruit(1, "first", {})
    (kind,) = turk.market.types.values()
    said = {
        name: kind.fields[name] for name in ("Title", "Reward", "Keywords", "AssignmentDurationInSeconds")
    }
    assert said == {
        "Title": "Stories",
        "Reward": "1.50",
        "Keywords": "psychology, memory",
        "AssignmentDurationInSeconds": 1800,
    }


def test_the_hit_is_found_for_its_lifetime(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    recruiter.recruit(1, "first", {})
    (hit,) = turk.market.hits.values()
    assert hit.expires - turk.clock.now() == timedelta(hours=24)


def test_the_address_is_where_workers_find_the_hit(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    (address,) = recruiter.recruit(1, "first", {}).addresses
    (hit,) = turk.market.hits.values()
    assert address == f"https://workersandbox.mturk.com/projects/{hit.group}/tasks"


def test_events_are_reported_to_the_topic_before_there_is_a_hit(
    turk: MTurkStandIn, recruiter: MTurkRecruiter
):
    recruiter.recruit(1, "first", {})
    names = [name for name, _ in turk.calls]
    assert names.index("UpdateNotificationSettings") < names.index("CreateHITWithHITType")
    assert turk.called("UpdateNotificationSettings")[0]["Notification"]["Destination"] == TOPIC


def test_without_a_topic_nothing_is_reported(turk: MTurkStandIn, build: Build):
    build(topic=None).recruit(1, "first", {})
    assert turk.called("UpdateNotificationSettings") == []


def test_closing_prevents_further_acceptances(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    recruiter_state = recruiter.recruit(9, "first", {}).recruiter_state
    recruiter_state = recruiter.recruit(3, "second", recruiter_state).recruiter_state
    recruiter.close_recruitment(recruiter_state)
    assert list(turk.market.open_hits()) == []


def test_closing_finds_hits_that_the_run_forgot(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    recruiter.recruit(9, "first", {})
    recruiter.close_recruitment({})
    assert list(turk.market.open_hits()) == []


def test_closing_leaves_other_runs_alone(turk: MTurkStandIn, build: Build):
    build("run-1").recruit(2, "first", {})
    build("run-11").recruit(2, "first", {})
    build("run-1").close_recruitment({})
    assert [hit.annotation.split(":")[1] for hit in turk.market.open_hits()] == ["run-11"]


def test_all_hits_are_closed_although_one_of_them_makes_trouble(
    turk: MTurkStandIn, recruiter: MTurkRecruiter
):
    recruiter_state = recruiter.recruit(9, "first", {}).recruiter_state
    recruiter_state = recruiter.recruit(3, "second", recruiter_state).recruiter_state
    turk.faults.plan("UpdateExpirationForHIT", Fault.TROUBLE)
    with pytest.raises(VendorUnreachable):
        recruiter.close_recruitment(recruiter_state)
    assert [hit.places for hit in turk.market.open_hits()] == [9]


def test_closing_again_asks_for_nothing(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    recruiter_state = recruiter.recruit(9, "first", {}).recruiter_state
    recruiter.close_recruitment(recruiter_state)
    recruiter.close_recruitment(recruiter_state)
    assert len(turk.called("UpdateExpirationForHIT")) == 1


def test_after_closing_only_the_places_that_are_asked_for_open(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    recruiter_state = recruiter.recruit(2, "first", {}).recruiter_state
    recruiter_state = recruiter.close_recruitment(recruiter_state).recruiter_state
    recruiter.recruit(1, "second", recruiter_state)
    assert [hit.available(turk.clock.now()) for hit in turk.market.open_hits()] == [1]


def test_remaining_places_of_an_expired_hit_are_not_offered_again(
    turk: MTurkStandIn, recruiter: MTurkRecruiter
):
    recruiter_state = recruiter.recruit(2, "first", {}).recruiter_state
    turk.market.pass_time(hours=25)
    recruiter.recruit(1, "second", recruiter_state)
    assert [hit.available(turk.clock.now()) for hit in turk.market.open_hits()] == [1]


def test_a_hit_that_is_about_to_expire_is_found_longer_before_it_grows(
    turk: MTurkStandIn, recruiter: MTurkRecruiter
):
    recruiter_state = recruiter.recruit(2, "first", {}).recruiter_state
    turk.market.pass_time(hours=23.9)
    turk.faults.plan("CreateAdditionalAssignmentsForHIT", Fault.LOST_ANSWER)
    with pytest.raises(VendorUnreachable):
        recruiter.recruit(1, "second", recruiter_state)
    turk.market.pass_time(hours=1)
    recruiter.recruit(1, "second", recruiter_state)
    assert places(turk) == [3]


def test_opening_says_when_the_hit_ends(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    ends = recruiter.recruit(2, "first", {}).ends
    assert ends == {hit_id: hit.expires for hit_id, hit in turk.market.hits.items()}


def test_closing_says_which_hits_have_ended(recruiter: MTurkRecruiter):
    recruiter_state = recruiter.recruit(2, "first", {}).recruiter_state
    assert recruiter.close_recruitment(recruiter_state).ended == [recruiter_state["hits"][0]["id"]]


def test_the_free_places_of_a_hit_are_those_not_taken(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    hit_id = recruiter.recruit(5, "first", {}).recruiter_state["hits"][0]["id"]
    first, second, third = (turk.market.accept(worker, hit_id) for worker in ("A1", "A2", "A3"))
    turk.market.submit(first)
    turk.market.submit(second)
    turk.market.approve(turk.market.assignments[second])
    turk.market.give_back(third)
    turk.market.accept("A4", hit_id)
    turk.operations.page = 1
    offered = recruiter.fetch_listing(hit_id)
    assert offered is not None
    assert offered.left == 2


@pytest.mark.parametrize("hit_id", ["3UNKNOWN", "another run's", "a compensation's"])
def test_a_hit_that_offers_no_places_of_this_run_is_unknown(
    turk: MTurkStandIn, build: Build, recruiter: MTurkRecruiter, hit_id: str
):
    if hit_id == "another run's":
        hit_id = build("run-2").recruit(1, "first", {}).recruiter_state["hits"][0]["id"]
    elif hit_id == "a compensation's":
        hit_id = recruiter.pay(transfer("", "compensation", "2.25"))
    assert recruiter.fetch_listing(hit_id) is None


def test_a_deleted_hit_is_replaced_by_another(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    recruiter_state = recruiter.recruit(2, "first", {}).recruiter_state
    turk.market.hits.clear()
    recruiter.recruit(1, "second", recruiter_state)
    assert places(turk) == [1]


def test_an_empty_account_is_reported_with_the_fix(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    turk.market.balance -= turk.market.balance
    with pytest.raises(TurkRefused, match=r"insufficient funds .* add money there"):
        recruiter.recruit(2, "first", {})


def test_the_account_is_asked_for_the_fee_too(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    turk.market.balance = turk.market.balance - turk.market.balance + 15
    with pytest.raises(TurkRefused, match="insufficient funds"):
        recruiter.recruit(10, "first", {})


def test_an_experiment_without_https_isnt_offered(turk: MTurkStandIn, requester):
    here = MTurkRecruiter(requester, {}, lambda: "http://127.0.0.1:5000", turk.clock, app_id="run-1")
    with pytest.raises(ConfigError, match="https only"):
        here.recruit(1, "first", {})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"title": "x" * 129}, "title is longer"),
        ({"keywords": "x" * 1001}, "keywords is longer"),
        ({"duration": 24 * 366}, "duration must lie between"),
    ],
)
def test_a_call_that_would_be_refused_is_not_made(build: Build, settings: dict, said: str):
    with pytest.raises(ConfigError, match=said):
        build(**settings).recruit(1, "first", {})


@pytest.mark.parametrize("seed", range(8))
def test_as_many_places_are_opened_as_were_asked_for_in_any_weather(
    turk: MTurkStandIn, recruiter: MTurkRecruiter, seed: int
):
    chance = random.Random(seed)
    turk.faults.draw = lambda _: chance.choice([None, None, None, None, *Fault])
    wishes = [(f"wish-{number}", chance.choice([1, 1, 2, 8, 12])) for number in range(6)]
    recruiter_state: dict = {}
    waiting = list(wishes)
    for _ in range(500):
        if not waiting:
            break
        token, n = chance.choice(waiting)
        try:
            recruited = recruiter.recruit(n, token, recruiter_state)
        except VendorUnreachable:
            continue
        waiting.remove((token, n))
        # Two messages at a time: what one of them has learned may be lost.
        recruiter_state = chance.choice([recruiter_state, recruited.recruiter_state])
    assert sum(places(turk)) == sum(n for _, n in wishes)
