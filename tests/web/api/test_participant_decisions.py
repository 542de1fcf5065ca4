"""What people decide about participants over the API: each decision takes effect once, and pays once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.model.record import moment
from chalicelib.operations.participant.submission import process_submission
from tests.web.conftest import NewWorld
from tests.web.paying_runs import Till, paying
from tests.web.world import OPERATOR_TOKEN, Said


def post(till: Till, path: str, fields: dict[str, Any] | None = None, **how: Any) -> Said:
    return till.here.post_json(f"/api/v1/participants/{path}", fields or {}, token=OPERATOR_TOKEN, **how)


def read(till: Till, number: int = 1) -> Said:
    return till.here.get(f"/api/v1/participants/{number}", token=OPERATOR_TOKEN)


def submitted(world: NewWorld, **settings: Any) -> Till:
    """A run whose participant 1 has submitted, and whose review fails."""
    till = Till(world, paying(bonus="no number"), **settings)
    till.finish()
    assert read(till)["status"] == "submitted"
    return till


def test_a_bonus_by_hand_is_paid_once_and_there_may_be_several(world: NewWorld) -> None:
    till = Till(world, paying(bonus=1))
    person = till.finish()
    fields = {"amount": "0.50", "reason": "Thank you"}
    for name in ("r1", "r1", "r2"):
        assert post(till, "1/bonus", fields, request_id=name)["payment"]["amount"] == "0.50"
    till.go_on(hours=2)
    assert till.ledger(person) == {"base": "paid", "bonus": "paid", "bonus-1": "paid", "bonus-2": "paid"}
    assert sorted(str(amount) for _, _, amount in till.vendor.books) == ["0.50", "0.50", "1.00", "1.50"]
    exported = {row["kind"] for row in till.here.get("/api/v1/payments", token=OPERATOR_TOKEN)["rows"]}
    assert exported == {"base", "bonus", "bonus-1", "bonus-2"}


@pytest.mark.parametrize(
    ("settings", "amount", "words"),
    [({"max_bonus": 1}, "1.01", "max_bonus"), ({"hard_cap": 3}, "1.51", "hard_cap"), ({}, "0", "0.01")],
)
def test_a_bonus_by_hand_above_a_cap_is_refused(
    world: NewWorld, settings: dict[str, Any], amount: str, words: str
) -> None:
    till = Till(world, paying(), **settings)
    till.finish()
    with till.here.unchanged():
        said = post(till, "1/bonus", {"amount": amount, "reason": "Thanks"}, request_id="r")
    assert (said.status, said.code) == (409, "invalid_state")
    assert words in said["error_text"]


def test_a_participant_at_work_gets_no_bonus_by_hand(world: NewWorld) -> None:
    till = Till(world, paying())
    till.arrive()
    assert post(till, "1/bonus", {"amount": "1", "reason": "Thanks"}).code == "invalid_state"


def test_a_compensation_is_given_once(world: NewWorld) -> None:
    till = Till(world, paying())
    person = till.finish()
    assert post(till, "1/compensate", {"amount": "2", "reason": "Sorry"})["payment"]["amount"] == "2"
    assert post(till, "1/compensate", {"amount": "2", "reason": "Sorry"}).status == 409
    till.work()
    assert till.ledger(person)["compensation"] == "paid"


def test_a_submission_whose_review_fails_is_approved_by_hand(world: NewWorld) -> None:
    till = submitted(world)
    assert post(till, "1/approve")["status"] == "approved"
    assert post(till, "1/approve").code == "invalid_state"
    till.go_on(hours=3)
    assert read(till)["status"] == "approved"


def test_a_rejected_submission_is_not_paid_and_its_place_opens_again(world: NewWorld) -> None:
    till = Till(world, paying(bonus="no number"))
    person = till.arrive()
    person.answer(person.join())
    person.finish()
    till.here.app.run(process_submission, person.id)
    assert till.ledger(person) == {"base": "due"}
    assert post(till, "1/reject", {"reason": "No answers"})["status"] == "rejected"
    places = till.vendor.places
    till.go_on(hours=3)
    assert till.ledger(person) == {"base": "held"}
    assert till.moves(person, "base")[-1]["why"] == "rejected: No answers"
    assert till.vendor.books == []
    assert till.here.items("node")[0]["failed"]
    assert till.vendor.places == places + 1


def test_a_submission_that_has_been_paid_is_not_rejected(world: NewWorld) -> None:
    till = submitted(world)
    said = post(till, "1/reject", {"reason": "No answers"})
    assert (said.status, said.code) == (409, "invalid_state")
    assert read(till)["status"] == "submitted"


def test_a_failed_participant_keeps_status_and_pay(world: NewWorld) -> None:
    till = Till(world, paying())
    person = till.finish()
    said = post(till, "1/fail", {"reason": "Answers at random"})
    assert (said["is_failed"], said["failed_reason"], said["status"]) == (
        True,
        "Answers at random",
        "approved",
    )
    assert till.here.items("node")[0]["failed"]
    assert till.ledger(person) == {"base": "paid"}
    assert post(till, "1/fail", {"reason": "again"}).code == "invalid_state"


def test_a_released_participant_is_paid_and_cannot_go_on(world: NewWorld) -> None:
    till = Till(world, paying())
    person = till.arrive()
    node = person.join()
    assert post(till, "1/release")["early_exit_reason"] == "released"
    assert person.post(f"/info/{node}", {"contents": "late"}).status == 403
    assert post(till, "1/release").code == "invalid_state"
    till.report("AssignmentSubmitted", person)
    till.work()
    assert till.ledger(person) == {"base": "paid"}
    assert read(till)["status"] == "approved"


def test_extra_time_delays_the_end_of_a_participants_time(world: NewWorld) -> None:
    till = Till(world, paying(), duration=0.5)
    till.arrive()
    before = moment(read(till)["deadline"])
    after = moment(post(till, "1/extra-time", {"minutes": 60})["deadline"])
    assert before is not None
    assert after == before + timedelta(minutes=60)
    till.go_on(minutes=80)
    assert read(till)["status"] == "working"
    till.go_on(minutes=90)
    assert read(till)["status"] != "working"
    assert post(till, "1/extra-time", {"minutes": 60}).code == "invalid_state"


def test_notes_are_kept_in_order_and_deleted_by_their_author(world: NewWorld) -> None:
    till = Till(world, paying())
    till.arrive()
    for text in ("First", "<b>Second</b>"):
        post(till, "1/note", {"text": text})
        till.here.clock.turn(seconds=1)
    rows = till.here.get("/api/v1/participants/1/notes", token=OPERATOR_TOKEN)["rows"]
    assert [(row["author"], row["text"]) for row in rows] == [
        ("operator", "First"),
        ("operator", "<b>Second</b>"),
    ]
    assert post(till, "1/delete-note", {"note": rows[0]["id"]})["text"] == "First"
    assert post(till, "1/delete-note", {"note": rows[0]["id"]}).code == "note_not_found"


def test_all_who_wait_are_released_with_pay_some_at_a_time(world: NewWorld) -> None:
    till = Till(world, paying(quorum=40))
    people = [till.arrive() for _ in range(15)]
    answers = []
    while not answers or answers[-1]["still_waiting"]:
        answers.append(till.here.call("POST", "/api/v1/stop/release-waiting", token=OPERATOR_TOKEN))
        assert answers[-1].status == 200, answers[-1]
    assert [len(each["released"]) for each in answers] == [12, 3]
    for person in people:
        till.report("AssignmentSubmitted", person)
    till.work()
    assert [till.ledger(person) for person in people] == [{"base": "paid"}] * 15


def test_only_studies_have_sessions_to_open(world: NewWorld) -> None:
    till = Till(world, paying())
    till.arrive()
    assert post(till, "1/open-session").code == "invalid_state"


def test_the_answer_to_a_repeated_change_has_no_personal_fields_and_is_forgotten_after_two_days(
    world: NewWorld,
) -> None:
    till = submitted(world)
    first = post(till, "1/approve", {}, request_id="a")
    again = post(till, "1/approve", {}, request_id="a")
    assert (first["worker_id"] is None, again["worker_id"], again["status"]) == (False, None, "approved")
    till.go_on(hours=49)
    assert post(till, "1/approve", {}, request_id="a").code == "invalid_state"
