"""What a player of a live session can't do: answer twice, or answer a question that isn't open."""

from __future__ import annotations

from functools import partial

import pytest

from chalicelib.errors import AnswersRefused
from chalicelib.operations.live_sessions.host_actions import HostAction
from chalicelib.storage.engine import Engine
from tests.contract.factories import at_once, refusals
from tests.study.contract.players import Player, Seat
from tests.study.live_sessions.test_hosted_pages_over_engines import Quiz, Session


@pytest.fixture
def session(crowded: Engine, seat_players: Seat) -> Session:
    return Session(seat_players(crowded, Quiz, 0))


@pytest.fixture
def ada(session: Session) -> Player:
    """A player who sees the first question."""
    player = session.join("Ada")
    session.act(HostAction.NEXT)
    player.get()
    return player


def test_of_two_answers_of_a_player_at_once_one_counts(session: Session, ada: Player) -> None:
    serial = ada.last["serial"]
    devices = [Player(ada.app, ada.id, ada.serial) for _ in range(8)]
    towns = ["Paris", "Lyon"] * 4
    answers = [partial(one.post, serial, capital=town) for one, town in zip(devices, towns, strict=True)]
    assert refusals(at_once(answers)) == []
    session.act(HostAction.ANSWERS)
    [item] = session.view().items
    assert (session.view().answered, sum(bar.count for bar in item.bars)) == (1, 1)
    assert len(session.table.items("response")) == 1


@pytest.mark.parametrize("answers", [{"half": 5}, {"capital": "Paris", "half": 5}])
def test_an_answer_to_a_question_that_is_not_open_yet_is_refused(
    session: Session, ada: Player, answers: dict[str, object]
) -> None:
    with pytest.raises(AnswersRefused) as refused:
        ada.post(**answers)
    assert "half" in refused.value.items
    assert session.table.items("response") == []


def test_an_answer_to_the_question_before_changes_nothing(session: Session, ada: Player) -> None:
    before = ada.last["serial"]
    session.act(HostAction.ANSWERS)
    session.act(HostAction.NEXT)
    assert ada.get()["page"] == "half"
    assert ada.post(before, capital="Paris")["stale"]
    assert session.table.items("response") == []
