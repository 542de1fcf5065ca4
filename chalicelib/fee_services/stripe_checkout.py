"""Collects fees with Stripe Checkout.

Sources: docs.stripe.com, "Checkout Sessions" and "Idempotent requests" (API), "Zero-decimal currencies",
"Fulfill orders" (`checkout.session.completed` with `payment_status` paid, or
`checkout.session.async_payment_succeeded`), "Verify webhook signatures manually" (HMAC-SHA256 over timestamp
and body, five minutes).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from chalicelib.errors import BadRequest, Forbidden, VendorRefused, VendorUnreachable
from chalicelib.ports.fee_service import FeeReport, FeeRequest

if TYPE_CHECKING:
    from requests import Response

API: Final = "https://api.stripe.com"
SIGNATURE: Final = "stripe-signature"
#: How old a webhook may be; Stripe signs each delivery again, so an older one is a replay.
FRESH: Final = timedelta(minutes=5)
#: Seconds to connect and to wait for a response, while a member waits.
TIMEOUT: Final = (3.0, 15.0)
#: Amounts in these currencies are in whole units, in the next ones in thousandths, in others in hundredths.
ZERO_DECIMAL: Final = frozenset(
    (
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "JPY",
        "KMF",
        "KRW",
        "MGA",
        "PYG",
        "RWF",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    )
)
THREE_DECIMAL: Final = frozenset(("BHD", "JOD", "KWD", "OMR", "TND"))
_PAID_EVENTS: Final = ("checkout.session.completed", "checkout.session.async_payment_succeeded")
_REFUNDED: Final = "charge.refunded"
_PAID: Final = "paid"
_MAX_TITLE: Final = 200
_SHOWN: Final = 300
_OK, _UNAUTHORIZED, _TOO_MANY, _SERVER_ERROR = 200, 401, 429, 500


class StripeCheckout:
    """Collects fees on Stripe's page for one account. A repeat with the same token makes one session."""

    def __init__(
        self,
        secret_key: Callable[[], str],
        webhook_secret: Callable[[], str],
        run_id: str,
        api: str = "",
        timeout: tuple[float, float] = TIMEOUT,
    ) -> None:
        """`secret_key` and `webhook_secret` return the account's secrets; they are read when needed.

        `run_id`: the run whose payments are reported; an account may serve other runs, and sell other things.
        `api`: the base address; Stripe's own by default. `timeout`: seconds to connect and to read.
        """
        self._secret_key = secret_key
        self._webhook_secret = webhook_secret
        self._run_id = run_id
        self._api = (api or API).rstrip("/")
        self._timeout = timeout

    def __repr__(self) -> str:
        return f"<StripeCheckout {self._api}>"

    def begin(self, fee: FeeRequest) -> str:
        """Open a Checkout Session and return its address."""
        import requests

        key = self._secret_key()
        if not key:
            raise VendorRefused("stripe_secret_key isn't set. Copy it from Stripe: Developers, API keys.")
        try:
            response = self._post(key, fee, fee.token)
            if response.status_code >= _SERVER_ERROR:
                # Stripe answers a repeat with the same key with the same error.
                response = self._post(key, fee, f"{fee.token}-2")
            body = response.json()
        except requests.RequestException as error:
            raise VendorUnreachable(f"Stripe didn't answer ({type(error).__name__}). Try again.") from error
        if response.status_code != _OK:
            raise _refusal(response.status_code, body)
        address = body.get("url") if isinstance(body, dict) else None
        if not isinstance(address, str) or not address.startswith("https://"):
            raise VendorUnreachable("Stripe's answer has no address of a page for paying. Try again.")
        return address

    def _post(self, key: str, fee: FeeRequest, token: str) -> Response:
        import requests

        return requests.post(
            f"{self._api}/v1/checkout/sessions",
            data=_form(fee),
            headers={"Authorization": f"Bearer {key}", "Idempotency-Key": token},
            timeout=self._timeout,
            allow_redirects=False,
        )

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> FeeReport | None:
        """Verify a webhook and return its report; None for one about something else."""
        secret = self._webhook_secret()
        lowered = {name.lower(): value for name, value in headers.items()}
        if not secret or not is_signed(secret, lowered.get(SIGNATURE, ""), body, now):
            raise Forbidden("This message isn't signed by Stripe.", code="unverified_sender")
        try:
            event = json.loads(body)
            return _report(str(event["type"]), event["data"]["object"], self._run_id)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise BadRequest("This isn't an event of Stripe.", code="invalid_webhook") from error


