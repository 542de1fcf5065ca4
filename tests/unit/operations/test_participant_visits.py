"""A participant's details say in which visit they are. Only studies have visits."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.model.participant import Participant
from chalicelib.operations.shared import participant_visits as visits
from chalicelib.operations.shared.study_check import as_study, is_study_class
from petri.study import Page, Study
from tests.contract.factories import OneRoom


class Short(Study):
    """A study of one page."""

    timeline = [Page("welcome")]


@pytest.fixture
def participant() -> Any:
    """A participant with two nodes and a detail of the author's."""
    made: Any = Participant.__new__(Participant)
    made.details, made.node_ids = {"colour": "blue"}, [100001, 200001]
    return made


def test_a_participant_of_one_session_has_no_earlier_nodes(participant: Participant) -> None:
    assert visits.earlier_nodes(participant) == 0


def test_nodes_of_earlier_visits_are_those_that_a_participant_had_when_the_visit_began(
    participant: Participant,
) -> None:
    visits.record_scheduled_visit(participant, 2)
    assert participant.details == {"colour": "blue", "visit": 2, "is_visiting": False}
    assert visits.earlier_nodes(participant) == 0
    visits.record_begun_visit(participant)
    assert participant.details["is_visiting"] is True
    assert visits.earlier_nodes(participant) == 2
    visits.record_ended_visit(participant, 0.0)
    assert (participant.details["visit"], participant.details["is_visiting"]) == (2, False)


def test_the_paid_seconds_of_all_visits_are_added_in_milliseconds(participant: Participant) -> None:
    visits.record_ended_visit(participant, 60.0004)
    assert participant.details == {"colour": "blue", "is_visiting": False, "visit_seconds": 60.0}
    visits.record_ended_visit(participant, 0.1256)
    assert participant.details["visit_seconds"] == 60.126


def test_an_experiment_is_a_study_exactly_when_its_class_is_one() -> None:
    study = Short()
    assert as_study(study) is study
    assert as_study(OneRoom()) is None
    assert (is_study_class(Short), is_study_class(OneRoom)) == (True, False)
