"""What the operator may do about a payment, and may not: release, retry, settle, list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.errors import NotFound, NotSettled
from chalicelib.messages import SendPayment, to_body
from chalicelib.model.record import iso
from chalicelib.model.statuses import PaymentStatus
from chalicelib.operations.payment import ledger, operator_actions
from chalicelib.operations.payment.operator_actions import PaymentFilter
from chalicelib.operations.shared.context import OPERATOR_CALLER, Context
from tests.web.conftest import NewWorld
from tests.web.paying_runs import Till, paying
from tests.web.world import Person

Owed = tuple[Till, Person]


@pytest.fixture
def owed(world: NewWorld) -> Owed:
    """A participant with a base payment whose status each test sets itself."""
    till = Till(world, paying())
    return till, till.finish()


def put(till: Till, person: Person, status: str, *, leased: bool = False) -> None:
    """Move the base payment to a status, and give it to a worker or take it from one."""

    def set_status(ctx: Context) -> None:
        payment = ctx.uow.payment(person.id, "base")
        assert payment is not None
        # Set directly: the table of transitions leads from paid to no other status.
        payment.status = status
        ledger.record_transition(ctx, payment, PaymentStatus(status), "for the test")
        if leased:
            payment.details = {**payment.details, ledger.LEASE_ENDS: iso(ctx.now + timedelta(minutes=1))}

    till.here.app.run(set_status)


@pytest.mark.parametrize("status", [PaymentStatus.HELD, PaymentStatus.REFUSED])
def test_a_payment_that_stopped_is_released(owed: Owed, status: str) -> None:
    till, person = owed
    put(till, person, status)
    assert (
        till.here.app.run(operator_actions.release_payment, person.id, "base", caller=OPERATOR_CALLER) is True
    )
    last = till.moves(person, "base")[-1]
    assert (last["to"], last["by"], last["why"]) == (PaymentStatus.DUE, "operator", "released")


@pytest.mark.parametrize("status", [PaymentStatus.DUE, PaymentStatus.SENDING, PaymentStatus.PAID])
def test_a_payment_that_is_on_its_way_or_done_is_not_released(owed: Owed, status: str) -> None:
    till, person = owed
    put(till, person, status)
    with till.here.unchanged():
        assert (
            till.here.app.run(operator_actions.release_payment, person.id, "base", caller=OPERATOR_CALLER)
            is False
        )


@pytest.mark.parametrize("status", [PaymentStatus.DUE, PaymentStatus.SENDING])
def test_a_payment_that_hangs_is_retried(owed: Owed, status: str) -> None:
    till, person = owed
    put(till, person, status)
    assert (
        till.here.app.run(operator_actions.retry_payment, person.id, "base", caller=OPERATOR_CALLER) is True
    )
    last = till.moves(person, "base")[-1]
    assert (last["to"], last["by"], last["why"]) == (status, "operator", "to be retried")


@pytest.mark.parametrize("status", [PaymentStatus.PAID, PaymentStatus.HELD, PaymentStatus.REFUSED])
def test_a_payment_that_is_settled_or_stopped_is_not_retried(owed: Owed, status: str) -> None:
    till, person = owed
    put(till, person, status)
    with till.here.unchanged():
        assert (
            till.here.app.run(operator_actions.retry_payment, person.id, "base", caller=OPERATOR_CALLER)
            is False
        )


@pytest.mark.parametrize("operation", [operator_actions.retry_payment, operator_actions.release_payment])
def test_a_payment_that_no_participant_owes_is_neither_retried_nor_released(
    owed: Owed, operation: Callable[..., bool]
) -> None:
    till, person = owed
    with till.here.unchanged():
        assert till.here.app.run(operation, person.id, "bonus", caller=OPERATOR_CALLER) is False


def test_a_payment_that_a_worker_has_is_not_retried(owed: Owed) -> None:
    till, person = owed
    put(till, person, PaymentStatus.SENDING, leased=True)
    with till.here.unchanged():
        assert (
            till.here.app.run(operator_actions.retry_payment, person.id, "base", caller=OPERATOR_CALLER)
            is False
        )


@pytest.mark.parametrize(
    "status", [PaymentStatus.DUE, PaymentStatus.SENDING, PaymentStatus.HELD, PaymentStatus.REFUSED]
)
def test_a_payment_found_in_the_books_is_settled(owed: Owed, status: str) -> None:
    till, person = owed
    put(till, person, status)
    assert (
        till.here.app.run(
            operator_actions.record_found_payment, person.id, "base", "found-1", caller=OPERATOR_CALLER
        )
        is True
    )
    (item,) = till.here.items("payment")
    assert (item["status"], item["recruiter_reference"]) == (PaymentStatus.PAID, "found-1")
    last = till.moves(person, "base")[-1]
    assert (last["to"], last["by"], last["why"]) == (
        PaymentStatus.PAID,
        "operator",
        "found in the recruiter's records",
    )


def test_a_payment_is_settled_once(owed: Owed) -> None:
    till, person = owed
    put(till, person, PaymentStatus.SENDING)
    till.here.app.run(
        operator_actions.record_found_payment, person.id, "base", "found-1", caller=OPERATOR_CALLER
    )
    with till.here.unchanged():
        assert (
            till.here.app.run(
                operator_actions.record_found_payment, person.id, "base", "found-2", caller=OPERATOR_CALLER
            )
            is False
        )


def test_a_payment_is_not_settled_under_a_workers_lease(owed: Owed) -> None:
    till, person = owed
    put(till, person, PaymentStatus.SENDING, leased=True)
    with till.here.unchanged():
        assert (
            till.here.app.run(
                operator_actions.record_found_payment, person.id, "base", "found-1", caller=OPERATOR_CALLER
            )
            is False
        )


def test_a_lease_ends_at_its_moment(owed: Owed) -> None:
    till, person = owed
    put(till, person, PaymentStatus.SENDING, leased=True)
    till.here.clock.turn(seconds=60)
    assert (
        till.here.app.run(
            operator_actions.record_found_payment, person.id, "base", "found-1", caller=OPERATOR_CALLER
        )
        is True
    )


def test_an_unknown_payment_is_not_settled(owed: Owed) -> None:
    till, person = owed
    assert (
        till.here.app.run(
            operator_actions.record_found_payment, person.id, "bonus", "found-1", caller=OPERATOR_CALLER
        )
        is False
    )


# -- listing ----------------------------------------------------------------------------------------


def listed(till: Till, **wanted: Any) -> list[operator_actions.PaymentEntry]:
    return till.here.app.run(operator_actions.list_payments, PaymentFilter(**wanted), caller=OPERATOR_CALLER)


def test_payments_are_listed_past_a_page(world: NewWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operator_actions, "READ_BATCH", 2)
    till = Till(world, paying(1))
    people = [till.finish().id for _ in range(5)]
    assert [(one.participant_id, one.kind) for one in listed(till)] == [
        (person, kind) for person in people for kind in ("base", "bonus")
    ]


def test_a_page_of_payments_is_read_in_one_call(world: NewWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    till = Till(world, paying())
    for _ in range(3):
        till.finish()
    calls: list[int] = []
    engine = till.here.app.store.engine  # type: ignore[attr-defined]
    get = engine.get
    monkeypatch.setattr(engine, "get", lambda keys: calls.append(len(list(keys))) or get(keys))
    listed(till)
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"kind": "base"}, [(1, "base"), (2, "base")]),
        ({"participant_id": 2}, [(2, "base"), (2, "bonus")]),
        ({"status": "paid"}, [(1, "base"), (2, "base"), (2, "bonus")]),
        ({"status": "refused"}, [(1, "bonus")]),
        ({"participant_id": 1, "kind": "bonus", "status": "refused"}, [(1, "bonus")]),
        ({"participant_id": 1, "kind": "bonus", "status": "paid"}, []),
    ],
)
def test_payments_are_narrowed(world: NewWorld, wanted: dict[str, Any], found: list[tuple[int, str]]) -> None:
    till = Till(world, paying(1))
    for _ in range(2):
        till.finish()

    def refuse(ctx: Context) -> None:
        payment = ctx.uow.payment(1, "bonus")
        assert payment is not None
        payment.status = PaymentStatus.REFUSED.value
        ledger.record_transition(ctx, payment, PaymentStatus.REFUSED, "for the test")

    till.here.app.run(refuse)
    assert [(one.participant_id, one.kind) for one in listed(till, **wanted)] == found


def test_payments_of_a_stranger_are_not_found(world: NewWorld) -> None:
    till = Till(world, paying())
    with pytest.raises(NotFound):
        listed(till, participant_id=99)


def test_an_entry_says_whose_what_why_and_since_when(owed: Owed) -> None:
    till, person = owed
    put(till, person, PaymentStatus.REFUSED)
    begun = till.here.clock.now()
    till.here.clock.turn(seconds=5)
    put(till, person, PaymentStatus.REFUSED)
    (entry,) = listed(till)
    assert (entry.participant_id, entry.worker_id, entry.recruiter) == (person.id, "w1", "vendor")
    assert (entry.status, entry.reason, entry.since) == (PaymentStatus.REFUSED, "for the test", begun)
    assert (entry.kind, entry.amount, entry.reference) == (
        "base",
        Decimal("1.50"),
        f"paid-test-{person.id}-base",
    )


@pytest.mark.parametrize(
    ("status", "leased", "minutes", "is_stuck"),
    [
        (PaymentStatus.SENDING, False, 10, True),
        (PaymentStatus.SENDING, False, 9.99, False),
        (PaymentStatus.DUE, False, 10, True),
        (PaymentStatus.PAID, False, 60, False),
        (PaymentStatus.HELD, False, 60, False),
        (PaymentStatus.REFUSED, False, 60, False),
        (PaymentStatus.SENDING, True, 0.5, False),
    ],
)
def test_a_stuck_payment_without_a_lease_is_not_settled_for_ten_minutes(
    owed: Owed, status: str, leased: bool, minutes: float, is_stuck: bool
) -> None:
    till, person = owed
    put(till, person, status, leased=leased)
    till.here.clock.turn(seconds=minutes * 60)
    (entry,) = listed(till)
    assert entry.is_stuck is is_stuck


@pytest.mark.parametrize(("reason", "shown"), [("base pay", "base pay"), (None, "")])
def test_a_payment_that_was_loaded_without_its_story_hangs_until_it_is_settled(
    owed: Owed, reason: str | None, shown: str
) -> None:
    till, person = owed

    def forget(ctx: Context) -> None:
        payment = ctx.uow.payment(person.id, "base")
        assert payment is not None
        payment.status, payment.details, payment.reason = PaymentStatus.SENDING, {}, reason

    till.here.app.run(forget)
    (entry,) = listed(till)
    assert (entry.since, entry.reason, entry.is_stuck) == (None, shown, True)


def test_a_lookup_at_the_recruiter_has_the_transfer_and_the_recruiters_state(owed: Owed) -> None:
    till, person = owed
    (question,) = till.here.app.run(
        operator_actions.list_payment_queries, PaymentFilter(), caller=OPERATOR_CALLER
    )
    assert (question.entry.participant_id, question.transfer.token, question.recruiter_state["tokens"]) == (
        person.id,
        f"test-{person.id}-base",
        question.recruiter_state["tokens"],
    )
    assert question.recruiter_state["tokens"] != []


# -- what is owed -----------------------------------------------------------------------------------


def owe(ctx: Context, person: Person, kind: str, amount: str) -> bool:
    """Whether a sum was put into the ledger."""
    participant = ctx.uow.participant(person.id)
    return ledger.record_debt(ctx, participant, kind, Decimal(amount), "for the test") is not None


def test_each_kind_is_owed_once(owed: Owed) -> None:
    till, person = owed
    with till.here.unchanged():
        assert till.here.app.run(owe, person, "base", "2.00") is False


@pytest.mark.parametrize(("amount", "expected"), [("0.00", False), ("0.01", True)])
def test_a_cent_is_owed_and_nothing_is_not(owed: Owed, amount: str, expected: bool) -> None:
    till, person = owed
    assert till.here.app.run(owe, person, "bonus", amount) is expected
    assert len(till.here.items("payment")) == (2 if expected else 1)


def test_a_held_bonus_says_why_and_that_the_platform_held_it(world: NewWorld) -> None:
    till = Till(world, paying(5), hard_cap=4)
    (move,) = till.moves(till.finish(), "bonus")
    assert (move["to"], move["by"], move["why"]) == (PaymentStatus.HELD, "petri", "hard_cap is reached")


@pytest.mark.parametrize(("cap", "status"), [(4, PaymentStatus.HELD), (40, PaymentStatus.DUE)])
def test_a_payment_records_who_recorded_it(world: NewWorld, cap: float, status: str) -> None:
    till = Till(world, paying(), hard_cap=cap)
    person = till.finish()

    def give(ctx: Context) -> None:
        ledger.record_debt(
            ctx, ctx.uow.participant(person.id), "bonus", Decimal(5), "well done", ledger.OPERATOR
        )

    till.here.app.run(give)
    (move,) = till.moves(person, "bonus")
    assert (move["to"], move["by"]) == (status, "operator")


def test_a_message_to_pay_names_the_recruiter(world: NewWorld) -> None:
    till = Till(world, paying())
    till.vendor.faults += ["unreachable"]
    till.finish()
    (message,) = [
        item["body"] for item in till.here.items("message") if item["body"]["kind"] == SendPayment.kind
    ]
    assert message["recruiter"] == "vendor"


def test_a_message_to_pay_what_was_released_leaves_the_recruiter_to_the_record(owed: Owed) -> None:
    till, person = owed
    put(till, person, PaymentStatus.HELD)
    till.here.app.run(operator_actions.release_payment, person.id, "base", caller=OPERATOR_CALLER)
    (message,) = [
        item["body"] for item in till.here.items("message") if item["body"]["kind"] == SendPayment.kind
    ]
    assert message == to_body(SendPayment(person.id, "base"))


# -- what a worker may do that comes late -------------------------------------------------------------

LATE: dict[str, Callable[[Context, Person], Any]] = {
    "settles": lambda ctx, person: ledger.settle_payment(ctx, person.id, "base", "late"),
    "refuses": lambda ctx, person: ledger.refuse_payment(ctx, person.id, "base", "no money"),
    "gives up": lambda ctx, person: ledger.record_unknown_outcome(ctx, person.id, "base", "no answer"),
    "keeps a reference": lambda ctx, person: ledger.store_reference(ctx, person.id, "base", "late"),
    "sends again": lambda ctx, person: ledger.record_resend(ctx, person.id, "base"),
    "looks again": lambda ctx, person: ledger.reschedule_payment(
        ctx, person.id, "base", NotSettled("It may be on its way.", again=ctx.now)
    ),
    "begins": lambda ctx, person: ledger.begin_payment(ctx, person.id, "base"),
}


@pytest.mark.parametrize("status", [PaymentStatus.PAID, PaymentStatus.HELD, PaymentStatus.REFUSED])
@pytest.mark.parametrize("what", LATE)
def test_a_late_worker_changes_nothing_about_what_is_settled_or_stopped(
    owed: Owed, what: str, status: str
) -> None:
    till, person = owed
    put(till, person, status)
    with till.here.unchanged():
        till.here.app.run(lambda ctx: LATE[what](ctx, person))


@pytest.mark.parametrize("what", [name for name in LATE if name != "begins"])
def test_nothing_is_recorded_about_a_payment_that_was_not_begun(owed: Owed, what: str) -> None:
    till, person = owed
    put(till, person, PaymentStatus.DUE)
    with till.here.unchanged():
        till.here.app.run(lambda ctx: LATE[what](ctx, person))


@pytest.mark.parametrize("what", LATE)
def test_nothing_is_recorded_about_an_unknown_payment(owed: Owed, what: str) -> None:
    till, _ = owed
    stranger = Person(till.here, 1, "", "", "")
    stranger.id = 99
    with till.here.unchanged():
        till.here.app.run(lambda ctx: LATE[what](ctx, stranger))


def test_a_payment_is_sent_twelve_times_at_most(owed: Owed) -> None:
    till, person = owed
    put(till, person, PaymentStatus.SENDING)
    often = [till.here.app.run(ledger.attempts_exhausted, person.id, "base")]
    for _ in range(ledger.MAX_SENDS - 1):
        till.here.app.run(ledger.record_resend, person.id, "base")
        often.append(till.here.app.run(ledger.attempts_exhausted, person.id, "base"))
    assert (often.index(True), len(often)) == (ledger.MAX_SENDS - 1, ledger.MAX_SENDS)


def test_a_payment_that_was_loaded_without_its_story_was_not_sent_too_often(owed: Owed) -> None:
    till, person = owed

    def ask(ctx: Context) -> bool:
        payment = ctx.uow.payment(person.id, "base")
        assert payment is not None
        payment.status, payment.details = PaymentStatus.SENDING, {}
        return ledger.attempts_exhausted(ctx, person.id, "base")

    assert till.here.app.run(ask) is False


def test_the_story_of_a_payment_keeps_its_beginning_and_its_end() -> None:
    moves = [{"to": str(number)} for number in range(ledger.MAX_TRANSITIONS + 5)]
    kept = [int(each["to"]) for each in ledger.truncate_transitions(moves)]
    half = ledger.MAX_TRANSITIONS // 2
    assert kept == [*range(half), *range(half + 5, ledger.MAX_TRANSITIONS + 5)]
    assert ledger.truncate_transitions(moves[: ledger.MAX_TRANSITIONS]) == moves[: ledger.MAX_TRANSITIONS]


@pytest.mark.parametrize(
    ("given", "dollars"),
    [(0, "0.00"), (0.004, "0.00"), (0.005, "0.01"), (10_000, "10000.00"), ("1.5", "1.50"), (-0.004, "0.00")],
)
def test_a_sum_is_whole_cents(given: Any, dollars: str) -> None:
    assert str(ledger.to_cents(given, "bonus()")) == dollars


@pytest.mark.parametrize("given", [-0.005, -1, 10_000.01, float("nan"), float("inf"), "much", None, object()])
def test_an_invalid_amount_is_refused(given: Any) -> None:
    with pytest.raises(ledger.ExperimentError, match=r"bonus\(\) must"):
        ledger.to_cents(given, "bonus()")
