"""A bulk action has an entry of the audit log before its changes, and one that says what came of them."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.access.rights import OPERATOR_ACTOR, Actor, Right
from chalicelib.dashboard.operation_calls import run_for_each
from chalicelib.operations.audit.entries import AuditEntry
from chalicelib.operations.audit.reading import list_entries
from chalicelib.operations.audit.record_change import raise_rights_version
from chalicelib.operations.audit.verification import verify
from chalicelib.operations.management import participant_actions
from chalicelib.operations.shared.context import OPERATOR_CALLER
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.experiments import Talk, with_hooks
from tests.web.world import World


@pytest.fixture
def here(world: NewWorld) -> World:
    """A run with four participants at work."""
    run = world(Talk)
    for _ in range(4):
        run.arrive()
    return run


def entries(here: World) -> list[AuditEntry]:
    """The entries of participants' releases, after all chains were found unchanged."""
    report = here.app.run(verify, here.app.seals, caller=OPERATOR_CALLER)
    assert report.findings == []
    listed = here.app.run(list_entries, caller=OPERATOR_CALLER)
    return [one.entry for one in listed if one.entry.operation == "participants.release"]


def results(here: World) -> list[tuple[tuple[tuple[str, ...], ...], dict[str, Any]]]:
    """The entries after bulk releases: the records that were changed, and the values, newest first."""
    listed = here.app.run(list_entries, caller=OPERATOR_CALLER)
    named = [one for one in listed if one.entry.operation == "participants.release (result)"]
    return [(tuple(map(tuple, one.entry.records)), one.values) for one in named]


def working(here: World) -> list[int]:
    return [item["id"] for item in here.items("participant") if "end_time" not in item]


def about(*ids: int) -> tuple[tuple[str, str], ...]:
    return tuple(("participants", str(one)) for one in ids)


def test_an_action_on_selected_participants_is_one_entry_also_when_its_form_is_sent_twice(
    here: World,
) -> None:
    browser = DashboardBrowser(here)
    form = [("ids", "1"), ("ids", "2"), ("ids", "3"), ("form", "a" * 32)]
    for _ in range(2):
        assert browser.press("participants/selected/release", form).status == 303
    assert working(here) == [4]
    assert [tuple(map(tuple, one.records)) for one in entries(here)] == [about(1, 2, 3)]
    assert results(here) == [(about(1, 2, 3), {"changed": 3, "refused": {}, "not_reached": []})]


def test_the_result_of_a_bulk_action_names_what_was_changed_and_what_was_refused(here: World) -> None:
    browser = DashboardBrowser(here)
    browser.press("participants/selected/release", [("ids", "2")])
    browser.press("participants/selected/release", [("ids", "1"), ("ids", "2"), ("ids", "99")])
    said = {"changed": 1, "refused": {"2": "invalid_state", "99": "participant_not_found"}, "not_reached": []}
    assert results(here) == [(about(1), said)]


def test_an_error_in_the_middle_of_a_bulk_action_is_in_its_result(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = participant_actions.release_with_pay

    def fails_for_two(ctx, participant_id, **how):
        if participant_id == "2":
            raise RuntimeError
        return release(ctx, participant_id, **how)

    monkeypatch.setattr(participant_actions, "release_with_pay", fails_for_two)
    with pytest.raises(RuntimeError):
        run_for_each(OPERATOR_ACTOR, "", "participants.release", ["1", "2", "3"])
    assert results(here) == [(about(1), {"changed": 1, "refused": {}, "not_reached": ["2", "3"]})]
    assert working(here) == [2, 3, 4]


def test_one_selected_participant_who_is_refused_leaves_no_entry(here: World) -> None:
    browser = DashboardBrowser(here)
    browser.press("participants/selected/release", [("ids", "1")])
    assert browser.press("participants/selected/release", [("ids", "1")]).status == 409
    assert len(entries(here)) == 1


def test_those_who_wait_are_released_with_one_entry(world: NewWorld) -> None:
    lobby = world(with_hooks(Talk, room_size=3))
    for _ in range(2):
        lobby.arrive()
    lobby.work()
    assert DashboardBrowser(lobby).press("stop/waiting/release").status == 303
    assert working(lobby) == []
    assert [tuple(map(tuple, one.records)) for one in entries(lobby)] == [about(1, 2)]


def test_a_right_that_is_taken_away_during_a_bulk_action_ends_it(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = Actor("user:ann", "Ann", frozenset({Right.VIEW, Right.PAY}))
    release = participant_actions.release_with_pay

    def then_take_the_right(ctx, participant_id, **how):
        raise_rights_version(ctx, actor.id)
        return release(ctx, participant_id, **how)

    monkeypatch.setattr(participant_actions, "release_with_pay", then_take_the_right)
    refused = run_for_each(actor, "", "participants.release", ["1", "2", "3"])
    assert [(one, refusal.code) for one, refusal in refused] == [
        ("2", "rights_changed"),
        ("3", "rights_changed"),
    ]
    assert working(here) == [2, 3, 4]
    assert [one.record_count for one in entries(here)] == [3]
    refusals = {"2": "rights_changed", "3": "rights_changed"}
    assert results(here) == [(about(1), {"changed": 1, "refused": refusals, "not_reached": []})]
