"""How a sum of money is written: the one place that knows currencies and their signs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Protocol

DOLLARS = "USD"
#: Currencies with a sign of their own; others are written with their code behind the amount.
SIGNS = {"USD": "$", "GBP": "£", "EUR": "€"}


class CurrencySettings(Protocol):
    """Anything that settings are read from: a run, a page that is rendered, a plain dict."""

    def get(self, key: str, default: str, /) -> Any:
        """Return a setting, or the default where it isn't set."""


def currency_of(settings: CurrencySettings) -> str:
    """Return the currency that all amounts of an experiment are in.

    Mechanical Turk pays US dollars, Prolific what `prolific_currency` says, all others what `currency` says.
    """
    recruiter = str(settings.get("recruiter", "") or "")
    if recruiter == "mturk":
        return DOLLARS
    prolific = str(settings.get("prolific_currency", "") or DOLLARS)
    if recruiter == "prolific":
        return prolific
    return str(settings.get("currency", "") or prolific)


def format_money(amount: Decimal | float, currency: str = DOLLARS, *, places: int = 2) -> str:
    """Write a sum of money: "$1,234.50", "-£0.05", "12.00 CHF"."""
    number = f"{abs(amount):,.{places}f}"
    minus = "-" if amount < 0 and float(number.replace(",", "")) else ""
    sign = SIGNS.get(currency)
    return f"{minus}{sign}{number}" if sign else f"{minus}{number} {currency}"
