"""Lists that are longer than one answer may be come in pages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.web import pagination, responses
from tests.web.conftest import NewWorld
from tests.web.experiments import Talk
from tests.web.world import Person, World

#: So long that an answer above what Lambda gives back is soon there.
LONG = 'a "quoted" word, and an ä; ' * 2000


@pytest.fixture
def here(world: NewWorld) -> World:
    return world(Talk)


def made(person: Person, n: int, contents: str) -> int:
    node = person.join()
    for number in range(n):
        person.answer(node, f"{number} {contents}")
    return node


def pages(person: Person, route: str) -> list[dict[str, Any]]:
    found = [person.get(route).body]
    while "next_offset" in found[-1]:
        found.append(person.get(route, {"offset": found[-1]["next_offset"]}).body)
    return found


def test_a_short_list_comes_whole_as_it_always_did(here: World) -> None:
    person = here.arrive()
    node = made(person, 3, "x")
    assert set(person.get(f"/node/{node}/infos").body) == {"status", "infos"}


def test_a_long_list_comes_in_pages_that_lambda_gives_back(here: World) -> None:
    person = here.arrive()
    node = made(person, 120, LONG)
    found = pages(person, f"/node/{node}/infos")
    assert len(found) > 1
    assert all(len(str(page).encode()) < 6 * 1024 * 1024 for page in found)
    contents = [info["contents"].split(" ")[0] for page in found for info in page["infos"]]
    assert contents == [str(number) for number in range(120)]


def test_the_last_page_says_that_it_is_the_last(here: World) -> None:
    person = here.arrive()
    node = made(person, 3, "x")
    said = person.get(f"/node/{node}/infos", {"offset": 2}).body
    assert ([info["contents"] for info in said["infos"]], "next_offset" in said) == (["2 x"], False)


def test_beyond_the_end_nothing_is_left(here: World) -> None:
    person = here.arrive()
    node = made(person, 1, "x")
    assert person.get(f"/node/{node}/infos", {"offset": 5}).body["infos"] == []


@pytest.mark.parametrize("offset", ["-1", "two", "1.5", "²"])
def test_an_offset_that_is_not_a_number_is_refused(here: World, offset: str) -> None:
    person = here.arrive()
    node = made(person, 1, "x")
    assert person.get(f"/node/{node}/infos", {"offset": offset}).status == 400


def test_one_record_goes_alone_however_long_it_is(monkeypatch: pytest.MonkeyPatch, here: World) -> None:
    monkeypatch.setattr(pagination, "MAX_RESPONSE_BYTES", 100)
    person = here.arrive()
    node = made(person, 3, "y" * 500)
    assert [len(page["infos"]) for page in pages(person, f"/node/{node}/infos")] == [1, 1, 1]


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every text of JSON that is written for an answer."""
    texts: list[str] = []
    encode = responses._encode

    def noting(fields: Any) -> str:
        texts.append(encode(fields))
        return texts[-1]

    monkeypatch.setattr(responses, "_encode", noting)
    return texts


def test_a_short_answer_is_written_as_json_once(here: World, encoded: list[str]) -> None:
    person = here.arrive()
    node = made(person, 3, "x")
    encoded.clear()
    said = person.get(f"/node/{node}/infos")
    assert [json.loads(text) for text in encoded] == [said.body]


def test_each_record_of_a_later_page_is_written_as_json_once(here: World, encoded: list[str]) -> None:
    person = here.arrive()
    node = made(person, 3, "unmistakable")
    encoded.clear()
    person.get(f"/node/{node}/infos", {"offset": 1})
    assert sum(text.count("unmistakable") for text in encoded) == 2
