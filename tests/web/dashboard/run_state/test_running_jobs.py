"""The page Log runs a scheduled function now, after it has asked."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.experiment.routes import ScheduledFunction
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.experiments import Talk, with_hooks
from tests.web.world import World


def count(self: Any) -> None:
    """Count in the run's state how often it was called."""
    self.state["count"] = self.state.get("count", 0) + 1


def broken(self: Any) -> None:
    """Change something, and fail."""
    count(self)
    raise ValueError("no <b>file</b>")


@pytest.fixture
def here(world: NewWorld) -> World:
    made = world(with_hooks(Talk, count=count, broken=broken))
    functions = (("count", count), ("broken", broken))
    made.app.scheduled = [
        ScheduledFunction(60, name, function, is_method=True) for name, function in functions
    ]
    return made


def counted(here: World) -> int:
    (stored,) = here.items("experiment")
    return int(stored.get("state", {}).get("count", 0))


def test_a_scheduled_function_runs_once_for_each_form_after_the_page_has_asked(here: World) -> None:
    browser = DashboardBrowser(here)
    assert 'href="/dashboard/log/scheduled%20count/run"' in browser.open("log")
    with here.unchanged():
        asked = browser.open("log/scheduled%20count/run")
    assert "it runs every 60 minutes" in asked
    for _ in range(2):
        said = browser.press("log/scheduled%20count/run", [("form", "a" * 32)])
        assert said.headers["location"] == "/dashboard/log?ran=scheduled+count#jobs"
    assert counted(here) == 1
    assert "scheduled count has run" in browser.open("log", ran="scheduled count")
    assert "scheduled count (by hand)" in browser.open("log")


def test_the_error_of_a_scheduled_function_is_shown_and_nothing_of_it_is_stored(here: World) -> None:
    browser = DashboardBrowser(here)
    with here.unchanged():
        said = browser.press("log/scheduled%20broken/run")
    assert said.status == 409
    assert "broken() failed: ValueError: no &lt;b&gt;file" in said.raw.decode()


def test_an_unknown_job_is_not_found(here: World) -> None:
    browser = DashboardBrowser(here)
    with here.unchanged():
        assert browser.press("log/scheduled%20nothing/run").status == 404
