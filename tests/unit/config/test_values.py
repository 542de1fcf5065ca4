from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.experiment.config.validation import coerce, dollars, json_list, parse

TYPES = st.sampled_from([str, int, float, bool])
capitals = st.sampled_from([str.lower, str.upper, str.title])


@given(st.integers(min_value=-(10**18), max_value=10**18))
def test_a_whole_number_is_read_back_as_written(number: int) -> None:
    assert parse(f" {number} ", int) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_read_back_as_written(number: float) -> None:
    assert parse(repr(number), float) == number


@given(st.sampled_from(["true", "yes", "on", "1"]), capitals)
def test_words_for_true_are_understood_in_any_case(word: str, write) -> None:
    assert parse(write(word), bool) is True


@given(st.sampled_from(["false", "no", "off", "0"]), capitals)
def test_words_for_false_are_understood_in_any_case(word: str, write) -> None:
    assert parse(write(word), bool) is False


@given(st.text(), TYPES)
def test_words_become_a_value_of_the_type_or_are_refused(text: str, type_: type) -> None:
    try:
        assert type(parse(text, type_)) is type_
    except ValueError as refusal:
        assert str(refusal).startswith("must be")  # noqa: PT017 - either end is right, nothing else is


@given(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.decimals(), st.binary()),
    TYPES,
)
def test_a_programs_value_becomes_one_of_the_type_or_is_refused(value: object, type_: type) -> None:
    try:
        assert type(coerce(value, type_)) is type_
    except ValueError as refusal:
        assert str(refusal).startswith("must be")  # noqa: PT017 - the same


@pytest.mark.parametrize("text", ["1.5", "1_000", "٣", "0x10", "", "9" * 5000])
def test_anything_but_a_plain_whole_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a whole number"):
        parse(text, int)


@pytest.mark.parametrize("text", ["nan", "inf", "1e999", "1,5", "one"])
def test_anything_but_a_finite_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a number"):
        parse(text, float)


def test_a_comment_behind_a_number_is_recognised_as_the_slip_it_is() -> None:
    with pytest.raises(ValueError, match="a comment needs a line of its own"):
        parse("12 # participants", int)


def test_true_is_not_taken_for_the_number_one() -> None:
    with pytest.raises(ValueError, match="must be a whole number"):
        coerce(True, int)  # noqa: FBT003 - the value itself is what is tried


def test_a_whole_number_is_welcome_where_a_float_is_expected() -> None:
    assert repr(coerce(2, float)) == "2.0"


@given(st.decimals(min_value=0, max_value=10_000, places=2))
def test_dollars_and_cents_are_allowed(amount: Decimal) -> None:
    assert dollars(float(amount)) is None


@pytest.mark.parametrize("amount", [-0.01, 0.001, 1.005])
def test_negative_amounts_and_fractions_of_a_cent_are_refused(amount: float) -> None:
    with pytest.raises(ValueError, match="US dollars"):
        dollars(amount)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_amount_is_accepted_or_refused_with_a_reason(amount: float) -> None:
    try:
        dollars(amount)
    except ValueError as refusal:
        assert "dollars" in str(refusal)  # noqa: PT017 - the same
    else:
        assert math.isclose(amount, round(amount, 2))


@pytest.mark.parametrize("text", ["", "{}", "[1", "1", "[" * 100_000])
def test_anything_but_a_json_list_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="JSON list"):
        json_list(text)
