"""Three bots talk in a room, over real sockets."""

from __future__ import annotations

from collections import Counter

import pytest

from demos.chatroom.talk import Share, Talk, talks


@pytest.fixture(scope="module")
def run(run_demo):
    return run_demo("chatroom", 3)


@pytest.fixture(scope="module")
def two_rooms(run_demo):
    return run_demo("chatroom", 4, group_size="2", groups="2")


def test_all_bots_finish(run):
    assert run.statuses == ["approved"] * 3


def test_each_participant_sends_four_messages(run):
    spoken = Counter(info["origin_id"] for info in run.rows("info", type="utterance"))
    assert list(spoken.values()) == [4, 4, 4]


def test_each_node_is_connected_with_all_others(run):
    assert len(run.tables["vector"]) == 3 * 2


def test_a_message_is_sent_to_all_other_members(run):
    sent = Counter(row["info_id"] for row in run.tables["transmission"])
    joined = max(node["creation_time"] for node in run.tables["node"])
    later = [info["id"] for info in run.rows("info", type="utterance") if info["creation_time"] > joined]
    assert {sent[each] for each in later} == {2}


def test_names_are_unique(run):
    assert len({node["property1"] for node in run.rows("node", type="talker")}) == 3


def test_each_room_is_a_network_of_its_own(two_rooms):
    people = Counter(node["network_id"] for node in two_rooms.rows("node", type="talker"))
    assert list(people.values()) == [2, 2]


def test_the_clock_ends_a_talk(run_demo):
    hasty = run_demo("chatroom", 2, group_size="2", chat_seconds="1.0")
    assert hasty.statuses == ["approved"] * 2


def test_the_report_counts_the_messages(run):
    assert "12 turns" in run.printed


# The numbers


def share(words: int) -> Share:
    return Share("Fox", 1, words)


@pytest.mark.parametrize(
    ("words", "evenness"), [([5, 5, 5], 1.0), ([9, 0, 0], 0.0), ([3, 1], 0.5), ([0, 0], None), ([7], None)]
)
def test_evenness_goes_from_one_voice_to_all(words, evenness):
    assert Talk(1, tuple(map(share, words))).evenness == evenness


def test_infos_of_other_kinds_are_not_counted_as_words():
    nodes = [{"id": 5, "network_id": 1, "property1": "Fox"}]
    infos = [{"origin_id": 5, "type": "tracking", "contents": "not said"}]
    assert talks([{"id": 1}], nodes, infos)[0].shares[0].words == 0
