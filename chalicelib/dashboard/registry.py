"""The pages of the dashboard, in the order of the navigation."""

from __future__ import annotations

from typing import Final

from .page_call import DashboardPage
from .pages import (
    author_frames,
    author_tabs,
    data,
    exports_page,
    log,
    money,
    networks,
    overview,
    participants,
    responses,
)
from .pages.classroom import classes_page, live_sessions
from .pages.labs import apps_page
from .pages.materials import assets_page, library_page
from .pages.oversight import settings_page
from .pages.people import groups_page, profile_page, roles_page, users_page
from .pages.recruiting import recruitment
from .pages.run_state import live, messages, stop
from .sign_in import account_page

#: The groups of the navigation, in order.
GROUPS: Final = ("Lab", "Run", "Results", "Setup")

PAGES: Final[tuple[DashboardPage, ...]] = (
    apps_page.PAGE,
    overview.PAGE,
    participants.PAGE,
    live.PAGE,
    live_sessions.PAGE,
    classes_page.PAGE,
    messages.PAGE,
    recruitment.PAGE,
    money.PAGE,
    networks.PAGE,
    responses.PAGE,
    data.PAGE,
    exports_page.PAGE,
    log.PAGE,
    assets_page.PAGE,
    library_page.PAGE,
    users_page.PAGE,
    groups_page.PAGE,
    roles_page.PAGE,
    profile_page.PAGE,
    settings_page.PAGE,
    stop.PAGE,
    author_tabs.PAGE,
    author_frames.PAGE,
    account_page.PAGE,
)


def find_page(name: str) -> DashboardPage | None:
    """Return the page with a name, or None."""
    return next((page for page in PAGES if page.name == name), None)
