"""Peer instruction: a vote, a discussion in pairs of different answers, and another vote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chalicelib.model import keys as keys_of_model
from chalicelib.operations.study.groups.peer_matching import match_peers
from chalicelib.study.study_records import Pooled, peer_key
from infra.simulated_data.dataset import SimulationSpec, simulate
from petri.data import Data
from petri.study import End, Group, Page, PeerInstruction, Study, choice
from tests.browser.study.realtime.test_chatting import CONFIG
from tests.study.mistakes.test_author_mistakes import problem_of
from tests.study.studies import OpenStudy, answer, due
from tests.web.world import Person, World


class Falling(Study):
    """Which falls faster?"""

    faster = choice("Which falls faster?", {"<b>": "The <b>bold</b> ball", "same": "Neither"}, right="same")
    timeline = (PeerInstruction("faster", seconds=60, wait_seconds=30), Page("after"), End())


def open_class(
    open_study: OpenStudy, answers: str, expected: int | None = None
) -> tuple[World, list[Person]]:
    """Let as many people vote as there are letters: b or s; `expected` are in the study."""
    here = open_study(Falling, num_participants=expected or len(answers))
    people = [here.arrive() for _ in range(expected or len(answers))]
    for person in people:
        due(person)
    for person, letter in zip(people, answers, strict=False):
        answer(person, faster={"b": "<b>", "s": "same"}[letter])
    here.work()
    return here, people[: len(answers)]


def groups(here: World) -> list[list[int]]:
    found = [[one["participant_id"] for one in item["members"]] for item in here.items("study_group")]
    return sorted(map(sorted, found))


@pytest.mark.parametrize(
    ("answers", "pairs"),
    [
        ("bs", [[1, 2]]),
        ("ss", [[1, 2]]),
        ("sss", [[1, 2, 3]]),
        ("bbs", [[1, 2, 3]]),
        ("sbbs", [[1, 2], [3, 4]]),
        ("bbss", [[1, 3], [2, 4]]),
    ],
)
def test_all_who_vote_are_in_a_pair_or_in_one_group_of_three(
    open_study: OpenStudy, answers: str, pairs: list[list[int]]
) -> None:
    here, people = open_class(open_study, answers)
    assert groups(here) == pairs
    assert {due(person)["kind"] for person in people} == {"chat"}


def test_a_discussion_shows_what_each_member_has_answered(open_study: OpenStudy) -> None:
    _, people = open_class(open_study, "bs")
    bold = "The &lt;b&gt;bold&lt;/b&gt; ball"
    first, second = (due(person)["html"] for person in people)
    assert f"<li><strong>You</strong>: {bold}</li><li><strong>Member 2</strong>: Neither</li>" in first
    assert f"<li><strong>Member 1</strong>: {bold}</li><li><strong>You</strong>: Neither</li>" in second


def test_a_discussion_says_who_has_given_no_answer(open_study: OpenStudy) -> None:
    faster = choice("Which falls faster?", ["One", "Neither"], required=False)
    here = open_study(type("Optional", (Falling,), {"faster": faster}), num_participants=2)
    people = [here.arrive() for _ in range(2)]
    for person, given in zip(people, ({"faster": "One"}, {}), strict=True):
        answer(person, **given)
    here.work()
    assert "<strong>You</strong>: no answer</li>" in due(people[1])["html"]


def test_both_votes_are_stored_and_the_second_counts(open_study: OpenStudy) -> None:
    here, people = open_class(open_study, "bs")
    page = due(people[0])
    assert (page["seconds_left"], page["button"]) == (60, None)
    assert "The &lt;b&gt;bold&lt;/b&gt; ball" in page["html"]
    assert "<b>bold" not in page["html"]
    here.clock.turn(seconds=60)
    for person in people:
        assert answer(person, timeout=True)["page"] == "faster_revote"
        assert answer(person, faster="same")["page"] == "after"
    votes = [
        (item["participant_id"], one["attempt"], one["answer"], item["page"])
        for item in here.items("response")
        for one in item.get("answers", ())
    ]
    assert sorted(votes) == [
        (1, 1, "<b>", "faster_vote"),
        (1, 2, "same", "faster_revote"),
        (2, 1, "same", "faster_vote"),
        (2, 2, "same", "faster_revote"),
    ]
    assert [item["points"] for item in here.items("place")] == ["1", "1"]


def test_one_who_waits_in_vain_goes_on_alone_to_the_second_vote(open_study: OpenStudy) -> None:
    here, (person,) = open_class(open_study, "s", expected=2)
    assert due(person)["kind"] == "wait"
    here.clock.turn(seconds=33)
    here.work()
    page = due(person)
    assert (page["page"], page["kind"]) == ("faster_revote", "page")
    assert answer(person, faster="same")["page"] == "after"
    assert here.items("study_group") == []
    assert here.items("pooled") == []


def test_those_who_wait_long_enough_discuss_although_others_may_come(open_study: OpenStudy) -> None:
    here, people = open_class(open_study, "sss", expected=4)
    assert groups(here) == []
    here.clock.turn(seconds=33)
    here.work()
    assert groups(here) == [[1, 2, 3]]
    assert {due(person)["kind"] for person in people} == {"chat"}


def test_a_large_class_is_divided_over_several_commits_and_no_one_is_left(open_study: OpenStudy) -> None:
    here, people = open_class(open_study, "s" * 39, expected=40)
    here.clock.turn(seconds=33)
    here.work()
    sizes = sorted(map(len, groups(here)))
    assert (sum(sizes), set(sizes)) == (39, {2, 3})
    assert {due(person)["kind"] for person in people} == {"chat"}


def test_a_former_group_is_not_the_group_of_one_who_goes_on_alone(open_study: OpenStudy) -> None:
    timeline = (Group(2), PeerInstruction("faster", wait_seconds=5), Page("after"), End())
    here = open_study(type("Again", (Falling,), {"timeline": timeline}), num_participants=2)
    one, other = here.arrive(), here.arrive()
    for person in (one, other):
        due(person)
    answer(one, faster="same")
    here.clock.turn(seconds=8)
    here.work()
    assert due(one)["page"] == "faster_revote"
    assert [item.get("in_group", False) for item in here.items("place")] == [False, True]


STUDY = """
from petri.study import End, PeerInstruction, Study, choice


