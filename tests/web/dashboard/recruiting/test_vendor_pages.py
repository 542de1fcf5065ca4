"""The page Recruitment shows what the recruiter's vendor says, and does not depend on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.access.rights import ROLES, Actor
from chalicelib.api import operation_table
from chalicelib.api.row_rules import kinds_of
from chalicelib.dashboard.operation_calls import run_operation
from chalicelib.recruiters import prolific
from tests.recruiters.prolific.conftest import SETTINGS
from tests.tools.prolific import Prolific
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.experiments import Talk
from tests.web.world import OPERATOR_TOKEN, World

HOSTILE = '<b hx-post="/dashboard/sign-out">{{7*7}}</b>'


@pytest.fixture
def vendor(world: NewWorld) -> Iterator[tuple[World, Prolific]]:
    settings = {**SETTINGS, "recruiter": "prolific", "title": HOSTILE}
    here = world(Talk, launch=False, **settings)
    with Prolific.running(here.clock) as running:
        here.app.recruiters.recruiters["prolific"] = prolific.build(
            here.app.config, lambda: "https://ring.example.org", here.clock, secret="s", api=running.api
        )
        here.launch().work()
        yield here, running


def test_studies_balance_and_submissions_are_shown_as_a_part_of_the_page(
    vendor: tuple[World, Prolific],
) -> None:
    here, running = vendor
    running.begin("worker-1")
    browser = DashboardBrowser(here)
    asked = len(running.calls)
    page = browser.open("recruitment")
    assert 'hx-get="/dashboard/recruitment/vendors" hx-trigger="load' in page
    assert len(running.calls) == asked
    said = here.get("/dashboard/recruitment/vendors", headers={**browser.headers, "hx-request": "true"})
    part = said.raw.decode()
    assert "<html" not in part
    assert re.search(r"<strong>\$[0-9,.]+</strong> <span [^>]+>can be spent", part)
    assert "&lt;b hx-post=" in part
    assert "worker-1" not in part


def test_a_vendor_that_fails_leaves_the_page_as_it_is_and_says_what_to_do(
    vendor: tuple[World, Prolific],
) -> None:
    here, running = vendor
    browser = DashboardBrowser(here)
    running.faults.add("500", "GET")
    assert "Prolific has a fault (500)" in browser.open("recruitment/vendors")
    assert "Open places" in browser.open("recruitment")


def test_vendors_are_asked_after_the_unit_of_work(
    vendor: tuple[World, Prolific], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _ = vendor
    open_units = []
    run = here.app.run

    def counted(*args: object, **kwargs: object) -> object:
        open_units.append(1)
        try:
            return run(*args, **kwargs)
        finally:
            open_units.pop()

    recruiter = here.app.recruiters.named("prolific")
    read = recruiter.read_account
    seen = []
    monkeypatch.setattr(here.app, "run", counted)
    monkeypatch.setattr(
        recruiter, "read_account", lambda state: (seen.append(len(open_units)), read(state))[1], raising=False
    )
    found = here.get("/api/v1/recruitment/vendors", token=OPERATOR_TOKEN)
    assert seen == [0]
    assert found["vendors"][0]["account"]["vendor"] == "Prolific"
    assert found.headers["etag"]


def test_an_operation_that_calls_a_service_changes_nothing_unless_it_mails_a_link() -> None:
    calling = [one for one in operation_table.OPERATIONS if one.outside is not None]
    mailing = {"users.make-password-link", "invitations.add"}
    assert {one.name for one in calling} == {"log.list", "log.groups", "recruitment.vendors", *mailing}
    assert {one.name for one in calling if one.changes} == mailing
    for one in calling:
        if one.name in mailing:
            # The commit comes before the mail, and the answer is a secret that no repeated request gets.
            assert one.has_secret_answer
            continue
        assert kinds_of(one.answer) == frozenset()
        with pytest.raises(Exception, match="must not change anything"):
            replace(one, method="POST")


def test_a_run_in_debug_mode_asks_no_vendor(world: NewWorld) -> None:
    here = world(Talk, recruiter="prolific")
    browser = DashboardBrowser(here)
    assert "recruitment/vendors" not in browser.open("recruitment")
    assert "asks no recruiting service" in browser.open("recruitment/vendors")
    viewer = Actor("user:ann", "Ann", ROLES["Viewer"])
    assert run_operation(viewer, "", "recruitment.vendors").vendors == []
