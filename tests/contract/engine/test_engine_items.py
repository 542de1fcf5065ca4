"""Every engine gives back exactly what it was given."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.storage.engine import Engine, Put
from tests.contract.engines import an_item, stored

LONG = 300 * 1024
INFO: dict[str, Any] = {
    "id": 10000100001,
    "creation_time": "2025-01-31T08:00:00.000001Z",
    "type": "meme",
    "origin_id": 100001,
    "network_id": 1,
    "contents": 'a "quoted" word',
    "details": {"rating": 1.0},
}
FIELDS: dict[str, dict[str, Any]] = {
    "nothing else": {},
    "text": {"contents": "The War of the Ghosts"},
    "empty text": {"contents": ""},
    "text with line ends": {"contents": "a\r\nb\tc\u2028d"},
    "emoji and accents": {"contents": "👩‍👩‍👧 naïve é e\u0301 \U0010ffff"},
    "text that looks like a number": {"contents": "007", "property1": "1e3"},
    "zero and minus one": {"id": 0, "origin_id": -1},
    "the largest id": {"id": 999_999_999_999_999},
    "true and false": {"failed": True, "flag": False},
    "a null": {"property1": None},
    "an empty object and list": {"details": {}, "list": []},
    "a deep object": {"details": {"a": [{"b": [None, True, 1, 1.0, -0.5, 1e300, "x"]}], "": {"é": "😀"}}},
    "numbers that are whole as fractions": {"details": {"one": 1.0, "large": 1e22}, "share": 2.0},
    "fields that no model names": {"colour": "red", "n": 3, "list": [1], "object": {"a": 1}, "share": 0.1},
    "fields named like the engine's own": {"mark": "x", "more": {"a": 1}},
    "a field of another type than usual": {"id": "seven", "contents": 7, "details": "text", "failed": "no"},
    "the stamp of a large commit": {"s": 3},
}


@pytest.mark.parametrize("fields", FIELDS.values(), ids=FIELDS)
def test_an_item_comes_back_exactly(engine: Engine, fields: dict[str, Any]) -> None:
    engine.commit([Put(an_item(**fields))])
    assert json.dumps(stored(engine), sort_keys=True) == json.dumps(an_item(**fields), sort_keys=True)


@pytest.mark.parametrize("fields", FIELDS.values(), ids=FIELDS)
def test_a_query_gives_an_item_exactly(engine: Engine, fields: dict[str, Any]) -> None:
    engine.commit([Put(an_item(**fields)), Put(an_item("c"))])
    assert list(engine.query("a")) == [an_item(**fields), an_item("c")]


@pytest.mark.parametrize("sign", ["x", '"', "\n", "é", "😀"])
def test_contents_of_300_kb_come_back(engine: Engine, sign: str) -> None:
    contents = sign * (LONG // len(sign.encode()))
    engine.commit([Put(an_item(contents=contents))])
    assert stored(engine) == an_item(contents=contents)


@pytest.mark.parametrize("sign", ["x", '"', "\n", "😀"])
def test_a_transmission_contains_an_info_of_300_kb(engine: Engine, sign: str) -> None:
    info = {**INFO, "contents": sign * (LONG // len(sign.encode()))}
    engine.commit([Put(an_item(kind="transmission", info=info))])
    assert stored(engine) == an_item(kind="transmission", info=info)


def test_a_copied_info_comes_back_exactly(engine: Engine) -> None:
    info = {**INFO, "failed": True, "colour": "red", "v": 1}
    engine.commit([Put(an_item(kind="transmission", info=info, status="pending"))])
    found = stored(engine)
    assert json.dumps(found and found["info"], sort_keys=True) == json.dumps(info, sort_keys=True)


def test_an_item_may_change_its_kind(engine: Engine) -> None:
    engine.commit([Put(an_item(kind="info", contents="x"))])
    engine.commit([Put(an_item(kind="question", v=2, response="y"), 1)])
    assert stored(engine) == an_item(kind="question", v=2, response="y")


def test_keys_may_hold_any_text(engine: Engine) -> None:
    pk, sk = "worker#Ä 'quoted' 😀%_", 'due"; --\n#'
    engine.commit([Put(an_item(sk, pk))])
    assert list(engine.get([(pk, sk)])) == [(pk, sk)]
