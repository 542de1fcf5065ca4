"""The doorbell of the dashboard: a page with a session gets the address of its socket, with a ticket."""

from __future__ import annotations

import json
import re

import pytest

from chalicelib.errors import VendorError
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import FROM_OWN_PAGE, DashboardBrowser
from tests.web.world import World

ENDPOINT = "wss://abc123.execute-api.eu-west-1.amazonaws.com/api"


@pytest.fixture
def here(world: NewWorld) -> World:
    return world()


def policy(here: World, headers: dict[str, str]) -> str:
    return here.get("/dashboard/overview", headers=headers).headers["content-security-policy"]


def test_a_page_gets_the_address_of_its_socket_with_a_ticket(here: World) -> None:
    browser = DashboardBrowser(here)
    said = browser.press("doorbell")
    assert said.headers["content-type"] == "application/json"
    assert re.fullmatch(r"ws://localhost(:\d+)?/chat\?ticket=[\w-]{40,}", json.loads(said.raw)["address"])
    assert re.search(r"connect-src 'self' ws://localhost(:\d+)?;", policy(here, browser.headers))


def test_the_socket_of_a_deployed_app_is_at_api_gateway(here: World) -> None:
    browser = DashboardBrowser(here)
    here.app.sockets_url = lambda: ENDPOINT
    assert json.loads(browser.press("doorbell").raw)["address"].startswith(f"{ENDPOINT}?ticket=")
    assert f"; connect-src 'self' {ENDPOINT.removesuffix('/api')};" in policy(here, browser.headers)


def test_pages_are_shown_while_the_address_of_the_socket_is_not_known(here: World) -> None:
    def unknown() -> str:
        raise VendorError("The deployment isn't finished.")

    browser = DashboardBrowser(here)
    here.app.sockets_url = unknown
    assert "; connect-src 'self';" in policy(here, browser.headers)


def test_only_a_page_of_the_session_gets_a_ticket(here: World) -> None:
    browser = DashboardBrowser(here)
    with here.unchanged():
        assert here.post("/dashboard/doorbell", headers=FROM_OWN_PAGE).status == 401
        assert here.post("/dashboard/doorbell", headers=browser.headers).status == 403
        assert here.get("/dashboard/doorbell", headers=browser.headers).status == 404


def test_a_host_header_adds_nothing_to_the_policy(here: World) -> None:
    browser = DashboardBrowser(here)
    hostile = {**browser.headers, "host": "localhost:5000; script-src *"}
    assert "script-src" not in policy(here, hostile)
