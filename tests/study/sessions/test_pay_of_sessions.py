"""The money of later sessions: what is reserved for them below a cap, and what is held above it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

import pytest

from chalicelib.export import rows
from chalicelib.operations.payment import operator_actions
from chalicelib.operations.recruitment import budget
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.operations.study.flow.visit_closing import pay_visit
from chalicelib.study.plan import TimelinePlan
from chalicelib.study.study import Study
from infra.reports.fairness import hourly_pay
from petri.study import Branch, End, Form, Rounds, Session, days, hours, number
from tests.study.studies import OpenStudy, answer, due
from tests.tools.vendor import Vendor
from tests.web.paying_runs import Letters
from tests.web.world import OPERATOR_TOKEN, Person, World

DAY = 24


class Diary(Study):
    """Two days after the first session, of which a participant may miss the first."""

    num_participants = 9
    mood = number("How are you?", minimum=0)
    timeline = (
        Form("start", ask="mood"),
        Session("day", after=days(1), open_for=hours(6), pay=2, missed="skip"),
        Form("diary", ask="mood"),
        Session("last", after=days(1), open_for=hours(6), pay=1),
        Form("end", ask="mood"),
        End(),
    )

    def bonus(self, participant):
        return 0

    def session_bonus(self, player, session):
        return player.mood


class Counted(Diary):
    """A diary that counts how often a bonus is asked for."""

    asked: ClassVar[list[str]] = []

    def session_bonus(self, player, session):
        self.asked.append(session)
        return super().session_bonus(player, session)


class Generous(Diary):
    """A diary with a bonus for the first session."""

    def bonus(self, participant):
        return 1


class Paid:
    """A run that pays through the vendor of the tests, which charges a tenth of each payment."""

    def __init__(self, open_study: OpenStudy, study: type[Diary] = Diary, **settings: Any) -> None:
        defaults = {"recruiter": "vendor", "disable_when_duration_exceeded": False, "base_payment": 1}
        self.here: World = open_study(study, launch=False, **{**defaults, **settings})
        self.vendor, self.letters = Vendor(), Letters()
        self.here.app.recruiters.recruiters["vendor"] = self.vendor
        self.here.app.mailer = self.letters
        self.here.launch()

    def first_visit(self) -> Person:
        person = self.here.arrive(recruiter="vendor")
        assert answer(person, mood=0)["kind"] == "session"
        given = {"Event.1.EventType": "AssignmentSubmitted", "Event.1.AssignmentId": person.assignment_id}
        assert self.here.post("/notifications", given, token=OPERATOR_TOKEN).status == 200
        self.here.work()
        return person

    def pass_time(self, hours: float) -> None:
        self.here.clock.turn(hours=hours)
        self.here.work()

    def visit(self, person: Person, mood: int = 0) -> None:
        self.pass_time(DAY)
        answer(person)
        answer(person, mood=mood)
        self.here.work()

    def reserved(self) -> Decimal:
        return self.here.app.run(budget.reserved)

    def ledger(self, person: Person) -> dict[str, str]:
        mine = [item for item in self.here.items("payment") if item["participant_id"] == person.id]
        return {item["payment_kind"]: item["status"] for item in mine}


@pytest.fixture
def paid(open_study: OpenStudy) -> Any:
    """Opens a run of the diary that one participant's place fills below a cap of dollars."""
    return lambda **settings: Paid(open_study, **settings)


@pytest.mark.parametrize(("cap", "places"), [(4.39, 0), (4.40, 1), (8.80, 2)])
def test_an_open_place_reserves_what_its_later_sessions_may_cost(paid: Any, cap: float, places: int) -> None:
    assert paid(hard_cap=cap).vendor.places == places


def test_what_is_reserved_for_sessions_is_released_as_they_are_paid(paid: Any) -> None:
    run = paid(hard_cap=4.40)
    person = run.first_visit()
    assert run.reserved() == Decimal("3.30")
    run.visit(person)
    assert run.reserved() == Decimal("1.10")
    run.visit(person)
    assert run.reserved() == 0
    assert run.here.app.run(budget.owed) == Decimal("4.40")
    assert run.ledger(person) == {"base": "paid", "visit-2": "paid", "visit-3": "paid"}


def test_sessions_are_reserved_with_the_fee_for_the_places_that_opened_together(paid: Any) -> None:
    run = paid(hard_cap=4.40)
    run.vendor.fee = lambda amount, places: amount * places / 10
    run.first_visit()
    # One place opened at a time.
    assert run.reserved() == Decimal("3.30")


def test_the_bonus_of_a_session_is_asked_for_once(open_study: OpenStudy) -> None:
    Counted.asked.clear()
    run = Paid(open_study, Counted)
    person = run.first_visit()
    run.visit(person)
    # The message that pays the visit is delivered again.
    run.here.app.run(pay_visit, person.id, 2)
    assert Counted.asked == ["day"]


def test_without_a_cap_nothing_is_reserved_for_sessions(paid: Any) -> None:
    run = paid()
    run.first_visit()
    (stored,) = run.here.items("participant")
    assert budget.RESERVED_FOR_SESSIONS not in stored["details"]
    assert "budget" not in run.here.app.run(lambda ctx: dict(ctx.uow.state))


