"""The layout of keys: stored runs depend on it, and it is written in one module only."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib.model import keys

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
#: What builds keys from ids: storage reads collections by the prefixes of its own layout.
CALLERS = ("operations", "experiment/experiment.py", "services.py", "workers", "realtime")


def _files() -> list[Path]:
    places = [ROOT / "chalicelib" / name for name in CALLERS]
    return [
        file for place in places for file in ([place] if place.is_file() else sorted(place.rglob("*.py")))
    ]


def _docstrings(tree: ast.Module) -> set[int]:
    bodies = [n.body for n in ast.walk(tree) if isinstance(n, ast.Module | ast.ClassDef | ast.FunctionDef)]
    return {id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr)}


def _literals(tree: ast.Module) -> Iterator[ast.Constant]:
    skipped = _docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node


def test_no_operation_writes_a_key_itself() -> None:
    files = _files()
    found = [
        f"{file.relative_to(ROOT)}:{literal.lineno} {literal.value!r}"
        for file in files
        for literal in _literals(ast.parse(file.read_text()))
        if "#" in literal.value
    ]
    assert len(files) > 50
    assert found == []


#: Each key, as stored runs have it: the function (or constant), what it is called with, and the key.
LAYOUT: list[tuple[str, tuple[Any, ...], Any]] = [
    ("network_of", (300_002,), 3),
    ("node_of", (30_000_200_004,), 300_002),
    ("participant", (7,), ("part#7", "#")),
    ("trusted_lab", ("lab",), ("labs", "lab")),
    ("lab_app", ("app",), ("labapps", "app")),
    ("lab_report", ("app",), ("labreports", "app")),
    ("lab_cost", ("app",), ("labcosts", "app")),
    ("lab_grant", ("app", "mira"), ("labgrants#app", "mira")),
    ("question", (7, 3), ("part#7", "question#000000000000003")),
    ("payment", (7, "bonus"), ("part#7", "payment#bonus")),
    ("assignment", ("a1",), ("assignment#a1", "#")),
    ("worker", ("w1",), ("worker#w1", "#")),
    ("counter", ("participant",), ("counter", "participant")),
    ("network_count", (), ("counter", "network")),
    ("attempts", ("due#1|x",), ("counter", "tries#due#1|x")),
    ("connection", ("c1",), ("connections#1", "c1")),
    ("subscriber", ("chat", "c1"), ("channel#chat", "conn#c1")),
    ("participant_connection", (7, "c1"), ("part#7", "conn#c1")),
    ("participant_connections", (7,), ("part#7", "conn#")),
    ("draws", (7, "join"), ("part#7", "draws#join")),
    ("draws", (None, "join"), ("draws", "draws#join")),
    ("lobby", (7,), ("lobby", "0000000007")),
    ("room", (2,), ("rooms", "000002")),
    ("tick", ("sweep", 61), ("ticks", "0061#sweep")),
    ("timer_count", (61,), ("timers", "000000000061")),
    (
        "dead_letter",
        (NOON, "2026-01-02T11:00:00.000000Z#0123456789abcdef"),
        ("dead", "2026-01-02T12:00:00.000000Z#0123456789abcdef"),
    ),
    ("info", (100_000_00_004,), ("net#1", "at#0000100000/info#000010000000004")),
    ("root", (3,), ("networks", "00003")),
    ("partition", (3,), "net#3"),
    ("at", (300_002,), "at#0000300002/"),
    ("at", (300_002, "info#"), "at#0000300002/info#"),
    ("to", (300_002,), "to#0000300002/"),
    ("node", (300_002,), ("net#3", "at#0000300002/#")),
    ("transformation", (300_002, 30_000_200_004), ("net#3", "at#0000300002/trans#000030000200004")),
    ("transmission", (30_000_200_004, 300_005), ("net#3", "to#0000300005/000030000200004")),
    ("sent", (30_000_200_004, 300_002), ("net#3", "at#0000300002/sent#000030000200004")),
    (
        "vector_ends",
        (30_000_200_004, 300_002, 300_005),
        (
            ("net#3", "at#0000300005/vec#in#000030000200004"),
            ("net#3", "at#0000300002/vec#out#000030000200004"),
        ),
    ),
    ("notification", (11,), ("notifications#3", "000000000000011")),
    ("recruitment", (7,), ("recruitment", "000000000000007")),
    ("listed", (11,), ("listed#3", "0000000011")),
    ("over", (11,), ("over#3", "0000000011")),
    ("ledger_line", (11, "bonus-2"), ("ledger#3", "0000000011#bonus-2")),
    ("due", (2,), "due#2"),
    ("message", (NOON, "6f"), ("due#3", "2026-01-02T12:00:00.000000Z#6f")),
    ("connections", (2,), "connections#2"),
    ("channel", ("chat",), "channel#chat"),
    ("slot_series", ("rooms", "adults"), "rooms#adults"),
    ("slot_count", ("s",), ("counter", "slot#s")),
    ("slot", ("s", 4), ("slot#s", "0000000004")),
    ("slot_text", ("rooms#adults", 4), "rooms#adults#4"),
    ("read_slot_text", ("rooms#adults#4",), ("rooms#adults", 4)),
    ("compared_slots", ("s",), ("freed#s", "#")),
    ("freed_slots", ("s",), "freed#s"),
    ("freed_slot", ("s", 4), ("freed#s", "0000000004")),
    ("place", (7,), ("part#7", "place")),
    ("draft", (7,), ("part#7", "draft")),
    ("response", (7, 4), ("part#7", "resp#00000004")),
    ("part_result", (7, 4), ("part#7", "resp#00000004#part")),
    ("grades", (7, 4, "essay"), ("part#7", "grade#00000004#essay#")),
    ("grade", (7, 4, "essay", 2), ("part#7", "grade#00000004#essay#0002")),
    ("trial_batch", (7, 4, 50), ("part#7", "trial#00000004#000050")),
    ("trial_batches", (7, 4), ("part#7", "trial#00000004#")),
    ("event_batch", (7, 4, "noon"), ("part#7", "event#00000004#noon")),
    ("uploads", (7,), ("part#7", "upload#")),
    ("uploads", (7, 4, "photo"), ("part#7", "upload#00000004#photo#")),
    ("upload", (7, 4, "photo", "6f"), ("part#7", "upload#00000004#photo#6f")),
    ("live_rows", (3,), "live#3"),
    ("live_row", (3, 4), ("live#3", "0000000004")),
    ("study_group", (3,), ("net#3", "group")),
    ("pool", ("e",), "pool#e"),
    ("pooled", ("e", 7), ("pool#e", "0000000007")),
    ("peer_formations", ("main/essay",), ("counter", "peers#main/essay")),
    ("peer_answers", ("essay", "rounds[2]"), "peers#essay#rounds[2]"),
    ("peer_answer", ("essay", "rounds[2]", 7, 4), ("peers#essay#rounds[2]", "0000000007#00000004")),
    ("cohort_name", ("e", 7), "e#7"),
    ("cohort", ("e#7",), ("cohort#e", "0000000007")),
    ("visit_shard", (3,), "visits#3"),
    ("visits", (11,), ("visits#3", "0000000011#")),
    ("visit", (11, 2), ("visits#3", "0000000011#0002")),
]


@pytest.mark.parametrize(
    ("name", "given", "stored"), LAYOUT, ids=[f"{name}-{len(given)}" for name, given, _ in LAYOUT]
)
def test_keys_of_stored_runs_are_unchanged(name: str, given: tuple[Any, ...], stored: Any) -> None:
    assert getattr(keys, name)(*given) == stored


def test_the_keys_of_single_items_are_unchanged() -> None:
    assert (keys.ROOMS_HEADER, keys.EXPERIMENT, keys.AWAKE) == (
        ("rooms", "#"),
        ("experiment", "#"),
        ("experiment", "awake"),
    )
