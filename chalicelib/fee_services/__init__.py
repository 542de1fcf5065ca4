"""Adapters for services that collect fees of members of classes; without one, fees are paid by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from chalicelib.ports.fee_service import FeeService

#: The values of the setting `fee_service`.
BY_HAND: Final = "hand"
STRIPE: Final = "stripe"


def build_fee_service(read: Callable[[str], Any], run_id: str) -> FeeService | None:
    """Return the service that the settings name; None when fees are paid by hand.

    `read` returns a setting by its name; `run_id` is the id of the run.
    """
    if read("fee_service") != STRIPE:
        return None
    # Lazy import: few runs collect fees.
    from .stripe_checkout import StripeCheckout

    return StripeCheckout(
        lambda: str(read("stripe_secret_key") or ""),
        lambda: str(read("stripe_webhook_secret") or ""),
        run_id,
    )
