"""Calculates Mechanical Turk's fees (see "Pricing" at mturk.com)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
RATE = Decimal("0.20")
#: From this many places on, a HIT costs the higher rate; a HIT with fewer can't grow to as many.
LARGE_HIT = 10
LARGE_HIT_RATE = Decimal("0.40")


def fee(amount: Decimal, places: int) -> Decimal:
    """Return the fee for a payment in US dollars, at least a cent each."""
    if amount <= 0:
        return Decimal(0)
    rate = LARGE_HIT_RATE if places >= LARGE_HIT else RATE
    return max(CENT, (amount * rate).quantize(CENT, ROUND_HALF_UP))
