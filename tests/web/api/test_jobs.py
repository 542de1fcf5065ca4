"""Scheduled functions of an experiment that people run by hand."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.experiment.routes import ScheduledFunction
from tests.web.conftest import NewWorld
from tests.web.experiments import Talk, with_hooks
from tests.web.world import OPERATOR_TOKEN, Said, World


def count(self: Any) -> None:
    """Count in the run's state how often it was called."""
    self.networks()[0].property1 = str(int(self.networks()[0].property1 or 0) + 1)


def broken(self: Any) -> None:
    """Change something, and fail."""
    self.networks()[0].property1 = "9"
    raise ValueError("no such file")


@pytest.fixture
def here(world: NewWorld) -> World:
    made = world(with_hooks(Talk, count=count, broken=broken), launch=False)
    functions = (("count", count), ("broken", broken))
    made.app.scheduled = [
        ScheduledFunction(60, name, function, is_method=True) for name, function in functions
    ]
    return made


def run(here: World, job: str, **how: Any) -> Said:
    return here.call("POST", f"/api/v1/jobs/{job}/run", token=OPERATOR_TOKEN, **how)


def counted(here: World) -> str | None:
    return next(item for item in here.items("network")).get("property1")


def test_a_scheduled_function_runs_once_for_each_request_and_is_listed(here: World) -> None:
    assert run(here, "scheduled%20count").code == "invalid_state"
    here.launch()
    for name in ("r1", "r1", "r2"):
        assert run(here, "scheduled%20count", request_id=name)["result"] == "done"
    assert counted(here) == "2"
    rows = here.get("/api/v1/jobs", token=OPERATOR_TOKEN)["rows"]
    assert [(row["job"], row["result"]) for row in rows] == [("scheduled count (by hand)", "done")]


def test_a_function_that_fails_is_answered_with_its_error_and_changes_nothing(here: World) -> None:
    here.launch()
    with here.unchanged():
        said = run(here, "scheduled%20broken")
    assert (said.status, said.code) == (409, "invalid_state")
    assert "ValueError: no such file" in said["error_text"]
    assert run(here, "sweep").code == "job_not_found"
