"""How wise a crowd is, in numbers."""

from __future__ import annotations

import pytest

from demos.vox_populi.crowd import Guesses, jars_of


def guess(
    contents: str, jar: str = "1", stage: str = "alone", *, failed: bool = False, network: int = 1
) -> dict:
    return {
        "type": "estimate",
        "network_id": network,
        "contents": contents,
        "failed": failed,
        "property1": jar,
        "property2": stage,
        "property3": "100",
    }


def test_a_member_is_off_by_the_mean_of_all_errors():
    assert Guesses(100, (50, 100, 150)).error_of_a_member == pytest.approx(1 / 3)


def test_the_crowd_is_off_by_the_error_of_its_median():
    assert Guesses(100, (50, 90, 400)).error_of_the_crowd == pytest.approx(0.1)


def test_equal_guesses_have_no_spread():
    assert Guesses(100, (80, 80, 80)).spread == 0


def test_failed_guesses_do_not_count():
    (jar,) = jars_of([guess("90"), guess("9000", failed=True)])
    assert jar.alone.numbers == (90.0,)


def test_jars_and_groups_are_kept_apart():
    found = jars_of([guess("90"), guess("80", jar="2"), guess("70", network=2)])
    assert [(jar.group, jar.number) for jar in found] == [(1, 1), (1, 2), (2, 1)]


def test_a_jar_without_revised_guesses_is_shown_too():
    (jar,) = jars_of([guess("90")])
    assert jar.together is None
