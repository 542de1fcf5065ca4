"""Annotations from two devices at once, over every engine: none is lost or doubled, and the limit holds."""

from __future__ import annotations

from functools import partial

import pytest

from chalicelib.export import rows
from chalicelib.storage.engine import Engine
from tests.contract.factories import at_once
from tests.study.books.test_annotations import PATH, Course, note
from tests.study.contract.players import Player, Seat, Table


def on_page(table: Table) -> Player:
    (player,) = table.players
    player.get()
    player.open(PATH)
    return player


def test_annotations_at_once_are_all_kept_and_each_once(crowded: Engine, seat_players: Seat) -> None:
    table = seat_players(crowded, Course, 1)
    requests = on_page(table)._requests()
    sent = [note(f"note-000{number}", exact="dice") for number in (1, 2, 3, 1, 2)]
    results = at_once([partial(requests.keep_annotation, PATH, one) for one in sent])
    assert [result for result in results if not isinstance(result, dict)] == []
    assert sorted(one["name"] for one in table.items("annotation")) == ["note-0001", "note-0002", "note-0003"]
    assert [one["annotations"] for one in table.items("reading") if one["path"] == PATH] == [3]


def test_no_two_devices_exceed_the_limit(
    crowded: Engine, seat_players: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.operations.study.books.annotations.MOST_ON_PAGE", 2)
    table = seat_players(crowded, Course, 1)
    requests = on_page(table)._requests()
    sent = [note(f"note-000{number}") for number in range(1, 6)]
    results = at_once([partial(requests.keep_annotation, PATH, one) for one in sent])
    assert len([result for result in results if isinstance(result, dict)]) == 2
    assert len(table.items("annotation")) == 2


def test_annotations_are_exported_and_private_ones_without_their_words(
    engine: Engine, seat_players: Seat
) -> None:
    table = seat_players(engine, Course, 1)
    requests = on_page(table)._requests()
    requests.keep_annotation(PATH, note("note-0001", exact="dice", text="Why?", visibility="authors"))
    requests.keep_annotation(PATH, note("note-0002", exact="dice", text="Mine"))
    found = [(row["name"], row["page"], row["exact"], row["note"]) for row in rows(engine, "annotation")]
    assert found == [("note-0001", "welcome", "dice", "Why?"), ("note-0002", "welcome", None, None)]
