"""Qualifications decide which workers can take part, and mark those who have."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from chalicelib.errors import ConfigError, VendorUnreachable
from chalicelib.recruiters.mturk import MTurkRecruiter
from infra.emulator.mturk import Fault, MTurkStandIn

Build = Callable[..., MTurkRecruiter]


def finds(turk: MTurkStandIn, worker: str) -> bool:
    return bool(turk.market.visible_to(worker))


def test_workers_with_too_little_approved_work_dont_see_the_hit(turk: MTurkStandIn, build: Build):
    turk.market.workers["A1"] = {"percent_approved": 96}
    build(approve_requirement=97).recruit(1, "first", {})
    assert not finds(turk, "A1")


def test_workers_with_just_enough_approved_work_see_it(turk: MTurkStandIn, build: Build):
    turk.market.workers["A1"] = {"percent_approved": 97}
    build(approve_requirement=97).recruit(1, "first", {})
    assert finds(turk, "A1")


@pytest.mark.parametrize("us_only", [True, False])
def test_workers_abroad_see_the_hit_unless_it_is_for_the_us_only(
    turk: MTurkStandIn, build: Build, us_only: bool
):
    turk.market.workers["A1"] = {"country": "FR"}
    build(us_only=us_only).recruit(1, "first", {})
    assert finds(turk, "A1") is not us_only


def test_the_blocklist_excludes_workers_who_have_taken_part(turk: MTurkStandIn, build: Build):
    build("run-1").qualify("A1", "stories", 1)
    build("run-2", mturk_qualification_blocklist="other, stories").recruit(1, "first", {})
    assert (finds(turk, "A1"), finds(turk, "A2")) == (False, True)


def test_a_name_on_the_blocklist_that_is_part_of_another_excludes_no_worker(turk: MTurkStandIn, build: Build):
    build().qualify("A1", "stories retold", 1)
    build(mturk_qualification_blocklist="stories").recruit(1, "first", {})
    assert finds(turk, "A1")


def test_own_requirements_are_passed_on(turk: MTurkStandIn, build: Build):
    own = [{"QualificationTypeId": "00000000000000000071", "Comparator": "EqualTo"}]
    own[0]["LocaleValues"] = [{"Country": "DE"}]
    turk.market.workers["A1"] = {"country": "DE"}
    build(mturk_qualification_requirements=json.dumps(own)).recruit(1, "first", {})
    assert (finds(turk, "A1"), finds(turk, "A2")) == (True, False)


def test_more_than_ten_requirements_are_refused_before_anything_is_made(turk: MTurkStandIn, build: Build):
    one = {"QualificationTypeId": "00000000000000000071", "Comparator": "Exists"}
    with pytest.raises(ConfigError, match="10 requirements"):
        build(mturk_qualification_requirements=json.dumps([one] * 10)).recruit(1, "first", {})
    assert turk.market.types == {}


def test_requirements_that_are_not_a_list_of_objects_are_refused(build: Build):
    with pytest.raises(ConfigError, match="JSON list"):
        build(mturk_qualification_requirements='["x"]').recruit(1, "first", {})


def test_a_qualification_is_made_when_it_is_first_given(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    recruiter.qualify("A1", "stories", 1)
    (kind,) = turk.market.qualifications.values()
    assert (kind.name, kind.scores) == ("stories", {"A1": 1})


def test_a_qualification_is_given_to_many(turk: MTurkStandIn, build: Build):
    build().qualify("A1", "stories", 1)
    build().qualify("A2", "stories", 2)
    (kind,) = turk.market.qualifications.values()
    assert kind.scores == {"A1": 1, "A2": 2}


def test_a_qualification_on_a_later_page_is_found(turk: MTurkStandIn, build: Build):
    for name in ("stories 1", "stories 2", "stories"):
        build().qualify("A1", name, 1)
    turk.operations.page = 1
    build().qualify("A2", "stories", 1)
    assert len(turk.market.qualifications) == 3


def test_workers_get_no_mail_about_having_taken_part(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    recruiter.qualify("A1", "stories", 1)
    assert turk.market.mails == []


def test_a_qualification_that_isnt_listed_yet_is_asked_for_later(turk: MTurkStandIn, build: Build):
    build().qualify("A1", "stories", 1)
    (kind,) = turk.market.qualifications.values()
    turk.operations.list_qualification_types = lambda _: {"NumResults": 0, "QualificationTypes": []}
    with pytest.raises(VendorUnreachable, match="doesn't list it yet"):
        build().qualify("A2", kind.name, 1)


def test_a_qualification_whose_answer_is_lost_is_given_in_the_end(
    turk: MTurkStandIn, recruiter: MTurkRecruiter
):
    turk.faults.plan("CreateQualificationType", Fault.LOST_ANSWER)
    with pytest.raises(VendorUnreachable):
        recruiter.qualify("A1", "stories", 1)
    recruiter.qualify("A1", "stories", 1)
    assert [kind.scores for kind in turk.market.qualifications.values()] == [{"A1": 1}]


def test_a_qualification_is_revoked(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    recruiter.qualify("A1", "stories", 1)
    recruiter.revoke("A1", "stories")
    assert [kind.scores for kind in turk.market.qualifications.values()] == [{}]


@pytest.mark.parametrize("name", ["stories", "unknown"])
def test_revoking_what_a_worker_doesnt_have_changes_nothing(
    turk: MTurkStandIn, recruiter: MTurkRecruiter, name: str
):
    recruiter.qualify("A2", "stories", 1)
    recruiter.revoke("A1", name)
    assert [kind.scores for kind in turk.market.qualifications.values()] == [{"A2": 1}]
