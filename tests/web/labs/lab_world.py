"""What tests do in a lab with one app: browsers of its users, and operations in their names."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from chalicelib.access.rights import RESEARCHER, ROLES
from chalicelib.dashboard import sessions
from chalicelib.operations.accounts.actors import find_actor
from chalicelib.operations.labs.lab_apps import LabApp
from chalicelib.operations.shared.context import OPERATOR_CALLER, caller_of
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.world import World


def lab_app(here: World, address: str, key_id: str, app_id: str = "colours") -> LabApp:
    """Return an app as the lab knows it."""
    return LabApp(app_id, address, ROLES[RESEARCHER], key_id, "", "/studies", here.clock.now())


def browser_of(here: World, username: str | None = None) -> DashboardBrowser:
    """Return a browser in which a user is signed in to the lab; None: the operator."""
    if username is None:
        return DashboardBrowser(here)
    ticket = here.app.run(sessions.create_ticket_for_user, username, caller=OPERATOR_CALLER)
    return DashboardBrowser(here, ticket)


def acting_as(here: World, username: str) -> Any:
    """Return what runs an operation in the name of a user."""
    actor = here.app.run(find_actor, f"user:{username}")
    assert actor is not None
    return partial(here.app.run, caller=caller_of(actor))


def press(browser: DashboardBrowser, path: str, *fields: tuple[str, str]) -> Any:
    """Press a button of the page Apps, or send a form with more fields."""
    csrf = re.search(r'name="csrf" value="(\w+)"', browser.open("apps"))[1]
    return browser.here.post(f"/dashboard/{path}", [*fields, ("csrf", csrf)], headers=browser.headers)
