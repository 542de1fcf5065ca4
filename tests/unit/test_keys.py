"""The layout of keys: stored runs depend on it, and it is written in one module only."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

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


@pytest.mark.parametrize(
    ("key", "stored"),
    [
        (keys.participant(7), ("part#7", "#")),
        (keys.question(7, 3), ("part#7", "question#000000000000003")),
        (keys.payment(7, "bonus"), ("part#7", "payment#bonus")),
        (keys.assignment("a1"), ("assignment#a1", "#")),
        (keys.worker("w1"), ("worker#w1", "#")),
        (keys.counter("participant"), ("counter", "participant")),
        (keys.attempts("due#1|x"), ("counter", "tries#due#1|x")),
        (keys.connection("c1"), ("connections#1", "c1")),
        (keys.subscriber("chat", "c1"), ("channel#chat", "conn#c1")),
        (keys.participant_connection(7, "c1"), ("part#7", "conn#c1")),
        (keys.participant_connections(7), ("part#7", "conn#")),
        (keys.draws(7, "join"), ("part#7", "draws#join")),
        (keys.draws(None, "join"), ("draws", "draws#join")),
        (keys.lobby(7), ("lobby", "0000000007")),
        (keys.room(2), ("rooms", "000002")),
        (keys.ROOMS_HEADER, ("rooms", "#")),
        (keys.EXPERIMENT, ("experiment", "#")),
        (keys.AWAKE, ("experiment", "awake")),
        (keys.tick("sweep", 61), ("ticks", "0061#sweep")),
        (keys.timer_count(61), ("timers", "000000000061")),
        (
            keys.dead_letter(NOON, "2026-01-02T11:00:00.000000Z#0123456789abcdef"),
            ("dead", "2026-01-02T12:00:00.000000Z#0123456789abcdef"),
        ),
        (keys.info(100_000_00_004), ("net#1", "at#0000100000/info#000010000000004")),
        (keys.root(3), ("networks", "00003")),
        (keys.partition(3), "net#3"),
        (keys.at(300_002), "at#0000300002/"),
        (keys.at(300_002, "info#"), "at#0000300002/info#"),
        (keys.to(300_002), "to#0000300002/"),
        (keys.node(300_002), ("net#3", "at#0000300002/#")),
        (keys.transformation(300_002, 30_000_200_004), ("net#3", "at#0000300002/trans#000030000200004")),
        (keys.transmission(30_000_200_004, 300_005), ("net#3", "to#0000300005/000030000200004")),
        (keys.sent(30_000_200_004, 300_002), ("net#3", "at#0000300002/sent#000030000200004")),
        (keys.notification(7), ("notifications#7", "000000000000007")),
        (keys.recruitment(7), ("recruitment", "000000000000007")),
        (keys.listed(11), ("listed#3", "0000000011")),
        (keys.over(11), ("over#3", "0000000011")),
        (keys.due(2), "due#2"),
        (keys.message(NOON, "6f"), ("due#3", "2026-01-02T12:00:00.000000Z#6f")),
        (keys.connections(2), "connections#2"),
        (keys.channel("chat"), "channel#chat"),
        (keys.slot("s", 4), ("slot#s", "0000000004")),
        (keys.place(7), ("part#7", "place")),
        (keys.response(7, 4), ("part#7", "resp#00000004")),
        (keys.pool("e"), "pool#e"),
        (keys.peer_answer("essay", "rounds[2]", 7, 4), ("peers#essay#rounds[2]", "0000000007#00000004")),
        (keys.pooled("e", 7), ("pool#e", "0000000007")),
        (
            keys.vector_ends(30_000_200_004, 300_002, 300_005),
            (
                ("net#3", "at#0000300005/vec#in#000030000200004"),
                ("net#3", "at#0000300002/vec#out#000030000200004"),
            ),
        ),
    ],
)
def test_keys_of_stored_runs_are_unchanged(key: object, stored: object) -> None:
    assert key == stored
