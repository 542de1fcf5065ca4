"""A learning platform opens the study for its students: each is one member. Forged ones are refused."""

from __future__ import annotations

import json
from collections import deque
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from chalicelib.experiment.config.lti_settings import platforms_in
from chalicelib.identity.lti import platform_client
from chalicelib.operations.classes.erased_members import erase_member
from chalicelib.operations.classes.manage_members import remove_member, take_in
from chalicelib.operations.management.erase_participant import erase_participant
from chalicelib.operations.shared.context import OPERATOR_CALLER, Context
from tests.contract.factories import at_once
from tests.study.studies import answer
from tests.web.lti.courses import Course101, course, open_study
from tests.web.lti.standin import ADA, CLAIM, INSTRUCTOR, LEARNER, new_key
from tests.web.world import Said

__all__ = ["course", "open_study"]
BEN = {"sub": "ben-1", "name": "Ben", "email": "ben@example.edu"}


def test_a_student_takes_part_as_a_member_with_one_click(course: Course101) -> None:
    begun = course.login()
    assert begun.status == 303
    query = course.platform.authorize(begun.headers["location"])
    assert (query["login_hint"], query["lti_message_hint"]) == ("hint-1", "m")
    person = course.begin(course.launch(begun))
    [member] = course.members()
    assert (member["name"], member["email"], member["source"]) == (ADA["name"], ADA["email"], "lti")
    assert person.worker_id == member["seat"]
    assert member["participant_id"] == person.id


def test_the_cookie_comes_back_with_a_form_of_another_site_and_only_here(course: Course101) -> None:
    cookie = course.login().headers["set-cookie"]
    assert {"HttpOnly", "Secure", "SameSite=None", "Path=/join/lti"} <= set(cookie.split("; "))


def test_the_same_person_is_the_same_member_on_every_launch(course: Course101) -> None:
    first = course.begin(course.launch(course.login()))
    again = course.launch(course.login())
    assert f"workerId={first.worker_id}" in again.headers["location"]
    course.launch(course.login(), BEN)
    assert [one["name"] for one in course.members()].count("Ben") == 1
    assert len(course.members()) == 2


def test_a_person_on_the_roster_becomes_that_member(course: Course101) -> None:
    def invite(ctx: Context) -> str:
        return take_in(ctx, 1, "Lovelace, A.", "ADA@example.edu", "").seat

    seat = course.here.app.run(invite, caller=OPERATOR_CALLER)
    assert f"workerId={seat}" in course.launch(course.login()).headers["location"]
    [member] = course.members()
    assert member["joined"] is not None


@pytest.mark.parametrize("person", [{"sub": "x"}, {"sub": "x", "name": "", "email": "no address"}])
def test_a_person_without_a_name_is_a_student(course: Course101, person: dict[str, str]) -> None:
    assert course.launch(course.login(), person).status == 303
    [member] = course.members()
    assert (member["name"], member.get("email", "")) == ("Student", "")


def test_no_one_takes_over_the_seat_of_a_member_by_their_address(course: Course101) -> None:
    course.launch(course.login())
    bob = {"sub": "bob", "name": "Bob", "email": ADA["email"]}
    said = course.launch(course.login(), bob)
    assert (said.status, len(course.members())) == (403, 1)
    assert b"Another member of this class has your email address" in said.raw
    joined = {"code": course.code, "name": "Mallory", "email": BEN["email"]}
    assert course.here.post("/join/class", joined).status == 200
    assert course.launch(course.login(), BEN).status == 403


@pytest.mark.parametrize(
    "roles",
    [
        ["http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor", LEARNER],
        [LEARNER],
        ["Learner"],
        [],
    ],
)
def test_a_student_who_teaches_elsewhere_takes_part(course: Course101, roles: list[str]) -> None:
    assert course.launch(course.login(), **{f"{CLAIM}/roles": roles}).status == 303


def test_unknown_keys_make_no_call_for_each_launch(course: Course101) -> None:
    course.begin(course.launch(course.login()))
    begun = course.login()
    nonce = parse_qs(urlsplit(begun.headers["location"]).query)["nonce"][0]
    now = int(course.here.clock.now().timestamp())
    claims = course.platform.claims(ADA, course.code, nonce=nonce, iat=now, exp=now + 300)
    asked = course.platform.calls
    for _ in range(5):
        assert course.launch(begun, id_token=course.platform.signed(claims, new_key())).status == 403
    assert course.platform.calls == asked


def test_a_teacher_is_led_to_the_dashboard_and_does_not_become_a_member(course: Course101) -> None:
    said = course.launch(course.login(), **{f"{CLAIM}/roles": [INSTRUCTOR]})
    assert said.status == 200
    assert b"dashboard" in said.raw
    assert course.members() == []


