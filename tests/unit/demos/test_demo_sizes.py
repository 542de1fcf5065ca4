"""The demos that became studies have at most a third of the lines that they had in full control."""

from __future__ import annotations

import io
import re
import tokenize
from pathlib import Path

import pytest

DEMOS = Path(__file__).parents[3] / "demos"
#: The lines of each as an experiment in full control, without blank lines and comments.
BEFORE = {"bartlett1932": 708, "chatroom": 479, "coordination": 650, "rogers": 561, "vox_populi": 611}
COMMENTS = {
    ".js": r"^\s*//.*$",
    ".css": r"/\*(?s:.*?)\*/",
    ".html": r"<!--(?s:.*?)-->",
    ".md": r"<!--(?s:.*?)-->",
}
LAYOUT = (
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
)


def lines_of(path: Path) -> int:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        tokens = [
            one for one in tokenize.generate_tokens(io.StringIO(text).readline) if one.type not in LAYOUT
        ]
        lines = {number for one in tokens for number in range(one.start[0], one.end[0] + 1)}
        return sum(bool(line.strip()) for number, line in enumerate(text.split("\n"), 1) if number in lines)
    if path.suffix not in COMMENTS:
        return 0
    return sum(
        bool(line.strip()) for line in re.sub(COMMENTS[path.suffix], "", text, flags=re.MULTILINE).split("\n")
    )


@pytest.mark.parametrize("demo", BEFORE)
def test_a_demo_has_at_most_a_third_of_its_former_lines(demo: str) -> None:
    files = [path for path in (DEMOS / demo).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert 3 * sum(map(lines_of, files)) <= BEFORE[demo]


def test_a_task_of_jspsych_has_at_most_40_lines_with_its_timeline() -> None:
    files = [path for path in (DEMOS / "flanker").rglob("*") if path.name != "README.md" and path.is_file()]
    assert sum(map(lines_of, files)) <= 40
