"""Compensations, which the operator orders, and what a debt of any kind records."""

from __future__ import annotations

from decimal import Decimal

import pytest

from chalicelib.errors import BadRequest, NotFound
from chalicelib.operations.payment import ledger
from chalicelib.operations.payment.compensation import check_compensation, compensate, find_participant
from chalicelib.operations.shared.context import OPERATOR_CALLER, Context
from tests.web.conftest import NewWorld
from tests.web.paying_runs import Till, paying


@pytest.fixture
def till(world: NewWorld) -> Till:
    return Till(world, paying())


def test_a_compensation_of_one_cent_is_recorded_as_the_operators(till: Till) -> None:
    person = till.arrive()
    till.here.app.run(compensate, person.worker_id, Decimal("0.01"), caller=OPERATOR_CALLER)
    till.work()
    first = till.moves(person, "compensation")[0]
    assert (first["to"], first["by"], first["why"], first["amount"]) == (
        "due",
        "operator",
        "Compensation for your time",
        "0.01",
    )
    assert till.vendor.books == [(person.id, "compensation", Decimal("0.01"))]


def test_less_than_a_cent_is_not_a_compensation(till: Till) -> None:
    person = till.arrive()
    with pytest.raises(BadRequest, match="at least"):
        till.here.app.run(compensate, person.worker_id, Decimal("0.009"), caller=OPERATOR_CALLER)


def test_a_worker_who_took_no_part_is_not_compensated(till: Till) -> None:
    with pytest.raises(NotFound) as caught:
        till.here.app.run(check_compensation, "stranger", Decimal(1), caller=OPERATOR_CALLER)
    assert caught.value.code == "participant_not_found"
    assert till.here.app.run(find_participant, "stranger") is None


def test_a_participant_is_compensated_once(till: Till) -> None:
    person = till.arrive()
    till.here.app.run(compensate, person.worker_id, Decimal(1), caller=OPERATOR_CALLER)
    with pytest.raises(BadRequest, match="which is due"):
        till.here.app.run(compensate, person.worker_id, Decimal(2), caller=OPERATOR_CALLER)


def test_of_a_workers_participants_the_latest_is_compensated(world: NewWorld) -> None:
    till = Till(world, paying(), allow_repeat_worker_ids=True)
    people = [till.arrive(workerId="w", assignmentId=name) for name in ("a1", "a2")]
    till.here.app.run(compensate, "w", Decimal(1), caller=OPERATOR_CALLER)
    assert [till.here.owed(person) for person in people] == [{}, {"compensation": "1"}]


def test_a_debt_of_one_kind_is_recorded_once_with_its_reason(till: Till) -> None:
    person = till.arrive()

    def owe(ctx: Context, kind: str, amount: str, reason: str) -> bool:
        participant = ctx.uow.participant(person.id)
        return ledger.record_debt(ctx, participant, kind, Decimal(amount), reason) is not None

    owed = [
        till.here.app.run(owe, kind, amount, reason)
        for kind, amount, reason in (
            ("bonus", "0.50", "well done"),
            ("bonus", "0.75", "better"),
            ("base", "0.01", "base pay"),
        )
    ]
    assert owed == [True, False, True]
    kept = {item["payment_kind"]: (item["amount"], item["reason"]) for item in till.here.items("payment")}
    assert kept == {"bonus": ("0.50", "well done"), "base": ("0.01", "base pay")}


def test_base_pay_is_kept_with_the_participant(till: Till) -> None:
    person = till.finish()
    (kept,) = till.here.items("participant")
    assert (kept["id"], kept["base_pay"]) == (person.id, "1.50")
