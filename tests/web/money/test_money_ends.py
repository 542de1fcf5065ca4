"""How people end: what recruiters report, in any order and any number of times, and what they are asked."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.operations.participant import notifications
from chalicelib.operations.recruitment import recruitment
from chalicelib.operations.schedule import dead_letters
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.ports import Listing, Message
from tests.web.conftest import NewWorld
from tests.web.experiments import with_hooks
from tests.web.paying_runs import Till, paying
from tests.web.world import OPERATOR_TOKEN

LATE = {"hours": 1, "minutes": 3}
EVENTS = (
    "AssignmentAccepted",
    "AssignmentSubmitted",
    "AssignmentReturned",
    "AssignmentAbandoned",
    "AssignmentReassigned",
    "NotificationMissing",
)
HOOKS = ("assignment_returned", "assignment_abandoned", "assignment_reassigned", "submission_successful")


def noting(called: list[str]) -> Any:
    def hook(name: str) -> Any:
        return lambda *_: called.append(name)

    return with_hooks(paying(), **{name: hook(name) for name in HOOKS})


# -- time is up -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("assignment_status", "status"),
    [
        ("submitted", "approved"),
        ("approved", "approved"),
        ("returned", "returned"),
        ("abandoned", "abandoned"),
        ("rejected", "rejected"),
        ("working", "working"),
        (None, "missing_notification"),
    ],
)
def test_a_participant_who_is_late_gets_the_status_that_the_recruiter_knows(
    world: NewWorld, assignment_status: str | None, status: str
) -> None:
    till = Till(world, paying())
    person = till.arrive()
    till.vendor.fates = {person.assignment_id: assignment_status} if assignment_status else {}
    till.go_on(**LATE)
    assert till.statuses(person) == [status]


@pytest.mark.parametrize("assignment_status", ["submitted", "approved"])
def test_a_participant_who_was_submitted_without_a_report_is_paid(
    world: NewWorld, assignment_status: str
) -> None:
    till = Till(world, paying())
    person = till.arrive()
    till.vendor.fates = {person.assignment_id: assignment_status}
    till.go_on(**LATE)
    assert till.ledger(person) == {"base": "paid"}


def test_no_participant_is_asked_about_before_the_time_is_up(world: NewWorld) -> None:
    till = Till(world, paying())
    person = till.arrive()
    till.go_on(minutes=61)
    assert till.statuses(person) == ["working"]


def test_a_participant_who_still_works_at_the_recruiter_is_asked_about_again(world: NewWorld) -> None:
    till = Till(world, paying())
    person = till.arrive()
    till.vendor.fates = {person.assignment_id: "working"}
    till.go_on(**LATE)
    till.vendor.fates = {person.assignment_id: "submitted"}
    till.go_on(minutes=15)
    assert till.statuses(person) == ["approved"]


def test_a_participant_who_works_forever_is_missing_in_the_end(world: NewWorld) -> None:
    till = Till(world, paying())
    person = till.arrive()
    till.vendor.fates = {person.assignment_id: "working"}
    till.go_on(hours=3)
    assert till.statuses(person) == ["missing_notification"]


def test_a_participant_who_is_missing_is_reported_to_the_operator_and_replaced(world: NewWorld) -> None:
    till = Till(world, paying())
    till.arrive()
    till.go_on(**LATE)
    assert len(till.letters.about("ran out of time")) == 1
    assert till.here.recruited() == [("vendor", "recruit", 1), ("vendor", "recruit", 1)]


def test_a_missing_person_may_close_recruitment(world: NewWorld) -> None:
    till = Till(world, paying(), disable_when_duration_exceeded=True)
    till.arrive()
    till.go_on(**LATE)
    assert till.vendor.is_closed


def test_one_too_many_whose_submission_was_lost_is_paid(world: NewWorld) -> None:
    till = Till(world, paying(quorum=1))
    till.arrive()
    late = till.arrive()
    till.vendor.fates = {late.assignment_id: "submitted"}
    till.go_on(**LATE)
    assert till.ledger(late) == {"base": "paid"}


def test_the_operator_is_notified_of_an_overrecruited_participant_who_never_submitted(
    world: NewWorld,
) -> None:
    till = Till(world, paying(quorum=1))
    till.arrive()
    late = till.arrive()
    till.vendor.fates = {late.assignment_id: "returned"}
    till.go_on(**LATE)
    assert len(till.letters.about("petri compensate")) == 1


def test_overrecruited_needs_no_submission_without_reports(world: NewWorld) -> None:
    till = Till(world, paying(quorum=1))
    till.vendor.change(auto_submits=True)
    till.arrive()
    late = till.arrive()
    till.go_on(**LATE)
    assert till.ledger(late) == {"base": "paid"}


def test_an_unreachable_recruiter_is_asked_again_later(world: NewWorld) -> None:
    till = Till(world, paying())
    person = till.arrive()
    answers = iter([ConnectionError("no line"), ConnectionError("no line")])

    def assignment_status(assignment_id: str, recruiter_state: Any) -> str:
        for error in answers:
            raise error
        return "submitted"

    till.vendor.assignment_status = assignment_status  # type: ignore[method-assign]
    till.go_on(hours=1, minutes=5)
    assert till.statuses(person) == ["approved"]


@pytest.mark.parametrize("assignment_status", ["working", "abandoned"])
def test_a_participant_who_finished_and_never_returned_is_submitted_for(
    world: NewWorld, assignment_status: str
) -> None:
    till = Till(world, paying(0.5))
    till.vendor.change(can_submit_on_behalf=True)
    person = till.arrive()
    person.answer(person.join())
    person.finish()
    till.vendor.fates = {person.assignment_id: assignment_status}
    till.go_on(**LATE)
    assert till.ledger(person) == {"base": "paid", "bonus": "paid"}


def test_a_participant_who_has_finished_is_submitted_for_when_the_recruiters_time_is_up(
    world: NewWorld,
) -> None:
    till = Till(world, paying())
    till.vendor.change(can_submit_on_behalf=True)
    person = till.arrive()
    person.finish()
    till.report("AssignmentAbandoned", person)
    till.work()
    assert (till.statuses(person), till.ledger(person)) == (["approved"], {"base": "paid"})


def test_an_overrecruited_participant_who_never_returned_is_submitted_on_their_behalf(
    world: NewWorld,
) -> None:
    till = Till(world, paying(quorum=1))
    till.vendor.change(can_submit_on_behalf=True)
    till.arrive()
    late = till.arrive()
    till.vendor.fates = {late.assignment_id: "working"}
    till.go_on(**LATE)
    assert till.ledger(late) == {"base": "paid"}


@pytest.mark.parametrize("event", ["AssignmentReturned", "AssignmentAbandoned"])
def test_a_participant_who_returned_the_place_or_never_finished_is_not_submitted_for(
    world: NewWorld, event: str
) -> None:
    till = Till(world, paying())
    till.vendor.change(can_submit_on_behalf=True)
    person = till.arrive()
    if event == "AssignmentReturned":
        person.finish()
    till.report(event, person)
    till.work()
    assert till.ledger(person) == {}


@pytest.mark.parametrize("event", ["AssignmentAbandoned", "NotificationMissing"])
def test_a_participant_who_has_finished_without_submitting_is_reported_to_the_operator(
    world: NewWorld, event: str
) -> None:
    till = Till(world, paying())
    person = till.arrive()
    person.finish()
    till.report(event, person)
    till.work()
    assert len(till.letters.about("has finished, but the assignment is")) == 1


# -- reports ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["AssignmentReturned", "AssignmentAbandoned", "AssignmentReassigned"])
@pytest.mark.parametrize("times", [1, 3])
def test_the_hook_of_a_report_is_called_once(world: NewWorld, first: str, times: int) -> None:
    called: list[str] = []
    till = Till(world, noting(called))
    person = till.arrive()
    for _ in range(times):
        till.report(first, person)
    till.work()
    assert called == [first.replace("Assignment", "assignment_").lower()]


@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(EVENTS[1:], 2)))
def test_a_report_after_the_end_changes_nothing(world: NewWorld, first: str, second: str) -> None:
    called: list[str] = []
    till = Till(world, noting(called))
    person = till.arrive()
    till.report(first, person)
    till.work()
    before = (till.statuses(person), till.ledger(person), list(called), till.here.recruited())
    till.report(second, person)
    till.work()
    assert (till.statuses(person), till.ledger(person), called, till.here.recruited()) == before


@pytest.mark.parametrize("end", ["AssignmentReturned", "AssignmentAbandoned", "NotificationMissing"])
@pytest.mark.parametrize("times", [1, 3])
def test_a_submission_after_a_participant_was_recorded_as_gone_is_reported_once(
    world: NewWorld, end: str, times: int
) -> None:
    till = Till(world, paying())
    person = till.arrive()
    till.report(end, person)
    for _ in range(times):
        till.report("AssignmentSubmitted", person)
        till.work()
    assert len(till.letters.about("petri compensate")) == 1


def test_finishing_after_being_recorded_as_gone_is_reported(world: NewWorld) -> None:
    till = Till(world, paying())
    person = till.arrive()
    till.go_on(**LATE)
    person.finish()
    till.work()
    assert len(till.letters.about("petri compensate")) == 1


def test_a_notification_after_the_ordinary_end_is_not_reported(world: NewWorld) -> None:
    till = Till(world, paying())
    till.report("AssignmentSubmitted", till.finish())
    till.work()
    assert till.letters.sent == []


@pytest.mark.parametrize(("hit_id", "letters"), [("H1", 1), ("H2", 0), ("", 0)])
def test_a_submission_by_an_unknown_worker_is_reported(world: NewWorld, hit_id: str, letters: int) -> None:
    till = Till(world, paying(), auto_recruit=False)
    till.vendor.offers = {"H1": Listing(till.here.clock.now() + timedelta(days=1), 1)}
    till.here.app.run(recruitment.open_places_by_operator, 1, caller=OPERATOR_CALLER)
    till.work()
    fields = {"Event.1.EventType": "AssignmentSubmitted", "Event.1.AssignmentId": "nobody's"}
    till.here.post("/notifications", {**fields, "Event.1.HITId": hit_id}, token=OPERATOR_TOKEN)
    till.work()
    assert len(till.letters.about("took no part here")) == letters


def test_a_participant_who_has_accepted_is_still_working(world: NewWorld) -> None:
    till = Till(world, paying())
    person = till.arrive()
    till.report("AssignmentAccepted", person)
    till.work()
    assert till.statuses(person) == ["working"]


def test_another_recruiters_notification_changes_nothing_and_is_reported(world: NewWorld) -> None:
    till = Till(world, paying())
    person = till.arrive()
    ids = (person.assignment_id, None)
    till.here.app.run(
        notifications.record_notification, "AssignmentReturned", *ids, "other", caller=OPERATOR_CALLER
    )
    till.work()
    assert (till.statuses(person), len(till.letters.about("other reported"))) == (["working"], 1)


def test_its_own_recruiters_notification_counts(world: NewWorld) -> None:
    till = Till(world, paying())
    person = till.arrive()
    ids = (person.assignment_id, None)
    till.here.app.run(
        notifications.record_notification, "AssignmentReturned", *ids, "vendor", caller=OPERATOR_CALLER
    )
    till.work()
    assert till.statuses(person) == ["returned"]


# -- having taken part ------------------------------------------------------------------------------


def test_a_participant_who_is_approved_is_marked_with_the_run_and_its_groups(world: NewWorld) -> None:
    till = Till(world, paying(), assign_qualifications=True, group_name="stories, memory")
    person = till.finish()
    assert till.vendor.marks == [(person.worker_id, name, 1) for name in ("test", "stories", "memory")]


def test_a_participant_who_is_not_approved_is_not_marked(world: NewWorld) -> None:
    till = Till(world, paying(attention_check=lambda *_: False), assign_qualifications=True)
    till.finish()
    assert till.vendor.marks == []


def test_without_assign_qualifications_no_participant_is_marked(world: NewWorld) -> None:
    till = Till(world, paying(), group_name="stories")
    till.finish()
    assert till.vendor.marks == []


# -- dead letters -----------------------------------------------------------------------------------


def poisoned(world: NewWorld) -> Till:
    """Return a run in which a message can't be carried out."""

    def fail(self: Any, participant: Any) -> bool:
        raise LookupError("the author's mistake")

    till = Till(world, paying(data_check=fail))
    till.finish()
    till.go_on(minutes=30)
    return till


