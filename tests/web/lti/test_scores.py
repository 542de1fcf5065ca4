"""Released grades reach the learning platform of each member, once they have points."""

from __future__ import annotations

from collections import deque
from decimal import Decimal

import pytest

from chalicelib.messages import SendMemberScore
from chalicelib.messaging.local_queue import LocalQueue
from chalicelib.operations.assignments.assignment_fields import AssignmentFields
from chalicelib.operations.assignments.gradebook import PlatformScore, give_points, read_gradebook
from chalicelib.operations.assignments.lti_scores import MemberScore, record_score, send_scores
from chalicelib.operations.assignments.manage_assignments import release_grades, set_assignment
from chalicelib.operations.classes.class_records import read_member, store_member
from chalicelib.operations.classes.manage_members import remove_member
from chalicelib.operations.shared.context import OPERATOR_CALLER, Context
from chalicelib.study.classes.study_class import ScoreStatus
from chalicelib.workers import queue_consumer
from tests.study.studies import answer
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.lti.courses import Course101, course, open_study
from tests.web.lti.standin import AGS

__all__ = ["course", "open_study"]


def assign(course: Course101) -> int:
    made = course.here.app.run(
        set_assignment, 1, AssignmentFields(name="Week 1", parts=("item half 10",)), caller=OPERATOR_CALLER
    )
    return int(made.number)


def release(course: Course101, number: int, *, is_released: bool = True) -> None:
    course.here.app.run(release_grades, 1, number, is_released=is_released, caller=OPERATOR_CALLER)


def work(course: Course101) -> int:
    """Handle what the queue has, as the local host does; return how many messages failed."""
    queue = course.here.app.queue
    assert isinstance(queue, LocalQueue)
    failures = 0
    while (message := queue.take()) is not None:
        failed = queue_consumer.consume(LocalQueue.as_event(message, queue.tries(message)))[
            "batchItemFailures"
        ]
        failures += len(failed)
        (queue.failed if failed else queue.done)(message)
    return failures


def answered(course: Course101, value: int) -> None:
    answer(course.begin(course.launch(course.login())), half=value)
    work(course)


def test_a_released_grade_reaches_the_platform(course: Course101) -> None:
    number = assign(course)
    answered(course, 5)
    assert course.platform.scores == []
    release(course, number)
    work(course)
    [(path, score)] = course.platform.scores
    assert path == "/items/7/scores"
    assert (score["scoreGiven"], score["scoreMaximum"], score["userId"]) == (10.0, 10.0, "ada-1815")
    assert (score["activityProgress"], score["gradingProgress"]) == ("Submitted", "FullyGraded")
    [member] = course.members()
    assert member["score_status"] == "sent"


def test_a_member_without_points_gets_no_score(course: Course101) -> None:
    number = assign(course)
    course.launch(course.login())
    release(course, number)
    assert work(course) == 0
    assert course.platform.scores == []


def test_a_corrected_grade_is_sent_again_with_a_later_time(course: Course101) -> None:
    number = assign(course)
    answered(course, 4)
    release(course, number)
    work(course)
    [member] = course.members()
    course.here.clock.turn(minutes=1)
    course.here.app.run(
        give_points, 1, number, member["seat"], "", Decimal(7), "Well argued", caller=OPERATOR_CALLER
    )
    assert course.here.app.run(send_scores, 1, caller=OPERATOR_CALLER) == 1
    work(course)
    first, second = (score for _, score in course.platform.scores)
    assert (first["scoreGiven"], second["scoreGiven"]) == (0.0, 7.0)
    assert second["timestamp"] > first["timestamp"]


def test_a_platform_that_is_away_gets_the_score_later(course: Course101) -> None:
    number = assign(course)
    answered(course, 5)
    course.platform.faults["/token"] = deque([(503, b"")])
    course.platform.faults["/items/7/scores"] = deque([(502, b"")])
    release(course, number)
    assert work(course) == 1
    assert course.platform.scores == []
    for _ in range(2):
        course.here.clock.turn(hours=1)
        work(course)
    assert len(course.platform.scores) == 1


def test_a_score_that_the_platform_refuses_is_recorded_and_not_repeated(course: Course101) -> None:
    number = assign(course)
    answered(course, 5)
    course.platform.faults["/items/7/scores"] = deque([(403, b"{}")])
    release(course, number)
    assert work(course) == 0
    [member] = course.members()
    assert member["score_status"] == "refused"
    assert course.platform.scores == []


def shown(course: Course101) -> PlatformScore:
    book = course.here.app.run(read_gradebook, 1, caller=OPERATOR_CALLER)
    [row] = book.rows
    assert row.score is not None
    counts = {name: getattr(book.scores, name) for name in ("waiting", "sent", "refused")}
    assert counts == {name: int(row.score.status == name) for name in counts}
    return row.score


