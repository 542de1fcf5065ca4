"""The end of taking part: checks, statuses, what is owed, who is replaced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.errors import RuleBroken
from chalicelib.experiment.experiment import Experiment
from chalicelib.model.participant import Participant
from chalicelib.recruiters.hotair import HotAirRecruiter
from tests.web.conftest import NewWorld
from tests.web.experiments import Talk, with_hooks
from tests.web.world import OPERATOR_TOKEN, Person, World

CALLED = (
    *("data_check", "bonus", "attention_check", "submission_successful", "recruit"),
    *("data_check_failed", "attention_check_failed", "assignment_returned", "assignment_abandoned"),
)


AROUND = ("participant_task_completed", "on_recruiter_submission_complete")
ALL = (*CALLED, *AROUND)


def noting(called: list[str], names: Sequence[str] = CALLED, **answers: Any) -> type[Experiment]:
    """Return an experiment that notes which hooks of completion are called, with these answers."""

    def noted(name: str) -> Callable[..., Any]:
        def hook(self: Experiment, *args: Any) -> Any:
            called.append(name)
            return answers[name] if name in answers else getattr(Talk, name)(self, *args)

        return hook

    return with_hooks(Talk, **{name: noted(name) for name in names})


def finished(here: World) -> Person:
    """Let a participant finish, and the workers handle all messages."""
    person = here.arrive()
    person.answer(person.join())
    assert person.finish().body == {"status": "success"}
    here.work()
    return person


def living(here: World, person: Person) -> int:
    return sum(not i.get("failed") for i in here.items("node") if i.get("participant_id") == person.id)


# -- the hooks around a submission -------------------------------------------------------------------


def test_the_hooks_around_a_submission_come_in_their_order(world: NewWorld) -> None:
    called: list[str] = []
    finished(world(noting(called, ALL)))
    assert called[:3] == [*AROUND, "data_check"]


def test_a_submission_knows_its_task_though_the_page_never_reported_it(world: NewWorld) -> None:
    called: list[str] = []
    here = world(noting(called, ALL))
    here.arrive(recruiter="mturk")
    report = {"Event.1.EventType": "AssignmentSubmitted", "Event.1.AssignmentId": "a1"}
    here.post("/notifications", report, token=OPERATOR_TOKEN)
    here.work()
    assert called[:2] == ["participant_task_completed", "on_recruiter_submission_complete"]


@pytest.mark.parametrize("way", ["/withdraw", "/worker_failed", "/handle-error"])
def test_a_participant_who_leaves_early_has_not_completed_the_task(world: NewWorld, way: str) -> None:
    called: list[str] = []
    here = world(noting(called, ALL))
    person = here.arrive()
    person.post(way, {"participant_id": person.id})
    here.work()
    assert set(AROUND).isdisjoint(called)


def test_one_too_many_has_not_completed_the_task(world: NewWorld) -> None:
    called: list[str] = []
    here = world(with_hooks(noting(called, ALL), quorum=1))
    here.arrive()
    here.arrive().finish()
    here.work()
    assert called == []


def test_the_hook_of_a_submission_gets_the_event(world: NewWorld) -> None:
    told: list[dict[str, Any]] = []

    def hook(self: Experiment, participant: Participant, event: dict[str, Any]) -> None:
        told.append({**event, "status": participant.status})

    person = finished(world(with_hooks(Talk, on_recruiter_submission_complete=hook)))
    assert told == [
        {
            "event_type": "AssignmentSubmitted",
            "participant_id": person.id,
            "assignment_id": person.assignment_id,
            "timestamp": person.world.clock.now(),
            "status": "submitted",
        }
    ]


def test_a_hook_that_replaces_the_review_pays_the_base_alone(world: NewWorld) -> None:
    called: list[str] = []

    def hook(self: Experiment, participant: Participant, event: dict[str, Any]) -> None:
        participant.status = "approved"

    here = world(with_hooks(noting(called, ALL, bonus=1), on_recruiter_submission_complete=hook))
    person = finished(here)
    assert (called, here.owed(person)) == (["participant_task_completed"], {"base": "1.50"})
    assert here.get("/summary")["summary"] == [["approved", 1]]


def test_the_review_is_the_platforms(world: NewWorld) -> None:
    here = world()
    with here.app.store.begin(here.clock.now()) as work, pytest.raises(RuleBroken, match="reviewed by the"):
        Talk(work).on_recruiter_submission_complete(Participant(), {})


# -- the bonus ---------------------------------------------------------------------------------------


def test_the_bonus_is_null_until_it_is_known(world: NewWorld) -> None:
    here = world(noting([], bonus=0))
    person = here.arrive()
    begun = person.now()["bonus"]
    person.finish()
    ended = person.now()["bonus"]
    here.work()
    assert (begun, ended, person.now()["bonus"]) == (None, None, 0)


def test_the_bonus_stays_null_where_none_is_asked_for(world: NewWorld) -> None:
    person = finished(world(noting([], data_check=False)))
    assert person.now()["bonus"] is None


# -- approved ---------------------------------------------------------------------------------------


def test_the_end_is_recorded_immediately_and_approved_by_the_consumer(world: NewWorld) -> None:
    here = world()
    person = here.arrive()
    person.finish()
    assert (person.now()["end_time"], person.now()["status"]) == ("2026-03-01T12:00:00.000000Z", "working")
    here.work()
    assert person.now()["status"] == "approved"


def test_good_work_calls_the_checks_then_the_bonus_in_order(world: NewWorld) -> None:
    called: list[str] = []
    finished(world(noting(called)))
    assert called == ["data_check", "bonus", "attention_check", "submission_successful", "recruit"]


def test_good_work_is_owed_base_and_bonus(world: NewWorld) -> None:
    here = world(noting([], bonus=0.335))
    person = finished(here)
    assert here.owed(person) == {"base": "1.50", "bonus": "0.34"}
    assert (person.now()["base_pay"], person.now()["bonus"]) == (1.5, 0.34)


def test_a_payment_has_the_recruiters_reference(world: NewWorld) -> None:
    here = world(noting([], bonus=1))
    finished(here)
    paid = [(item["payment_kind"], item["status"]) for item in here.items("payment")]
    assert paid == [("base", "paid"), ("bonus", "paid")]
    assert all(item["recruiter_reference"].startswith("hotair:") for item in here.items("payment"))


def test_the_bonus_is_computed_once_and_sent_with_its_reason(world: NewWorld) -> None:
    called: list[str] = []
    here = world(noting(called, bonus=2))
    finished(here)
    (bonus,) = [item for item in here.items("payment") if item["payment_kind"] == "bonus"]
    assert called.count("bonus") == 1
    assert bonus["reason"] == "Thank you for taking part! This is your bonus."


@pytest.mark.parametrize(("bonus", "owed"), [(0.004, {}), (0.005, {"bonus": "0.01"}), (0, {}), (None, {})])
def test_a_bonus_is_paid_from_one_cent_up(world: NewWorld, bonus: float | None, owed: dict[str, str]) -> None:
    here = world(noting([], bonus=bonus), base_payment=0)
    assert here.owed(finished(here)) == owed


@pytest.mark.parametrize("times", [2, 5])
def test_completing_again_answers_the_same_and_pays_nothing_twice(world: NewWorld, times: int) -> None:
    called: list[str] = []
    here = world(noting(called, bonus=1))
    person = finished(here)
    with here.unchanged():
        for _ in range(times):
            assert person.finish().body == {"status": "success"}
            here.work()
    assert called.count("bonus") == 1


def test_a_message_that_comes_twice_is_handled_once(world: NewWorld) -> None:
    called: list[str] = []
    here = world(noting(called, bonus=1))
    person = here.arrive()
    person.finish()
    message = here.app.queue.take()  # type: ignore[attr-defined]
    for _ in range(2):
        here.app.queue.send(message)
        here.work()
    assert called.count("bonus") == 1


def test_good_work_stands(world: NewWorld) -> None:
    here = world()
    assert living(here, finished(here)) == 1


def test_completion_may_be_posted(world: NewWorld) -> None:
    here = world()
    person = here.arrive()
    assert person.post("/worker_complete", {"participant_id": person.id}).body == {"status": "success"}
    here.work()
    assert person.now()["status"] == "approved"


# -- checks that fail -------------------------------------------------------------------------------


def test_bad_data_ends_the_sequence_there(world: NewWorld) -> None:
    called: list[str] = []
    here = world(noting(called, data_check=False))
    person = finished(here)
    assert called == ["data_check", "data_check_failed"]
    assert person.now()["status"] == "bad_data"


def test_bad_data_is_owed_the_base_alone(world: NewWorld) -> None:
    here = world(noting([], data_check=False, bonus=3))
    assert here.owed(finished(here)) == {"base": "1.50"}


def test_inattention_comes_after_the_bonus(world: NewWorld) -> None:
    called: list[str] = []
    here = world(noting(called, attention_check=False))
    person = finished(here)
    assert called == ["data_check", "bonus", "attention_check", "attention_check_failed"]
    assert person.now()["status"] == "did_not_attend"


def test_inattention_is_owed_base_and_bonus(world: NewWorld) -> None:
    here = world(noting([], attention_check=False, bonus=3))
    assert here.owed(finished(here)) == {"base": "1.50", "bonus": "3.00"}


@pytest.mark.parametrize("check", ["data_check", "attention_check"])
def test_a_participant_who_fails_a_check_is_replaced_and_leaves_no_living_node(
    world: NewWorld, check: str
) -> None:
    here = world(noting([], **{check: False}))
    before = len(here.recruited())
    person = finished(here)
    assert here.recruited()[before:] == [("hotair", "recruit", 1)]
    assert living(here, person) == 0


# -- other ends -------------------------------------------------------------------------------------


def test_one_too_many_is_owed_the_base(world: NewWorld) -> None:
    here = world(with_hooks(Talk, quorum=1))
    here.arrive()
    late = here.arrive()
    late.finish()
    here.work()
    assert (late.now()["status"], here.owed(late)) == ("overrecruited", {"base": "1.50"})


@pytest.mark.parametrize("way", ["withdraw", "handle-error"])
def test_a_participant_who_leaves_early_is_owed_the_base(world: NewWorld, way: str) -> None:
    here = world(noting([], bonus=5))
    person = here.arrive()
    person.join()
    assert person.post(f"/{way}", {"participant_id": person.id}).status == 200
    here.work()
    assert here.owed(person) == {"base": "1.50"}
    assert living(here, person) == 0


@pytest.mark.parametrize("way", ["withdraw", "handle-error"])
def test_a_participant_who_leaves_early_twice_is_paid_once(world: NewWorld, way: str) -> None:
    here = world()
    person = here.arrive()
    for _ in range(2):
        person.post(f"/{way}", {"participant_id": person.id})
        here.work()
    assert len(here.items("payment")) == 1


def test_an_answer_is_kept_when_an_error_follows(world: NewWorld) -> None:
    here = world()
    person = here.arrive()
    person.answer(person.join())
    person.post("/handle-error", {"participant_id": person.id})
    here.work()
    assert living(here, person) == 1


def test_the_operator_is_notified_of_an_error_without_worker_ids(
    world: NewWorld, caplog: pytest.LogCaptureFixture
) -> None:
    here = world()
    person = here.arrive(workerId="secretworker")
    fields = {"error_feedback": "It broke.", "worker_id": "secretworker", "participant_id": person.id}
    person.post("/handle-error", fields)
    here.work()
    told = [record.getMessage() for record in caplog.records if record.name == "petri.mail"]
    assert len(told) == 1
    assert "It broke." in told[0]
    assert "secretworker" not in told[0]


def test_the_comment_on_an_error_is_kept(world: NewWorld) -> None:
    here = world()
    person = here.arrive()
    told = {"error_feedback": "The button did nothing.", "error_type": "no_answer", "request_data": "{}"}
    person.post("/handle-error", {**told, "participant_id": person.id, "worker_id": person.worker_id})
    (kept,) = here.items("notification")
    assert (kept["event_type"], kept["assignment_id"], kept["details"]) == (
        "ExperimentError",
        person.assignment_id,
        {
            "feedback": "The button did nothing.",
            "error_type": "no_answer",
            "request_data": "{}",
            "participant_id": person.id,
        },
    )


def test_a_comment_that_comes_after_the_end_is_kept_too(world: NewWorld) -> None:
    here = world()
    person = finished(here)
    person.post("/handle-error", {"error_feedback": "Too late?"})
    assert [item["details"]["feedback"] for item in here.items("notification")] == ["Too late?"]


def test_a_comment_of_a_participant_without_a_token_is_kept_without_a_participant(world: NewWorld) -> None:
    here = world()
    person = here.arrive()
    here.post("/handle-error", {"participant_id": person.id, "error_feedback": "It broke."})
    (kept,) = here.items("notification")
    assert (kept["assignment_id"], kept["details"]) == ("", {"feedback": "It broke.", "participant_id": None})


def test_a_report_without_a_word_is_not_kept(world: NewWorld) -> None:
    here = world()
    person = here.arrive()
    person.post("/handle-error", {"participant_id": person.id, "error_feedback": ""})
    assert here.items("notification") == []


# -- ending twice, in whatever way ---------------------------------------------------------------------

WAYS = ("worker_complete", "worker_failed", "withdraw", "handle-error")


@pytest.mark.parametrize("way", WAYS)
def test_the_end_has_its_moment(world: NewWorld, way: str) -> None:
    here = world()
    person = here.arrive()
    here.clock.turn(seconds=60)
    person.post(f"/{way}", {"participant_id": person.id})
    assert person.now()["end_time"] == "2026-03-01T12:01:00.000000Z"


@pytest.mark.parametrize("again", WAYS[:3])
@pytest.mark.parametrize("first", WAYS)
def test_a_participant_who_has_come_to_an_end_does_not_end_again(
    world: NewWorld, first: str, again: str
) -> None:
    here = world()
    person = here.arrive()
    node = person.join()
    person.post(f"/{first}", {"participant_id": person.id})
    here.clock.turn(seconds=60)
    with here.unchanged():
        assert person.post(f"/{again}", {"participant_id": person.id}).status == 200
    assert node


@pytest.mark.parametrize("way", WAYS)
def test_an_end_that_is_repeated_under_its_request_id_happens_once(world: NewWorld, way: str) -> None:
    here = world()
    person = here.arrive()
    said = [person.post(f"/{way}", {"participant_id": person.id}, request_id="r1").body for _ in range(2)]
    kinds = [item["body"]["kind"] for item in here.items("message")]
    assert said[0] == said[1]
    assert len(kinds) == len(set(kinds))


@pytest.mark.parametrize("way", WAYS)
def test_a_participant_who_has_come_to_an_end_waits_no_more(world: NewWorld, way: str) -> None:
    here = world(with_hooks(Talk, quorum=3))
    person = here.arrive()
    person.post(f"/{way}", {"participant_id": person.id})
    assert here.items("waiting") == []


@pytest.mark.parametrize(("way", "reason"), [("withdraw", "withdrawn"), ("handle-error", "error")])
def test_why_a_participant_was_released_is_kept(world: NewWorld, way: str, reason: str) -> None:
    here = world()
    person = here.arrive()
    person.post(f"/{way}", {"participant_id": person.id})
    (kept,) = here.items("participant")
    assert kept["released"] == reason


# -- answers after the end ----------------------------------------------------------------------------

ANSWER = {"question": "q", "response": "r", "number": 1}


def test_a_question_is_answered_after_the_end_until_the_submission_is_in(world: NewWorld) -> None:
    here = world()
    person = here.arrive()
    person.finish()
    assert person.post(f"/question/{person.id}", ANSWER).status == 200
    here.work()
    with here.unchanged():
        said = person.post(f"/question/{person.id}", ANSWER)
    assert (said.status, said.code) == (403, "participant_not_working")


def test_one_too_many_answers_questions_until_they_are_paid(world: NewWorld) -> None:
    here = world(with_hooks(Talk, quorum=1))
    here.arrive()
    late = here.arrive()
    late.finish()
    assert late.post(f"/question/{late.id}", ANSWER).status == 200
    here.work()
    assert late.post(f"/question/{late.id}", ANSWER).code == "participant_not_working"


def test_a_failed_participation_returns_the_contracts_fields(world: NewWorld) -> None:
    here = world()
    person = here.arrive()
    assert person.get("/worker_failed", {"participant_id": person.id}).body == {
        "status": "success",
        "field": "status",
        "data": "success",
        "request_type": "worker failed",
    }


def test_a_failed_participation_is_owed_nothing_and_frees_the_place(world: NewWorld) -> None:
    here = world()
    person = here.arrive()
    person.join()
    person.post("/worker_failed", {"participant_id": person.id})
    here.work()
    assert here.owed(person) == {}
    assert living(here, person) == 0


def test_a_participant_who_was_replaced_is_owed_nothing(world: NewWorld) -> None:
    here = world()
    person = here.arrive(assignmentId="a")
    here.arrive(assignmentId="a")
    person.finish()
    here.work()
    assert (person.now()["status"], here.owed(person)) == ("replaced", {})


@pytest.mark.parametrize("path", ["/worker_complete", "/worker_failed"])
@pytest.mark.parametrize(
    ("fields", "status"), [({}, 400), ({"participant_id": "x"}, 400), ({"participant_id": 99}, 404)]
)
def test_no_participant_ends_without_an_id(
    world: NewWorld, path: str, fields: dict[str, Any], status: int
) -> None:
    here = world()
    with here.unchanged():
        assert here.get(path, fields, token=OPERATOR_TOKEN).status == status


# -- notifications ----------------------------------------------------------------------------------


def report(here: World, event: str, **fields: Any) -> int:
    """Let the recruiter report about an assignment, and the workers handle it."""
    given = {"Event.1.EventType": event, **{f"Event.1.{name}": v for name, v in fields.items()}}
    said = here.post("/notifications", given, token=OPERATOR_TOKEN)
    here.work()
    return said.status


@pytest.mark.parametrize(
    ("event", "status", "hook"),
    [
        ("AssignmentReturned", "returned", "assignment_returned"),
        ("AssignmentAbandoned", "abandoned", "assignment_abandoned"),
        ("AssignmentSubmitted", "approved", "submission_successful"),
    ],
)
def test_a_report_sets_the_status_and_calls_its_hook(
    world: NewWorld, event: str, status: str, hook: str
) -> None:
    called: list[str] = []
    here = world(noting(called))
    person = here.arrive()
    report(here, event, AssignmentId=person.assignment_id)
    assert person.now()["status"] == status
    assert hook in called


@pytest.mark.parametrize("event", ["AssignmentReturned", "AssignmentAbandoned", "NotificationMissing"])
def test_a_participant_who_breaks_off_is_owed_nothing(world: NewWorld, event: str) -> None:
    here = world()
    person = here.arrive()
    report(here, event, AssignmentId=person.assignment_id)
    assert here.owed(person) == {}


def test_a_missing_notification_has_its_own_status(world: NewWorld) -> None:
    here = world()
    person = here.arrive()
    report(here, "NotificationMissing", AssignmentId=person.assignment_id)
    assert person.now()["status"] == "missing_notification"


def test_a_report_may_name_the_participant(world: NewWorld) -> None:
    here = world()
    person = here.arrive()
    fields = {"Event.1.EventType": "AssignmentReturned", "participant_id": person.id}
    here.get("/notifications", fields, token=OPERATOR_TOKEN)
    here.work()
    assert person.now()["status"] == "returned"


def test_a_report_is_kept(world: NewWorld) -> None:
    here = world()
    report(here, "AssignmentAccepted", AssignmentId="a1")
    (kept,) = here.items("notification")
    assert (kept["event_type"], kept["assignment_id"]) == ("AssignmentAccepted", "a1")


def test_a_report_about_no_participant_changes_nothing_else(world: NewWorld) -> None:
    here = world()
    assert report(here, "AssignmentSubmitted", AssignmentId="nobodys") == 200
    assert {item["kind"] for item in here.items()} & {"participant", "payment"} == set()


def test_a_late_report_changes_no_participant_who_was_approved(world: NewWorld) -> None:
    here = world()
    person = finished(here)
    report(here, "AssignmentReturned", AssignmentId=person.assignment_id)
    assert (person.now()["status"], living(here, person)) == ("approved", 1)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"Event.1.EventType": "AssignmentReturned"},
        {"Event.1.EventType": "Nonsense", "Event.1.AssignmentId": "a"},
        {"Event.1.EventType": "AssignmentReturned", "participant_id": "x"},
    ],
)
def test_a_report_that_says_too_little_is_refused(world: NewWorld, fields: dict[str, str]) -> None:
    here = world()
    with here.unchanged():
        assert here.post("/notifications", fields, token=OPERATOR_TOKEN).status == 400


def test_a_report_of_a_participant_is_unverified(world: NewWorld) -> None:
    here = world()
    fields = {"Event.1.EventType": "AssignmentSubmitted", "Event.1.AssignmentId": "a1"}
    with here.unchanged():
        said = here.post("/notifications", fields)
    assert (said.status, said.code) == (403, "unverified_sender")


# -- the exit page ----------------------------------------------------------------------------------


def test_the_exit_page_learns_how_it_ended(world: NewWorld) -> None:
    here = world()
    person = finished(here)
    told = person.get(f"/recruiter-exit/{person.id}").body
    assert told.pop("pay")["recorded"] is True
    assert told == {
        "status": "success",
        "ended": True,
        "recruiter": "hotair",
        "mode": "debug",
        "participant_status": "approved",
        "assignment_id": person.assignment_id,
        "released": None,
        "submit_address": "",
        "give_back": False,
    }


class WayBack(HotAirRecruiter):
    """Sends people somewhere in the end."""

    def submit_address(self, participant: Participant) -> str:
        return f"https://lab.example.org/done?who={participant.assignment_id}"


@pytest.fixture
def here_and_back(world: NewWorld) -> World:
    here = world(
        with_hooks(Talk, info_post_request=lambda self, node, info: self.screen_out(node.participant))
    )
    here.app.recruiters.recruiters["hotair"] = WayBack(lambda: "", "debug")
    return here


def test_the_exit_page_gets_the_submission_address(here_and_back: World) -> None:
    person = here_and_back.arrive()
    said = person.get(f"/recruiter-exit/{person.id}")
    assert (said["submit_address"], said["give_back"]) == (
        f"https://lab.example.org/done?who={person.assignment_id}",
        False,
    )


def test_a_participant_who_is_screened_out_hands_nothing_in_where_that_is_paid_in_full(
    here_and_back: World,
) -> None:
    paying = WayBack(lambda: "", "debug")
    paying.capabilities = replace(paying.capabilities, pays_any_submission=True)
    here_and_back.app.recruiters.recruiters["hotair"] = paying
    person = here_and_back.arrive()
    person.answer(person.join())
    said = person.get(f"/recruiter-exit/{person.id}")
    assert (said["submit_address"], said["give_back"]) == ("", True)
