"""Fees at Stripe: one session for each token, and only signed, fresh reports of what was paid count."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from chalicelib.errors import BadRequest, Forbidden, VendorRefused, VendorUnreachable
from chalicelib.fee_services import build_fee_service
from chalicelib.fee_services.stripe_checkout import StripeCheckout
from chalicelib.ports.fee_service import FeeReport, FeeRequest
from tests.fee_services.stripe import KEY, SECRET, Stripe, signature

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
FEE = FeeRequest(
    title="Statistics",
    amount=Decimal("12.50"),
    currency="EUR",
    reference="class-1-x",
    token="fee-1",
    run_id="run-1",
    success_address="https://x.example.org/ok",
    cancel_address="https://x.example.org/no",
)
PAID = FeeReport(
    charge="pi_cs_test_1", is_refund=False, reference="class-1-x", amount=Decimal("12.5"), currency="EUR"
)


@pytest.fixture
def stripe() -> Iterator[Stripe]:
    with Stripe.running() as running:
        yield running


def service(stripe: Stripe, key: str = KEY, secret: str = SECRET) -> StripeCheckout:
    return StripeCheckout(lambda: key, lambda: secret, "run-1", stripe.url)


def test_a_member_pays_on_stripes_page(stripe: Stripe) -> None:
    assert service(stripe).begin(FEE) == "https://checkout.example/cs_test_1"
    form = stripe.sessions["cs_test_1"]
    assert form["line_items[0][price_data][unit_amount]"] == "1250"
    assert form["line_items[0][price_data][currency]"] == "eur"
    assert form["success_url"] == "https://x.example.org/ok"


def test_a_repeat_with_the_same_token_makes_one_session(stripe: Stripe) -> None:
    assert service(stripe).begin(FEE) == service(stripe).begin(FEE)
    assert len(stripe.sessions) == 1


def test_an_amount_in_yen_has_no_hundredths(stripe: Stripe) -> None:
    service(stripe).begin(replace(FEE, amount=Decimal("1500.00"), currency="JPY"))
    assert stripe.sessions["cs_test_1"]["line_items[0][price_data][unit_amount]"] == "1500"
    body = stripe.completed("cs_test_1")
    report = service(stripe).read_webhook(signature(body, NOW), body, NOW)
    assert report is not None
    assert (report.amount, report.currency) == (Decimal(1500), "JPY")
    with pytest.raises(VendorRefused, match="smallest unit"):
        service(stripe).begin(replace(FEE, amount=Decimal("0.50"), currency="JPY"))


@pytest.mark.parametrize(
    ("currency", "units"), [("KWD", "10000"), ("UGX", "1000"), ("EUR", "1000"), ("JPY", "10")]
)
def test_an_amount_is_sent_and_read_in_the_units_of_its_currency(
    stripe: Stripe, currency: str, units: str
) -> None:
    service(stripe).begin(replace(FEE, amount=Decimal(10), currency=currency))
    assert stripe.sessions["cs_test_1"]["line_items[0][price_data][unit_amount]"] == units
    body = stripe.completed("cs_test_1")
    report = service(stripe).read_webhook(signature(body, NOW), body, NOW)
    assert report is not None
    assert report.amount == 10


def test_a_fault_that_stripe_repeats_for_the_same_key_does_not_last(stripe: Stripe) -> None:
    stripe.faults.append((500, b"{}"))
    assert service(stripe).begin(FEE).startswith("https://")


def test_a_sale_of_another_run_or_of_a_shop_is_nothing(stripe: Stripe) -> None:
    service(stripe).begin(replace(FEE, run_id="another-run"))
    for body in (stripe.completed("cs_test_1"), stripe.refunded("cs_test_1")):
        assert service(stripe).read_webhook(signature(body, NOW), body, NOW) is None
        shop = json.loads(body)
        shop["data"]["object"]["metadata"] = None
        sold = json.dumps(shop).encode()
        assert service(stripe).read_webhook(signature(sold, NOW), sold, NOW) is None


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (500, b"{}", VendorUnreachable),
        (429, b'{"error": {}}', VendorUnreachable),
        (302, b"{}", VendorUnreachable),
        (200, b"<html>", VendorUnreachable),
        (200, b"{}", VendorUnreachable),
        (200, b'{"url": "http://checkout.example/x"}', VendorUnreachable),
        (200, b"[]", VendorUnreachable),
        (400, b'{"error": {"message": "Invalid currency: xyz"}}', VendorRefused),
        (400, b"[]", VendorRefused),
    ],
)
def test_an_answer_without_a_page_is_an_error(
    stripe: Stripe, status: int, body: bytes, error: type[Exception]
) -> None:
    stripe.faults += [(status, body), (status, body)]
    with pytest.raises(error):
        service(stripe).begin(FEE)


def test_a_wrong_key_is_named_and_not_shown(stripe: Stripe) -> None:
    with pytest.raises(VendorRefused) as caught:
        service(stripe, key="sk_live_wrong").begin(FEE)
    assert "stripe_secret_key" in str(caught.value)
    assert "wrong" not in str(caught.value)
    with pytest.raises(VendorRefused, match="stripe_secret_key isn't set"):
        service(stripe, key="").begin(FEE)


@pytest.mark.parametrize("kind", ["completed", "async_payment_succeeded"])
def test_a_signed_report_says_who_paid(stripe: Stripe, kind: str) -> None:
    service(stripe).begin(FEE)
    body = stripe.completed("cs_test_1", kind=kind)
    assert service(stripe).read_webhook(signature(body, NOW), body, NOW) == PAID


def test_a_payment_under_way_is_not_paid(stripe: Stripe) -> None:
    service(stripe).begin(FEE)
    body = stripe.completed("cs_test_1", status="unpaid")
    assert service(stripe).read_webhook(signature(body, NOW), body, NOW) is None


def test_a_refund_names_its_charge_when_it_is_whole(stripe: Stripe) -> None:
    service(stripe).begin(FEE)
    body = stripe.refunded("cs_test_1")
    report = service(stripe).read_webhook(signature(body, NOW), body, NOW)
    assert report is not None
    assert (report.is_refund, report.charge) == (True, PAID.charge)
    part = stripe.refunded("cs_test_1", whole=False)
    assert service(stripe).read_webhook(signature(part, NOW), part, NOW) is None


def test_a_report_about_something_else_is_nothing(stripe: Stripe) -> None:
    body = json.dumps({"type": "customer.created", "data": {"object": {}}}).encode()
    assert service(stripe).read_webhook(signature(body, NOW), body, NOW) is None


def forged(body: bytes) -> list[tuple[dict[str, str], bytes]]:
    """Return webhooks that aren't what Stripe has signed."""
    right = signature(body, NOW)["Stripe-Signature"]
    stamp, mark, _ = right.split(",")
    return [
        ({}, body),
        ({"Stripe-Signature": ""}, body),
        (signature(body, NOW, secret="whsec_other"), body),
        (signature(body, NOW), body.replace(b"1250", b"1")),
        (signature(body, NOW - timedelta(minutes=6)), body),
        (signature(body, NOW + timedelta(minutes=6)), body),
        (signature(body, NOW, timestamp="-1"), body),
        (signature(body, NOW, timestamp="9" * 40), body),
        (signature(body, NOW, timestamp="٣"), body),
        ({"Stripe-Signature": mark}, body),
        ({"Stripe-Signature": f"{stamp},v0={mark[3:]}"}, body),
        ({"Stripe-Signature": f"t=1,{right}"}, body),
        ({"Stripe-Signature": f"{stamp},v1=é"}, body),
    ]