def is_signed(secret: str, header: str, body: bytes, now: datetime) -> bool:
    """Whether a webhook was signed with the secret within the last five minutes.

    `header`: `Stripe-Signature`, such as `t=1700000000,v1=5257a8...`; it has several signatures while the
    secret is being replaced.
    """
    parts = [part.partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name.strip() == "t"]
    signatures = [value.strip().encode() for name, _, value in parts if name.strip() == "v1"]
    if len(times) != 1 or not times[0].isascii() or not times[0].isdecimal():
        return False
    try:
        sent = datetime.fromtimestamp(int(times[0]), UTC)
    except (ValueError, OverflowError, OSError):
        return False
    expected = hmac.new(secret.encode(), times[0].encode() + b"." + body, hashlib.sha256).hexdigest().encode()
    is_right = any(hmac.compare_digest(expected, each) for each in signatures)
    return is_right and abs(now - sent) <= FRESH


def _form(fee: FeeRequest) -> dict[str, str]:
    price = "line_items[0][price_data]"
    return {
        "mode": "payment",
        "client_reference_id": fee.reference,
        "metadata[petri]": fee.run_id,
        "payment_intent_data[metadata][petri]": fee.run_id,
        "success_url": fee.success_address,
        "cancel_url": fee.cancel_address,
        "line_items[0][quantity]": "1",
        f"{price}[currency]": fee.currency.lower(),
        f"{price}[unit_amount]": str(_in_units(fee.amount, fee.currency)),
        f"{price}[product_data][name]": fee.title[:_MAX_TITLE],
    }


def _in_units(amount: Decimal, currency: str) -> int:
    """Return an amount in the currency's smallest unit; VendorRefused for a part of one."""
    units = amount * _units_in(currency)
    if units != units.to_integral_value():
        raise VendorRefused(f"{amount} {currency} isn't a whole number of the currency's smallest unit.")
    return int(units)


def _from_units(units: int, currency: str) -> Decimal:
    return Decimal(units) / _units_in(currency)


def _units_in(currency: str) -> int:
    """Return how many of the smallest units, as Stripe counts them, one unit of a currency has."""
    code = currency.upper()
    return 1 if code in ZERO_DECIMAL else 1000 if code in THREE_DECIMAL else 100


def _report(event_type: str, found: Mapping[str, Any], run_id: str) -> FeeReport | None:
    if (found.get("metadata") or {}).get("petri") != run_id:
        return None
    if event_type in _PAID_EVENTS and found["payment_status"] == _PAID and found["payment_intent"]:
        currency = str(found["currency"]).upper()
        return FeeReport(
            charge=str(found["payment_intent"]),
            is_refund=False,
            reference=str(found["client_reference_id"] or ""),
            amount=_from_units(int(found["amount_total"]), currency),
            currency=currency,
        )
    if event_type == _REFUNDED and found["refunded"] is True and found["payment_intent"]:
        currency = str(found["currency"]).upper()
        return FeeReport(
            charge=str(found["payment_intent"]),
            is_refund=True,
            reference="",
            amount=_from_units(int(found["amount_refunded"]), currency),
            currency=currency,
        )
    return None


def _refusal(status: int, body: Any) -> VendorRefused | VendorUnreachable:
    if status == _TOO_MANY or status >= _SERVER_ERROR or status < _OK + 200:
        return VendorUnreachable(f"Stripe can't open a payment at this moment ({status}). Try again.")
    error = body.get("error") if isinstance(body, dict) else None
    said = " ".join(str(error.get("message", "")).split())[:_SHOWN] if isinstance(error, dict) else ""
    if status == _UNAUTHORIZED:
        # Stripe's message repeats a part of the key.
        return VendorRefused("Stripe refuses stripe_secret_key. Copy it again from Stripe.")
    return VendorRefused(f"Stripe refused: {said or f'status {status}'}")
