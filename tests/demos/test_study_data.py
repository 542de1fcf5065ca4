"""What the READMEs of the demo studies say about the data is what a run with bots exports."""

from __future__ import annotations

import re

import pytest

from tests.demos.conftest import ROOT, RunDemo

pytestmark = pytest.mark.e2e

#: The bots of each demo.
DEMOS = {"bartlett1932": 10, "stroop": 1, "survey": 6, "ultimatum": 2}
#: What READMEs put between backticks, but isn't the name of a column: values, and roles.
VALUES = {"chain", "complete", "group", "lost", "no", "saved", "screen_out", "timeout", "yes"}
_TABLE = re.compile(r"`(\w+)`:")


def told(demo: str) -> list[tuple[str, list[str]]]:
    """Return the tables that a README describes, each with the columns that it names."""
    readme = (ROOT / "demos" / demo / "README.md").read_text(encoding="utf-8")
    found: list[tuple[str, list[str]]] = []
    for bullet in readme.partition("## What the data hold\n")[2].partition("\n\nBots")[0].split("\n- ")[1:]:
        parts = _TABLE.split(bullet)[1:]
        for table, text in zip(parts[::2], parts[1::2], strict=True):
            columns = [name for name in re.findall(r"`([\w.]+)`", text) if name not in VALUES]
            found.append((table, columns))
    return found


@pytest.mark.parametrize("demo", DEMOS)
def test_the_tables_and_columns_of_a_readme_are_exported(demo: str, run_demo: RunDemo):
    tables = run_demo(demo, bots=DEMOS[demo]).tables
    tables_of_readme = told(demo)
    assert len(tables_of_readme) > 1
    for table, columns in tables_of_readme:
        (first, *_) = tables[table]
        values = {value for row in tables[table] for value in row.values()}
        assert [name for name in columns if name not in first and name not in values] == []