class Falling(Study):
    faster = choice("Which falls faster?", {"heavy": "The heavy ball", "same": "Neither"}, right="same")
    timeline = [PeerInstruction("faster", seconds=60, wait_seconds=30), End()]
"""


def test_bots_play_peer_instruction_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    folder = tmp_path / "falling"
    folder.mkdir()
    (folder / "experiment.py").write_text(STUDY, encoding="utf-8")
    (folder / "config.txt").write_text(CONFIG, encoding="utf-8")
    result = simulate(SimulationSpec(folder, 5, tmp_path / "data"))
    data = Data(result.folder)
    assert (result.participants, result.failed) == (5, 0)
    assert {row["status"] for row in data.participants.list} == {"approved"}
    assert len(data.responses) == 10
    assert {row["attempt"] for row in data.responses.list} == {1, 2}


def waiting(answers: str) -> list[Pooled]:
    return [Pooled(number, "", letter) for number, letter in enumerate(answers, 1)]


def numbers(found: list[list[Pooled]]) -> list[list[int]]:
    return [[one.participant_id for one in members] for members in found]


@pytest.mark.parametrize("least", [2, 3, 4])
@pytest.mark.parametrize("answers", ["a", "ab", "abc", "aab"])
def test_no_one_is_left_over_and_different_answers_meet(least: int, answers: str) -> None:
    for count in range(41):
        check_groups(count, least, answers)


def check_groups(count: int, least: int, answers: str) -> None:
    letters = (answers * count)[:count]
    found = match_peers(waiting(letters), least, is_last=True)
    assert sorted(one for group in numbers(found) for one in group) == list(
        range(1, count + 1) if count > 1 else []
    )
    sizes = list(map(len, found))
    assert all(min(least, count) <= size < 2 * least for size in sizes)
    most = max((letters.count(letter) for letter in letters), default=0)
    if least == 2 and 2 * most <= count:
        assert all(len({one.key for one in members}) > 1 for members in found)


@pytest.mark.parametrize(
    ("answers", "expected"), [("ab", []), ("aba", []), ("aaaa", []), ("aaab", [[1, 4]]), ("abab", [[1, 2]])]
)
def test_pairs_form_at_once_where_enough_are_left_for_another_one(
    answers: str, expected: list[list[int]]
) -> None:
    assert numbers(match_peers(waiting(answers), 2, is_last=False)) == expected


@pytest.mark.parametrize(
    ("element", "problem"),
    [
        (PeerInstruction("slower"), "asks for 'slower', which isn't an item"),
        (PeerInstruction("faster", wait_seconds=0), "wait_seconds=0"),
        (PeerInstruction("faster", vote_seconds=9), "on_timeout={'faster': ...}, or a default"),
        (PeerInstruction("faster", seconds=0), "seconds=0"),
    ],
)
def test_a_mistake_in_peer_instruction_is_refused(element: Any, problem: str) -> None:
    assert problem in problem_of([element, End()], faster=Falling.faster)


def test_two_cohorts_of_one_element_are_told_apart() -> None:
    keys = [peer_key(keys_of_model.cohort_name("seats", first), "answer|#") for first in (1, 12)]
    found = [Pooled(1, "2026-03-01T12:00:00", key=key).cohort_of_peers for key in keys]
    assert found == ["seats#1", "seats#12"]
    assert Pooled(1, "2026-03-01T12:00:00", key=peer_key(None, "answer")).cohort_of_peers == ""
