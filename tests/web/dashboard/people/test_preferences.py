"""Preferences of users: kept with the account, applied by every page, and never the operator's."""

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


def test_the_operator_has_no_account_and_keeps_colours_in_the_browser(here: World) -> None:
    operator = DashboardBrowser(here)
    assert "data-preferred-theme" not in operator.open("overview")
    assert 'action="/dashboard/account/preferences"' not in operator.open("account")
    assert operator.press("account/preferences", [("theme", "dark")]).status == 403
