"""Three bots talk in a room, over real sockets."""

from __future__ import annotations

from collections import Counter

import pytest

from demos.chatroom.talk import Talk, talks


@pytest.fixture(scope="module")
def run(run_demo):
    return run_demo("chatroom", 3)


@pytest.fixture(scope="module")
def two_rooms(run_demo):
    return run_demo("chatroom", 4, group_size="2", groups="2")


def test_all_bots_finish(run):
    assert run.statuses == ["approved"] * 3


def test_each_participant_sends_four_messages(run):
    spoken = Counter(row["participant_id"] for row in run.rows("live", name="chat"))
    assert list(spoken.values()) == [4, 4, 4]


def test_names_are_unique(run):
    assert len({person["role"] for person in run.tables["participants_wide"]}) == 3


def test_each_room_is_a_network_of_its_own(two_rooms):
    people = Counter(person["network_id"] for person in two_rooms.tables["participants_wide"])
    assert list(people.values()) == [2, 2]


def test_the_clock_ends_a_talk(run_demo):
    hasty = run_demo("chatroom", 2, group_size="2", chat_seconds="1.0")
    assert hasty.statuses == ["approved"] * 2


def test_all_participants_answer_the_questionnaire(run):
    assert len(run.rows("response", item="engagement")) == 3


def test_the_report_counts_the_messages(run):
    assert "12 turns" in run.printed
    assert run.report.count("<table>") == 1


# The numbers


@pytest.mark.parametrize(
    ("words", "evenness"), [([5, 5, 5], 1.0), ([9, 0, 0], 0.0), ([3, 1], 0.5), ([0, 0], None), ([7], None)]
)
def test_evenness_goes_from_one_voice_to_all(words, evenness):
    assert Talk(1, tuple(("Fox", 1, one) for one in words)).evenness == evenness


def test_rows_of_other_kinds_are_not_counted_as_words():
    people = [{"participant_id": 5, "network_id": 1, "role": "Fox"}]
    rows = [{"name": "trade", "participant_id": 5}]
    assert talks(people, rows)[0].shares == (("Fox", 0, 0),)
