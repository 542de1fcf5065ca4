from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from infra.reports.fairness import HourlyEarning, HourlyPay, hourly_pay


def person(number: int = 1, minutes: int = 30, **fields: Any) -> dict[str, Any]:
    ended = f"2026-03-01T12:{minutes:02d}:00.000000Z"
    times = {"creation_time": "2026-03-01T12:00:00.000000Z", "end_time": ended}
    return {"id": number, "status": "approved", "recruiter": "mturk", **times, **fields}


def paid(amount: str = "3.00", number: int = 1, **fields: Any) -> dict[str, Any]:
    return {"participant_id": number, "kind": "base", "status": "paid", "amount": amount, **fields}


def an_hour_at(*amounts: int) -> HourlyPay:
    people = (HourlyEarning(number, Decimal(60), Decimal(amount)) for number, amount in enumerate(amounts, 1))
    return HourlyPay(tuple(people))


def rates(*people: dict[str, Any], payments: list[dict[str, Any]]) -> list[Decimal]:
    found = hourly_pay(people, payments)
    return [] if found is None else list(found.rates)


def test_hourly_pay_counts_all_the_time_of_a_participant() -> None:
    assert rates(person(minutes=20), payments=[paid("3.00")]) == [9]


@pytest.mark.parametrize("kind", ["bonus", "screen-out"])
def test_all_that_is_paid_for_taking_part_counts(kind: str) -> None:
    assert rates(person(), payments=[paid("3.00"), paid("1.00", kind=kind)]) == [8]


@pytest.mark.parametrize("details", [{"visit_seconds": 1800.0}, '{"visit_seconds": 1800.0}'])
def test_later_sessions_count_with_their_pay_and_their_time(details: Any) -> None:
    payments = [paid("3.00"), paid("1.50", kind="visit-2")]
    assert rates(person(minutes=15, details=details), payments=payments) == [6]


def test_a_compensation_does_not_count_as_pay() -> None:
    assert rates(person(), payments=[paid("3.00"), paid("9.00", kind="compensation")]) == [6]


@pytest.mark.parametrize("status", ["refused", "held"])
def test_unpaid_amounts_do_not_count(status: str) -> None:
    assert rates(person(), payments=[paid("3.00"), paid("9.00", kind="bonus", status=status)]) == [6]


@pytest.mark.parametrize("status", ["returned", "abandoned", "rejected", "replaced", "missing_notification"])
def test_a_participant_who_left_early_is_left_out(status: str) -> None:
    assert rates(person(status=status), payments=[]) == []


def test_a_participant_who_has_not_finished_is_left_out() -> None:
    assert rates(person(end_time=None), person(2, end_time=""), payments=[]) == []


@pytest.mark.parametrize("recruiter", ["bots", "bots:Bot"])
def test_bots_are_left_out(recruiter: str) -> None:
    assert rates(person(recruiter=recruiter), payments=[paid()]) == []


def test_a_participant_with_only_unpaid_amounts_earned_nothing() -> None:
    assert rates(person(), payments=[]) == [0]


def test_participants_are_listed_by_hourly_pay_lowest_first() -> None:
    people = [person(1, 30), person(2, 15), person(3, 45)]
    assert rates(*people, payments=[paid(number=n) for n in (1, 2, 3)]) == [4, 6, 12]


def test_each_person_has_a_line_of_their_own() -> None:
    found = hourly_pay([person(7, 20)], [paid("3.00", 7)])
    assert found is not None
    assert found.people == (HourlyEarning(7, Decimal(20), Decimal("3.00")),)


def test_the_median_and_the_lowest_are_shown() -> None:
    pay = an_hour_at(4, 6, 12)
    assert (pay.median, pay.lowest) == (6, 4)


@pytest.mark.parametrize(("floor", "count"), [(4, 0), (5, 1), (12, 2), (13, 3)])
def test_those_below_a_floor_are_counted(floor: int, count: int) -> None:
    assert an_hour_at(4, 6, 12).below(Decimal(floor)) == count
