"""What Mechanical Turk charges on top (see "Pricing" at mturk.com)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
RATE = Decimal("0.20")
#: From so many places on, a HIT costs the higher rate, and only such a HIT can grow to as many or more.
LARGE_HIT = 10
LARGE_HIT_RATE = Decimal("0.40")


def fee(amount: Decimal, places: int) -> Decimal:
    """Return the fee on a payment in US dollars; at least a cent for each."""
    if amount <= 0:
        return Decimal(0)
    rate = LARGE_HIT_RATE if places >= LARGE_HIT else RATE
    return max(CENT, (amount * rate).quantize(CENT, ROUND_HALF_UP))
