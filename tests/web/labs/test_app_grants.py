"""The page of one app of a lab: who may open it, and the forms that grant and revoke."""

from __future__ import annotations

import html
from functools import partial

import pytest

from chalicelib.access.rights import ASSISTANT, RESEARCHER, ROLES, VIEWER, Right
from chalicelib.errors import Forbidden, NotFound
from chalicelib.operations.accounts.profiles.user_profiles import ProfileChanges, change_profile
from chalicelib.operations.accounts.roles import make_role
from chalicelib.operations.accounts.users import add_user, grant_to_user, remove_user
from chalicelib.operations.audit.reading import list_entries
from chalicelib.operations.labs import lab_apps
from chalicelib.operations.shared.context import OPERATOR_CALLER
from tests.web.labs.lab_world import acting_as, browser_of, press
from tests.web.world import World


def _grants(here: World) -> dict[str, tuple[str, ...]]:
    found = here.app.run(lab_apps.grants_in_app, "colours", caller=OPERATOR_CALLER)
    return {grant.username: grant.what for grant in found}


def _grant(username: str, *what: str) -> list[tuple[str, str]]:
    return [("username", username), *(("what", each) for each in what)]


def test_a_lab_admin_grants_and_revokes_on_the_page_of_an_app(here: World) -> None:
    browser = browser_of(here, "lea")
    assert 'href="/dashboard/apps/colours"' in browser.open("apps")
    said = press(browser, "apps/colours/grant", *_grant("ben", VIEWER, "Comment"))
    assert (said.status, said.headers["location"]) == (303, "/dashboard/apps/colours?said=grant")
    assert _grants(here) == {"vic": (ASSISTANT,), "ben": (VIEWER, "Comment")}
    page = browser.open("apps/colours", said="grant")
    assert "Granted." in page
    assert "Viewer, Comment" in page
    assert "user:lea" in page
    assert press(browser, "apps/colours/revoke", ("username", "vic")).status == 303
    assert _grants(here) == {"ben": (VIEWER, "Comment")}
    with pytest.raises(NotFound):
        acting_as(here, "vic")(lab_apps.open_app, "colours")


def test_each_change_is_in_the_audit_log_of_the_actor(here: World) -> None:
    browser = browser_of(here, "lea")
    press(browser, "apps/colours/grant", *_grant("ben", VIEWER))
    press(browser, "apps/colours/revoke", ("username", "ben"))
    entries = here.app.run(list_entries, "user:lea", caller=OPERATOR_CALLER)
    assert [one.entry.operation for one in entries][:2] == ["labs.revoke", "labs.grant"]


def test_who_does_not_manage_the_lab_sees_no_grants_and_changes_none(here: World) -> None:
    browser = browser_of(here, "vic")
    assert 'href="/dashboard/apps/colours"' not in browser.open("apps")
    assert here.get("/dashboard/apps/colours", headers=browser.headers).status == 403
    assert press(browser, "apps/colours/grant", *_grant("ben", VIEWER)).status == 403
    assert press(browser, "apps/colours/revoke", ("username", "vic")).status == 403
    assert _grants(here) == {"vic": (ASSISTANT,)}


def test_a_form_without_the_token_of_the_session_or_of_another_site_changes_nothing(here: World) -> None:
    browser = browser_of(here, "lea")
    fields = _grant("ben", VIEWER)
    path = "/dashboard/apps/colours/grant"
    assert here.post(path, fields, headers=browser.headers).status == 403
    foreign = {**browser.headers, "origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    assert here.post(path, fields, headers=foreign).status == 403
    assert _grants(here) == {"vic": (ASSISTANT,)}


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        (_grant("ben"), 400, "nothing was named"),
        (_grant("ben", "Super admin"), 400, "doesn't let the lab give"),
        (_grant("ben", "<b>King</b>"), 404, "neither a role nor a right"),
        (_grant("<script>alert(1)</script>", VIEWER), 404, "no user"),
        (_grant("", VIEWER), 404, "no user"),
    ],
)
def test_a_refused_grant_is_explained_on_the_page_and_what_was_chosen_stays(
    here: World, fields: list[tuple[str, str]], status: int, words: str
) -> None:
    said = press(browser_of(here, "lea"), "apps/colours/grant", *fields)
    page = said.raw.decode()
    assert said.status == status, page
    assert words in html.unescape(page)
    assert "<script>alert" not in page
    assert "<b>King" not in page
    assert _grants(here) == {"vic": (ASSISTANT,)}


def test_unknown_apps_and_parts_are_not_found(here: World) -> None:
    browser = browser_of(here, "lea")
    assert here.get("/dashboard/apps/other", headers=browser.headers).status == 404
    assert here.get("/dashboard/apps/colours/grant", headers=browser.headers).status == 404
    assert press(browser, "apps/colours/other", ("username", "vic")).status == 404
    assert _grants(here) == {"vic": (ASSISTANT,)}


def test_the_page_offers_what_the_app_lets_the_lab_give_and_people_who_can_sign_in(here: World) -> None:
    run = partial(here.app.run, caller=OPERATOR_CALLER)
    run(make_role, "Grader", [Right.VIEW, Right.GRADE])
    run(make_role, "Chief", [Right.VIEW, Right.MANAGE_LAB])
    run(add_user, "robot", "Robot", role=VIEWER)
    run(change_profile, "robot", ProfileChanges(is_bot=True))
    page = browser_of(here, "lea").open("apps/colours")
    for offered in (VIEWER, RESEARCHER, "Grader", "Pay"):
        assert f'value="{offered}"' in page
    for other in ("Chief", "Lab admin", "Super admin", "System admin", "Manage lab", "robot"):
        assert f'value="{other}"' not in page


def test_no_one_grants_more_than_they_may_in_the_lab_themselves(here: World) -> None:
    run = partial(here.app.run, caller=OPERATOR_CALLER)
    run(make_role, "Desk", [Right.VIEW, Right.MANAGE_LAB])
    run(add_user, "dan", "Dan", role="Desk")
    dan = acting_as(here, "dan")
    for username in ("ben", "dan"):
        with pytest.raises(Forbidden, match="you lack"):
            dan(lab_apps.grant_in_app, "colours", username, [RESEARCHER])
    dan(lab_apps.grant_in_app, "colours", "ben", [VIEWER])
    assert 'value="Researcher"' not in browser_of(here, "dan").open("apps/colours")


def test_no_one_whose_rights_end_grants_for_longer(here: World) -> None:
    until = here.clock.now().replace(year=here.clock.now().year + 1)
    run = partial(here.app.run, caller=OPERATOR_CALLER)
    run(add_user, "tim", "Tim", role=VIEWER)
    run(grant_to_user, "tim", "Lab admin", until=until)
    with pytest.raises(Forbidden, match="end on"):
        acting_as(here, "tim")(lab_apps.grant_in_app, "colours", "ben", [RESEARCHER])


def test_a_grant_of_a_former_user_is_marked(here: World) -> None:
    run = partial(here.app.run, caller=OPERATOR_CALLER)
    assert "former user" not in browser_of(here, "lea").open("apps/colours")
    run(remove_user, "vic")
    here.clock.turn(minutes=1)
    run(add_user, "vic", "Vic", role=VIEWER)
    assert "former user" in browser_of(here, "lea").open("apps/colours")


def test_granted_rights_reach_the_app_only_within_what_it_lets_the_lab_give(here: World) -> None:
    press(browser_of(here, "lea"), "apps/colours/grant", *_grant("ben", RESEARCHER))
    assert acting_as(here, "ben")(lab_apps.rights_in_app, "colours") == ROLES[RESEARCHER]
