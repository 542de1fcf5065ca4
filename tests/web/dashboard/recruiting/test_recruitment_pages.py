"""Recruitment: places are opened after their cost was shown, closed, and entry links are listed."""

from __future__ import annotations

import re

import pytest

from chalicelib.access.rights import ROLES, Actor, Right
from chalicelib.dashboard.operation_calls import run_operation
from chalicelib.errors import Forbidden
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.experiments import Talk

HOSTILE = '<b hx-post="/dashboard/sign-out">{{7*7}}</b>'
LINKED = {"mode": "live", "recruiter": "link"}


def test_opening_places_first_shows_their_number_and_cost(world: NewWorld) -> None:
    here = world(Talk, base_payment=1.5)
    browser = DashboardBrowser(here)
    wanted = {"places": "3", "ignore_free_seats": "yes"}
    with here.unchanged():
        page = browser.open("recruitment/open", **wanted)
    assert "Opens 3 places, which can cost up to $4.50." in page
    before = int(here.app.run(lambda ctx: ctx.uow.state["opened"]))
    said = browser.press("recruitment/open", list(wanted.items()))
    assert (said.status, said.headers["location"]) == (303, "/dashboard/recruitment?opened=3")
    assert here.app.run(lambda ctx: ctx.uow.state["opened"]) == before + 3


def test_places_beyond_the_free_seats_or_the_hard_cap_are_not_offered(world: NewWorld) -> None:
    capped = DashboardBrowser(world(Talk, base_payment=1.5, hard_cap=1.0))
    assert "hard cap allows no more places" in capped.open(
        "recruitment/open", places="3", ignore_free_seats="yes"
    )
    full = DashboardBrowser(world(Talk))
    assert "so fewer are opened" in full.open("recruitment/open", places="9999")


def test_recruitment_is_closed_and_says_so(world: NewWorld) -> None:
    here = world(Talk)
    browser = DashboardBrowser(here)
    assert ">open<" in browser.open("recruitment")
    assert browser.press("recruitment/close").status == 303
    assert "You have closed recruitment." in browser.open("recruitment")


@pytest.mark.parametrize("places", ["", "0", "-1", "many", "10001", "99999999", "1.5"])
def test_a_number_of_places_that_is_not_one_opens_none(world: NewWorld, places: str) -> None:
    here = world(Talk)
    browser = DashboardBrowser(here)
    with here.unchanged():
        assert browser.press("recruitment/open", [("places", places)]).status == 400


def test_a_form_without_the_sessions_token_opens_and_closes_nothing(world: NewWorld) -> None:
    here = world(Talk)
    browser = DashboardBrowser(here)
    for path in ("open", "close"):
        with here.unchanged():
            said = here.post(f"/dashboard/recruitment/{path}", [("places", "1")], headers=browser.headers)
        assert said.status == 403, path


def test_each_opened_place_has_a_link_with_which_a_participant_can_take_part(world: NewWorld) -> None:
    here = world(Talk, **LINKED)
    here.work()
    browser = DashboardBrowser(here)
    browser.press("recruitment/open", [("places", "2"), ("ignore_free_seats", "yes")])
    here.work()
    links = run_operation(Actor("user:ann", "Ann", ROLES["Researcher"]), "", "recruitment.links")
    addresses = [link.address for link in links.links]
    assert len(set(addresses)) == len(addresses) >= 2
    recruiter = here.app.recruiters.named("link")
    assert [recruiter.read_entry(link.address)[0] for link in links.links] == [
        link.worker_id for link in links.links
    ]
    assert re.findall(r"<code>(http[^<]+)</code>", browser.open("recruitment"))


def test_one_link_for_all_participants_is_listed_once_and_ids_are_shown_as_text(world: NewWorld) -> None:
    page = DashboardBrowser(world(Talk, link_workers="any", **LINKED)).open("recruitment")
    assert page.count('data-label="Link"') == 1
    assert "all participants" in page
    pool = world(Talk, link_workers=HOSTILE.replace(" ", "_"), **LINKED)
    pool.work()
    shown = DashboardBrowser(pool).open("recruitment")
    assert "<b_hx" not in shown
    assert "&lt;b_hx-post" in shown


def test_links_are_for_actors_who_may_recruit_and_ids_for_those_who_may_see_them(world: NewWorld) -> None:
    world(Talk, **LINKED)
    with pytest.raises(Forbidden):
        run_operation(Actor("user:vic", "Vic", ROLES["Viewer"]), "", "recruitment.links")
    only = Actor("user:rec", "Rec", frozenset({Right.VIEW, Right.RECRUIT}))
    links = run_operation(only, "", "recruitment.links").links
    assert links
    assert {(link.worker_id, link.address) for link in links} == {(None, None)}
