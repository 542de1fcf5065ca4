"""How a sum of money is written, and in which currency."""

from __future__ import annotations

from decimal import Decimal

import pytest

from chalicelib.currency import currency_of, format_money


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        (Decimal("1234.5"), "USD", "$1,234.50"),
        (0.25, "GBP", "£0.25"),
        (Decimal(3), "EUR", "€3.00"),
        (12, "CHF", "12.00 CHF"),
        (Decimal("-0.05"), "GBP", "-£0.05"),
        (-0.001, "USD", "$0.00"),
    ],
)
def test_an_amount_is_written_in_its_currency(amount: Decimal, currency: str, written: str) -> None:
    assert format_money(amount, currency) == written


@pytest.mark.parametrize(
    ("settings", "currency"),
    [
        ({}, "USD"),
        ({"recruiter": "mturk", "currency": "EUR", "prolific_currency": "GBP"}, "USD"),
        ({"recruiter": "prolific", "prolific_currency": "GBP"}, "GBP"),
        ({"recruiter": "prolific", "prolific_currency": "GBP", "currency": "EUR"}, "GBP"),
        ({"recruiter": "link", "currency": "EUR"}, "EUR"),
        ({"recruiter": "hotair", "prolific_currency": "GBP"}, "GBP"),
    ],
)
def test_the_recruiter_decides_the_currency(settings: dict[str, str], currency: str) -> None:
    assert currency_of(settings) == currency
