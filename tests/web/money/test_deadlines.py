"""What recruiters are asked about participants who haven't ended, when, and what follows from the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.operations.participant import deadlines
from chalicelib.operations.recruitment.headcount import headcount
from chalicelib.operations.shared.context import OPERATOR_CALLER
from tests.web.conftest import NewWorld
from tests.web.money.test_dismissals import screened, stored
from tests.web.paying_runs import Till, paying
from tests.web.world import Person


@dataclass
class Answers:
    """Answers questions about assignments, and keeps what was asked: the assignment, and the state."""

    status: str | None = "working"
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def assignment_status(self, assignment_id: str, recruiter_state: Mapping[str, Any]) -> str | None:
        self.asked.append((assignment_id, dict(recruiter_state)))
        return self.status


def asking(till: Till, status: str | None = "working") -> Answers:
    answers = Answers(status)
    till.vendor.assignment_status = answers.assignment_status  # type: ignore[method-assign]
    return answers


def poll(till: Till, recruiter: str = "vendor", hit_id: str = "h1") -> None:
    till.here.app.run(deadlines.poll_open_assignments, recruiter, hit_id, caller=OPERATOR_CALLER)


def claim(till: Till, person: Person, recruiter: str = "vendor", assignment_id: str = "") -> None:
    """Let a page say that it is submitting the assignment."""
    given = (person.id, assignment_id or person.assignment_id)
    till.here.app.run(deadlines.schedule_submission_check, recruiter, *given)


def open_places(till: Till) -> int:
    pending: int = till.here.app.run(lambda ctx: headcount(ctx).pending)
    return pending


def too_many(world: NewWorld, **capabilities: bool) -> tuple[Till, Person]:
    """Return a run and a participant who is one too many for its waiting room."""
    till = Till(world, paying(quorum=1))
    till.vendor.change(**capabilities)
    till.arrive()
    return till, till.arrive()


@pytest.mark.parametrize("status", ["returned", "abandoned"])
def test_an_assignment_that_was_lost_before_the_deadline_ends_the_part(world: NewWorld, status: str) -> None:
    till = Till(world, paying())
    person = till.arrive()
    asking(till, status)
    poll(till)
    till.go_on(minutes=3)
    assert till.statuses(person) == [status]


def test_the_recruiter_is_asked_with_its_state_and_the_participants_hit(world: NewWorld) -> None:
    till = Till(world, paying())
    answers = asking(till)
    person = till.arrive(hitId="h7")
    (token,) = till.vendor.opened
    till.go_on(hours=1, minutes=2)
    assert answers.asked == [(person.assignment_id, {"tokens": [token], "hit_id": "h7"})]


def test_a_poll_of_a_hit_comes_two_minutes_later(world: NewWorld) -> None:
    till = Till(world, paying())
    answers = asking(till)
    till.arrive()
    poll(till)
    till.go_on(minutes=1, seconds=59)
    assert answers.asked == []
    till.go_on(seconds=1)
    assert len(answers.asked) == 1


@pytest.mark.parametrize(
    ("recruiter", "hit_id", "asked"), [("vendor", "h1", 1), ("vendor", "h2", 0), ("other", "h1", 0)]
)
def test_a_poll_asks_about_the_participants_of_its_recruiter_and_hit(
    world: NewWorld, recruiter: str, hit_id: str, asked: int
) -> None:
    till = Till(world, paying())
    answers = asking(till)
    till.arrive()
    poll(till, recruiter, hit_id)
    till.go_on(minutes=3)
    assert len(answers.asked) == asked


def test_a_poll_settles_with_a_participant_who_is_one_too_many(world: NewWorld) -> None:
    till, late = too_many(world)
    asking(till, "submitted")
    poll(till)
    till.go_on(minutes=3)
    assert till.ledger(late) == {"base": "paid"}


def test_a_participant_who_was_dismissed_and_paid_is_not_asked_about(world: NewWorld) -> None:
    till, late = too_many(world)
    till.report("AssignmentSubmitted", late)
    till.work()
    answers = asking(till)
    poll(till)
    till.go_on(minutes=3)
    assert late.assignment_id not in [assignment_id for assignment_id, _ in answers.asked]


def test_a_participant_who_was_screened_out_and_got_the_fee_is_not_asked_about(world: NewWorld) -> None:
    till, person = screened(world)
    till.report("AssignmentSubmitted", person)
    till.work()
    answers = asking(till)
    poll(till)
    till.go_on(minutes=3)
    assert (till.ledger(person), answers.asked) == ({"screen-out": "paid"}, [])


def test_a_poll_reads_the_participants_of_a_run_together(
    world: NewWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    till = Till(world, paying())
    reads: list[int] = []
    get = till.here.engine.get

    def noted(wanted: Any) -> Any:
        reads.append(len(wanted))
        return get(wanted)

    def reads_of_a_poll() -> int:
        reads.clear()
        poll(till)
        return len(reads)

    till.arrive()
    monkeypatch.setattr(till.here.engine, "get", noted)
    reads_of_a_poll()
    alone = reads_of_a_poll()
    for _ in range(3):
        till.arrive()
    assert reads_of_a_poll() == alone


@pytest.mark.parametrize("recruiter_name", ["vendor", "vendor:7"])
def test_a_claimed_submission_is_checked_half_a_minute_later(world: NewWorld, recruiter_name: str) -> None:
    till = Till(world, paying())
    till.here.app.recruiters.recruiters[recruiter_name] = till.vendor
    answers = asking(till, "submitted")
    person = till.arrive(recruiter=recruiter_name)
    person.finish()
    claim(till, person)
    till.go_on(seconds=29)
    assert answers.asked == []
    till.go_on(seconds=1)
    assert till.statuses(person) == ["approved"]


def test_claims_about_two_participants_are_both_checked(world: NewWorld) -> None:
    till = Till(world, paying())
    asking(till, "submitted")
    people = [till.arrive(), till.arrive()]
    for person in people:
        person.finish()
        claim(till, person)
    till.go_on(minutes=1)
    assert till.statuses(*people) == ["approved", "approved"]


def test_the_claim_of_a_participant_who_is_one_too_many_is_checked(world: NewWorld) -> None:
    till, late = too_many(world)
    asking(till, "submitted")
    late.finish()
    claim(till, late)
    till.go_on(minutes=1)
    assert till.ledger(late) == {"base": "paid"}


@pytest.mark.parametrize(
    ("recruiter", "assignment_id", "finish"),
    [("other", "", True), ("vendor", "another", True), ("vendor", "", False)],
)
def test_a_claim_that_does_not_fit_the_participant_is_not_checked(
    world: NewWorld, recruiter: str, assignment_id: str, finish: bool
) -> None:
    till = Till(world, paying())
    answers = asking(till)
    person = till.arrive()
    if finish:
        person.finish()
    claim(till, person, recruiter, assignment_id)
    till.go_on(minutes=1)
    assert answers.asked == []


@pytest.mark.parametrize(("status", "reopened"), [("abandoned", 1), ("working", 0)])
def test_a_submission_on_behalf_frees_a_place_only_where_the_recruiter_offers_it_again(
    world: NewWorld, status: str, reopened: int
) -> None:
    till = Till(world, paying(), auto_recruit=False)
    till.vendor.change(can_submit_on_behalf=True)
    person = till.arrive()
    person.finish()
    asking(till, status)
    till.go_on(hours=1, minutes=3)
    assert till.statuses(person) == ["approved"]
    assert open_places(till) == reopened


@pytest.mark.parametrize(("minutes", "status"), [(119, "working"), (120, "missing_notification")])
def test_a_participant_is_missing_when_the_overtime_has_passed(
    world: NewWorld, minutes: int, status: str
) -> None:
    till = Till(world, paying())
    person = till.arrive()
    till.here.clock.turn(minutes=minutes)
    till.here.app.run(deadlines.reconcile_expired, person.id, "working")
    assert till.statuses(person) == [status]


@pytest.mark.parametrize(
    ("finish", "status", "pay"),
    [(True, "approved", {"base": "paid"}), (False, "missing_notification", {})],
)
def test_where_no_submission_is_reported_only_a_participant_who_has_finished_is_paid_at_the_deadline(
    world: NewWorld, finish: bool, status: str, pay: dict[str, str]
) -> None:
    till = Till(world, paying())
    person = till.arrive()
    if finish:
        # The page's own report of the end is lost.
        till.here.app.run(lambda ctx: setattr(ctx.uow.participant(person.id), "end_time", ctx.now))
    till.vendor.change(auto_submits=True)
    till.go_on(hours=1, minutes=3)
    assert (till.statuses(person), till.ledger(person)) == ([status], pay)


def test_a_participant_one_too_many_who_was_abandoned_there_is_submitted_for_at_the_deadline(
    world: NewWorld,
) -> None:
    till, late = too_many(world, can_submit_on_behalf=True)
    asking(till, "abandoned")
    till.go_on(hours=1, minutes=3)
    assert till.ledger(late) == {"base": "paid"}


def test_a_participant_whose_page_never_reported_the_end_has_ended_with_the_submission(
    world: NewWorld,
) -> None:
    till = Till(world, paying())
    person = till.arrive()
    till.here.clock.turn(minutes=5)
    till.report("AssignmentSubmitted", person)
    till.work()
    assert stored(till, person)["end_time"] == "2026-03-01T12:05:00.000000Z"


def test_the_experiments_own_recruit_replaces_a_missing_participant(world: NewWorld) -> None:
    called: list[int] = []
    till = Till(world, paying(recruit=lambda _: called.append(1)))
    person = till.arrive()
    till.go_on(hours=1, minutes=3)
    assert (till.statuses(person), called, till.dead_letters()) == (["missing_notification"], [1], [])


@pytest.mark.parametrize(("seconds", "status"), [(3599, "working"), (3600, "missing_notification")])
def test_a_check_before_the_deadline_changes_nothing(world: NewWorld, seconds: int, status: str) -> None:
    till = Till(world, paying())
    person = till.arrive()
    till.here.clock.turn(seconds=seconds)
    till.here.app.run(deadlines.reconcile_expired, person.id, None)
    assert till.statuses(person) == [status]


def test_a_participant_with_extra_time_is_asked_about_when_that_is_over(world: NewWorld) -> None:
    till = Till(world, paying())
    answers = asking(till, None)
    person = till.arrive()
    began = till.here.clock.now()
    # Twice, since more time adds to what was given before.
    for minutes, total in ((10, 10), (20, 30)):
        ends = till.here.app.run(
            lambda ctx, more=minutes: deadlines.give_extra_time(ctx, ctx.uow.participant(person.id), more)
        )
        assert ends == began + timedelta(hours=1, minutes=total)
    till.go_on(minutes=62)
    assert till.statuses(person) == ["working"]
    till.go_on(minutes=29)
    assert till.statuses(person) == ["working"]
    till.go_on(minutes=1)
    assert (till.statuses(person), len(answers.asked)) == (["missing_notification"], 2)
