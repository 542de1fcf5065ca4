"""The small list of participants: those for whom it is over stand apart, and are only counted."""

from __future__ import annotations

import pytest

from chalicelib.errors import RuleBroken
from chalicelib.storage.engine import Engine
from tests.contract.factories import an_app, arrived, begin


@pytest.fixture
def people(engine: Engine) -> list[int]:
    return arrived(an_app(engine), 3)


def come_to(engine: Engine, participant_id: int, status: str) -> None:
    with begin(engine) as work:
        participant = work.participant(participant_id)
        participant.status = status
        work.update_status_index(participant)
        work.commit()


def test_all_working_participants_are_listed(engine: Engine, people: list[int]) -> None:
    with begin(engine) as work:
        assert sorted(item["id"] for item in work.active_participants()) == people


def test_a_finished_participant_is_not_listed(engine: Engine, people: list[int]) -> None:
    come_to(engine, people[1], "approved")
    with begin(engine) as work:
        assert sorted(item["id"] for item in work.active_participants()) == [people[0], people[2]]


def test_a_finished_participant_is_counted(engine: Engine, people: list[int]) -> None:
    come_to(engine, people[1], "returned")
    with begin(engine) as work:
        assert work.count_finished() == 1


def test_a_participant_whose_part_is_over_can_not_work_again(engine: Engine, people: list[int]) -> None:
    come_to(engine, people[1], "returned")
    with pytest.raises(RuleBroken, match="returned is final"):
        come_to(engine, people[1], "working")
    with begin(engine) as work:
        assert (len(work.active_participants()), work.count_finished()) == (2, 1)


def test_a_change_between_two_ends_leaves_one_entry(engine: Engine, people: list[int]) -> None:
    come_to(engine, people[1], "submitted")
    come_to(engine, people[1], "rejected")
    with begin(engine) as work:
        assert work.statuses() == {"working": 2, "rejected": 1}


def test_ids_of_all_are_known_whatever_became_of_them(engine: Engine, people: list[int]) -> None:
    come_to(engine, people[0], "abandoned")
    with begin(engine) as work:
        assert work.participant_ids() == people