def test_the_gradebook_shows_a_score_as_waiting_sent_or_refused_with_time_and_reason(
    course: Course101,
) -> None:
    number = assign(course)
    answered(course, 5)
    assert shown(course) == PlatformScore(ScoreStatus.NONE, None, "")
    course.platform.faults["/token"] = deque([(503, b"")])
    course.platform.faults["/items/7/scores"] = deque([(403, b"{}")])
    release(course, number)
    assert work(course) == 1
    waiting = shown(course)
    assert (waiting.status, "has an error (503)" in waiting.reason) == (ScoreStatus.WAITING, True)
    course.here.clock.turn(hours=1)
    work(course)
    refused = shown(course)
    assert (refused.status, "(403)" in refused.reason) == (ScoreStatus.REFUSED, True)
    course.here.clock.turn(minutes=1)
    course.here.app.run(send_scores, 1, caller=OPERATOR_CALLER)
    work(course)
    assert shown(course) == PlatformScore(ScoreStatus.SENT, course.here.clock.now(), "")


def test_a_score_that_the_platform_has_is_not_sent_again_however_often_the_button_is_pressed(
    course: Course101,
) -> None:
    number = assign(course)
    answered(course, 5)
    release(course, number)
    work(course)
    sent = shown(course)
    for _ in range(3):
        course.here.clock.turn(minutes=1)
        course.here.app.run(send_scores, 1, caller=OPERATOR_CALLER)
    work(course)
    assert len(course.platform.scores) == 1
    assert shown(course).status == sent.status
    # Grades that are withdrawn send nothing, and the platform keeps what it has.
    release(course, number, is_released=False)
    work(course)
    assert (len(course.platform.scores), shown(course).status) == (1, ScoreStatus.SENT)


def test_a_late_report_of_an_earlier_score_does_not_replace_a_later_one(course: Course101) -> None:
    assign(course)
    answered(course, 5)
    [member] = course.members()

    def record(given: float, at: str) -> None:
        score = MemberScore(
            "moodle", member["line_item"], {"scoreGiven": given, "scoreMaximum": 10.0, "timestamp": at}, at
        )
        course.here.app.run(record_score, 1, member["seat"], score, ScoreStatus.SENT, caller=OPERATOR_CALLER)

    record(10.0, "2026-12-01T10:00:01.000000Z")
    record(4.0, "2026-12-01T10:00:00.000000Z")
    [stored] = course.members()
    assert stored["score_sent"].startswith("10.0/10.0")


def test_a_platform_that_the_settings_lack_is_named(course: Course101) -> None:
    number = assign(course)
    answered(course, 5)
    [seat] = [member["seat"] for member in course.members()]

    def move(ctx: Context) -> None:
        member = read_member(ctx, 1, seat)
        member.lti_platform = "canvas"
        store_member(ctx, member)

    course.here.app.run(move, caller=OPERATOR_CALLER)
    release(course, number)
    work(course)
    assert "no learning platform 'canvas'" in shown(course).reason


def test_an_instructor_sends_scores_from_the_gradebook_and_sees_what_came_of_them(course: Course101) -> None:
    number = assign(course)
    answered(course, 5)
    browser = DashboardBrowser(course.here)
    assert "Send released scores" in browser.open("classes/1/gradebook")
    course.platform.faults["/items/7/scores"] = deque([(403, b"<b>{}")])
    release(course, number)
    work(course)
    page = browser.open("classes/1/gradebook")
    assert "0 waiting and 1 failed" in page
    assert "refused a request of this dashboard (403)" in page
    said = browser.press("classes/1/send-scores", [])
    assert said.headers["location"].endswith("/gradebook?done=scores")
    work(course)
    assert "1 is sent, 0 waiting and 0 failed" in browser.open("classes/1/gradebook")


def test_a_member_who_has_left_gets_no_score(course: Course101) -> None:
    number = assign(course)
    answered(course, 5)
    [member] = course.members()
    course.here.app.run(remove_member, member["seat"], caller=OPERATOR_CALLER)
    release(course, number)
    assert work(course) == 0
    assert course.platform.scores == []


@pytest.mark.parametrize(
    "line_item",
    [
        "ftp://x/1",
        "https://u:p@x.example.org/1",
        "no address",
        "file:///etc/passwd",
        "http://x.example.org/1",
    ],
)
def test_a_line_item_without_a_safe_address_is_not_called(course: Course101, line_item: str) -> None:
    number = assign(course)
    endpoint = {"scope": [f"{AGS}/scope/score"], "lineitem": line_item}
    person = course.begin(course.launch(course.login(), **{f"{AGS}/claim/endpoint": endpoint}))
    answer(person, half=5)
    release(course, number)
    assert work(course) == 0
    [member] = course.members()
    assert member["score_status"] == "refused"


def test_without_the_right_to_send_scores_there_is_no_line_item(course: Course101) -> None:
    endpoint = {"scope": [f"{AGS}/scope/lineitem.readonly"], "lineitem": f"{course.platform.url}/items/7"}
    course.launch(course.login(), **{f"{AGS}/claim/endpoint": endpoint})
    assert course.here.app.run(send_scores, 1, caller=OPERATOR_CALLER) == 0


def test_a_message_about_an_unknown_member_is_done(course: Course101) -> None:
    course.here.app.run(lambda ctx: ctx.uow.post(SendMemberScore(1, "class-1-gone")), caller=OPERATOR_CALLER)
    assert work(course) == 0