def refused(course: Course101, said: Said, status: int = 403) -> None:
    assert (said.status, course.members()) == (status, []), said
    assert said.raw.startswith(b"<!DOCTYPE html>")
    assert "location" not in said.headers


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://other.example.org"},
        {"aud": "another-tool"},
        {"aud": ["petri-tool", "another-tool"], "azp": "another-tool"},
        {"nonce": "of another launch"},
        {"nonce": None},
        {"exp": 1},
        {"iat": 1},
        {"sub": None},
        {"sub": ""},
        {f"{CLAIM}/deployment_id": "deployment-2"},
        {f"{CLAIM}/deployment_id": None},
        {f"{CLAIM}/version": "1.1"},
        {f"{CLAIM}/message_type": "LtiDeepLinkingRequest"},
        {f"{CLAIM}/resource_link": None},
        {f"{CLAIM}/resource_link": {"id": ""}},
        {f"{CLAIM}/custom": None},
        {f"{CLAIM}/custom": {"class": "AAAA2222"}},
        {f"{CLAIM}/custom": ["class"]},
        {"state": "of another browser"},
        {"state": ""},
        {"id_token": ""},
        {"id_token": "a.b.c"},
        {"error": "login_required"},
    ],
)
def test_a_launch_that_is_not_valid_is_refused(course: Course101, changed: dict[str, Any]) -> None:
    refused(course, course.launch(course.login(), **changed))


def test_a_launch_works_once(course: Course101) -> None:
    begun = course.login()
    course.launch(begun)
    again = course.launch(begun, BEN)
    assert again.status == 403
    assert len(course.members()) == 1


def test_launches_of_a_class_at_one_moment_fetch_the_keys_once_and_all_get_them(course: Course101) -> None:
    [platform] = platforms_in(course.here.app.config)
    client = platform_client.PlatformClient()
    asked = course.platform.calls
    assert len({str(keys) for keys in at_once([partial(client.keys, platform)] * 16)}) == 1
    assert course.platform.calls == asked + 1
    assert client.keys(platform)


def test_a_launch_needs_the_browser_that_began_it(course: Course101) -> None:
    begun = course.login()
    refused(course, course.launch(begun, cookie=""), 400)
    refused(course, course.launch(begun, cookie="petri-lti-moodle=forged"), 400)
    other = course.login().headers["set-cookie"].partition(";")[0]
    refused(course, course.launch(begun, cookie=other))


def test_a_launch_that_took_too_long_is_refused(course: Course101) -> None:
    begun = course.login()
    course.here.clock.turn(minutes=11)
    refused(course, course.launch(begun), 400)


def test_only_the_platforms_own_key_signs(course: Course101) -> None:
    begun = course.login()
    nonce = parse_qs(urlsplit(begun.headers["location"]).query)["nonce"][0]
    now = int(course.here.clock.now().timestamp())
    claims = course.platform.claims(ADA, course.code, nonce=nonce, iat=now, exp=now + 300)
    foreign = course.platform.signed(claims, new_key())
    public = json.dumps(course.platform.key.as_dict(private=False)).encode()
    confused = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(public))
    head, _, rest = course.platform.signed(claims).partition(".")
    unsigned = f"eyJhbGciOiJub25lIn0.{rest.partition('.')[0]}."
    assert head
    for token in (foreign, confused, unsigned):
        refused(course, course.launch(begun, id_token=token))


def test_a_key_that_the_platform_has_replaced_is_fetched_after_half_a_minute(
    course: Course101, monkeypatch: pytest.MonkeyPatch
) -> None:
    course.begin(course.launch(course.login()))
    course.platform.key = new_key()
    assert course.launch(course.login(), BEN).status == 403
    monkeypatch.setattr(platform_client, "FRESH_SECONDS", 0.0)
    assert course.launch(course.login(), BEN).status == 303


def test_a_platform_that_is_away_is_an_error_and_nothing_is_stored(course: Course101) -> None:
    course.platform.faults["/keys"] = deque([(500, b""), (500, b"")])
    refused(course, course.launch(course.login()), 502)


@pytest.mark.parametrize(
    "changed", [{"iss": "https://other.example.org"}, {"login_hint": ""}, {"client_id": "another-tool"}]
)
def test_a_login_of_another_platform_is_refused(course: Course101, changed: dict[str, str]) -> None:
    refused(course, course.login(**changed))


def test_an_unknown_platform_is_refused(course: Course101) -> None:
    assert course.here.get("/join/lti/other/login").status == 403
    assert course.here.get("/join/lti/other/keys").code == "lti_platform_unknown"


def test_a_member_who_was_removed_is_not_let_in_again(course: Course101) -> None:
    course.launch(course.login())
    [member] = course.members()
    course.here.app.run(remove_member, member["seat"], caller=OPERATOR_CALLER)
    assert course.launch(course.login()).status == 403


@pytest.mark.parametrize("has_begun", [False, True])
def test_an_erased_member_leaves_nothing_of_the_platform(course: Course101, has_begun: bool) -> None:
    said = course.launch(course.login())
    [member] = course.members()
    if has_begun:
        person = course.begin(said)
        answer(person, half=5)
        course.here.work()
        course.here.app.run(erase_participant, person.id, caller=OPERATOR_CALLER)
        course.here.work()
    else:
        course.here.app.run(erase_member, member["seat"], caller=OPERATOR_CALLER)
    left = json.dumps(course.here.items(), default=str)
    for value in (ADA["sub"], ADA["name"], ADA["email"], "/items/7", member["lti_identity"]):
        assert value not in left


def test_the_tools_key_stays_and_shows_no_private_part(course: Course101) -> None:
    first, again = (course.here.get("/join/lti/moodle/keys").body["keys"] for _ in range(2))
    assert first == again
    assert set(first[0]) == {"kty", "n", "e", "kid", "use", "alg"}


def test_names_are_escaped_in_what_is_shown(course: Course101) -> None:
    said = course.launch(course.login(), **{f"{CLAIM}/custom": {"class": "<script>alert(1)</script>"}})
    assert b"<script>" not in said.raw
