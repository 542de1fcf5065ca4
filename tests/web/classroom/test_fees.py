"""Members pay the fee of their class at Stripe; only its signed reports count, each charge once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import pytest

from chalicelib.operations.classes.class_records import create_class
from chalicelib.operations.classes.class_settings import ClassSettings
from chalicelib.operations.classes.manage_classes import change_class
from chalicelib.operations.classes.manage_members import remove_member
from chalicelib.operations.shared.context import OPERATOR_CALLER, Context
from chalicelib.study.classes.study_class import StudyClass
from petri.study import End, Form, Study, number
from tests.fee_services.stripe import KEY, SECRET, Stripe, signature
from tests.study.studies import OpenStudy, open_study
from tests.web.world import Said, World

__all__ = ["open_study"]


class Course(Study):
    """One question."""

    half = number("What is half of ten?", right=5)
    timeline = (Form("half", ask="half"), End())


@dataclass
class Till:
    """A class with a fee, one member of it, and the service."""

    here: World
    stripe: Stripe
    seat: str
    link: str
    fee_page: dict[str, str]

    def pay(self) -> Said:
        return self.here.post("/join/fee", self.fee_page)

    def pay_address(self) -> str:
        """Press the button, and return the address of the link that follows."""
        said = self.pay()
        assert said.status == 200, said
        [address] = re.findall(r'href="(https://[^"]*)"', said.raw.decode())
        return unescape(address)

    def shown(self, **more: str) -> str:
        said = self.here.get("/join/fee", {**self.fee_page, **more})
        assert said.status == 200, said
        return said.raw.decode()

    def report(self, body: bytes, *, headers: dict[str, str] | None = None) -> Said:
        sent = signature(body, self.here.clock.now()) if headers is None else headers
        return self.here.post_json("/join/fee/stripe", body, headers=sent)

    def begin(self) -> Said:
        query = dict(parse_qsl(urlsplit(self.link).query))
        names = ("workerId", "hitId", "assignmentId", "entry", "mode", "recruiter")
        return self.here.post("/participant", {name: query[name] for name in names})

    @property
    def sent(self) -> list[str]:
        kept = [item for item in self.here.items("message") if item["body"]["kind"] == "notify_operator"]
        return [json.dumps(item["body"]) for item in kept]

    def member(self) -> dict[str, object]:
        [found] = self.here.items("class_member")
        return dict(found)


@pytest.fixture
def stripe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stripe]:
    with Stripe.running() as running:
        monkeypatch.setattr("chalicelib.fee_services.stripe_checkout.API", running.url)
        yield running


def a_class(ctx: Context) -> StudyClass:
    return create_class(ctx, StudyClass(0, "Statistics", "", fee="12.50"))


@pytest.fixture
def till(open_study: OpenStudy, stripe: Stripe) -> Till:
    here = open_study(
        Course,
        mode="live",
        recruiter="link",
        mailer="log",
        currency="EUR",
        fee_service="stripe",
        stripe_secret_key=KEY,
        stripe_webhook_secret=SECRET,
    )
    code = here.app.run(a_class, caller=OPERATOR_CALLER).join_code
    said = here.post("/join/class", {"code": code, "name": "Ada", "email": "ada@example.org"})
    page = unescape(said.raw.decode())
    assert "Pay €12.50" in page
    [link] = re.findall(r'value="(http[^"]*workerId=[^"]*)"', page)
    [address] = re.findall(r'href="([^"]*/join/fee[^"]*)"', page)
    [member] = here.items("class_member")
    return Till(here, stripe, str(member["seat"]), link, dict(parse_qsl(urlsplit(address).query)))


def test_a_member_pays_and_can_begin(till: Till) -> None:
    refused = till.begin()
    assert (refused.status, refused.code) == (403, "class_fee_unpaid")
    assert "/join/fee?" in str(refused["error_text"])
    assert till.pay_address() == "https://checkout.example/cs_test_1"
    assert "isn&#39;t confirmed yet" in till.shown(paid="1")
    assert till.report(till.stripe.completed("cs_test_1")).status == 200
    assert till.member()["fee_paid"] == "pi_cs_test_1"
    assert "You can begin" in till.shown()
    assert till.begin().status == 200


def test_a_report_that_comes_again_changes_nothing(till: Till) -> None:
    till.pay()
    for _ in range(3):
        assert till.report(till.stripe.completed("cs_test_1")).status == 200
    assert len(till.here.items("class_charge")) == 1
    assert till.sent == []


def test_pressing_twice_opens_one_payment(till: Till) -> None:
    assert till.pay_address() == till.pay_address()


@pytest.mark.parametrize("headers", [{}, {"Stripe-Signature": "t=1,v1=00"}])
def test_a_report_that_stripe_has_not_signed_is_refused(till: Till, headers: dict[str, str]) -> None:
    till.pay()
    said = till.report(till.stripe.completed("cs_test_1"), headers=headers)
    assert (said.status, said.code) == (403, "unverified_sender")
    assert not till.member().get("fee_paid")


def test_a_report_to_a_run_without_a_service_is_refused(open_study: OpenStudy) -> None:
    here = open_study(Course, mode="live", recruiter="link", mailer="log")
    assert here.post_json("/join/fee/stripe", {}).status == 403


def test_a_fee_that_was_paid_back_is_owed_again(till: Till) -> None:
    till.pay()
    till.report(till.stripe.completed("cs_test_1"))
    for _ in range(2):
        assert till.report(till.stripe.refunded("cs_test_1")).status == 200
    assert not till.member().get("fee_paid")
    [charge] = till.here.items("class_charge")
    assert charge["refunded"]
    assert till.report(till.stripe.completed("cs_test_1")).status == 200
    assert not till.member().get("fee_paid")
    assert till.pay_address() == "https://checkout.example/cs_test_2"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"client_reference_id": "class-9-nobody"}, "no member of a class"),
        ({"line_items[0][price_data][unit_amount]": "1"}, "the fee of class 1 is 12.50 EUR"),
        ({"line_items[0][price_data][currency]": "usd"}, "the fee of class 1 is 12.50 EUR"),
    ],
)
def test_the_operator_gets_a_notice_of_a_payment_that_does_not_fit(
    till: Till, changed: dict[str, str], why: str
) -> None:
    till.pay()
    till.stripe.sessions["cs_test_1"] |= changed
    assert till.report(till.stripe.completed("cs_test_1")).status == 200
    assert not till.member().get("fee_paid")
    [notice] = till.sent
    assert why in notice


def test_the_operator_gets_a_notice_of_a_second_payment(till: Till) -> None:
    till.pay()
    till.stripe.sessions["cs_test_2"] = till.stripe.sessions["cs_test_1"]
    till.report(till.stripe.completed("cs_test_1"))
    till.report(till.stripe.completed("cs_test_2"))
    assert till.member()["fee_paid"] == "pi_cs_test_1"
    [notice] = till.sent
    assert "was paid before" in notice
    assert "Ada" not in notice


def test_the_page_shows_that_a_service_is_away(till: Till) -> None:
    till.stripe.faults += [(500, b"{}"), (500, b"{}")]
    said = till.pay()
    assert said.status == 502
    assert b"Try again in a minute" in said.raw
    assert till.pay_address()


def test_a_payment_whose_refund_was_reported_first_does_not_count(till: Till) -> None:
    till.pay()
    assert till.report(till.stripe.refunded("cs_test_1")).status == 200
    assert till.report(till.stripe.completed("cs_test_1")).status == 200
    assert not till.member().get("fee_paid")


def test_a_class_that_was_renamed_meanwhile_is_paid_as_well(till: Till) -> None:
    till.pay()
    till.here.app.run(change_class, 1, ClassSettings(name="Statistics II"), caller=OPERATOR_CALLER)
    assert till.pay_address() == "https://checkout.example/cs_test_2"


def test_another_members_fee_cannot_be_looked_at(till: Till) -> None:
    for changed in ({"key": "forged"}, {"key": ""}, {"seat": "class-1-other"}, {"seat": "x"}):
        said = till.here.get("/join/fee", {**till.fee_page, **changed})
        assert said.status == 403
        assert b"This address is incomplete" in said.raw


def test_a_removed_member_pays_nothing(till: Till) -> None:
    till.here.app.run(remove_member, till.seat, caller=OPERATOR_CALLER)
    assert till.pay().status == 403
    assert till.stripe.sessions == {}


def test_by_hand_no_page_for_paying_is_named(open_study: OpenStudy) -> None:
    here = open_study(Course, mode="live", recruiter="link", mailer="log", currency="EUR")
    code = here.app.run(a_class, caller=OPERATOR_CALLER).join_code
    said = here.post("/join/class", {"code": code, "name": "Ada", "email": "ada@example.org"})
    assert b"/join/fee" not in said.raw
    assert b"as your instructor has told you" in said.raw
