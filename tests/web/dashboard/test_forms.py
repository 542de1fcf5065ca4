"""Every form of the dashboard has an id, by which it acts once even if it is sent twice."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from chalicelib.dashboard import rendering
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.experiments import Talk

TEMPLATES = Path(rendering.__file__).with_name("templates")
FORM = re.compile(r'<form\b[^>]*method="post".*?</form>', re.DOTALL | re.IGNORECASE)
OF_MACROS = re.compile(r"\{\{ (ui\.)?form_fields\(csrf\) \}\}")
#: Templates of pages without a session; what they send works once by itself, such as the ticket of a link.
SIGNED_OUT = '{% extends "base.html" %}'
#: A form that is sent to another app; the assertion that it carries works once.
TO_ANOTHER_APP = 'action="{{ app.address }}'


def test_every_form_that_posts_has_the_fields_of_the_macro() -> None:
    forms = [
        (path.name, form)
        for path in sorted(TEMPLATES.glob("*.html"))
        if not (text := path.read_text(encoding="utf-8")).startswith(SIGNED_OUT) or path.name == "layout.html"
        for form in FORM.findall(text)
        if TO_ANOTHER_APP not in form
    ]
    assert len({name for name, _ in forms}) >= 6
    without = [f"{name}: {form[:120]}" for name, form in forms if not OF_MACROS.search(form)]
    assert without == [], "Add {{ ui.form_fields(csrf) }} to:\n" + "\n".join(without)


class Counting(Talk):
    """An experiment with an action that counts how often it ran."""

    def dashboard_database_actions(self) -> list[dict[str, str]]:
        return [{"title": "Count", "name": "count"}]

    def count(self, data: list[dict[str, Any]]) -> dict[str, str]:
        self.work.state["ran"] = self.work.state.get("ran", 0) + 1
        return {"message": f"ran {self.work.state['ran']}"}


def test_a_form_of_the_page_data_acts_once_and_a_new_one_acts_again(world: NewWorld) -> None:
    here = world(Counting)
    here.arrive()
    browser = DashboardBrowser(here)
    for said in ("ran 1", "ran 2"):
        page = browser.open("data/participants")
        form = re.search(r'data-selectable>\s*.*?name="form" value="(\w+)"', page)[1]
        fields = [("ids", "1"), ("form", form)]
        for _ in range(2):
            assert said in browser.press("data/participants/count", fields).raw.decode()


def test_a_part_of_a_page_in_which_only_form_ids_differ_has_not_changed(world: NewWorld) -> None:
    here = world(Talk)
    here.arrive()
    browser = DashboardBrowser(here)
    headers = {**browser.headers, "hx-request": "true"}
    first = here.get("/dashboard/stop", headers=headers)
    assert 'name="form"' in first.raw.decode()
    again = here.get("/dashboard/stop", headers={**headers, "if-none-match": first.headers["etag"]})
    assert again.status == 304
