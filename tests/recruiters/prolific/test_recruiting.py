from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.errors import VendorRefused, VendorUnreachable


def test_the_first_opening_publishes_a_study_with_so_many_places(recruiter, vendor):
    recruiter.recruit(3, "open-3", {})
    assert vendor.open_places() == 3


def test_a_study_pays_base_payment_in_cents(recruiter, vendor):
    recruiter.recruit(1, "open-1", {})
    (study,) = vendor.world.studies.values()
    assert study["reward"] == 200


def test_the_address_of_the_study_hands_over_prolifics_ids(recruiter, vendor):
    recruiter.recruit(1, "open-1", {})
    (study,) = vendor.world.studies.values()
    query = parse_qs(urlsplit(study["external_study_url"]).query)
    assert {k: query[k] for k in ("PROLIFIC_PID", "STUDY_ID", "SESSION_ID", "recruiter")} == {
        "PROLIFIC_PID": ["{{%PROLIFIC_PID%}}"],
        "STUDY_ID": ["{{%STUDY_ID%}}"],
        "SESSION_ID": ["{{%SESSION_ID%}}"],
        "recruiter": ["prolific"],
    }


def test_the_time_that_people_have_is_the_duration(recruiter, vendor):
    recruiter.recruit(1, "open-1", {})
    (study,) = vendor.world.studies.values()
    assert (study["estimated_completion_time"], study["maximum_allowed_time"]) == (10, 60)


def test_more_places_are_added_to_the_study_that_is_open(recruiter, vendor):
    first = recruiter.recruit(1, "open-1", {})
    recruiter.recruit(2, "open-3", first.recruiter_state)
    assert (len(vendor.world.studies), vendor.open_places()) == (1, 3)


def test_a_repeated_opening_opens_nothing_more(recruiter, vendor):
    first = recruiter.recruit(1, "open-1", {})
    again = recruiter.recruit(1, "open-1", first.recruiter_state)
    assert (vendor.open_places(), again.recruiter_state) == (1, first.recruiter_state)


@pytest.mark.parametrize("path", ["/studies/$", "transition"])
@pytest.mark.parametrize("fault", ["500", "429", "garbled", "dropped before", "dropped after"])
def test_a_first_opening_whose_answer_was_lost_opens_its_places_once(make, vendor, fault, path):
    vendor.faults.add(fault, "POST", path)
    with pytest.raises(VendorUnreachable):
        make().recruit(2, "open-2", {})
    make().recruit(2, "open-2", {})
    assert (len(vendor.world.studies), vendor.open_places()) == (1, 2)


@pytest.mark.parametrize("fault", ["500", "429", "dropped before", "dropped after"])
def test_a_later_opening_whose_answer_was_lost_opens_its_places_once(make, vendor, fault):
    recruiter_state = make().recruit(1, "open-1", {}).recruiter_state
    vendor.faults.add(fault, "PATCH")
    with pytest.raises(VendorUnreachable):
        make().recruit(1, "open-2", recruiter_state)
    make().recruit(1, "open-2", recruiter_state)
    assert vendor.open_places() == 2


def test_a_study_of_another_run_is_not_taken_for_ours(make, vendor):
    make(secret="an-earlier-run").recruit(1, "seed-open-1", {})
    make().recruit(1, "seed-open-1", {})
    assert len(vendor.world.studies) == 2


def test_places_added_by_hand_count(recruiter, vendor):
    recruiter_state = recruiter.recruit(1, "open-1", {}).recruiter_state
    vendor.world.update_study(vendor.open_studies()[0], {"total_available_places": 5})
    recruiter.recruit(1, "open-2", recruiter_state)
    assert vendor.open_places() == 5


def test_closing_opens_no_more_places(recruiter, vendor):
    recruiter_state = recruiter.recruit(3, "open-3", {}).recruiter_state
    recruiter.close_recruitment(recruiter_state)
    assert vendor.open_places() == 0


