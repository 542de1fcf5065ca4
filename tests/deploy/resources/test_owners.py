"""ARCHITECTURE.md's table of who makes what is what is made, and no resource has two owners."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from infra.aws.account.names import FUNCTIONS
from infra.aws.deployed import idle_costs

from . import resolved

TEXT = (Path(__file__).parents[3] / "ARCHITECTURE.md").read_text(encoding="utf-8")
ROW = re.compile(
    r"^\| (?P<name>[^|]+) \| (?P<owner>base|front|Chalice|deploy) \| `(?P<type>AWS::[\w:]+)` \|", re.MULTILINE
)
ROWS = [found.groupdict() for found in ROW.finditer(TEXT)]


@pytest.mark.parametrize("owner", ["base", "front"])
def test_the_table_lists_the_resources_of_the_templates(owner: str) -> None:
    template = getattr(resolved, owner)()["Resources"]
    said = {row["name"]: row["type"] for row in ROWS if row["owner"] == owner}
    assert said == {name: resource["Type"] for name, resource in template.items()}


def test_no_resource_has_two_owners() -> None:
    assert max(Counter(row["name"] for row in ROWS).values()) == 1


def test_no_template_makes_what_chalice_makes() -> None:
    chalices = {row["type"] for row in ROWS if row["owner"] == "Chalice"} - {"AWS::Logs::LogGroup"}
    assert not chalices & {row["type"] for row in ROWS if row["owner"] in {"base", "front"}}


def test_only_one_functions_log_is_the_templates() -> None:
    names = {one["LogGroupName"] for one in resolved.of_type(resolved.base(), "AWS::Logs::LogGroup").values()}
    assert names & {resolved.NAMES.log_group(function) for function in FUNCTIONS} == {
        resolved.NAMES.log_group("api_handler")
    }


def test_the_page_states_the_costs_of_an_idle_app() -> None:
    assert f"An idle app costs {sum(idle_costs.monthly().values()):.2f} US dollars a month" in TEXT
