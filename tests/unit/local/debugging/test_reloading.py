"""Changed files of a study show in a run that goes on, and broken ones don't end it."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .debugged import Debugged, debugging


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Debugged]:
    with debugging("ultimatum", tmp_path) as run:
        yield run


def test_a_changed_page_shows_and_the_participant_keeps_their_place(served: Debugged) -> None:
    one = served.enter()
    before = one.page()
    served.edit("pages/welcome.md", "# Dividing points", "# Sharing points")
    after = one.page()
    assert "Sharing points" in after["html"]
    assert (after["serial"], after["path"]) == (before["serial"], before["path"])
    assert served.changes()["reload"] is True
    assert served.changes(version=1) == {
        "instance": served.reloader.instance,
        "version": 1,
        "reload": False,
        "styles": False,
        "problems": [],
    }
    assert served.told == ["Loaded again: pages/welcome.md."]


def test_changed_python_runs_with_the_same_participants(served: Debugged) -> None:
    one = served.enter()
    one.page()
    served.edit("experiment.py", 'Page("welcome"),', 'Page("welcome"), Page("debrief"),')
    one.post("fill")
    page = one.page()
    assert (page["path"], page["serial"]) == ("debrief", 2)


def test_a_broken_page_is_named_with_its_line_and_the_last_good_version_goes_on(served: Debugged) -> None:
    one = served.enter()
    before = one.page()
    served.edit("pages/welcome.md", "three times.", "three times. {{ player.points")
    heard = served.changes()
    assert (heard["version"], heard["reload"]) == (0, False)
    assert "pages/welcome.md, line" in heard["problems"][0]
    assert "pages/welcome.md, line" in served.told[0]
    assert "The last version that works goes on." in served.told[0]
    assert one.page()["html"] == before["html"]
    served.edit("pages/welcome.md", " {{ player.points", "")
    assert served.changes(version=1)["problems"] == []


@pytest.mark.parametrize(
    ("new", "where"),
    [
        ("class Ultimatum(Study:", "experiment.py, line"),
        ("1 / 0\n\n\nclass Ultimatum(Study):", "experiment.py, line 6"),
        ("import nothing_of_this_name\n\n\nclass Ultimatum(Study):", "nothing_of_this_name"),
    ],
    ids=["syntax", "error", "import"],
)
def test_broken_python_is_named_with_its_line_and_settings_stay(
    served: Debugged, new: str, where: str
) -> None:
    one = served.enter()
    served.edit("experiment.py", "class Ultimatum(Study):", new)
    assert where in served.changes()["problems"][0]
    assert served.run.app.config.get("points_per_dollar") == 20
    assert one.page()["path"] == "welcome"
    served.edit("experiment.py", new, "class Ultimatum(Study):")
    assert served.changes(version=1)["problems"] == []


def test_a_broken_template_of_a_page_is_named(served: Debugged) -> None:
    (served.folder / "templates").mkdir()
    (served.folder / "templates" / "extra.html").write_text("<p>Extra</p>\n")
    served.edit("templates/extra.html", "Extra", "{{ nothing_like_this }}")
    assert "extra.html, line 1" in served.changes()["problems"][0]


def test_changed_styles_are_fetched_without_a_reload(served: Debugged) -> None:
    (served.folder / "static").mkdir(exist_ok=True)
    (served.folder / "static" / "theme.css").write_text("a { color: red }\n")
    served.edit("static/theme.css", "red", "green")
    heard = served.changes()
    assert (heard["styles"], heard["reload"]) == (True, False)
    assert "green" in served.ask("GET", "/static/theme.css").text
    served.edit("pages/welcome.md", "# Dividing points", "# Sharing points")
    assert served.changes()["reload"] is True


def test_a_page_of_an_earlier_process_reloads(served: Debugged) -> None:
    assert served.changes(instance="another")["reload"] is True


@pytest.mark.parametrize("query", ["", "version=-1", "version=x", "version=99", "version=" + "9" * 50])
def test_a_page_that_names_no_version_reloads(served: Debugged, query: str) -> None:
    answer = served.ask("GET", f"/_debug/changes?instance={served.reloader.instance}&{query}")
    assert answer.json["reload"] is True


def test_an_error_while_a_page_is_shown_is_named_in_the_page_until_the_code_changes(served: Debugged) -> None:
    served.edit("pages/welcome.md", "three times.", "three times. {{ player.fairness }}")
    one = served.enter()
    assert one.page()["error_code"] == "internal_error"
    (problem,) = served.changes(version=1)["problems"]
    assert problem.startswith("pages/welcome.md, line 3: Player 1 has no 'fairness'")
    served.edit("pages/welcome.md", " {{ player.fairness }}", "")
    assert served.changes(version=2)["problems"] == []
    assert "three times." in one.page()["html"]


def test_the_export_has_the_code_that_ran_last(served: Debugged, tmp_path: Path) -> None:
    served.edit("pages/welcome.md", "# Dividing points", "# Sharing points")
    with zipfile.ZipFile(tmp_path / "runs" / "run.code.zip") as code:
        pages = [code.read(name).decode() for name in code.namelist() if name.endswith("welcome.md")]
    assert "# Sharing points" in pages[0]
    assert json.loads((tmp_path / "runs" / "run.json").read_text())["experiment"] == "ultimatum"


def test_old_sites_are_removed(served: Debugged) -> None:
    for number in range(4):
        served.edit(
            "pages/welcome.md", "# Dividing points", f"# Dividing points {number}\n\n# Dividing points"
        )
    sites = sorted(path.name for path in served.run.site.parent.iterdir())
    assert sites == ["site-3", "site-4"]
