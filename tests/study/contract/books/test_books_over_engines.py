"""A book is read on two devices at once, over every engine: nothing is lost, and progress never goes back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from chalicelib.errors import Busy
from chalicelib.export import rows
from chalicelib.operations.management.erase_participant import erase_participant
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.storage.engine import Engine, Item
from petri.study import Book, Chapter, End, Form, Page, Study, number
from tests.contract.factories import at_once
from tests.study.contract.players import Player, Seat, Table

QUESTIONS = ("one", "two", "three", "four")
PATHS = ("book/first/one", "book/first/two", "book/second/three", "book/second/four", "book/second/end")


class Course(Study):
    """Two chapters with two questions each, and a page that is only read."""

    one = number("1?", right=1, points=1)
    two = number("2?", right=1, points=1)
    three = number("3?", right=1, points=1)
    four = number("4?", right=1, points=1)
    timeline = (
        Book(
            [
                Chapter("first", [Form("one", ask="one"), Form("two", ask="two")]),
                Chapter("second", [Form("three", ask="three"), Form("four", ask="four"), Page("end")]),
            ]
        ),
        End(),
    )


def devices(table: Table) -> tuple[Player, Player]:
    """Return the one participant on two devices, both at the contents."""
    (laptop,) = table.players
    laptop.get()
    phone = Player(table.app, laptop.id)
    phone.get()
    return laptop, phone


def finished(table: Table) -> dict[str, str]:
    return {one["path"]: one["finished_at"] for one in table.items("reading") if one.get("finished_at")}


def progress(table: Table) -> int:
    (place,) = table.items("place")
    return int(place["books"]["book"]["finished"])


def answers(player: Player) -> dict[str, Any]:
    return dict.fromkeys(player.last["items"], 1)


def acts_of(player: Player, wave: int) -> list[Callable[[], Any]]:
    """Return what a device does at once: it reads, and opens a page or answers the one it shows."""
    acts = [partial(copy(player).read, 0.5)]
    if wave % 2 == 0:
        acts += [
            partial(copy(player).open, path) for path in (PATHS[wave % len(PATHS)], PATHS[-1 - wave % 3])
        ]
    elif player.last["page"] in QUESTIONS:
        acts += [partial(copy(player).post, **answers(player))] * 2
    else:
        acts += [partial(copy(player).read, 1.0, is_at_end=player.last["page"] == "end")]
    return acts


def copy(player: Player) -> Player:
    return Player(player.app, player.id, player.serial, dict(player.last))


def responses(table: Table) -> list[Item]:
    return [one for one in table.items("response") if one.get("answers")]


def test_what_two_devices_do_at_once_is_neither_lost_nor_undone(crowded: Engine, seat_players: Seat) -> None:
    table = seat_players(crowded, Course, 1)
    laptop, phone = devices(table)
    before: dict[str, str] = {}
    read = 0
    for wave in range(8):
        results = at_once([*acts_of(laptop, wave), *acts_of(phone, wave)])
        assert [result for result in results if not isinstance(result, dict)] == []
        after = finished(table)
        assert {path: after.get(path) for path in before} == before
        assert progress(table) == len([path for path in after if path in PATHS]) >= read
        before, read = after, progress(table)
        for player in (laptop, phone):
            player.get()
    answered = {one["path"] for one in responses(table)}
    assert answered
    assert answered == {path for path in before if path.rpartition("/")[2] in QUESTIONS}
    assert table.points() == [len(answered)]


def test_an_answer_on_one_device_and_another_page_on_the_other_are_carried_out_one_after_the_other(
    crowded: Engine, seat_players: Seat
) -> None:
    table = seat_players(crowded, Course, 1)
    laptop, phone = devices(table)
    laptop.open("book/first/one")
    phone.get()
    posted, opened = at_once([partial(laptop.post, one=1), partial(phone.open, "book/second/four")])
    assert isinstance(posted, dict)
    assert isinstance(opened, dict)
    # One of the two was late: it changed nothing, and its device says so.
    is_stored = bool(responses(table))
    assert (posted.get("stale", False), opened.get("stale", False)) == (not is_stored, is_stored)
    assert laptop.get()["path"] == ("book/first/two" if is_stored else "book/second/four")
    assert progress(table) == int(is_stored)


def test_a_page_that_two_devices_finish_at_once_is_counted_once(crowded: Engine, seat_players: Seat) -> None:
    table = seat_players(crowded, Course, 1)
    laptop, phone = devices(table)
    laptop.open("book/second/end")
    phone.get()
    results = at_once([partial(copy(player).read, 1.0, is_at_end=True) for player in (laptop, phone) * 4])
    # A request that met too many others is refused as Busy, and the browser repeats it.
    assert {result["finished"] for result in results if not isinstance(result, Busy)} == {True}
    assert progress(table) == 1


def test_what_was_read_is_exported_by_chapter_and_page(engine: Engine, seat_players: Seat) -> None:
    table = seat_players(engine, Course, 1)
    laptop, _ = devices(table)
    laptop.open("book/first/one")
    laptop.post(one=1)
    laptop.read(0.25)
    found = [
        (row["book"], row["chapter"], row["page"], row["what"], row["opened"], row["position"])
        for row in rows(engine, "reading")
    ]
    assert found == [
        ("book", None, None, "book", 1, None),
        ("book", "first", None, "chapter", 1, None),
        ("book", "first", "one", "page", 1, 0.0),
        ("book", "first", "two", "page", 1, 0.25),
    ]
    assert [bool(row["finished_at"]) for row in rows(engine, "reading")] == [False, False, True, False]


def test_an_erased_participant_has_read_nothing(engine: Engine, seat_players: Seat) -> None:
    table = seat_players(engine, Course, 1)
    laptop, _ = devices(table)
    laptop.open("book/first/one")
    laptop._requests().finish_book(laptop.last["serial"], None)
    table.work()
    assert len(table.items("reading")) == 3
    table.app.run(erase_participant, laptop.id, caller=OPERATOR_CALLER)
    table.work()
    assert table.items("reading") == []
