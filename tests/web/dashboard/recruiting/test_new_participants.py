"""In a debug run, the dashboard lets a person begin as a new participant."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.world import World

BUTTON = 'href="/dashboard/participants/new" target="_blank" rel="noopener"'


def entry(here: World, browser: DashboardBrowser) -> str:
    said = here.get("/dashboard/participants/new", headers=browser.headers)
    assert said.status == 303, said
    return str(said.headers["location"])


def test_each_click_leads_to_the_entry_of_another_participant_at_the_experiments_host(
    world: NewWorld,
) -> None:
    here = world(mode="debug")
    browser = DashboardBrowser(here)
    assert BUTTON in browser.open("participants")
    assert BUTTON in browser.open("overview")
    found = [urlsplit(entry(here, browser)) for _ in range(2)]
    assert {(each.scheme, each.netloc, each.path) for each in found} == {("http", "127.0.0.1:5000", "/ad")}
    workers = {parse_qs(each.query)["workerId"][0] for each in found}
    assert len(workers) == 2
    assert {parse_qs(each.query)["recruiter"][0] for each in found} == {"hotair"}


def test_looking_at_the_button_creates_no_participant(world: NewWorld) -> None:
    here = world(mode="debug")
    browser = DashboardBrowser(here)
    with here.unchanged():
        entry(here, browser)


@pytest.mark.parametrize("settings", [{"mode": "live"}, {"mode": "sandbox"}])
def test_other_runs_have_no_such_button(world: NewWorld, settings: dict[str, str]) -> None:
    here = world(**settings)
    browser = DashboardBrowser(here)
    assert BUTTON not in browser.open("participants")
    assert BUTTON not in browser.open("overview")
    assert here.get("/dashboard/participants/new", headers=browser.headers).status == 404


def test_a_stranger_is_asked_to_sign_in(world: NewWorld) -> None:
    here = world(mode="debug")
    said = here.get("/dashboard/participants/new", headers={"host": "localhost:5000"})
    assert "127.0.0.1" not in str(said.headers.get("location", ""))
