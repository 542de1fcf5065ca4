"""A browser that is signed in to the dashboard of a run in tests."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.dashboard import sessions
from tests.web.world import Said, World

OWN = {"host": "localhost:5000"}
FROM_OWN_PAGE = {**OWN, "origin": "http://localhost:5000", "sec-fetch-site": "same-origin"}


@dataclass
class DashboardBrowser:
    """Opens pages of the dashboard and presses their buttons."""

    here: World
    #: Signs in another actor than the operator.
    ticket: str = ""
    headers: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        ticket = self.ticket or self.here.app.run(sessions.create_ticket)
        said = self.here.post("/dashboard/sign-in", {"ticket": ticket}, headers=FROM_OWN_PAGE)
        self.headers = {**FROM_OWN_PAGE, "cookie": said.headers["set-cookie"].partition(";")[0]}

    def open(self, path: str, **fields: Any) -> str:
        """Return the HTML of a page."""
        said = self.here.get(f"/dashboard/{path}", fields, headers=self.headers)
        assert said.status == 200, said
        return said.raw.decode()

    def press(self, path: str, fields: Sequence[tuple[str, str]] = ()) -> Said:
        """Send a form of the dashboard, with the session's token."""
        csrf = re.search(r'name="csrf" value="(\w+)"', self.open("overview"))[1]
        return self.here.post(f"/dashboard/{path}", [*fields, ("csrf", csrf)], headers=self.headers)
