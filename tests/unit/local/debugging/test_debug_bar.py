"""The debug bar's routes: what they show and do, and that only a browser on this machine has them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.experiment.loader.experiment_folder import load_experiment
from infra.local.lifecycle.run import RunOptions, app_module, opened, site_source
from infra.local.lifecycle.run_paths import RunPaths
from infra.site import build

from . import debugged
from .debugged import DEMOS, Debugged, Participant, debugging

ROUTES = ("/_debug/state", "/_debug/jump", "/_debug/fill", "/_debug/entry", "/_debug/members")
FILES = ("/_debug/bar.js", "/_debug/bar.css", "/_debug/group", "/_debug/group.js", "/_debug/changes")


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Debugged]:
    with debugging("ultimatum", tmp_path) as run:
        yield run


def pair(served: Debugged) -> tuple[Participant, Participant]:
    """Two participants in the first round, the proposer first."""
    both = (served.enter(), served.enter())
    for one in both:
        one.page()
        assert one.post("fill").status == 200
        one.page()
    for one in both:
        one.page()
    proposer, responder = sorted(both, key=lambda one: str(one.state()["role"]))
    return proposer, responder


def test_a_page_has_the_bar_and_the_bar_has_its_files(served: Debugged) -> None:
    page = served.ask("GET", "/exp")
    assert '<script src="/_debug/bar.js"' in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "frame-ancestors" in page.headers["content-security-policy"]
    for file in FILES:
        assert served.ask("GET", file).status == 200, file


def test_the_bar_shows_where_a_participant_is(served: Debugged) -> None:
    proposer, responder = pair(served)
    proposer.post("fill")
    offered, waiting = proposer.state(), responder.state()
    assert (waiting["role"], waiting["round"], waiting["rounds"]) == ("responder", 1, 3)
    assert waiting["path"] == "rounds[1]/wait"
    assert [one["role"] for one in waiting["group"]["members"]] == ["proposer", "responder"]
    assert [(one["name"], one["round"]) for one in offered["answers"]] == [("offer", "rounds[1]")]
    assert [one["path"] for one in waiting["pages"]][:4] == [
        "welcome",
        "group",
        "rounds[1]/propose",
        "rounds[1]/wait",
    ]


def test_a_participant_jumps_to_a_page_of_their_round(served: Debugged) -> None:
    proposer, _ = pair(served)
    before = proposer.page()
    assert proposer.post("jump", path="rounds[2]/propose").status == 200
    after = proposer.page()
    assert (after["path"], after["serial"]) == ("rounds[2]/propose", before["serial"] + 1)
    assert "rounds[2]/result" in [one["path"] for one in proposer.state()["pages"]]
    # The page of results reads answers that are missing in this round.
    refused = proposer.post("jump", path="rounds[2]/result")
    assert (refused.status, "pages/result.md, line 3" in refused.json["error_text"]) == (400, True)
    assert proposer.page()["serial"] == after["serial"]


@pytest.mark.parametrize("path", ["", "nowhere", "rounds[1]", "../welcome"])
def test_a_jump_to_anything_but_a_page_changes_nothing(served: Debugged, path: str) -> None:
    one = served.enter()
    before = one.page()
    answer = one.post("jump", path=path)
    assert (answer.status, "has no page at" in answer.json["error_text"]) == (400, True)
    assert one.page()["serial"] == before["serial"]


def test_filling_in_plays_a_game_to_its_end_and_says_that_a_bot_answered(served: Debugged) -> None:
    players = pair(served)
    for _ in range(30):
        for one in players:
            if one.page()["kind"] == "page":
                one.post("fill")
    assert {one.page()["kind"] for one in players} == {"end"}
    assert "go on as a new participant" in players[0].post("fill").json["error_text"]


def test_there_is_nothing_to_fill_in_while_a_participant_waits(served: Debugged) -> None:
    one = served.enter()
    one.page()
    one.post("fill")
    assert one.page()["kind"] == "wait"
    assert "nothing to fill in" in one.post("fill").json["error_text"]


@pytest.mark.parametrize("demo", ["stroop", "survey"])
def test_filling_in_ends_blocks_of_trials_and_surveys(tmp_path: Path, demo: str) -> None:
    with debugging(demo, tmp_path) as served:
        one = served.enter()
        steps = 0
        while one.page()["kind"] != "end":
            assert one.post("fill").status == 200
            steps += 1
            assert steps < 20


def test_the_group_view_has_the_members_of_the_group(served: Debugged) -> None:
    proposer, responder = pair(served)
    entries = proposer.members()
    # Entering again by these ids finds the same participants, as on another device.
    assert [served.enter(entry).id for entry in entries] == [proposer.id, responder.id]


def test_the_group_view_of_a_participant_alone_has_new_members_for_the_group(served: Debugged) -> None:
    one = served.enter()
    one.page()
    first, second = one.members()
    assert served.enter(first).id == one.id
    assert served.enter(second).id != one.id


def test_a_new_participant_gets_ids_of_their_own(served: Debugged) -> None:
    one = served.enter()
    urls = {one.post("entry").json["url"] for _ in range(2)}
    assert len(urls) == 2
    assert all(url.startswith("/exp?recruiter=hotair&") for url in urls)


@pytest.mark.parametrize(
    ("client", "headers"),
    [("10.0.0.5", ()), ("127.0.0.1", ((b"x-forwarded-for", b"10.0.0.5"),))],
    ids=["another machine", "through a proxy"],
)
def test_only_a_browser_on_this_machine_has_the_bar(
    served: Debugged, client: str, headers: tuple[tuple[bytes, bytes], ...]
) -> None:
    assert "_debug" not in served.ask("GET", "/exp", client=client, headers=headers).text
    one = served.enter()
    one.page()
    for file in FILES:
        assert served.ask("GET", file, client=client, headers=headers).status == 404, file
    for route in ROUTES:
        method = "GET" if route.endswith("state") else "POST"
        answer = served.ask(
            method, route, {"path": "welcome"}, token=one.token, client=client, headers=headers
        )
        assert (answer.status, answer.json["error_code"]) == (403, "forbidden"), route


@pytest.mark.parametrize("route", ROUTES[:3])
def test_the_bar_acts_for_the_participant_of_the_token_alone(served: Debugged, route: str) -> None:
    method = "GET" if route.endswith("state") else "POST"
    assert served.ask(method, route, {"path": "welcome"}).status == 401


def test_an_embedded_file_is_shown_without_the_bar(tmp_path: Path) -> None:
    with debugging("flanker", tmp_path) as served:
        assert '<script src="/_debug/bar.js"' in served.ask("GET", "/exp").text
        task = served.ask("GET", "/static/flanker.html")
    assert task.status == 200
    assert "_debug" not in task.text


def test_nothing_that_is_deployed_or_served_for_participants_has_the_bar(tmp_path: Path) -> None:
    with debugging("ultimatum", tmp_path):
        pass
    # app.py is what Lambda runs; the routes of the bar have left it with petri debug.
    assert [route for route in app_module().app.routes if "_debug" in route] == []
    loaded = load_experiment(DEMOS / "ultimatum")
    site = build(site_source(loaded, "run"), tmp_path / "site")
    assert [
        path for path in site.files if "_debug" in path.read_text(encoding="utf-8", errors="replace")
    ] == []
    assert [path for path in site.files if path.name in {"bar.js", "bar.css", "group.js"}] == []
    # petri serve opens a run in the same way, without the tools.
    with opened(
        RunOptions(DEMOS / "ultimatum", "served", settings={"mode": "live", "mailer": "log"}),
        RunPaths(tmp_path),
    ) as run:
        assert run.host.tools is None
        assert run.host.lane.routes.match("/_debug/state") is None


def test_filling_in_sends_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "own" / "houses"
    (folder / "pages").mkdir(parents=True)
    (folder / "pages" / "send.md").write_text("# Send\n", encoding="utf-8")
    (folder / "config.txt").write_text("[Experiment]\nbase_payment = 1.00\n", encoding="utf-8")
    (folder / "experiment.py").write_text(
        "from petri.study import End, Page, Study, upload\n\n\n"
        "class Houses(Study):\n"
        '    house = upload("Draw a house.", source="drawing")\n'
        '    timeline = [Page("send", ask="house"), End()]\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(debugged, "DEMOS", folder.parent)
    with debugging("houses", tmp_path) as served:
        one = served.enter()
        one.page()
        assert one.post("fill").status == 200
        assert one.page()["kind"] == "end"
        assert len(list(tmp_path.glob("runs/run.uploads/kept/1/*.png"))) == 1


def test_where_there_is_no_study_the_bar_has_nothing_to_show(tmp_path: Path) -> None:
    with debugging("pushbutton", tmp_path) as served:
        assert "participant_id" not in served.enter().state()
