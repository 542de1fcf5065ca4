"""A lab signs its users in to an app that trusts it: once, for two hours, with the rights that it states."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.access.rights import Right
from chalicelib.dashboard.sign_in.other_ways import packages
from chalicelib.operations.accounts.actors import find_actor, grants_of
from chalicelib.operations.accounts.users import add_user, grant_to_user, list_users, remove_user
from chalicelib.operations.audit.reading import list_entries
from chalicelib.operations.labs.trusted_labs import (
    distrust_lab,
    end_lab_user,
    user_of_subject,
    users_of_lab,
)
from chalicelib.operations.shared.context import OPERATOR_CALLER
from tests.web.conftest import NewWorld
from tests.web.labs.trusting import FROM_LAB, LAB, Lab, Visitor, text_of
from tests.web.world import World

LATER = timedelta(hours=2, seconds=1)


@pytest.fixture
def here(world: NewWorld) -> World:
    return world()


@pytest.fixture
def lab(here: World) -> Lab:
    made = Lab()
    made.connect(here)
    return made


def _rights(here: World, username: str) -> set[str]:
    actor = here.app.run(find_actor, f"user:{username}")
    assert actor is not None
    return {right.value for right in actor.rights}


def test_the_page_asks_before_anyone_is_signed_in(here: World, lab: Lab) -> None:
    visitor = Visitor(here)
    assertion = lab.sign(here)
    shown = visitor.bring(assertion)
    page = text_of(shown)
    assert shown.status == 200
    assert "<strong>Linguistics Lab</strong> signs you in as <strong>Mira Okafor</strong>" in page
    assert "the right View" in page
    assert visitor.session is None
    assert here.app.run(list_users, caller=OPERATOR_CALLER) == []


def test_the_button_signs_in_with_the_rights_that_the_lab_states(here: World, lab: Lab) -> None:
    visitor = Visitor(here)
    said = visitor.come(lab.sign(here, rights=frozenset({Right.VIEW, Right.COMMENT})))
    assert (said.status, said.headers["location"]) == (303, "/dashboard")
    assert visitor.open("overview").status == 200
    assert _rights(here, "mira") == {"View", "Comment"}
    (account,) = here.app.run(list_users, caller=OPERATOR_CALLER)
    assert (account.user.username, account.user.name) == ("mira", "Mira Okafor")
    assert {grant.by for grant in account.grants} == {f"rules:lab:{LAB}"}
    assert visitor.open("people").status == 403


def test_the_sign_in_is_in_the_audit_log_as_the_users(here: World, lab: Lab) -> None:
    Visitor(here).come(lab.sign(here))
    entries = here.app.run(list_entries, "user:mira", caller=OPERATOR_CALLER)
    assert sorted(one.entry.operation for one in entries) == ["sessions.begin", "users.add"]


def test_session_and_rights_end_after_two_hours(here: World, lab: Lab) -> None:
    visitor = Visitor(here)
    visitor.come(lab.sign(here))
    here.clock.turn(minutes=119)
    assert visitor.open("overview").status == 200
    here.clock.turn(minutes=2)
    assert visitor.open("overview").status == 401
    assert _rights(here, "mira") == set()


def test_signing_in_again_renews_the_rights_and_takes_those_that_are_stated_no_more(
    here: World, lab: Lab
) -> None:
    Visitor(here).come(lab.sign(here, rights=frozenset({Right.VIEW, Right.GRADE})))
    here.clock.turn(minutes=90)
    visitor = Visitor(here)
    visitor.come(lab.sign(here, rights=frozenset({Right.VIEW})))
    assert _rights(here, "mira") == {"View"}
    here.clock.turn(minutes=90)
    assert visitor.open("overview").status == 200
    assert len(here.app.run(list_users, caller=OPERATOR_CALLER)) == 1


def test_rights_that_the_app_has_given_stay(here: World, lab: Lab) -> None:
    Visitor(here).come(lab.sign(here))
    here.app.run(grant_to_user, "mira", "Assistant", caller=OPERATOR_CALLER)
    Visitor(here).come(lab.sign(here))
    here.clock.turn(minutes=121)
    assert _rights(here, "mira") == {"View", "Comment", "Grade", "Run live session"}


def test_a_person_is_known_by_the_subject_and_not_by_the_name(here: World, lab: Lab) -> None:
    Visitor(here).come(lab.sign(here))
    Visitor(here).come(lab.sign(here, subject="mira/1999999999", name="Mira Other"))
    accounts = here.app.run(list_users, caller=OPERATOR_CALLER)
    assert [each.user.username for each in accounts] == ["mira", "mira-2"]


def test_a_user_of_the_app_with_the_same_name_is_another_person(here: World, lab: Lab) -> None:
    here.app.run(add_user, "mira", "Mira Local", role="Lab admin", caller=OPERATOR_CALLER)
    visitor = Visitor(here)
    visitor.come(lab.sign(here))
    assert visitor.open("people").status == 403
    assert _rights(here, "mira-2") == {"View"}


def test_a_removed_user_is_not_made_again(here: World, lab: Lab) -> None:
    Visitor(here).come(lab.sign(here))
    here.app.run(remove_user, "mira", caller=OPERATOR_CALLER)
    said = Visitor(here).come(lab.sign(here))
    assert said.status == 403
    assert "Your access to this app was removed" in text_of(said)
    assert here.app.run(list_users, caller=OPERATOR_CALLER) == []


def test_an_app_that_trusts_the_lab_no_more_ends_what_it_gave(here: World, lab: Lab) -> None:
    visitor = Visitor(here)
    visitor.come(lab.sign(here))
    here.app.run(distrust_lab, LAB, caller=OPERATOR_CALLER)
    assert here.app.run(users_of_lab, LAB, caller=OPERATOR_CALLER) == ["mira"]
    here.app.run(end_lab_user, LAB, "mira", caller=OPERATOR_CALLER)
    assert visitor.open("overview").status == 401
    assert here.app.run(grants_of, "mira") == []
    assert Visitor(here).come(lab.sign(here)).status == 404


def test_one_user_of_a_lab_can_be_ended_by_the_subject(here: World, lab: Lab) -> None:
    visitor, other = Visitor(here), Visitor(here)
    visitor.come(lab.sign(here))
    other.come(lab.sign(here, subject="ben/1", username="ben"))
    username = here.app.run(user_of_subject, LAB, "mira/1767351600", caller=OPERATOR_CALLER)
    assert username == "mira"
    here.app.run(end_lab_user, LAB, username, caller=OPERATOR_CALLER)
    assert visitor.open("overview").status == 401
    assert other.open("overview").status == 200


def test_the_sign_in_page_links_to_the_lab(here: World, lab: Lab) -> None:
    page = text_of(Visitor(here).open())
    assert 'href="https://lab.example.edu/dashboard/apps">Sign in with Linguistics Lab</a>' in page


def test_an_app_without_a_lab_shows_no_such_button_and_takes_no_assertion(here: World) -> None:
    assert "Linguistics Lab" not in text_of(Visitor(here).open())
    said = Visitor(here).bring(Lab().sign(here))
    assert said.status == 404


def test_names_of_people_and_labs_are_escaped(here: World) -> None:
    lab = Lab(name="<script>alert(1)</script>")
    lab.connect(here)
    page = text_of(Visitor(here).bring(lab.sign(here, name="<b onclick=x>Mira</b>")))
    assert "<script>alert" not in page
    assert "<b onclick" not in page


def test_without_the_package_the_page_says_what_to_install(
    here: World, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "find_spec", lambda _: None)
    said = Visitor(here).bring(lab.sign(here))
    assert "pip install 'petri[sign-in]'" in text_of(said)


def test_opening_the_addresses_leads_to_the_sign_in_page(here: World, lab: Lab) -> None:
    for part in ("assertion", "enter"):
        said = Visitor(here).open(f"sign-in/lab/{part}")
        assert (said.status, said.headers["location"]) == (303, "/dashboard/sign-in")


def test_only_the_page_that_asks_takes_forms_of_another_site(here: World, lab: Lab) -> None:
    visitor = Visitor(here)
    assertion = lab.sign(here)
    visitor.bring(assertion)
    token = visitor.token_of("sign-in")
    sent = {**visitor._sent(), **FROM_LAB}
    fields = {"assertion": assertion, "csrf": token}
    for path in ("sign-in/lab/enter", "sign-in/password", "sign-in", "sign-in/openid/assertion"):
        assert here.post(f"/dashboard/{path}", fields, headers=sent).status == 403, path
    assert visitor.post("sign-in/lab/enter", {"assertion": assertion}, csrf="0" * 24).status == 403
    assert visitor.enter(assertion).status == 303