def test_the_task_is_completed_before_the_recruiter_has_the_submission(world: NewWorld) -> None:
    called: list[str] = []

    def hook(name: str) -> Any:
        return lambda self, *about: called.append(name)

    names = ("participant_task_completed", "on_recruiter_submission_complete")
    till = Till(world, paying(**{name: hook(name) for name in names}))
    person = till.arrive()
    person.finish()
    till.work()
    assert called == ["participant_task_completed"]
    till.report("AssignmentSubmitted", person)
    till.work()
    assert called == list(names)


def mistaken(self: Any, *about: Any) -> None:
    raise LookupError("the author's mistake")


def disagreeing(self: Any, participant: Any) -> bool:
    return False


@pytest.mark.parametrize(
    ("hook", "others", "status", "kind"),
    [
        ("participant_task_completed", {}, "approved", "record_task_completion"),
        ("submission_successful", {}, "approved", "follow_up"),
        ("recruit", {}, "approved", "follow_up"),
        ("attention_check_failed", {"attention_check": disagreeing}, "did_not_attend", "follow_up"),
    ],
)
def test_a_failing_notification_hook_withholds_no_pay(
    world: NewWorld, hook: str, others: dict[str, Any], status: str, kind: str
) -> None:
    till = Till(world, paying(bonus=1, **{hook: mistaken}, **others))
    person = till.finish()
    assert till.ledger(person) == {"base": "paid", "bonus": "paid"}
    assert person.now()["status"] == status
    till.go_on(minutes=30)
    assert till.ledger(person) == {"base": "paid", "bonus": "paid"}
    assert [letter["kind"] for letter in till.dead_letters()] == [kind]
    assert len(till.letters.about("became a dead letter: LookupError: the author's mistake")) == 1


