"""The results of a study by item."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.access.rights import ROLES, Actor
from chalicelib.experiment.experiment import Experiment
from chalicelib.operations.listings.participant_records import list_responses
from chalicelib.operations.listings.summaries import response_results
from chalicelib.operations.listings.summaries.response_results import (
    ItemResult,
    ResponseResults,
    read_results,
)
from chalicelib.operations.shared.context import OPERATOR_CALLER, caller_of
from chalicelib.services import App
from chalicelib.storage.engine import Engine
from tests.contract.factories import not_launched
from tests.unit.export.study_runs import ADDRESS, FORMULA, a_study


@pytest.fixture
def app(sqlite: Engine) -> App:
    a_study(sqlite)
    return not_launched(sqlite, Experiment)


def results(app: App, **asked: str) -> ResponseResults:
    return app.run(read_results, caller=OPERATOR_CALLER, **asked)


def of(found: ResponseResults, item: str) -> ItemResult:
    return next(one for one in found.items if one.item == item)


def counts(result: ItemResult) -> dict[str, int]:
    return {one.value: one.count for one in result.values}


def test_each_item_says_how_often_each_answer_was_given(app: App) -> None:
    found = results(app)
    assert counts(of(found, "offer")) == {"5": 1, "0": 1}
    assert counts(of(found, "accept")) == {"yes": 1}
    assert counts(of(found, "words")) == {FORMULA: 1}
    assert found.is_partial is False
    assert found.answers == sum(one.answered for one in found.items)


def test_a_table_counts_each_of_its_rows(app: App) -> None:
    assert counts(of(results(app), "grid")) == {"a: 1": 1, "b: ": 1}


def test_grades_are_a_mean_share_of_the_points(app: App) -> None:
    offer = of(results(app), "offer")
    assert (offer.graded, offer.mean_percent) == (1, 0.25)


def test_answers_are_counted_by_condition(app: App) -> None:
    found = results(app)
    assert "colour=red" in found.conditions
    assert [one.by_condition for one in of(found, "age").values if one.value == "31"] == [
        {"colour=red": 1, "delay=5": 1}
    ]
    assert [(one.condition, one.count, one.mean) for one in of(found, "age").means] == [
        ("colour=red", 1, 31.0),
        ("delay=5", 1, 31.0),
    ]


def test_one_condition_has_the_answers_of_its_participants_only(app: App) -> None:
    assert results(app, condition="colour=none").items == []
    assert of(results(app, condition="colour=red"), "age").answered == 1


def test_an_address_is_hidden_from_those_who_may_not_view_personal_data(app: App) -> None:
    viewer = caller_of(Actor("user:vic", "Vic", ROLES["Viewer"]))
    assert ADDRESS in counts(of(results(app), "mail"))
    assert ADDRESS not in str(app.run(read_results, caller=viewer))


def test_many_different_texts_are_listed_and_many_numbers_drawn(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(response_results, "MOST_VALUES", 0)
    found = results(app)
    assert of(found, "words").texts == [FORMULA]
    assert sorted(of(found, "offer").numbers) == [0.0, 5.0]
    assert of(found, "offer").values == []


def test_results_of_the_newest_participants_say_that_there_are_more(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(response_results, "MOST_ANSWERS", 2)
    monkeypatch.setattr(response_results, "_PER_CALL", 1)
    found = results(app)
    assert (found.is_partial, found.answers) == (True, 2)


def test_a_run_without_a_study_has_no_results(sqlite: Engine) -> None:
    assert results(not_launched(sqlite, Experiment)).items == []


def test_a_number_too_large_for_a_picture_is_shown_as_text(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    row = app.run(list_responses, caller=OPERATOR_CALLER).rows[0]
    rows = [replace(row, item="huge", answer=sign * 10**400 + n) for n in range(20) for sign in (1, -1)]
    monkeypatch.setattr(response_results, "newest_answers", lambda _: (rows, False))
    huge = of(results(app), "huge")
    assert (huge.numbers, len(huge.texts)) == ([], 30)
