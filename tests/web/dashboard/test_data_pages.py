"""The page Data, and what an experiment adds to the dashboard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.experiment.dashboard_tabs import DashboardTab, DashboardTabs, collect_tabs, dashboard_tab
from chalicelib.experiment.experiment import Experiment
from chalicelib.experiment.loader.experiment_folder import load_experiment
from tests.docs.blocks import DOCS, section
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.dashboard.sign_in.test_links_and_sessions import NOT_FOUND, OK, csrf_of, signed_in
from tests.web.experiments import Talk
from tests.web.world import World

BAD = "<img src=x onerror=alert(1)>"
BAD_REQUEST, FORBIDDEN = 400, 403


class Extended(Talk):
    """An experiment that adds something of each kind."""

    def monitoring_panels(self, **parameters: Any) -> dict[str, str]:
        return {"Mood": f"<script>alert(1)</script><b>{parameters.get('text', 'fine')}</b>"}

    def monitoring_statistics(self, **parameters: Any) -> dict[str, Any]:
        return {"Answers": {"right": 3, "wrong": BAD}, "Total": 4}

    def node_visualization_html(self, object_type: str, obj_id: int) -> str:
        return f"<em>{object_type} {obj_id}</em>"

    def dashboard_database_actions(self) -> list[dict[str, str]]:
        return [*super().dashboard_database_actions(), {"title": "Shout", "name": "shout"}]

    def shout(self, data: list[dict[str, Any]]) -> dict[str, str]:
        return {"message": f"{BAD} {[row['id'] for row in data]}"}

    @dashboard_tab("Mine", after_route="networks")
    def mine(self) -> str:
        return f"<p>{BAD}</p>"

    @dashboard_tab("Numbers")
    def numbers(self) -> dict[str, Any]:
        return {"answers": BAD}


@pytest.fixture
def here(world: NewWorld) -> World:
    here = world(Extended)
    kind = here.app.experiment_class
    kind.dashboard_tabs, kind.dashboard_views = collect_tabs(type(pytest), kind)
    person = here.arrive()
    person.answer(person.join(), BAD)
    return here


def text_of(here: World, path: str, browser: dict[str, str], **query: str) -> str:
    page = here.get(path, query, headers=browser)
    assert page.status == OK, page.raw
    return page.raw.decode()


def test_every_type_of_records_has_its_page_and_its_files(here: World) -> None:
    browser = signed_in(here)
    for kind in (
        "participants",
        "networks",
        "nodes",
        "infos",
        "vectors",
        "transmissions",
        "questions",
        "payments",
    ):
        assert f'href="/dashboard/data/{kind}" aria-current="page"' in text_of(
            here, f"/dashboard/data/{kind}", browser
        )
        rows = json.loads(text_of(here, f"/dashboard/data/{kind}/json", browser))
        lines = text_of(here, f"/dashboard/data/{kind}/csv", browser).splitlines()
        assert len(lines) >= len(rows) + 1


def test_a_file_has_the_records_of_the_filter_and_no_formulas(here: World) -> None:
    browser = signed_in(here)
    person = here.arrive()
    person.answer(person.join(), "=1+1")
    found = json.loads(text_of(here, "/dashboard/data/infos/json", browser))
    assert {row["contents"] for row in found} >= {BAD, "=1+1"}
    assert "'=1+1" in text_of(here, "/dashboard/data/infos/csv", browser)
    some = text_of(here, "/dashboard/data/nodes/json", browser, participant_id="2")
    assert [row["participant_id"] for row in json.loads(some)] == [2]


def test_what_is_shown_is_escaped(here: World) -> None:
    browser = signed_in(here)
    for path in ("/dashboard/data/infos", "/dashboard/networks", "/dashboard/tab/numbers"):
        page = text_of(here, path, browser)
        assert "&lt;img src=x onerror=alert(1)&gt;" in page
        assert "<img" not in page


def test_records_that_are_selected_are_failed_by_the_action_that_every_experiment_has(here: World) -> None:
    browser = signed_in(here)
    node = str(here.items("node")[-1]["id"])
    fields = {"csrf": csrf_of(here, browser), "ids": node}
    page = here.post("/dashboard/data/nodes/dashboard_fail", fields, headers=browser)
    assert "1 failed" in page.raw.decode()
    rows = json.loads(text_of(here, "/dashboard/data/nodes/json", browser, failed="yes"))
    assert [str(row["id"]) for row in rows] == [node]


def test_an_action_of_the_author_says_what_it_did_as_text(here: World) -> None:
    browser = signed_in(here)
    fields = {"csrf": csrf_of(here, browser), "ids": "1"}
    page = here.post("/dashboard/data/participants/shout", fields, headers=browser).raw.decode()
    assert "&lt;img src=x onerror=alert(1)&gt; [1]" in page


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("/dashboard/data/participants/run", {"ids": "1"}, OK),
        ("/dashboard/data/participants/shout", {}, BAD_REQUEST),
        ("/dashboard/data/vectors/shout", {"ids": "1"}, NOT_FOUND),
        ("/dashboard/data/participants/shout", {"ids": "99"}, OK),
    ],
)
def test_only_listed_actions_run_and_only_on_records_that_exist(
    here: World, path: str, fields: dict[str, str], status: int
) -> None:
    browser = signed_in(here)
    csrf = csrf_of(here, browser)
    with here.unchanged():
        page = here.post(path, {"csrf": csrf, **fields}, headers=browser)
    assert page.status == status
    assert "[1]" not in page.raw.decode()


def test_html_of_the_author_has_an_address_whose_policy_allows_no_scripts(here: World) -> None:
    browser = signed_in(here)
    for path in (
        "/dashboard/frame/panel/0",
        "/dashboard/frame/tab/mine",
        "/dashboard/frame/record/Node-100001",
    ):
        page = here.get(path, headers=browser)
        policy = page.headers["content-security-policy"]
        assert page.status == OK, path
        assert policy.startswith("sandbox; default-src 'none';"), path
        assert "script-src" not in policy
    assert "<em>Node 100001</em>" in text_of(here, "/dashboard/frame/record/Node-100001", browser)
    assert here.get("/dashboard/frame/panel/9", headers=browser).status == NOT_FOUND
    assert here.get("/dashboard/frame/panel/0").status in (401, NOT_FOUND)


def test_a_page_shows_the_authors_html_in_a_frame_only(here: World) -> None:
    browser = signed_in(here)
    for path, frame in (
        ("/dashboard/networks", "/dashboard/frame/panel/0"),
        ("/dashboard/tab/mine", "/dashboard/frame/tab/mine"),
        ("/dashboard/networks/node/100001", "/dashboard/frame/record/Node-100001"),
    ):
        page = text_of(here, path, browser)
        assert 'sandbox title="' in page
        assert f'src="{frame}"' in page
        assert "<em>" not in page
        assert "alert(1)</script>" not in page


def test_tabs_stand_where_the_author_wants_them(here: World) -> None:
    page = text_of(here, "/dashboard/overview", signed_in(here))
    assert page.index('href="/dashboard/networks"') < page.index('href="/dashboard/tab/mine"')
    assert page.index('href="/dashboard/tab/mine"') < page.index('href="/dashboard/data"')
    assert page.index(">Experiment</h2>") < page.index('href="/dashboard/tab/numbers"')


def test_an_error_of_the_author_is_shown_in_its_place(world: NewWorld) -> None:
    class Broken(Talk):
        def monitoring_panels(self, **parameters: Any) -> dict[str, str]:
            raise ValueError(BAD)

    here = world(Broken)
    Broken.dashboard_tabs = DashboardTabs([DashboardTab("Missing", "missing")])
    browser = signed_in(here)
    page = text_of(here, "/dashboard/networks", browser)
    assert "monitoring_panels() failed: ValueError: &lt;img" in page
    assert "add a method missing() to your Experiment" in text_of(here, "/dashboard/tab/missing", browser)


def test_tabs_are_inserted_moved_and_removed_as_documented() -> None:
    tabs = DashboardTabs()
    tabs.insert("First", "dashboard.first")
    tabs.insert("Second", "second")
    tabs.insert("Zeroth", "zeroth", 0)
    tabs.insert_before_route("Middle", "middle", "second")
    tabs.insert_after_route("Last", "last", "second")
    child = DashboardTab("Child", "child", params={"a": 1})
    tabs.insert_tab(DashboardTab("Nested", "nested", lambda: [child]))
    tabs.remove("first")
    assert [tab.route_name for tab in tabs] == ["zeroth", "middle", "second", "last", "nested"]
    assert tabs.find("child") is child
    assert Experiment.dashboard_tabs.tabs == []


def test_the_experiment_of_the_guide_adds_what_the_guide_says(tmp_path: Path) -> None:
    code = section(DOCS / "dashboard.md", "Add to the dashboard").split("```python\n")[1].split("```")[0]
    (tmp_path / "experiment.py").write_text(code, encoding="utf-8")
    (tmp_path / "config.txt").write_text("[Experiment]\ntitle = A guide\n", encoding="utf-8")
    kind = load_experiment(tmp_path).experiment_class
    titles = [(tab.title, [child.title for child in tab.children]) for tab in kind.dashboard_tabs]
    assert titles == [("More", ["Stories again"]), ("Stories", [])]
    assert set(kind.dashboard_views) == {"stories", "stories-again"}
    assert kind.dashboard_tabs.beside == {"stories": ("networks", True)}


@pytest.mark.parametrize("change", ["record", "state", "effect"])
def test_a_hook_that_shows_something_changes_nothing(world: NewWorld, change: str) -> None:
    class Careless(Talk):
        """An experiment whose panel changes records."""

        def monitoring_panels(self, **parameters: Any) -> dict[str, str]:
            if change == "record":
                self.work.participant(1).property1 = "seen"
            elif change == "state":
                self.work.state["seen"] = 1
            else:
                self.publish_to_subscribers("seen", "room")
            return {"Panel": "fine"}

    here = world(Careless)
    here.arrive()
    browser = DashboardBrowser(here)
    with here.unchanged():
        page = browser.open("networks")
    assert "has changed records while panels.read was read" in page
