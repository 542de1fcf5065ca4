"""Preferences: kept with a user, or by the browser of an operator, and applied by every page."""

from __future__ import annotations

import re

import pytest

from chalicelib.access.rights import RESEARCHER
from chalicelib.dashboard import sessions
from chalicelib.dashboard.operation_calls import run_operation
from chalicelib.operations.accounts.actors import find_actor
from chalicelib.operations.accounts.profiles.preferences import Theme
from chalicelib.operations.accounts.users import add_user
from chalicelib.operations.shared.context import OPERATOR_CALLER
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.world import World

CHOSEN = [("theme", "dark"), ("rows_per_page", "10"), ("time_zone", "Asia/Kathmandu")]


@pytest.fixture
def here(world: NewWorld) -> World:
    made = world()
    made.app.run(add_user, "ada", "Ada", role=RESEARCHER, caller=OPERATOR_CALLER)
    return made


def browser_of(here: World, username: str) -> DashboardBrowser:
    return DashboardBrowser(
        here, here.app.run(sessions.create_ticket_for_user, username, caller=OPERATOR_CALLER)
    )


def root_of(page: str) -> str:
    return re.search(r"<html[^>]*>", page)[0]


def test_preferences_are_kept_with_the_user_and_applied_in_every_browser(here: World) -> None:
    said = browser_of(here, "ada").press("account/preferences", CHOSEN)
    assert said.headers["location"] == "/dashboard/account?said=preferences#preferences"
    elsewhere = browser_of(here, "ada")
    for page in ("overview", "participants", "account", "log"):
        root = root_of(elsewhere.open(page))
        assert 'data-theme="dark"' in root
        assert 'data-time-zone="Asia/Kathmandu"' in root
    account = elsewhere.open("account")
    assert '<option value="dark" selected>' in account
    assert '<option value="10" selected>' in account
    assert '<option value="Asia/Kathmandu" selected>' in account


def test_a_table_has_as_many_rows_as_its_reader_prefers(here: World) -> None:
    for _ in range(12):
        here.arrive()
    ada, operator = browser_of(here, "ada"), DashboardBrowser(here)
    ada.press("account/preferences", CHOSEN)
    for page in ("participants", "data/participants"):
        assert ada.open(page).count('name="ids"') == 10
        assert operator.open(page).count('name="ids"') == 12
    assert "after=" in ada.open("participants")


def test_the_button_in_the_head_stores_the_colours_alone(here: World) -> None:
    ada = browser_of(here, "ada")
    ada.press("account/preferences", CHOSEN)
    ada.press("account/preferences", [("theme", "light")])
    row = run_operation(here.app.run(find_actor, "user:ada"), "", "users.me")
    assert (row.theme, row.rows_per_page, row.time_zone) == (Theme.LIGHT, 10, "Asia/Kathmandu")


def test_preferences_that_do_not_exist_are_refused_and_nothing_changes(here: World) -> None:
    ada = browser_of(here, "ada")
    for form in (
        [("theme", "pink")],
        [("rows_per_page", "201")],
        [("rows_per_page", "-1")],
        [("rows_per_page", "1e2")],
        [("time_zone", 'Europe/"><b>')],
        [("time_zone", "a/b/c/d")],
    ):
        said = ada.press("account/preferences", form)
        assert said.status in {400, 422}, form
        assert "<b>" not in root_of(said.raw.decode())
    row = run_operation(here.app.run(find_actor, "user:ada"), "", "users.me")
    assert (row.theme, row.rows_per_page, row.time_zone) == (Theme.SYSTEM, 0, "")


def kept(browser: DashboardBrowser, form: list[tuple[str, str]]) -> str:
    """Choose preferences as the operator; return the cookie, which the browser keeps from then on."""
    said = browser.press("account/preferences", form)
    assert said.headers["location"] == "/dashboard/account?said=preferences#preferences"
    cookie: str = said.headers["set-cookie"]
    session = browser.headers["cookie"].partition(";")[0]
    browser.headers["cookie"] = f"{session}; {cookie.partition(';')[0]}"
    return cookie


def test_the_preferences_of_the_operator_are_kept_by_the_browser(here: World) -> None:
    for _ in range(12):
        here.arrive()
    operator = DashboardBrowser(here)
    cookie = kept(operator, CHOSEN)
    assert cookie.startswith("petri-preferences=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/dashboard", "Max-Age=31536000"} <= set(cookie.split("; "))
    for page in ("overview", "account", "log"):
        root = root_of(operator.open(page))
        assert 'data-theme="dark"' in root
        assert 'data-time-zone="Asia/Kathmandu"' in root
    assert operator.open("participants").count('name="ids"') == 10
    assert '<option value="10" selected>' in operator.open("account")
    kept(operator, [("theme", "light")])
    assert 'data-theme="light"' in root_of(operator.open("overview"))
    assert 'data-time-zone="Asia/Kathmandu"' in root_of(operator.open("overview"))


def test_the_preferences_of_the_operator_hold_for_another_run_at_this_host(world: NewWorld) -> None:
    browser = DashboardBrowser(world())
    kept(browser, CHOSEN)
    other = DashboardBrowser(world())
    own = other.headers["cookie"].partition(";")[0]
    other.headers["cookie"] = f"{own}; {browser.headers['cookie'].partition('; ')[2]}"
    assert 'data-theme="dark"' in root_of(other.open("overview"))


def test_a_users_preferences_are_not_taken_from_the_browser(here: World) -> None:
    operator, ada = DashboardBrowser(here), browser_of(here, "ada")
    kept(operator, CHOSEN)
    own = ada.headers["cookie"].partition(";")[0]
    ada.headers["cookie"] = f"{own}; {operator.headers['cookie'].partition('; ')[2]}"
    assert 'data-theme="dark"' not in root_of(ada.open("overview"))


@pytest.mark.parametrize(
    "value",
    [
        "theme=pink&rows_per_page=999&time_zone=%22%3E%3Cb%3E",
        "theme=%22%3E%3Cb%3E",
        "rows_per_page=%C2%B2",
        "=" * 150,
        "theme=dark&" * 500,
        "%FF%FE",
    ],
)
def test_a_cookie_that_makes_no_sense_counts_as_not_chosen(here: World, value: str) -> None:
    operator = DashboardBrowser(here)
    operator.headers["cookie"] += f"; petri-preferences={value}"
    root = root_of(operator.open("overview"))
    assert "<b>" not in root
    assert 'data-theme="' not in root
    assert "data-time-zone" not in root


def test_preferences_of_the_operator_that_do_not_exist_are_refused(here: World) -> None:
    operator = DashboardBrowser(here)
    for form in ([("theme", "pink")], [("rows_per_page", "201")], [("time_zone", 'a"><b>')]):
        said = operator.press("account/preferences", form)
        assert (said.status, "set-cookie" in said.headers) == (400, False), form
        assert "<b>" not in root_of(said.raw.decode())


def test_a_form_of_another_site_chooses_no_preferences(here: World) -> None:
    operator = DashboardBrowser(here)
    said = here.post("/dashboard/account/preferences", CHOSEN, headers=operator.headers)
    assert (said.status, "set-cookie" in said.headers) == (403, False)
