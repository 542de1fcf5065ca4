"""A lab: its apps, who may open which, what it signs for them, and how it asks them."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from chalicelib.access.rights import ASSISTANT, LAB_ADMIN, RESEARCHER, ROLES, VIEWER, Right
from chalicelib.dashboard.pages.labs import app_questions
from chalicelib.errors import BadRequest, Forbidden, InvalidState, NotFound
from chalicelib.identity.lab_assertions import LabKeyPair, verified_assertion
from chalicelib.operations.accounts.actors import authenticate_token
from chalicelib.operations.accounts.tokens_of_users import make_token
from chalicelib.operations.accounts.users import add_user, remove_user
from chalicelib.operations.audit.reading import list_entries
from chalicelib.operations.labs import lab_apps
from chalicelib.operations.labs.app_costs import AppCost, store_costs
from chalicelib.operations.labs.app_reports import stored_reports
from chalicelib.operations.labs.lab_records import AssertionPurpose, LabKey, TrustedLab
from chalicelib.operations.shared.context import OPERATOR_CALLER, caller_of
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.labs.lab_world import acting_as, browser_of, lab_app, press
from tests.web.labs.standin_app import StandInApp
from tests.web.world import World


def test_the_page_shows_what_an_app_answers(here: World, app: StandInApp) -> None:
    page = browser_of(here).open("apps")
    assert ">colours</a> <span" in page
    assert "recruiting" in page
    assert "$61.50" in page
    assert "needs you" in page
    assert len(app.asked) == 1
    assert app.asked[0].path == "/api/v1/overview"


def test_an_app_is_asked_with_an_assertion_that_only_views(
    here: World, app: StandInApp, pair: LabKeyPair
) -> None:
    browser_of(here).open("apps")
    token = app.asked[0].headers["Authorization"].removeprefix("Bearer petri_lab.")
    now = here.clock.now()
    lab = TrustedLab(here.app.app_id, "Lab", "", ROLES[RESEARCHER], (LabKey(pair.id, pair.public, now),), now)
    said = verified_assertion(token, [lab], "colours", AssertionPurpose.REPORT, now)
    assert (said.rights, said.subject) == ({Right.VIEW}, "lab")


def test_an_open_page_asks_again_after_twenty_seconds_and_a_new_one_shows_what_is_stored(
    here: World, app: StandInApp
) -> None:
    browser = browser_of(here)
    browser.open("apps")
    browser.open("apps")
    assert len(app.asked) == 1
    here.clock.turn(seconds=21)
    app_questions._JUST_ASKED.clear()
    browser.open("apps")
    assert len(app.asked) == 1
    here.get("/dashboard/apps", headers={**browser.headers, "hx-request": "true"})
    assert len(app.asked) == 2


def test_an_app_that_is_not_reached_is_shown_with_its_last_answer(here: World, app: StandInApp) -> None:
    browser = browser_of(here)
    browser.open("apps")
    heard = here.clock.now()
    for status, words in ((401, "doesn't accept this lab"), (404, "Deploy it again"), (503, "error 503")):
        app.status = status
        here.clock.turn(minutes=6)
        app_questions._JUST_ASKED.clear()
        page = html.unescape(browser.open("apps"))
        assert words in page
        assert "not reached" in page
        assert "recruiting" in page
    report = here.app.run(stored_reports)["colours"]
    assert report.heard is not None
    assert abs(report.heard - heard) < timedelta(seconds=2)
    assert "503" in report.error


@pytest.mark.parametrize("is_up", [True, False])
def test_a_hibernating_app_is_shown_as_hibernating_whether_it_answers_or_not(
    here: World, app: StandInApp, is_up: bool
) -> None:
    app.overview["state"] = "hibernating"
    browser = browser_of(here)
    browser.open("apps")
    here.clock.turn(minutes=6)
    app_questions._JUST_ASKED.clear()
    if not is_up:
        with StandInApp.running() as former:
            address = former.address
        known = here.app.run(lab_apps.find_app, "colours")
        here.app.run(lab_apps.put_app, replace(known, address=address), caller=OPERATOR_CALLER)
    page = html.unescape(browser.open("apps"))
    assert "hibernating" in page
    assert "Messages wait until it is woken up." in page
    assert "It doesn't answer." not in page


def test_a_hibernating_app_that_refuses_the_lab_says_so(here: World, app: StandInApp) -> None:
    app.overview["state"] = "hibernating"
    browser = browser_of(here)
    browser.open("apps")
    app.status = 401
    here.clock.turn(minutes=6)
    app_questions._JUST_ASKED.clear()
    assert "doesn't accept this lab" in html.unescape(browser.open("apps"))


@pytest.mark.parametrize(
    ("money", "shown", "absent"),
    [
        ({"spent": "61.50", "owed": "0", "reserved": "0", "hard_cap": None}, "$61.50", "$0.00"),
        ({"spent": "0.50", "owed": "0.50", "hard_cap": None}, "$12.00", "$0.00"),
        ({"spent": "61.50", "owed": "61.50", "hard_cap": "100"}, "$12.00", "$0.00"),
        # Apps of an older version.
        ({"spent": ..., "owed": "7", "hard_cap": "100"}, "$7.00", "$0.00"),
        ({"spent": ..., "owed": "0", "reserved": "0", "hard_cap": None}, "colours", "$0.00"),
    ],
)
def test_money_spent_is_shown_for_every_app_and_what_may_follow_for_those_with_a_cap(
    here: World, app: StandInApp, money: dict[str, Any], shown: str, absent: str
) -> None:
    app.overview |= money
    if money["spent"] is ...:
        del app.overview["spent"]
    page = browser_of(here).open("apps")
    assert shown in page
    assert absent not in page


def test_an_app_that_is_not_served_is_shown_as_not_reached(here: World, pair: LabKeyPair) -> None:
    with StandInApp.running() as former:
        address = former.address
    gone = lab_app(here, address, pair.id, "gone")
    here.app.run(lab_apps.put_app, gone, caller=OPERATOR_CALLER)
    page = html.unescape(browser_of(here).open("apps"))
    assert "It doesn't answer." in page
    assert "never" in page


@pytest.mark.parametrize(
    "answer",
    [
        *(b"", b"[]", b"null", b"{}", b"not json", b"\xff", b'{"state": "recruiting"}', b"x" * 200_000),
        b'{"state":"x","participants":{"working":"many"},"arrived":1,"open_places":0,"dead_letters":0}',
        b'{"state":"x","participants":{},"arrived":1,"open_places":0,"dead_letters":0,"currency":"","spent":"z"}',
    ],
)
def test_an_answer_other_than_an_overview_is_shown_as_none(
    here: World, app: StandInApp, answer: bytes
) -> None:
    app.answer = answer
    assert "not reached" in browser_of(here).open("apps")


def test_what_an_app_answers_is_escaped(here: World, app: StandInApp) -> None:
    app.overview |= {"state": "<script>alert(1)</script>", "currency": "<b>"}
    assert "<script>alert" not in browser_of(here).open("apps")


def test_a_user_sees_the_apps_in_which_something_is_granted(here: World) -> None:
    assert "colours <span" in browser_of(here, "vic").open("apps")
    assert "colours <span" not in browser_of(here, "ben").open("apps")
    admin = browser_of(here, "lea").open("apps")
    assert ">colours</a> <span" in admin
    assert "nothing granted to you" in admin


def test_opening_an_app_signs_for_what_is_granted_there(
    here: World, app: StandInApp, pair: LabKeyPair
) -> None:
    said = press(browser_of(here, "vic"), "apps/colours/open")
    page = said.raw.decode()
    assert f'action="{app.address}/dashboard/sign-in/lab/assertion"' in page
    assert f"form-action 'self' {app.address}" in said.headers["content-security-policy"]
    assertion = re.search(r'name="assertion" value="([^"]+)"', page)[1]
    now = here.clock.now()
    lab = TrustedLab(here.app.app_id, "Lab", "", ROLES[RESEARCHER], (LabKey(pair.id, pair.public, now),), now)
    stated = verified_assertion(assertion, [lab], "colours", AssertionPurpose.SIGN_IN, now)
    assert (stated.username, stated.name, stated.rights) == ("vic", "Vic", ROLES[ASSISTANT])
    assert stated.subject.startswith("vic/")
    entries = here.app.run(list_entries, "user:vic", caller=OPERATOR_CALLER)
    assert "labs.open_app" in [one.entry.operation for one in entries]


def test_other_pages_post_to_the_lab_alone(here: World) -> None:
    browser = browser_of(here)
    said = here.get("/dashboard/apps", headers=browser.headers)
    assert said.headers["content-security-policy"].endswith("form-action 'self'")


@pytest.mark.parametrize(("username", "status"), [("ben", 404), ("lea", 403)])
def test_without_a_grant_an_app_is_not_opened(here: World, username: str, status: int) -> None:
    assert press(browser_of(here, username), "apps/colours/open").status == status
    assert press(browser_of(here, "vic"), "apps/other/open").status == 404


def test_a_form_of_another_site_opens_nothing(here: World) -> None:
    browser = browser_of(here, "vic")
    foreign = {**browser.headers, "origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    assert here.post("/dashboard/apps/colours/open", {}, headers=foreign).status == 403
    assert here.get("/dashboard/apps/colours/open", headers=browser.headers).status == 404


def test_a_key_that_the_app_does_not_know_signs_nothing(here: World, app: StandInApp) -> None:
    here.app.run(lab_apps.put_app, lab_app(here, app.address, "another"), caller=OPERATOR_CALLER)
    said = press(browser_of(here, "vic"), "apps/colours/open")
    assert said.status == 409
    assert "petri lab add colours" in said.raw.decode()
    assert app.asked == []


def test_only_who_manages_the_lab_changes_its_apps(here: World, app: StandInApp) -> None:
    vic = acting_as(here, "vic")
    calls: list[tuple[Any, tuple[Any, ...]]] = [
        (lab_apps.put_app, (lab_app(here, app.address, "k", "more"),)),
        (lab_apps.remove_app, ("colours",)),
        (lab_apps.grant_in_app, ("colours", "vic", [RESEARCHER])),
        (lab_apps.revoke_in_app, ("colours", "vic")),
        (lab_apps.grants_in_app, ("colours",)),
    ]
    for operation, arguments in calls:
        with pytest.raises(Forbidden):
            vic(operation, *arguments)
    acting_as(here, "lea")(lab_apps.grant_in_app, "colours", "ben", [VIEWER])


def test_no_more_is_granted_than_the_app_lets_the_lab_give(here: World) -> None:
    run = partial(here.app.run, caller=OPERATOR_CALLER)
    for what in ([LAB_ADMIN], ["System admin"], []):
        with pytest.raises(BadRequest):
            run(lab_apps.grant_in_app, "colours", "ben", what)
    with pytest.raises(NotFound):
        run(lab_apps.grant_in_app, "colours", "ben", ["Wizard"])
    with pytest.raises(NotFound):
        run(lab_apps.grant_in_app, "colours", "stranger", [VIEWER])
    with pytest.raises(NotFound):
        run(lab_apps.grant_in_app, "other", "ben", [VIEWER])


def test_revoked_grants_and_removed_apps_and_users_open_nothing(here: World) -> None:
    run = partial(here.app.run, caller=OPERATOR_CALLER)
    vic = acting_as(here, "vic")
    assert vic(lab_apps.rights_in_app, "colours") == ROLES[ASSISTANT]
    run(lab_apps.revoke_in_app, "colours", "vic")
    with pytest.raises(NotFound):
        vic(lab_apps.open_app, "colours")
    run(lab_apps.grant_in_app, "colours", "ben", [VIEWER])
    run(lab_apps.remove_app, "colours")
    assert run(lab_apps.list_apps) == []
    assert here.app.run(stored_reports) == {}


def test_a_user_who_is_added_again_under_a_name_has_none_of_the_former_grants(here: World) -> None:
    run = partial(here.app.run, caller=OPERATOR_CALLER)
    run(remove_user, "vic")
    here.clock.turn(minutes=1)
    run(add_user, "vic", "Vic", role=VIEWER)
    assert acting_as(here, "vic")(lab_apps.list_apps) == []


def test_an_expired_user_opens_nothing(here: World) -> None:
    run = partial(here.app.run, caller=OPERATOR_CALLER)
    run(add_user, "eve", "Eve", role=VIEWER, expires=here.clock.now() + timedelta(days=1))
    run(lab_apps.grant_in_app, "colours", "eve", [VIEWER])
    here.clock.turn(minutes=60 * 25)
    assert acting_as(here, "eve")(lab_apps.list_apps) == []


def test_a_token_opens_nothing(here: World) -> None:
    token = here.app.run(make_token, "vic", "script", caller=OPERATOR_CALLER)
    actor = here.app.run(authenticate_token, token)
    with pytest.raises(Forbidden, match="a person does"):
        here.app.run(lab_apps.open_app, "colours", caller=caller_of(actor))


def test_a_lab_is_not_an_app_of_its_own(here: World, app: StandInApp) -> None:
    with pytest.raises(InvalidState, match="to itself"):
        here.app.run(
            lab_apps.put_app, lab_app(here, app.address, "k", here.app.app_id), caller=OPERATOR_CALLER
        )


def test_a_lab_has_its_own_pages_and_a_run_has_no_page_of_labs(here: World, world: NewWorld) -> None:
    browser = browser_of(here)
    page = browser.open("apps")
    assert "/dashboard/people" in page
    for name in ("overview", "participants", "recruitment", "money", "stop", "networks"):
        assert f'href="/dashboard/{name}"' not in page
        assert here.get(f"/dashboard/{name}", headers=browser.headers).status == 404
    run = DashboardBrowser(world())
    assert "/dashboard/apps" not in run.open("overview")
    assert run.here.get("/dashboard/apps", headers=run.headers).status == 404


def test_private_keys_of_a_lab_are_on_no_page_and_in_no_list(here: World, pair: LabKeyPair) -> None:
    browser = browser_of(here)
    for name in ("apps", "settings", "people", "log"):
        assert pair.private["d"] not in browser.open(name)


def test_costs_on_aws_are_shown_with_their_date_and_what_is_missing_to_those_who_manage(here: World) -> None:
    assert "petri lab costs" not in browser_of(here).open("apps")
    now = here.clock.now()
    cost = AppCost("colours", now, Decimal("1.204"), Decimal("14.05"), now.date(), "USD", "A tag is missing.")
    here.app.run(store_costs, [cost], caller=OPERATOR_CALLER)
    page = browser_of(here, "lea").open("apps")
    for shown in ("$1.20", "$14.05 in a year", "AWS was asked for on", "colours: A tag is missing."):
        assert shown in page
    assert "A tag is missing." not in browser_of(here, "vic").open("apps")
    unknown = replace(cost, month=None, total=None, problem=f"Activate {html.escape('<tags>')}")
    here.app.run(store_costs, [unknown], caller=OPERATOR_CALLER)
    assert "in a year" not in browser_of(here, "lea").open("apps")
    with pytest.raises(Forbidden):
        _store_as(here, "lea", cost)


def _store_as(here: World, username: str, cost: AppCost) -> None:
    acting_as(here, username)(store_costs, [cost])


def test_a_deployed_app_without_costs_says_how_to_read_them(
    here: World, app: StandInApp, pair: LabKeyPair
) -> None:
    deployed = replace(lab_app(here, app.address, pair.id), region="eu-west-1")
    here.app.run(lab_apps.put_app, deployed, caller=OPERATOR_CALLER)
    assert "petri lab costs" in browser_of(here, "lea").open("apps")
    assert "petri lab costs" not in browser_of(here, "vic").open("apps")
