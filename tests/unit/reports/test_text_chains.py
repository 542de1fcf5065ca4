"""The distance of texts is the true edit distance, and chains are read from data as they were."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petri.chains import edit_distance, text_chains, text_distance

TEXTS = st.text(alphabet="abc de", max_size=24)


def by_the_book(one: str, other: str) -> int:
    """The textbook's table, row by row."""
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, start=1):
        before, row[0] = row[0], i
        for j, right in enumerate(other, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (left != right))
    return row[-1]


@given(TEXTS, TEXTS)
def test_the_distance_is_that_of_the_textbook(one, other):
    assert edit_distance(one, other) == by_the_book(one, other)


@given(st.text(max_size=90), st.text(max_size=90))
def test_the_distance_is_right_for_any_characters(one, other):
    assert edit_distance(one, other) == by_the_book(one, other)


@given(TEXTS, TEXTS)
def test_the_distance_is_zero_only_between_equal_texts(one, other):
    assert (edit_distance(one, other) == 0) == (one == other)


@given(TEXTS, TEXTS)
def test_the_distance_is_the_same_both_ways(one, other):
    assert edit_distance(one, other) == edit_distance(other, one)


@given(TEXTS, TEXTS, TEXTS)
def test_a_detour_is_never_shorter(one, over, other):
    assert edit_distance(one, other) <= edit_distance(one, over) + edit_distance(over, other)


@pytest.mark.parametrize(
    ("one", "other", "expected"), [("kitten", "sitting", 3), ("", "abc", 3), ("flaw", "lawn", 2), ("", "", 0)]
)
def test_the_distance_of_known_pairs(one, other, expected):
    assert edit_distance(one, other) == expected


@given(st.text(), st.text())
def test_a_distance_lies_between_nothing_and_all(one, other):
    assert 0.0 <= text_distance(one, other) <= 1.0


def test_a_distance_is_a_share_of_the_longer_text():
    assert text_distance("abcdefgh", "abcd") == 0.5


def test_a_distance_does_not_count_line_breaks():
    assert text_distance("A fog rolled in.\n\nShouts came.", "A fog rolled in. Shouts came.") == 0.0


def test_a_distance_does_not_count_how_an_accent_is_composed():
    assert text_distance("caf\u00e9", "cafe\u0301") == 0.0


NODES = [
    {"id": 1, "network_id": 7, "failed": "False", "type": "story_source"},
    {"id": 2, "network_id": 7, "failed": "False", "type": "node"},
    {"id": 3, "network_id": 7, "failed": "True", "type": "node"},
    {"id": 4, "network_id": 7, "failed": "False", "type": "node"},
]
INFOS = [
    {"id": 10, "origin_id": 1, "type": "info", "failed": "False", "contents": "aaaa"},
    {"id": 20, "origin_id": 2, "type": "info", "failed": "False", "contents": "aaab"},
    {"id": 30, "origin_id": 3, "type": "info", "failed": "True", "contents": "zzzz"},
    {"id": 40, "origin_id": 4, "type": "info", "failed": "False", "contents": "aabb"},
]
TRANSMISSIONS = [
    {"destination_id": 2, "info_id": 10},
    {"destination_id": 3, "info_id": 20},
    {"destination_id": 4, "info_id": 20},
]


def tables(nodes=NODES, infos=INFOS, transmissions=TRANSMISSIONS):
    return SimpleNamespace(nodes=nodes, infos=infos, transmissions=transmissions)


def links(**changed):
    return text_chains(tables(**changed))[0].links


def test_a_failed_participant_has_no_place_in_the_chain():
    assert [one.node_id for one in links()] == [2, 4]


def test_each_place_is_compared_with_the_original():
    assert [one.to_original for one in links()] == [0.25, 0.5]


def test_each_place_is_compared_with_what_was_read_there():
    assert [one.to_parent for one in links()] == [0.25, 0.25]


def test_a_node_that_wrote_nothing_is_left_out():
    assert [one.node_id for one in links(infos=INFOS[:2])] == [2]


def test_a_tracking_event_does_not_count_as_a_retelling():
    tracking = {"id": 19, "origin_id": 2, "type": "tracking", "failed": "False", "contents": "click"}
    assert links(infos=[INFOS[0], tracking, *INFOS[1:]])[0].text == "aaab"


def test_data_without_retellings_have_no_chains():
    assert text_chains(tables(NODES[:1], INFOS[:1], [])) == []
