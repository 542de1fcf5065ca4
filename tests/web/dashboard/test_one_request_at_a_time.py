"""A page without a socket asks once at each pulse, and for a part that has not changed gets 304."""

from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.dashboard import rendering
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.experiments import Talk

TEMPLATES = Path(rendering.__file__).with_name("templates")


def test_no_template_has_more_than_one_live_part() -> None:
    parts = {path.name: path.read_text(encoding="utf-8").count(" data-live ") for path in TEMPLATES.iterdir()}
    assert parts["overview.html"] == 1
    assert [name for name, count in parts.items() if count > 1] == []


@pytest.mark.parametrize("page", ["overview", "participants", "money", "networks", "messages"])
def test_the_live_part_of_a_page_that_has_not_changed_is_not_sent_again(world: NewWorld, page: str) -> None:
    here = world(Talk)
    browser = DashboardBrowser(here)
    asked = {**browser.headers, "hx-request": "true"}
    first = here.get(f"/dashboard/{page}", headers=asked)
    again = here.get(f"/dashboard/{page}", headers={**asked, "if-none-match": first.headers["etag"]})
    assert (first.status, again.status, again.raw) == (200, 304, b"")