def test_closing_twice_is_closing_once(recruiter, vendor):
    recruiter_state = recruiter.recruit(3, "open-3", {}).recruiter_state
    closed = recruiter.close_recruitment(recruiter_state).recruiter_state
    assert recruiter.close_recruitment(closed).recruiter_state == closed


@pytest.mark.parametrize("fault", ["500", "dropped after"])
def test_closing_works_after_a_lost_answer(recruiter, vendor, fault):
    recruiter_state = recruiter.recruit(3, "open-3", {}).recruiter_state
    vendor.faults.add(fault, "POST", "transition")
    with pytest.raises(VendorUnreachable):
        recruiter.close_recruitment(recruiter_state)
    assert recruiter.close_recruitment(recruiter_state).recruiter_state["studies"][-1]["closed"]


def test_opening_after_closing_opens_no_place_that_was_left_over(recruiter, vendor):
    recruiter_state = recruiter.recruit(5, "open-5", {}).recruiter_state
    vendor.begin("worker-1")
    recruiter_state = recruiter.close_recruitment(recruiter_state).recruiter_state
    recruiter.recruit(1, "open-6", recruiter_state)
    assert vendor.open_places() == 1


def test_a_second_study_keeps_out_who_was_in_the_first(recruiter, vendor):
    recruiter_state = recruiter.recruit(5, "open-5", {}).recruiter_state
    (earlier,) = vendor.world.studies
    recruiter.recruit(1, "open-6", recruiter.close_recruitment(recruiter_state).recruiter_state)
    second = list(vendor.world.studies.values())[-1]
    assert {"filter_id": "previous_studies_blocklist", "selected_values": [earlier]} in second["filters"]


def test_outside_live_mode_the_study_stays_a_draft(make, vendor):
    make(mode="sandbox").recruit(1, "open-1", {})
    assert [study["status"] for study in vendor.world.studies.values()] == ["UNPUBLISHED"]


def test_fields_of_the_author_become_part_of_the_study(make, vendor):
    adults = {"filter_id": "age", "selected_range": {"lower": 18, "upper": 100}}
    more = json.dumps({"filters": [adults], "reward": 1})
    make(prolific_recruitment_config=more).recruit(1, "open-1", {})
    (study,) = vendor.world.studies.values()
    assert (study["filters"], study["reward"]) == ([adults], 200)


def test_a_study_in_another_currency_is_not_published(recruiter, vendor):
    vendor.world.currency = "GBP"
    with pytest.raises(VendorRefused, match="prolific_currency"):
        recruiter.recruit(1, "open-1", {})
    assert vendor.open_places() == 0


def test_an_address_that_only_this_machine_reaches_is_refused(make, vendor):
    with pytest.raises(VendorRefused, match="can't reach http://127"):
        make(base="http://127.0.0.1:5000", prolific_workspace="").recruit(1, "open-1", {})


def test_wrong_keys_are_named(make):
    with pytest.raises(VendorRefused, match="prolific_token"):
        make(prolific_token="of somebody else").recruit(1, "open-1", {})


def test_a_token_is_never_part_of_a_representation(make):
    assert "of-the-researcher" not in repr(make()._settings)


def test_a_participant_is_added_to_their_group_once(recruiter, vendor):
    recruiter.qualify("worker-1", "ring", 1)
    recruiter.qualify("worker-1", "ring", 1)
    assert [(g["name"], g["members"]) for g in vendor.world.groups.values()] == [("ring", ["worker-1"])]


def test_a_group_is_found_beyond_the_first_page(recruiter, vendor):
    for name in ("a", "b", "c", "ring"):
        recruiter.qualify("worker-1", name, 1)
    recruiter.qualify("worker-2", "ring", 1)
    assert len(vendor.world.groups) == 4


def test_a_blocked_groups_members_see_nothing_of_the_study(make, vendor):
    make().qualify("worker-1", "ring", 1)
    make(prolific_group_blocklist="ring").recruit(1, "open-1", {})
    (study,), (group,) = vendor.world.studies.values(), vendor.world.groups
    assert study["filters"] == [{"filter_id": "participant_group_blocklist", "selected_values": [group]}]