def test_a_failing_hook_about_bad_data_does_not_keep_the_status_from_being_set(world: NewWorld) -> None:
    till = Till(world, paying(bonus=1, data_check=disagreeing, data_check_failed=mistaken))
    person = till.finish()
    assert (till.ledger(person), person.now()["status"]) == ({"base": "paid"}, "bad_data")
    till.go_on(minutes=30)
    assert [letter["kind"] for letter in till.dead_letters()] == ["follow_up"]


def test_a_hook_that_failed_is_called_when_its_dead_letter_is_replayed(world: NewWorld) -> None:
    called: list[int] = []
    broken = [True]

    def hook(self: Any, participant: Any) -> None:
        if broken:
            raise LookupError("the author's mistake")
        called.append(participant.id)

    till = Till(world, paying(submission_successful=hook))
    person = till.finish()
    till.go_on(minutes=30)
    broken.clear()
    (letter,) = till.dead_letters()
    till.here.app.run(dead_letters.replay_dead_letter, letter["id"], caller=OPERATOR_CALLER)
    till.work()
    assert called == [person.id]


def test_a_dead_letter_says_what_it_was_to_do_and_why_it_failed(world: NewWorld) -> None:
    (letter,) = poisoned(world).dead_letters()
    assert (letter["kind"], letter["why"]) == ("review_submission", "LookupError: the author's mistake")


