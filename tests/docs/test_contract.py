"""The contract and the design say what the code does, and every document that is cited exists."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from bench.figures import budgets
from chalicelib.experiment.networks import STOCK
from chalicelib.export.table_schema import ADDED_COLUMNS, TABLES
from chalicelib.model.network import Network
from chalicelib.model.record import COMMON_FIELDS
from chalicelib.storage.dynamodb import dynamodb_engine
from chalicelib.storage.record_mapping import KINDS

from .blocks import DOCS, ROOT, prose, section

CONTRACT = DOCS / "contract.md"
DESIGN = DOCS / "design.md"
_ROW = re.compile(r"^\| (.+) \|$", re.MULTILINE)
#: A document named in capitals, as CHANGELOG.md is.
_CITED = re.compile(r"(?<![\w/.-])([A-Z]{4,})(?:\.md\b|'s? table\b)")


def rows(heading: str) -> dict[str, str]:
    """Return the first two cells of each row of a section's tables."""
    cells = [row.split(" | ") for row in _ROW.findall(section(CONTRACT, heading))]
    return {row[0].strip("`"): row[1] for row in cells[1:] if len(row) > 1}


def in_code(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"`([^`]+)`", text))


@pytest.mark.parametrize("record", TABLES)
def test_the_contract_has_the_fields_of_each_record_in_their_order(record: str):
    assert in_code(rows("Records")[record]) == KINDS[record].own_fields


def test_the_contract_has_the_common_fields_and_no_record_that_is_not_there():
    assert set(rows("Records")) == {"record", *TABLES} - {"record"}
    text = section(CONTRACT, "Records").partition("Then come its own")[0]
    named = in_code(text)
    first, last = named.index("property1"), named.index("details")
    assert named[: first + 1] == COMMON_FIELDS[: first + 1]
    assert named[last] == COMMON_FIELDS[-1]


def test_the_contract_names_what_only_the_creating_answer_and_exports_have():
    text = section(CONTRACT, "Records")
    assert [field for fields in ADDED_COLUMNS.values() for field in fields if f"`{field}`" not in text] == []


def test_the_word_of_a_type_in_the_contract_is_that_of_its_class():
    text = section(CONTRACT, "Records")
    assert f"`{STOCK['Chain'].type}` for a Chain" in " ".join(text.split())
    assert f"`{Network.object_type}` for every kind of network" in " ".join(text.split())


def test_the_elements_of_the_contract_are_in_the_pages_of_petri():
    templates = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "frontend").rglob("*.html"))
    for page, names in rows("Elements of pages").items():
        for name in in_code(names):
            assert re.search(rf"\b{re.escape(name)}\b", templates), (page, name)


def test_the_budgets_of_the_design_are_those_of_the_bench():
    told = " ".join(section(DESIGN, "Budgets").split())
    calls = budgets.CALLS
    for line in (
        f"at 8 and at 32 clients | {budgets.RATE}, no empty stimulus",
        f"the slowest route below {budgets.WORST_P95} ms",
        f"one chain of 1,000, at 32 clients | {budgets.CHAIN_RATE} |",
        f"CPU for each participant | {budgets.CPU} ms",
        f"after another for a join | {calls['POST /node']} |",
        f"reading what was received | {calls['GET received_infos']} |",
        f"for a second one | {calls['POST /info, the first']}, {calls['POST /info, a second']} |",
        f"`import app`, compiled | {budgets.IMPORT_MS} ms, {budgets.IMPORT_MB} MB",
        f"after 10,000 participants | {budgets.MEMORY_MB} MB",
        f"over-filled or forked; {budgets.CROWD_P95} ms at p95",
        f"deployed package | {budgets.PETRI_BUDGET / budgets.MEGABYTE:.0f} MB",
    ):
        assert line in told


def test_the_limits_of_a_transaction_in_the_design_are_those_of_the_engine():
    told = " ".join(section(DESIGN, "Large commits").split())
    assert f"{dynamodb_engine.MAX_WRITES} items and {dynamodb_engine.MAX_TRANSACTION // 1024**2} MB" in told
    assert f"at most {dynamodb_engine.MAX_ITEM // 1024} KB" in section(DESIGN, "Limits")


def test_no_file_cites_a_document_that_is_not_in_the_repository():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    there = {Path(name).stem for name in listed.stdout.splitlines() if name.endswith(".md")}
    readable = [
        ROOT / name for name in listed.stdout.splitlines() if name.endswith((".py", ".md", ".toml", ".ini"))
    ]
    readable += [ROOT / "Makefile", ROOT / ".importlinter"]
    cited = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in readable
        if path.is_file()
        for name in _CITED.findall(prose(path))
    }
    assert {(path, name) for path, name in cited if name not in there} == set()
