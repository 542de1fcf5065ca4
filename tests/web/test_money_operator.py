"""What the operator may do about a payment, and may not: release, retry, settle, list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.messages import SendPayment, to_body
from chalicelib.model.errors import NotFound, NotSettled
from chalicelib.model.record import iso
from chalicelib.model.reports import DUE, HELD, PAID, REFUSED, SENDING
from chalicelib.operations import money, payments
from chalicelib.operations.payments import Wanted
from chalicelib.operations.unit import Unit
from tests.web.conftest import NewWorld
from tests.web.money import Till, paying
from tests.web.world import Person

Owed = tuple[Till, Person]


@pytest.fixture
def owed(world: NewWorld) -> Owed:
    """A participant with a base payment whose status each test sets itself."""
    till = Till(world, paying())
    return till, till.finish()


def put(till: Till, person: Person, status: str, *, leased: bool = False) -> None:
    """Move the base payment to a status, and give it to a worker or take it from one."""

    def set_status(unit: Unit) -> None:
        payment = unit.work.payment(person.id, "base")
        assert payment is not None
        money.move(unit, payment, status, "for the test")
        if leased:
            payment.details = {**payment.details, money.LEASE_ENDS: iso(unit.now + timedelta(minutes=1))}

    till.here.app.run(set_status)


@pytest.mark.parametrize("status", [HELD, REFUSED])
def test_a_payment_that_stopped_is_released(owed: Owed, status: str) -> None:
    till, person = owed
    put(till, person, status)
    assert till.here.app.run(payments.release_payment, person.id, "base") is True
    last = till.moves(person, "base")[-1]
    assert (last["to"], last["by"], last["why"]) == (DUE, "operator", "released")


@pytest.mark.parametrize("status", [DUE, SENDING, PAID])
def test_a_payment_that_is_on_its_way_or_done_is_not_released(owed: Owed, status: str) -> None:
    till, person = owed
    put(till, person, status)
    with till.here.unchanged():
        assert till.here.app.run(payments.release_payment, person.id, "base") is False


@pytest.mark.parametrize("status", [DUE, SENDING])
def test_a_payment_that_hangs_is_retried(owed: Owed, status: str) -> None:
    till, person = owed
    put(till, person, status)
    assert till.here.app.run(payments.retry_payment, person.id, "base") is True
    last = till.moves(person, "base")[-1]
    assert (last["to"], last["by"], last["why"]) == (status, "operator", "to be tried again")


@pytest.mark.parametrize("status", [PAID, HELD, REFUSED])
def test_a_payment_that_is_settled_or_stopped_is_not_retried(owed: Owed, status: str) -> None:
    till, person = owed
    put(till, person, status)
    with till.here.unchanged():
        assert till.here.app.run(payments.retry_payment, person.id, "base") is False


@pytest.mark.parametrize("operation", [payments.retry_payment, payments.release_payment])
def test_a_payment_that_nobody_owes_is_neither_retried_nor_released(
    owed: Owed, operation: Callable[..., bool]
) -> None:
    till, person = owed
    with till.here.unchanged():
        assert till.here.app.run(operation, person.id, "bonus") is False


def test_a_payment_that_a_worker_has_is_not_retried(owed: Owed) -> None:
    till, person = owed
    put(till, person, SENDING, leased=True)
    with till.here.unchanged():
        assert till.here.app.run(payments.retry_payment, person.id, "base") is False


@pytest.mark.parametrize("status", [DUE, SENDING, HELD, REFUSED])
def test_a_payment_found_in_the_books_is_settled(owed: Owed, status: str) -> None:
    till, person = owed
    put(till, person, status)
    assert till.here.app.run(payments.settle_found, person.id, "base", "found-1") is True
    (item,) = till.here.items("payment")
    assert (item["status"], item["recruiter_reference"]) == (PAID, "found-1")
    last = till.moves(person, "base")[-1]
    assert (last["to"], last["by"], last["why"]) == (PAID, "operator", "found in the recruiter's books")


def test_a_payment_is_settled_once(owed: Owed) -> None:
    till, person = owed
    put(till, person, SENDING)
    till.here.app.run(payments.settle_found, person.id, "base", "found-1")
    with till.here.unchanged():
        assert till.here.app.run(payments.settle_found, person.id, "base", "found-2") is False


def test_a_payment_is_not_settled_under_a_workers_lease(owed: Owed) -> None:
    till, person = owed
    put(till, person, SENDING, leased=True)
    with till.here.unchanged():
        assert till.here.app.run(payments.settle_found, person.id, "base", "found-1") is False


def test_a_lease_ends_at_its_moment(owed: Owed) -> None:
    till, person = owed
    put(till, person, SENDING, leased=True)
    till.here.clock.turn(seconds=60)
    assert till.here.app.run(payments.settle_found, person.id, "base", "found-1") is True


def test_what_nobody_owes_is_not_settled(owed: Owed) -> None:
    till, person = owed
    assert till.here.app.run(payments.settle_found, person.id, "bonus", "found-1") is False


# -- listing ----------------------------------------------------------------------------------------


def listed(till: Till, **wanted: Any) -> list[payments.Entry]:
    return till.here.app.run(payments.list_payments, Wanted(**wanted))


def test_payments_are_listed_past_a_page(world: NewWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payments, "AT_ONCE", 2)
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

    def refuse(unit: Unit) -> None:
        payment = unit.work.payment(1, "bonus")
        assert payment is not None
        money.move(unit, payment, REFUSED, "for the test")

    till.here.app.run(refuse)
    assert [(one.participant_id, one.kind) for one in listed(till, **wanted)] == found


def test_payments_of_a_stranger_are_not_found(world: NewWorld) -> None:
    till = Till(world, paying())
    with pytest.raises(NotFound):
        listed(till, participant_id=99)


def test_an_entry_says_whose_what_why_and_since_when(owed: Owed) -> None:
    till, person = owed
    put(till, person, REFUSED)
    begun = till.here.clock.now()
    till.here.clock.turn(seconds=5)
    put(till, person, REFUSED)
    (entry,) = listed(till)
    assert (entry.participant_id, entry.worker_id, entry.recruiter) == (person.id, "w1", "vendor")
    assert (entry.status, entry.reason, entry.since) == (REFUSED, "for the test", begun)
    assert (entry.kind, entry.amount, entry.reference) == (
        "base",
        Decimal("1.50"),
        f"paid-test-{person.id}-base",
    )


@pytest.mark.parametrize(
    ("status", "leased", "minutes", "hangs"),
    [
        (SENDING, False, 10, True),
        (SENDING, False, 9.99, False),
        (DUE, False, 10, True),
        (PAID, False, 60, False),
        (HELD, False, 60, False),
        (REFUSED, False, 60, False),
        (SENDING, True, 0.5, False),
    ],
)
def test_what_hangs_is_not_settled_for_ten_minutes_and_nobody_is_at_it(
    owed: Owed, status: str, leased: bool, minutes: float, hangs: bool
) -> None:
    till, person = owed
    put(till, person, status, leased=leased)
    till.here.clock.turn(seconds=minutes * 60)
    (entry,) = listed(till)
    assert entry.hangs is hangs


@pytest.mark.parametrize(("reason", "shown"), [("base pay", "base pay"), (None, "")])
def test_a_payment_that_was_loaded_without_its_story_hangs_until_it_is_settled(
    owed: Owed, reason: str | None, shown: str
) -> None:
    till, person = owed

    def forget(unit: Unit) -> None:
        payment = unit.work.payment(person.id, "base")
        assert payment is not None
        payment.status, payment.details, payment.reason = SENDING, {}, reason

    till.here.app.run(forget)
    (entry,) = listed(till)
    assert (entry.since, entry.reason, entry.hangs) == (None, shown, True)


def test_a_question_to_the_recruiter_carries_the_transfer_and_the_facts(owed: Owed) -> None:
    till, person = owed
    (question,) = till.here.app.run(payments.list_questions, Wanted())
    assert (question.entry.participant_id, question.transfer.token, question.facts["tokens"]) == (
        person.id,
        f"test-{person.id}-base",
        question.facts["tokens"],
    )
    assert question.facts["tokens"] != []


# -- what is owed -----------------------------------------------------------------------------------


def owe(unit: Unit, person: Person, kind: str, amount: str) -> bool:
    """Whether a sum was put into the ledger."""
    participant = unit.work.participant(person.id)
    return money.owe(unit, participant, kind, Decimal(amount), "for the test") is not None


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
    assert (move["to"], move["by"], move["why"]) == (HELD, "petri", "hard_cap is reached")


@pytest.mark.parametrize(("cap", "status"), [(4, HELD), (40, DUE)])
def test_what_is_owed_says_whose_word_that_was(world: NewWorld, cap: float, status: str) -> None:
    till = Till(world, paying(), hard_cap=cap)
    person = till.finish()

    def give(unit: Unit) -> None:
        money.owe(unit, unit.work.participant(person.id), "bonus", Decimal(5), "well done", money.OPERATOR)

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
    put(till, person, HELD)
    till.here.app.run(payments.release_payment, person.id, "base")
    (message,) = [
        item["body"] for item in till.here.items("message") if item["body"]["kind"] == SendPayment.kind
    ]
    assert message == to_body(SendPayment(person.id, "base"))


# -- what a worker may do that comes late -------------------------------------------------------------

LATE: dict[str, Callable[[Unit, Person], Any]] = {
    "settles": lambda unit, person: money.settle_payment(unit, person.id, "base", "late"),
    "refuses": lambda unit, person: money.refuse_payment(unit, person.id, "base", "no money"),
    "gives up": lambda unit, person: money.give_up_for_now(unit, person.id, "base", "no answer"),
    "keeps a reference": lambda unit, person: money.keep_reference(unit, person.id, "base", "late"),
    "sends again": lambda unit, person: money.note_sent_again(unit, person.id, "base"),
    "looks again": lambda unit, person: money.look_again(
        unit, person.id, "base", NotSettled("It may be on its way.", again=unit.now)
    ),
    "begins": lambda unit, person: money.begin_payment(unit, person.id, "base"),
}


@pytest.mark.parametrize("status", [PAID, HELD, REFUSED])
@pytest.mark.parametrize("what", LATE)
def test_a_late_worker_changes_nothing_about_what_is_settled_or_stopped(
    owed: Owed, what: str, status: str
) -> None:
    till, person = owed
    put(till, person, status)
    with till.here.unchanged():
        till.here.app.run(lambda unit: LATE[what](unit, person))


@pytest.mark.parametrize("what", [name for name in LATE if name != "begins"])
def test_nothing_is_noted_about_a_payment_that_was_not_begun(owed: Owed, what: str) -> None:
    till, person = owed
    put(till, person, DUE)
    with till.here.unchanged():
        till.here.app.run(lambda unit: LATE[what](unit, person))


@pytest.mark.parametrize("what", LATE)
def test_nothing_is_noted_about_a_payment_that_nobody_owes(owed: Owed, what: str) -> None:
    till, _ = owed
    stranger = Person(till.here, 1, "", "", "")
    stranger.id = 99
    with till.here.unchanged():
        till.here.app.run(lambda unit: LATE[what](unit, stranger))


def test_a_payment_is_sent_twelve_times_at_most(owed: Owed) -> None:
    till, person = owed
    put(till, person, SENDING)
    often = [till.here.app.run(money.was_sent_too_often, person.id, "base")]
    for _ in range(money.MOST_SENDS - 1):
        till.here.app.run(money.note_sent_again, person.id, "base")
        often.append(till.here.app.run(money.was_sent_too_often, person.id, "base"))
    assert (often.index(True), len(often)) == (money.MOST_SENDS - 1, money.MOST_SENDS)


def test_a_payment_that_was_loaded_without_its_story_was_not_sent_too_often(owed: Owed) -> None:
    till, person = owed

    def ask(unit: Unit) -> bool:
        payment = unit.work.payment(person.id, "base")
        assert payment is not None
        payment.status, payment.details = SENDING, {}
        return money.was_sent_too_often(unit, person.id, "base")

    assert till.here.app.run(ask) is False


def test_the_story_of_a_payment_keeps_its_beginning_and_its_end() -> None:
    moves = [{"to": str(number)} for number in range(money.MOST_MOVES + 5)]
    kept = [int(each["to"]) for each in money.shortened(moves)]
    half = money.MOST_MOVES // 2
    assert kept == [*range(half), *range(half + 5, money.MOST_MOVES + 5)]
    assert money.shortened(moves[: money.MOST_MOVES]) == moves[: money.MOST_MOVES]


@pytest.mark.parametrize(
    ("given", "dollars"),
    [(0, "0.00"), (0.004, "0.00"), (0.005, "0.01"), (10_000, "10000.00"), ("1.5", "1.50"), (-0.004, "0.00")],
)
def test_a_sum_is_whole_cents(given: Any, dollars: str) -> None:
    assert str(money.in_cents(given, "bonus()")) == dollars


@pytest.mark.parametrize("given", [-0.005, -1, 10_000.01, float("nan"), float("inf"), "much", None, object()])
def test_what_is_no_sum_is_refused(given: Any) -> None:
    with pytest.raises(money.ExperimentError, match=r"bonus\(\) must"):
        money.in_cents(given, "bonus()")
