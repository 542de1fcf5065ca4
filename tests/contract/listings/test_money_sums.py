"""The money of a run is added up from all of its payments, over every engine."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from typing import Final

import pytest

from bench.dashboard.large_run import LargeRun, write_large_run
from chalicelib.errors import Unauthorized
from chalicelib.export import rows
from chalicelib.model.run_records import BASE, BONUS, Payment
from chalicelib.model.statuses import PaymentStatus
from chalicelib.operations.management.run_progress import read_progress
from chalicelib.operations.management.run_state.money_of_run import money_of_run
from chalicelib.operations.management.run_stops import read_stops
from chalicelib.operations.payment import ledger
from chalicelib.operations.payment.ledger_sums import LedgerLine, ledger_lines
from chalicelib.operations.payment.operator_actions import STUCK_AFTER, PaymentFilter, list_payments
from chalicelib.operations.shared.context import OPERATOR_CALLER, Context
from chalicelib.services import App
from chalicelib.storage.engine import ANY, Delete, Engine, Put
from chalicelib.storage.record_mapping import ledger_line_item
from tests.contract.factories import arrived, dump, not_launched
from tests.web.clock import HandClock

#: More than the participants from whom the page Money once added up.
MANY: Final = LargeRun(participants=1_200, networks=1, nodes=1, infos=1, largest=1)


def test_the_sums_are_of_all_payments_of_a_large_run(engine: Engine) -> None:
    write_large_run(engine, MANY)
    app = not_launched(engine)
    counts: Counter[str] = Counter()
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    for payment in rows(engine, "payment"):
        counts[payment["status"]] += 1
        amounts[payment["status"]] += payment["amount"]
    assert counts == {"paid": 954, "held": 6}
    money = app.run(money_of_run, caller=OPERATOR_CALLER)
    assert {one.status: one.count for one in money.by_status if one.count} == counts
    assert {one.status: one.amount for one in money.by_status if one.count} == amounts
    assert [(one.recruiter, one.count, one.amount) for one in money.by_recruiter] == [
        ("hotair", 960, Decimal(1_440))
    ]
    assert app.run(read_progress, caller=OPERATOR_CALLER).held_payments == 6
    change(app, 1, BASE, PaymentStatus.DUE)
    assert app.run(read_stops, caller=OPERATOR_CALLER).due_payments == 1


def owe(ctx: Context, number: int, kind: str) -> None:
    ledger.record_debt(ctx, ctx.uow.participant(number), kind, Decimal("1.25"), "for the test")


def change(app: App, number: int, kind: str, *statuses: PaymentStatus) -> None:
    def record(ctx: Context) -> None:
        payment = ctx.uow.payment(number, kind)
        assert payment is not None
        for status in statuses:
            ledger.record_transition(ctx, payment, status, "for the test")

    app.run(record, caller=OPERATOR_CALLER)


def later(app: App) -> None:
    """Let so much time pass that a payment in progress is overdue."""
    clock = app.clock
    assert isinstance(clock, HandClock)
    clock.turn(seconds=STUCK_AFTER.total_seconds())


@pytest.fixture
def owing(engine: Engine) -> App:
    """Three participants with five payments."""
    app = not_launched(engine)
    app.clock = HandClock(app.clock.now())
    arrived(app, 3)
    for number, kind in ((1, BASE), (1, BONUS), (2, BASE), (3, BASE), (3, BONUS)):
        app.run(owe, number, kind, caller=OPERATOR_CALLER)
    return app


def test_a_payment_and_its_line_change_in_one_commit(engine: Engine, owing: App) -> None:
    change(owing, 1, BASE, PaymentStatus.SENDING)
    change(owing, 1, BONUS, PaymentStatus.HELD)
    change(owing, 2, BASE, PaymentStatus.SENDING, PaymentStatus.PAID)
    change(owing, 3, BASE, PaymentStatus.SENDING, PaymentStatus.REFUSED)
    payments = [
        item for number in (1, 2, 3) for item in engine.query(f"part#{number}") if item["kind"] == "payment"
    ]
    lines = {(item["pk"], item["sk"]): item for n in range(8) for item in engine.query(f"ledger#{n}")}
    assert len(lines) == 5
    for payment in payments:
        expected = ledger_line_item(payment)
        found = lines[expected["pk"], expected["sk"]]
        assert {name: value for name, value in found.items() if value is not None} == expected


def test_the_lines_say_what_the_payments_say(owing: App) -> None:
    change(owing, 1, BASE, PaymentStatus.SENDING)
    change(owing, 1, BONUS, PaymentStatus.HELD)
    later(owing)

    def both(ctx: Context) -> tuple[set[tuple[object, ...]], set[tuple[object, ...]]]:
        return (
            {
                (each.participant_id, each.kind, each.amount, str(each.status), each.recruiter, each.is_stuck)
                for each in list_payments(ctx, PaymentFilter())
            },
            {
                (each.participant_id, each.kind, each.amount, each.status, each.recruiter, each.is_stuck)
                for each in ledger_lines(ctx)
            },
        )

    entries, lines = owing.run(both, caller=OPERATOR_CALLER)
    assert entries == lines
    assert len([line for line in lines if line[-1]]) == 4


def test_payments_of_a_version_that_wrote_no_lines_are_added_up(engine: Engine, owing: App) -> None:
    def lines(ctx: Context) -> list[LedgerLine]:
        return ledger_lines(ctx)

    expected = owing.run(lines, caller=OPERATOR_CALLER)
    before = dump(engine)
    change(owing, 1, BASE, PaymentStatus.SENDING, PaymentStatus.PAID)
    changed = owing.run(lines, caller=OPERATOR_CALLER)
    assert changed != expected
    # The first one has a line of before its payment was made; the second one has none.
    for (pk, sk), item in dump(engine).items():
        if item["kind"] == "ledger_line" and item["participant_id"] == 1:
            engine.commit([Put(before[pk, sk], ANY)])
        elif item["kind"] == "ledger_line" and item["participant_id"] == 2:
            engine.commit([Delete((pk, sk), ANY)])
        elif item["kind"] == "listed" and item["id"] in (1, 2):
            earlier = {name: value for name, value in item.items() if name != "recruiter"}
            engine.commit([Put({**earlier, "v": item["v"] + 1}, item["v"])])
    assert owing.run(lines, caller=OPERATOR_CALLER) == changed


def test_a_leased_payment_is_not_overdue(owing: App) -> None:
    def stuck(ctx: Context) -> set[int]:
        return {line.participant_id for line in ledger_lines(ctx) if line.is_stuck}

    later(owing)
    assert owing.run(ledger.begin_payment, 2, BASE, caller=OPERATOR_CALLER) is not None
    assert owing.run(stuck, caller=OPERATOR_CALLER) == {1, 3}
    later(owing)
    assert owing.run(stuck, caller=OPERATOR_CALLER) == {1, 2, 3}


def test_a_payment_of_an_authors_own_code_is_added_up(owing: App) -> None:
    owing.run(lambda ctx: ctx.uow.save(Payment(2, BONUS, Decimal("0.75"))), caller=OPERATOR_CALLER)
    money = owing.run(money_of_run, caller=OPERATOR_CALLER)
    assert sum(one.count for one in money.by_status) == 6
    assert sum(one.amount for one in money.by_status) == Decimal("7.00")


def test_sums_are_refused_without_the_right_to_view(owing: App) -> None:
    with pytest.raises(Unauthorized):
        owing.run(ledger_lines)
