"""A study continues another day: visits begin, end, are paid once, and are missed."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from chalicelib.messages import CloseVisit, PayVisit
from chalicelib.model.run_records import payment_id, payment_kinds, visit_of
from chalicelib.model.statuses import ParticipantStatus
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.settings import Settings
from chalicelib.operations.study.flow.visit_closing import pay_visit
from chalicelib.study.study import Study
from infra.aws.deployed.monitor import AppStatus
from petri.study import End, Form, Group, Page, Rounds, Session, TimelineError, Wait, days, hours, number
from tests.study.studies import OpenStudy, answer, due
from tests.web.world import SETTINGS, Person, World

DAY = 24


class Memory(Study):
    """Words today, and again in a week."""

    recalled = number("How many words do you remember?", minimum=0)
    timeline = (
        Form("learn", ask="recalled"),
        Session("week 2", after=days(7), open_for=days(3), pay=1.50),
        Form("again", ask="recalled"),
        End(),
    )

    def page_answered(self, player, page):
        player.earn(player.recalled)


def first_visit(here: World) -> Person:
    """A participant who has completed the first session."""
    person = here.arrive()
    assert answer(person, recalled=10)["kind"] == "session"
    here.work()
    return person


def visits(here: World) -> list[tuple[int, str]]:
    return [(one["number"], one.get("status", "waiting")) for one in here.items("visit")]


def back(here: World, **later: float) -> None:
    """Let time pass, and the workers do what has come due."""
    here.clock.turn(**later)
    here.work()


def test_the_first_session_is_submitted_and_its_page_says_when_the_next_opens(
    open_study: OpenStudy,
) -> None:
    here = open_study(Memory)
    person = first_visit(here)
    page = due(person)
    assert (page["kind"], page["is_open"], page["button"]) == ("session", False, "Finish for now")
    assert page["title"] == "See you at the next session"
    assert page["exit"] == "recruiter-exit"
    assert page["opens_in"] == 7 * DAY * 3600
    assert '<time datetime="2026-03-08T12:00:00+00:00" data-local>' in page["html"]
    assert person.now()["status"] == "approved"
    assert here.owed(person) == {"base": "1.50"}


def test_the_page_of_a_session_says_what_it_pays_and_what_the_author_adds(open_study: OpenStudy) -> None:
    session = Session("week 2", after=days(7), open_for=days(3), pay=1.50, text="Bring a friend.")
    timeline = (Form("learn", ask="recalled"), session, End())
    here = open_study(type("Friendly", (Memory,), {"timeline": timeline}))
    html = due(first_visit(here))["html"]
    assert "<p>Bring a friend.</p>" in html
    assert "<dt>You get</dt><dd>$1.50</dd>" in html
    until = '<time datetime="2026-03-11T12:00:00+00:00" data-local>2026-03-11 12:00 UTC</time>'
    assert f"<dt>You can begin it until</dt><dd>{until}</dd>" in html
    assert "This session is complete. Come back with the same link, on this device or another." in html


def test_a_participant_who_comes_too_early_begins_nothing(open_study: OpenStudy) -> None:
    here = open_study(Memory)
    person = first_visit(here)
    back(here, hours=7 * DAY - 1)
    with here.unchanged():
        assert answer(person)["kind"] == "session"


def test_the_visit_begins_with_the_button_and_is_paid_once(open_study: OpenStudy) -> None:
    here = open_study(Memory, points_per_dollar=100)
    person = first_visit(here)
    assert here.owed(person) == {"base": "1.50", "bonus": "0.10"}
    back(here, hours=7 * DAY)
    opened = due(person)
    assert (opened["is_open"], opened["button"], opened["exit"]) == (True, "Begin", None)
    assert opened["title"] == "The next session is open"
    assert due(person)["serial"] == opened["serial"]
    assert answer(person)["page"] == "again"
    assert visits(here) == [(2, "open")]
    # The same press again, from another tab.
    assert answer(person, serial=opened["serial"])["stale"]
    assert answer(person, recalled=25)["kind"] == "end"
    here.work()
    here.app.run(pay_visit, person.id, 2)
    assert visits(here) == [(2, "completed")]
    assert here.owed(person) == {"base": "1.50", "bonus": "0.10", "visit-2": "1.75"}
    responses = here.items("response")
    assert [one.get("visit", 1) for one in responses] == [1, 2]


def test_a_participant_who_comes_too_late_is_told_and_gets_nothing_for_it(open_study: OpenStudy) -> None:
    here = open_study(Memory)
    person = first_visit(here)
    waiting = due(person)["serial"]
    here.clock.turn(hours=10 * DAY)
    # Before the message that closes the visit has been delivered.
    late = due(person)
    assert late["kind"] == "end"
    # The page that was due has a serial of its own: what it still sends changes nothing.
    assert late["serial"] == waiting + 1
    assert "This session has closed" in late["html"]
    here.work()
    assert visits(here) == [(2, "missed")]
    assert here.owed(person) == {"base": "1.50"}
    assert person.now()["status"] == "approved"


def test_the_session_of_a_participant_who_has_returned_the_first_one_is_cancelled(
    open_study: OpenStudy,
) -> None:
    here = open_study(Memory)
    person = here.arrive()
    assert answer(person, recalled=10)["kind"] == "session"

    def give_back(ctx: Context) -> None:
        ctx.uow.participant(person.id).status = ParticipantStatus.RETURNED

    here.app.run(give_back)
    back(here, hours=7 * DAY)
    assert due(person)["kind"] == "end"
    (visit,) = here.items("visit")
    assert (visit["status"], visit["ended_at"]) == ("cancelled", "2026-03-08T12:00:00.000000Z")


def test_a_session_without_requests_is_closed_by_its_message(open_study: OpenStudy) -> None:
    here = open_study(Memory)
    person = first_visit(here)
    back(here, hours=10 * DAY)
    assert visits(here) == [(2, "missed")]
    assert due(person)["kind"] == "end"


def test_a_visit_that_is_begun_and_not_finished_is_not_paid(open_study: OpenStudy) -> None:
    here = open_study(Memory, duration=2.0)
    person = first_visit(here)
    back(here, hours=7 * DAY)
    answer(person)
    back(here, hours=3)
    assert visits(here) == [(2, "unfinished")]
    assert "The time for this session is over" in due(person)["html"]
    assert here.owed(person) == {"base": "1.50"}


def test_a_participant_continues_with_the_same_link(
    open_study: OpenStudy,
) -> None:
    here = open_study(Memory)
    person = first_visit(here)
    back(here, hours=7 * DAY)
    ids = {"workerId": person.worker_id, "hitId": person.hit_id, "assignmentId": person.assignment_id}
    assert here.get("/may-take-part", ids).body["may"]
    again = here.post("/participant", {**ids, "mode": "debug", "recruiter": "hotair"})
    assert (again.status, again["participant"]["id"]) == (200, person.id)
    assert here.get("/page", token=again["token"])["is_open"]


def test_withdrawing_in_a_session_keeps_its_pay_and_between_sessions_ends_them(
    open_study: OpenStudy,
) -> None:
    here = open_study(Memory)
    inside, between = first_visit(here), first_visit(here)
    back(here, hours=7 * DAY)
    answer(inside)
    for person in (inside, between):
        assert person.post("/withdraw", {"participant_id": person.id}).status == 200
    here.work()
    assert [one["status"] for one in here.items("visit")] == ["withdrawn", "cancelled"]
    assert here.owed(inside) == {"base": "1.50", "visit-2": "1.50"}
    assert here.owed(between) == {"base": "1.50"}
    assert due(between)["kind"] == "end"


def test_a_participant_whose_data_were_refused_has_no_more_sessions(open_study: OpenStudy) -> None:
    class Refused(Memory):
        def data_check(self, participant):
            return False

    here = open_study(Refused)
    person = first_visit(here)
    assert visits(here) == [(2, "cancelled")]
    assert due(person)["kind"] == "end"


class Diary(Study):
    """A question each day."""

    mood = number("How are you?", minimum=0, maximum=10)
    timeline = (
        Form("start", ask="mood"),
        Rounds(
            3,
            [
                Session("day", after=days(1), open_for=hours(6), pay=1, missed="skip"),
                Form("diary", ask="mood"),
            ],
        ),
        End(),
    )


def test_a_diary_goes_on_after_a_day_that_was_missed(open_study: OpenStudy) -> None:
    here = open_study(Diary)
    person = here.arrive()
    answer(person, mood=1)
    here.work()
    back(here, hours=DAY)
    answer(person)
    answer(person, mood=2)
    back(here, hours=DAY + 6)
    assert visits(here) == [(2, "completed"), (3, "missed"), (4, "waiting")]
    back(here, hours=DAY)
    assert answer(person)["path"] == "rounds[3]/diary"
    assert answer(person, mood=3)["kind"] == "end"
    here.work()
    assert here.owed(person) == {"base": "1.50", "visit-2": "1.00", "visit-4": "1.00"}


class Pairs(Study):
    """Pairs in both sessions, who wait for each other."""

    offer = number("Your offer", minimum=0, maximum=10)
    timeline = (
        Group(2, name="first"),
        Page("today", ask="offer", seconds=60, on_timeout={"offer": 0}),
        Wait(),
        Session("later", after=days(1), open_for=days(1)),
        Group(2, name="second", wait_minutes=5),
        Page("tomorrow", ask="offer", seconds=60, on_timeout={"offer": 0}),
        Wait(),
        End(),
    )


def test_groups_form_again_in_a_later_session(open_study: OpenStudy) -> None:
    here = open_study(Pairs)
    people = [here.arrive() for _ in range(4)]
    for person in people:
        due(person)
    for person in people:
        answer(person, offer=5)
    for person in people:
        assert due(person)["kind"] == "session"
    here.work()
    assert not any(one.get("in_group") for one in here.items("place"))
    back(here, hours=DAY)
    # One of each pair comes back.
    one, other = people[0], people[2]
    answer(one)
    assert answer(other)["page"] == "tomorrow"
    groups = {
        item["network_id"]: [m["participant_id"] for m in item["members"]]
        for item in here.items("study_group")
    }
    assert max(groups.values()) != [1, 2]
    assert [one.id, other.id] in groups.values()
    answer(one, offer=1)
    assert answer(other, offer=2)["kind"] == "end"


class Again(Study):
    """A pair that forms in the second session, whose page has no time limit."""

    offer = number("Your offer", minimum=0, maximum=10)
    timeline = (
        Form("today"),
        Session("later", after=days(1), open_for=days(3)),
        Group(2, wait_minutes=60),
        Page("tomorrow", ask="offer"),
        Wait(),
        Form("alone"),
        End(),
    )


def test_the_others_go_on_without_a_member_whose_session_ends_unfinished(open_study: OpenStudy) -> None:
    here = open_study(Again, duration=1)
    stays, leaves = people = [here.arrive() for _ in range(2)]
    for person in people:
        answer(person)
    here.work()
    back(here, hours=DAY)
    answer(leaves)
    back(here, minutes=30)
    assert answer(stays)["page"] == "tomorrow"
    assert answer(stays, offer=1)["kind"] == "wait"
    due(leaves)
    # The message that ends the session of the one who leaves lets the other one go on.
    back(here, minutes=30)
    paths = {item["participant_id"]: item["path"] for item in here.items("place")}
    assert paths == {stays.id: "alone", leaves.id: "tomorrow"}


def test_bots_play_all_sessions_at_once(open_study: OpenStudy) -> None:
    here = open_study(Memory)
    bot = here.arrive(recruiter="bots")
    assert answer(bot, recalled=1)["is_open"] is False
    here.work()
    assert answer(bot)["page"] == "again"
    assert answer(bot, recalled=1)["kind"] == "end"


@pytest.mark.parametrize(("mode", "is_open"), [("debug", True), ("sandbox", False)])
def test_an_author_tries_sessions_without_waiting(open_study: OpenStudy, mode: str, is_open: bool) -> None:
    here = open_study(Memory, sessions_at_once=True)
    here.app.config = Settings({**SETTINGS, "sessions_at_once": True, "mode": mode})
    person = first_visit(here)
    assert due(person)["is_open"] is is_open


def test_a_run_with_a_session_to_come_is_not_complete(open_study: OpenStudy) -> None:
    here = open_study(Memory)
    person = first_visit(here)
    summary = here.get("/summary", token="the-operator").body
    assert summary["completed"] is False
    assert summary["sessions"] == [{"name": "week 2", "waiting": 1}]
    back(here, hours=7 * DAY)
    answer(person)
    answer(person, recalled=1)
    summary = here.get("/summary", token="the-operator").body
    assert summary["sessions"] == [{"name": "week 2", "completed": 1}]


@pytest.mark.parametrize(
    ("session", "problem"),
    [
        (Session("week 2", after=7, open_for=days(3)), "after=7"),
        (Session("week 2", after=days(7), open_for=days(0)), "open_for="),
        (Session("week 2", after=days(7), open_for=days(3), pay=-1), "pay=-1"),
        (Session("week 2", after=days(7), open_for=days(3), pay="much"), "pay='much'"),
        (Session("week 2", after=days(7), open_for=days(3), remind="pigeon"), "remind='pigeon'"),
        (Session("week 2", after=days(7), open_for=days(3), missed="cry"), "missed='cry'"),
        (Session("a/b", after=days(7), open_for=days(3)), "'a/b'"),
        (Session("w", after=days(7), open_for=days(3), remind_before_end=hours(1)), "add remind="),
        (
            Session("w", after=days(7), open_for=hours(3), remind="email", remind_before_end=hours(3)),
            "less than",
        ),
    ],
)
def test_a_wrong_session_is_refused_when_the_study_is_loaded(session: Session, problem: str) -> None:
    class Wrong(Study):
        timeline = (Form("first"), session, End())

    with pytest.raises(TimelineError, match=problem.replace("(", r"\(")):
        Wrong.plan()


def test_ids_of_payments_differ_for_all_kinds_and_visits() -> None:
    ids = [payment_id(person, kind) for person in range(1, 2000, 7) for kind in payment_kinds(40)]
    assert len(ids) == len(set(ids))
    assert payment_id(3, "screen-out") == 34
    assert [visit_of(kind) for kind in ("visit-2", "visit-1", "visit-02", "visit-x", "base")] == [
        2,
        None,
        None,
        None,
        None,
    ]


def test_messages_that_are_delivered_again_change_nothing(open_study: OpenStudy) -> None:
    here = open_study(Memory)
    person = first_visit(here)
    back(here, hours=7 * DAY)
    answer(person)
    answer(person, recalled=3)
    here.work()
    with here.app.store.begin(here.clock.now()) as work:
        for message in (
            PayVisit(person.id, 2),
            PayVisit(person.id, 2),
            CloseVisit(person.id, 2),
            PayVisit(person.id, 7),
        ):
            work.post(message)
        work.commit()
    here.app.send_posted(work.posted)
    here.work()
    assert here.owed(person) == {"base": "1.50", "visit-2": "1.50"}
    assert Decimal(here.items("payment")[-1]["amount"]) == Decimal("1.50")


def test_the_monitor_counts_the_visits_of_each_session() -> None:
    sessions = ({"name": "week 2", "completed": 3, "waiting": 1},)
    status = AppStatus(datetime(2026, 3, 1, tzinfo=UTC), {"approved": 4}, 0, 0, 0, (), sessions=sessions)
    assert "participants: 4 approved | session week 2: 3 completed, 1 waiting | messages" in str(status)
    assert status.as_json()["sessions"] == list(sessions)