@pytest.mark.parametrize("which", range(13))
def test_a_report_that_stripe_has_not_signed_just_now_is_refused(stripe: Stripe, which: int) -> None:
    service(stripe).begin(FEE)
    headers, body = forged(stripe.completed("cs_test_1"))[which]
    with pytest.raises(Forbidden):
        service(stripe).read_webhook(headers, body, NOW)


def test_without_a_secret_no_report_is_accepted(stripe: Stripe) -> None:
    service(stripe).begin(FEE)
    body = stripe.completed("cs_test_1")
    with pytest.raises(Forbidden):
        service(stripe, secret="").read_webhook(signature(body, NOW, secret=""), body, NOW)


def test_one_of_two_signatures_is_enough_while_the_secret_is_replaced(stripe: Stripe) -> None:
    service(stripe).begin(FEE)
    body = stripe.completed("cs_test_1")
    stamp, mark, _ = signature(body, NOW)["Stripe-Signature"].split(",")
    both = {"stripe-signature": f"{stamp},v1={'0' * 64},{mark}"}
    assert service(stripe).read_webhook(both, body, NOW) == PAID


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"null", b'{"type": "charge.refunded", "data": {}}', b"[" * 5000]
)
def test_a_signed_message_without_an_event_is_refused(stripe: Stripe, body: bytes) -> None:
    with pytest.raises(BadRequest):
        service(stripe).read_webhook(signature(body, NOW), body, NOW)


def test_without_a_service_fees_are_paid_by_hand() -> None:
    assert build_fee_service({"fee_service": ""}.get, "run-1") is None
    assert isinstance(build_fee_service({"fee_service": "stripe"}.get, "run-1"), StripeCheckout)
