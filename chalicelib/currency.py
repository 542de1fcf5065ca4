"""Formats sums of money: the only module that knows currencies and their symbols."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Protocol

DOLLARS = "USD"
#: Currencies with a symbol; for all others, the currency's code follows the amount.
SIGNS = {"USD": "$", "GBP": "£", "EUR": "€"}


class CurrencySettings(Protocol):
    """Anything that settings can be read from: a run, a page being rendered, a plain dict."""

    def get(self, key: str, default: str, /) -> Any:
        """Return a setting, or the default when it isn't set."""


def currency_of(settings: CurrencySettings) -> str:
    """Return the currency of all amounts of an experiment.

    It is US dollars for Mechanical Turk, `prolific_currency` for Prolific, and otherwise `currency`.
    """
    recruiter = str(settings.get("recruiter", "") or "")
    if recruiter == "mturk":
        return DOLLARS
    prolific = str(settings.get("prolific_currency", "") or DOLLARS)
    if recruiter == "prolific":
        return prolific
    return str(settings.get("currency", "") or prolific)


def format_money(amount: Decimal | float, currency: str = DOLLARS, *, places: int = 2) -> str:
    """Format a sum of money: "$1,234.50", "-£0.05", "12.00 CHF"."""
    number = f"{abs(amount):,.{places}f}"
    minus = "-" if amount < 0 and float(number.replace(",", "")) else ""
    sign = SIGNS.get(currency)
    return f"{minus}{sign}{number}" if sign else f"{minus}{number} {currency}"
