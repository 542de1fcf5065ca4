"""How wise a crowd is, in numbers."""

from __future__ import annotations

import pytest

from demos.vox_populi.crowd import Guesses, jars_of, report_on


def guess(number: float, jar: int = 1, stage: str = "alone", *, name: str = "guess", group: int = 1) -> dict:
    values = {"value.jar": jar, "value.stage": stage, "value.guess": number, "value.truth": 100}
    return {"name": name, "network_id": group, **values}


def test_a_member_is_off_by_the_mean_of_all_errors():
    assert Guesses(100, (50, 100, 150)).error_of_a_member == pytest.approx(1 / 3)


def test_the_crowd_is_off_by_the_error_of_its_median():
    assert Guesses(100, (50, 90, 400)).error_of_the_crowd == pytest.approx(0.1)


def test_equal_guesses_have_no_spread():
    assert Guesses(100, (80, 80, 80)).spread == 0


def test_rows_of_other_kinds_do_not_count():
    assert jars_of([guess(90), guess(9000, name="chat")])[1, 1]["alone"].numbers == (90.0,)


def test_jars_and_groups_are_kept_apart():
    assert list(jars_of([guess(90), guess(80, jar=2), guess(70, group=2)])) == [(1, 1), (1, 2), (2, 1)]


def test_a_jar_without_revised_guesses_is_shown_too():
    assert list(jars_of([guess(90)])[1, 1]) == ["alone"]
    assert "Group 1, jar 1: 100 beans" in report_on([guess(90)]).html
