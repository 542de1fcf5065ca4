"""Money: what the page shows, what its forms say before an action, and who may act."""

from __future__ import annotations

from decimal import Decimal

import pytest

from chalicelib.access.rights import ROLES, Actor
from chalicelib.dashboard.operation_calls import run_operation
from chalicelib.errors import Forbidden
from chalicelib.model.statuses import PaymentStatus
from chalicelib.operations.payment import ledger
from chalicelib.operations.shared.context import Context
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.experiments import Talk
from tests.web.paying_runs import Till, paying
from tests.web.world import World

HOSTILE = '<b hx-post="/dashboard/sign-out" hx-trigger="load">{{ 7 * 7 }}</b><script>alert(1)</script>'


def put(here: World, number: int, status: PaymentStatus, why: str = "for the test") -> None:
    """Set the status of a participant's base payment directly."""

    def set_status(ctx: Context) -> None:
        payment = ctx.uow.payment(number, "base")
        assert payment is not None
        payment.status = status
        ledger.record_transition(ctx, payment, status, why)

    here.app.run(set_status)


@pytest.fixture
def till(world: NewWorld) -> Till:
    """Two participants whose base pay is due and was not sent."""
    made = Till(world, paying(), hard_cap=50.0, soft_cap=20.0)
    made.finish()
    made.finish()
    return made


def test_a_run_without_payments_says_when_they_appear(world: NewWorld) -> None:
    page = DashboardBrowser(world(Talk)).open("money")
    assert "No payments yet" in page
    assert "No cap is set" in page
    assert "No compensations or bonuses by hand" in page


def test_the_page_adds_up_payments_by_status_and_shows_caps_fees_and_pay_per_hour(till: Till) -> None:
    put(till.here, 1, PaymentStatus.HELD, "the books are closed")
    money = run_operation(Actor("user:ann", "Ann", ROLES["Viewer"]), "", "money.read")
    counts = {one.status: one.count for one in money.by_status}
    assert counts[PaymentStatus.HELD] == 1
    assert sum(one.amount for one in money.by_status) == sum(one.amount for one in money.by_recruiter)
    assert [one.recruiter for one in money.by_recruiter] == ["vendor"]
    assert (money.hard_cap, money.soft_cap) == (Decimal("50.0"), Decimal("20.0"))
    browser = DashboardBrowser(till.here)
    page = browser.open("money")
    assert "the books are closed" in page
    assert "Hard cap" in page
    assert "By recruiter" in page
    assert "Spent and promised, of the cap" in browser.open("overview")


def test_what_is_held_is_shown_as_text(till: Till) -> None:
    put(till.here, 1, PaymentStatus.REFUSED, HOSTILE)
    browser = DashboardBrowser(till.here)
    for path in ("money", "money/1-base", "money/1-base/release"):
        page = browser.open(path)
        assert "&lt;b hx-post" in page, path
        assert "<b hx-post" not in page, path
        assert ">49<" not in page, path


def test_a_release_says_whom_and_how_much_it_touches_before_it_is_made(till: Till) -> None:
    put(till.here, 1, PaymentStatus.HELD)
    put(till.here, 2, PaymentStatus.REFUSED)
    browser = DashboardBrowser(till.here)
    chosen = [("ids", "1-base"), ("ids", "2-base")]
    with till.here.unchanged():
        asked = till.here.get("/dashboard/money/selected/release", chosen, headers=browser.headers)
    assert "2 payments of 2 participants, $" in asked.raw.decode()
    assert browser.press("money/selected/release", chosen).status == 303
    till.work()
    found = {(item["participant_id"], item["status"]) for item in till.here.items("payment")}
    assert {(1, "paid"), (2, "paid")} <= found


def test_a_payment_that_was_made_elsewhere_is_recorded_and_never_sent(till: Till) -> None:
    put(till.here, 1, PaymentStatus.HELD)
    browser = DashboardBrowser(till.here)
    fields = [("ids", "1-base"), ("reference", "cheque 12"), ("reason", "paid in cash")]
    with till.here.unchanged():
        assert browser.press("money/1-base/resolve", fields[:2]).status == 400
    assert browser.press("money/1-base/resolve", fields).status == 303
    page = browser.open("money/1-base", said="resolve")
    assert "cheque 12" in page
    assert "paid in cash" in page
    again = browser.press("money/1-base/resolve", fields)
    assert again.status == 409
    assert "can&#39;t be recorded as paid by hand" in again.raw.decode()


def test_bonuses_and_compensations_by_hand_are_listed_with_their_reasons(till: Till) -> None:
    admin = Actor("user:ann", "Ann", ROLES["Researcher"])
    run_operation(admin, "", "participants.bonus", id="1", amount=Decimal("0.50"), reason="found a mistake")
    page = DashboardBrowser(till.here).open("money")
    assert "found a mistake" in page.partition("Given by hand")[2]


def test_only_actors_who_may_pay_are_offered_actions_and_can_act(till: Till) -> None:
    put(till.here, 1, PaymentStatus.HELD)
    viewer = Actor("user:vic", "Vic", ROLES["Viewer"])
    for verb, more in (("release", {}), ("retry", {}), ("resolve", {"reference": "x", "reason": "y"})):
        with till.here.unchanged(), pytest.raises(Forbidden):
            run_operation(viewer, "", f"payments.{verb}", id="1-base", **more)


def test_a_form_without_the_sessions_token_changes_nothing(till: Till) -> None:
    put(till.here, 1, PaymentStatus.HELD)
    browser = DashboardBrowser(till.here)
    with till.here.unchanged():
        said = till.here.post("/dashboard/money/1-base/release", [("ids", "1-base")], headers=browser.headers)
    assert said.status == 403


@pytest.mark.parametrize(
    ("path", "status"), [("money/1-base/eat", 404), ("money/99-base", 404), ("money?status=odd", 400)]
)
def test_an_unknown_payment_action_or_status_is_refused(till: Till, path: str, status: int) -> None:
    where, _, query = path.partition("?")
    fields = dict([query.split("=")]) if query else {}
    assert (
        till.here.get(f"/dashboard/{where}", fields, headers=DashboardBrowser(till.here).headers).status
        == status
    )