def test_a_session_that_was_missed_reserves_nothing(paid: Any) -> None:
    run = paid(hard_cap=4.40)
    run.first_visit()
    run.pass_time(DAY + 6)
    assert run.reserved() == Decimal("1.10")
    run.pass_time(DAY + 6)
    assert run.reserved() == 0


def test_a_participant_who_withdraws_between_sessions_reserves_nothing(paid: Any) -> None:
    run = paid(hard_cap=4.40)
    person = run.first_visit()
    person.post("/withdraw", {"participant_id": person.id})
    run.here.work()
    assert run.reserved() == 0


def test_the_pay_of_a_session_above_the_cap_is_held_until_the_operator_releases_it(paid: Any) -> None:
    run = paid(hard_cap=4.40)
    person = run.first_visit()
    run.visit(person, mood=5)
    assert run.ledger(person) == {"base": "paid", "visit-2": "held"}
    (notice,) = run.letters.about("is held")
    assert f"The visit-2 payment of $7.00 for participant {person.id} is held, because hard_cap" in notice
    assert f"petri payments release --participant {person.id}" in notice
    assert [amount for _, _, amount in run.vendor.books] == [Decimal("1.00")]
    run.here.app.run(operator_actions.release_payment, person.id, "visit-2", caller=OPERATOR_CALLER)
    run.here.work()
    assert run.ledger(person)["visit-2"] == "paid"


@pytest.mark.parametrize(("cap", "bonus"), [(5.49, "held"), (5.50, "paid")])
def test_the_bonus_of_the_first_session_takes_nothing_that_is_reserved_for_later_ones(
    paid: Any, cap: float, bonus: str
) -> None:
    run = paid(study=Generous, hard_cap=cap)
    assert run.ledger(run.first_visit()) == {"base": "paid", "bonus": bonus}


def test_the_payment_of_a_session_says_what_of_it_is_pay_and_what_bonus(paid: Any) -> None:
    run = paid()
    person = run.first_visit()
    run.visit(person, mood=5)
    (payment,) = [item for item in run.here.items("payment") if item["payment_kind"] == "visit-2"]
    assert (payment["amount"], payment["reason"]) == ("7.00", "session day")
    assert {name: Decimal(payment["details"][name]) for name in ("pay", "bonus")} == {"pay": 2, "bonus": 5}


def test_the_pay_of_a_session_takes_nothing_that_is_reserved_for_others(paid: Any) -> None:
    run = paid(hard_cap=8.80)
    person = run.first_visit()
    due(run.here.arrive(recruiter="vendor"))
    run.visit(person, mood=1)
    assert run.ledger(person)["visit-2"] == "held"


def test_the_hourly_pay_counts_a_session_with_the_time_that_it_took(paid: Any) -> None:
    run = paid()
    person = run.first_visit()
    run.pass_time(DAY)
    answer(person)
    run.pass_time(0.5)
    answer(person, mood=1)
    run.here.work()
    found = hourly_pay(rows(run.here.engine, "participant"), rows(run.here.engine, "payment"))
    assert found is not None
    assert [(one.amount, one.minutes) for one in found.people] == [(Decimal(4), 30)]


def test_the_exit_lists_what_was_paid_and_what_may_still_be_earned_and_when(paid: Any) -> None:
    run = paid()
    person = run.first_visit()

    def sessions() -> list[dict[str, Any]]:
        listed = person.get(f"/recruiter-exit/{person.id}").body["pay"]["sessions"]
        assert isinstance(listed, list)
        return listed

    coming = {"session": "day", "status": "waiting", "amount": 2.0, "recorded": False, "sent": False}
    opens, closes = "2026-03-02T12:00:00.000000Z", "2026-03-02T18:00:00.000000Z"
    assert sessions() == [{**coming, "opens_at": opens, "closes_at": closes}]
    run.visit(person, mood=3)
    first, last = sessions()
    assert (first["amount"], first["status"], first["sent"], first["opens_at"]) == (
        5,
        "completed",
        True,
        None,
    )
    assert (last["session"], last["status"], last["opens_at"]) == (
        "last",
        "waiting",
        "2026-03-03T12:00:00.000000Z",
    )
    run.pass_time(DAY + 6)
    assert sessions() == [first]


@pytest.mark.parametrize(
    ("element", "pay"),
    [
        (Rounds(3, [Session("day", after=days(1), open_for=hours(6), pay=1)]), 3),
        (
            Rounds(
                [Session("day", after=days(1), open_for=hours(6), pay=1)], until=lambda player: True, most=4
            ),
            4,
        ),
        (Branch("True", [Session("day", after=days(1), open_for=hours(6), pay=1)]), 1),
    ],
)
def test_the_plan_knows_which_sessions_a_participant_may_have(element: Any, pay: int) -> None:
    plan = TimelinePlan((Form("start"), element, End()))
    assert sum(session.dollars for _, session in plan.sessions) == pay
