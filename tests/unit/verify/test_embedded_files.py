"""`petri verify` finds nothing wrong with the examples of the page about embedded libraries."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.verify import Finding, examine
from tests.docs.blocks import DOCS, Block, blocks


def examples() -> list[list[Block]]:
    """The files of each example; the Python file begins one."""
    found: list[list[Block]] = []
    for block in blocks(DOCS / "embed.md"):
        if block.language == "python":
            found.append([])
        found[-1].append(block)
    return found


@pytest.mark.parametrize("files", examples(), ids=[files[-1].name for files in examples()])
def test_an_example_is_ready_to_run_and_bots_play_it(files: list[Block], tmp_path: Path) -> None:
    for file in files:
        path = tmp_path / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, encoding="utf-8")
    (tmp_path / "config.txt").write_text("[Experiment]\n", encoding="utf-8")
    (tmp_path / "README.md").write_text("# An example\n", encoding="utf-8")
    assert examine(tmp_path, environ={}, home=tmp_path).findings == []


STUDY = """
from petri.study import Embed, End, Study


class Task(Study):
    timeline = [Embed("task.html", trials=True, hosts=["cdn.example.org"]), End()]
"""
SCRIPT = '<script src="/static/scripts/petri-task.js"></script>'


@pytest.mark.parametrize(
    ("text", "level", "where", "what"),
    [
        (None, "error", "static/task.html", "is missing"),
        ("<p>Hello</p>", "warning", "static/task.html", "doesn't load Petri's script"),
        (f'{SCRIPT}\n<img src="owl.png">', "error", "static/task.html, line 2", "loads owl.png"),
        (
            f'{SCRIPT}<script src="https://unknown.example.org/x.js"></script>',
            "warning",
            "static/task.html, line 1",
            "tell unknown.example.org",
        ),
        (
            f'{SCRIPT}<script type="module">import x from "https://unknown.example.org/x.js"</script>',
            "warning",
            "static/task.html",
            "tell unknown.example.org",
        ),
    ],
)
def test_a_problem_of_an_embedded_file_is_reported(
    text: str | None, level: str, where: str, what: str, tmp_path: Path
) -> None:
    (finding,) = found(tmp_path, text)
    assert (finding.level, finding.where) == (level, where)
    assert what in finding.what


def test_files_that_exist_and_hosts_that_are_allowed_are_accepted(tmp_path: Path) -> None:
    text = (
        f'{SCRIPT}<link rel="stylesheet" href="/static/vendor/jspsych/jspsych.css"><img src="images/owl.png">'
        '<script src="https://cdn.example.org/x.js"></script><a href="https://elsewhere.example.org">x</a>'
    )
    (tmp_path / "static" / "images").mkdir(parents=True)
    (tmp_path / "static" / "images" / "owl.png").write_bytes(b"x")
    assert found(tmp_path, text) == []


def found(folder: Path, text: str | None) -> list[Finding]:
    (folder / "static").mkdir(exist_ok=True)
    (folder / "experiment.py").write_text(STUDY, encoding="utf-8")
    (folder / "config.txt").write_text("[Experiment]\n", encoding="utf-8")
    (folder / "README.md").write_text("# An example\n", encoding="utf-8")
    if text is not None:
        (folder / "static" / "task.html").write_text(text, encoding="utf-8")
    return examine(folder, environ={}, home=folder, played=False).findings