def test_a_dead_letter_is_reported_once(world: NewWorld) -> None:
    assert len(poisoned(world).letters.about("became a dead letter")) == 1


def test_a_letter_that_is_replayed_and_fails_again_is_kept_again(world: NewWorld) -> None:
    till = poisoned(world)
    (letter,) = till.dead_letters()
    till.here.app.run(dead_letters.replay_dead_letter, letter["id"], caller=OPERATOR_CALLER)
    till.go_on(minutes=30)
    assert [each["kind"] for each in till.dead_letters()] == ["review_submission"]


def test_mail_that_cannot_be_sent_is_kept_without_mail_about_it(world: NewWorld) -> None:
    till = Till(world, paying())

    def refuse(subject: str, text: str) -> None:
        raise OSError("the mail server is down")

    till.letters.tell = refuse  # type: ignore[method-assign]
    person = till.arrive()
    person.post("/handle-error", {"participant_id": person.id})
    till.go_on(minutes=30)
    assert [letter["kind"] for letter in till.dead_letters()] == ["notify_operator"]


def test_a_message_of_long_ago_is_struck_out_when_it_is_buried(world: NewWorld) -> None:
    till = poisoned(world)
    (letter,) = till.dead_letters()
    again = Message(key=("due#0", "gone"), body=letter["body"])
    till.here.app.handle(again, dead_letters.move_to_dead_letters, again, "again")
    assert len(till.dead_letters()) == 1
