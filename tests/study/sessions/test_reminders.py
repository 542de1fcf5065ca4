"""Reminders of sessions are sent once, by email or by the recruiter, to those who want them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pytest

from chalicelib.errors import RuleBroken, VendorRefused, VendorUnreachable
from chalicelib.messages import SendReminder
from chalicelib.model.participant import Participant
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.operations.study.flow.early_opening import open_session_now
from chalicelib.operations.study.flow.reminders import (
    LEASE,
    StopTexts,
    allow_stopping,
    begin_reminder,
    return_address,
    stop_key,
)
from chalicelib.ports import Capabilities, ParticipantMail
from chalicelib.recruiters.hotair import HotAirRecruiter
from chalicelib.study.study import Study
from petri.study import End, Form, Session, TimelineError, days, email, hours
from tests.study.studies import OpenStudy, answer, due
from tests.web.world import Person, World

ADDRESS = "ann@example.org"
OPENS = 7 * 24


class Reminded(Study):
    """Reminds at the opening and six hours before the end."""

    address = email("Where may we send a reminder?", required=False)
    timeline = (
        Form("first", ask="address"),
        Session("week 2", after=days(7), open_for=days(1), remind="email", remind_before_end=hours(6)),
        Form("second"),
        End(),
    )


class ByRecruiter(Study):
    """Reminds by messages of the recruiter."""

    timeline = (Form("first"), Session("week 2", after=days(7), open_for=days(1), remind="recruiter"), End())


@dataclass
class Mailbox:
    """Keeps mails to participants; `errors` are raised first, one for each attempt."""

    sent: list[ParticipantMail] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)

    def tell(self, subject: str, text: str) -> None:
        raise AssertionError(f"The operator got: {subject}")

    def write_to(self, mail: ParticipantMail) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.sent.append(mail)


class Messenger(HotAirRecruiter):
    """A simulated recruiter that delivers messages."""

    capabilities = Capabilities(is_simulated=True, sends_messages=True)

    def __init__(self) -> None:
        super().__init__(lambda: "http://127.0.0.1", "debug")
        self.sent: list[tuple[str, str]] = []
        self.errors: list[Exception] = []

    def send_message(self, worker_id: str, hit_id: str, subject: str, text: str) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.sent.append((worker_id, text))


def opened(open_study: OpenStudy, study: type[Study] = Reminded) -> tuple[World, Mailbox]:
    here = open_study(study, title="Memory")
    box = Mailbox()
    here.app.mailer = box
    here.app.site_url = lambda: "https://lab.example.org"
    return here, box


def first_visit(here: World, address: str | None = ADDRESS) -> Person:
    person = here.arrive()
    answer(person, **({} if address is None else {"address": address}))
    here.work()
    return person


def statuses(here: World) -> dict[str, str]:
    (visit,) = here.items("visit")
    return {name: entry["status"] for name, entry in visit.get("reminders", {}).items()}


def later(here: World, **time: float) -> None:
    here.clock.turn(**time)
    here.work()


def test_a_reminder_is_sent_when_the_session_opens_and_before_it_closes(open_study: OpenStudy) -> None:
    here, box = opened(open_study)
    person = first_visit(here)
    later(here, hours=OPENS - 1)
    assert box.sent == []
    later(here, hours=1)
    (mail,) = box.sent
    assert (mail.address, mail.subject) == (ADDRESS, "Memory: the session week 2 is open")
    assert "until 2026-03-09 12:00 UTC" in mail.text
    assert f"https://lab.example.org/ad?recruiter=hotair&workerId={person.worker_id}&" in mail.text
    later(here, hours=18)
    assert [one.subject for one in box.sent][1:] == ["Memory: the session week 2 closes soon"]
    assert statuses(here) == {"email|opening": "sent", "email|closing": "sent"}


def test_a_reminder_says_until_when_the_session_is_open_and_how_to_stop_reminders(
    open_study: OpenStudy,
) -> None:
    here, box = opened(open_study)
    first_visit(here)
    later(here, hours=OPENS)
    later(here, hours=18)
    for mail, state in zip(box.sent, ("is open", "closes soon"), strict=True):
        sentence, link, *others = mail.text.split("\n\n")
        assert sentence == f"The session week 2 {state}. You can begin it until 2026-03-09 12:00 UTC, here:"
        assert link.startswith("https://lab.example.org/ad?")
        assert others == ["If you want no more reminders, open this address:", mail.stop_address]


def test_a_message_that_is_delivered_again_sends_no_second_reminder(open_study: OpenStudy) -> None:
    here, box = opened(open_study)
    person = first_visit(here)
    later(here, hours=OPENS)
    deliver(here, SendReminder(person.id, 2, "email", "opening"))
    assert len(box.sent) == 1


def deliver(here: World, message: SendReminder) -> None:
    """Deliver a reminder's message, as the queue does again after a failure."""
    with here.app.store.begin(here.clock.now()) as work:
        work.post(message)
        work.commit()
    here.app.send_posted(work.posted)
    here.work()


def test_a_failed_reminder_is_retried_and_a_refused_one_is_not(open_study: OpenStudy, caplog: Any) -> None:
    here, box = opened(open_study)
    person = first_visit(here)
    box.errors = [VendorUnreachable("Come later."), VendorRefused(f"{ADDRESS} is unknown.")]
    here.clock.turn(hours=OPENS)
    with pytest.raises(AssertionError):
        here.work()
    assert statuses(here) == {"email|opening": "sending"}
    deliver(here, SendReminder(person.id, 2, "email", "opening"))
    assert statuses(here) == {"email|opening": "refused"}
    deliver(here, SendReminder(person.id, 2, "email", "opening"))
    assert (box.sent, box.errors) == ([], [])
    assert ADDRESS not in "".join(record.getMessage() for record in caplog.records)


def test_two_deliveries_at_once_send_one_reminder(open_study: OpenStudy) -> None:
    here, box = opened(open_study)
    person = first_visit(here)
    message = SendReminder(person.id, 2, "email", "opening")
    here.clock.turn(hours=OPENS)
    # Another worker process is sending it.
    assert here.app.run(begin_reminder, message, "https://lab.example.org") is not None
    here.work()
    assert (box.sent, statuses(here)) == ([], {"email|opening": "sending"})
    # That process has ended without a word: the reminder is sent when its lease is over.
    later(here, seconds=LEASE.total_seconds() - 1)
    assert box.sent == []
    later(here, seconds=1)
    assert (len(box.sent), statuses(here)) == (1, {"email|opening": "sent"})


@pytest.mark.parametrize("address", [None, ""])
def test_without_an_address_there_is_no_reminder(open_study: OpenStudy, address: str | None) -> None:
    here, box = opened(open_study)
    first_visit(here, address)
    later(here, hours=OPENS)
    assert (box.sent, statuses(here)) == ([], {"email|opening": "no_address"})
    (visit,) = here.items("visit")
    assert set(visit["reminders"]["email|opening"]) == {"status", "at"}, "without a lease"


def test_a_session_that_the_operator_opens_early_is_reminded_of_once(open_study: OpenStudy) -> None:
    here, box = opened(open_study)
    person = first_visit(here)
    here.app.run(open_session_now, person.id, caller=OPERATOR_CALLER)
    here.work()
    assert [mail.subject for mail in box.sent] == ["Memory: the session week 2 is open"]
    later(here, hours=OPENS)
    assert len(box.sent) == 1
    assert answer(person)["page"] == "second"
    with here.unchanged(), pytest.raises(RuleBroken, match="has begun the session 'week 2'"):
        here.app.run(open_session_now, person.id, caller=OPERATOR_CALLER)


def test_a_session_that_has_closed_cannot_be_opened(open_study: OpenStudy) -> None:
    here, _ = opened(open_study)
    person = first_visit(here)
    here.clock.turn(hours=OPENS + 24)
    with here.unchanged(), pytest.raises(RuleBroken, match=r"which closed at 2026-03-09 12:00 UTC"):
        here.app.run(open_session_now, person.id, caller=OPERATOR_CALLER)


def test_a_participant_who_has_begun_is_not_reminded_again(open_study: OpenStudy) -> None:
    here, box = opened(open_study)
    person = first_visit(here)
    later(here, hours=OPENS)
    assert answer(person)["page"] == "second"
    later(here, hours=18)
    assert len(box.sent) == 1


def test_a_participant_stops_reminders_with_the_link_in_them(open_study: OpenStudy) -> None:
    here, box = opened(open_study)
    first_visit(here)
    later(here, hours=OPENS)
    path, _, query = box.sent[0].stop_address.removeprefix("https://lab.example.org").partition("?")
    with here.unchanged():
        shown = here.call("GET", path, query=query.encode())
    assert (shown.status, shown.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert re.search(r'<form method="post" action="/page/reminders\?[\w=]+&amp;key=\w+">', shown.raw.decode())
    assert here.call("POST", path, query=query.encode()).status == 200
    later(here, hours=18)
    assert len(box.sent) == 1
    other = query.replace("participant=1", "participant=2")
    assert here.call("POST", path, query=other.encode()).code == "key_wrong"


def test_the_recruiter_sends_the_reminder(open_study: OpenStudy) -> None:
    here, box = opened(open_study, ByRecruiter)
    messenger = Messenger()
    here.app.recruiters.recruiters = {**here.app.recruiters.recruiters, "hotair": messenger}
    person = first_visit(here, None)
    later(here, hours=OPENS)
    ((worker_id, text),) = messenger.sent
    assert worker_id == person.worker_id
    assert "The session week 2 is open." in text
    assert (box.sent, statuses(here)) == ([], {"recruiter|opening": "sent"})


def test_a_message_that_the_recruiter_cannot_send_at_the_moment_is_retried(open_study: OpenStudy) -> None:
    here, _ = opened(open_study, ByRecruiter)
    messenger = Messenger()
    here.app.recruiters.recruiters = {**here.app.recruiters.recruiters, "hotair": messenger}
    person = first_visit(here, None)
    messenger.errors = [VendorUnreachable("The worker can't be notified at the moment.")]
    here.clock.turn(hours=OPENS)
    with pytest.raises(AssertionError):
        here.work()
    assert (messenger.sent, statuses(here)) == ([], {"recruiter|opening": "sending"})
    for _ in range(2):
        deliver(here, SendReminder(person.id, 2, "recruiter", "opening"))
    assert (len(messenger.sent), statuses(here)) == (1, {"recruiter|opening": "sent"})


def test_a_recruiter_that_sends_no_messages_is_recorded_and_nothing_fails(open_study: OpenStudy) -> None:
    here, _ = opened(open_study, ByRecruiter)
    first_visit(here, None)
    later(here, hours=OPENS)
    assert statuses(here) == {"recruiter|opening": "unsupported"}


def test_an_address_is_neither_logged_nor_in_the_page(open_study: OpenStudy, caplog: Any) -> None:
    here = open_study(Reminded)
    person = first_visit(here)
    later(here, hours=OPENS)
    assert "the session week 2 is open" in caplog.text
    assert ADDRESS not in caplog.text
    assert ADDRESS not in due(person).raw.decode()


def test_a_session_that_reminds_by_email_needs_one_item_with_the_address() -> None:
    session = Session("week 2", after=days(7), open_for=days(1), remind="email")

    class Without(Study):
        timeline = (Form("first"), session, End())

    class Two(Without):
        home = email("Home")
        work_mail = email("Work")

    from chalicelib.study.checks import session_problems

    assert "no item asks for the address" in next(iter(session_problems(Without)))
    assert "address='home'" in next(iter(session_problems(Two)))


def test_a_session_cannot_be_first_or_inside_timed() -> None:
    from chalicelib.study.checks import session_problems
    from petri.study import Timed

    session = Session("week 2", after=days(7), open_for=days(1))

    class First(Study):
        timeline = (session, Form("later"), End())

    class Inside(Study):
        timeline = (Form("first"), Timed(5, [Form("a"), session]), End())

    assert "is the first element" in next(iter(session_problems(First)))
    assert "is inside Timed" in next(iter(session_problems(Inside)))
    assert TimelineError


class InGerman(Reminded):
    """The same in German."""

    language = "de"


def test_the_page_that_stops_reminders_is_in_the_language_of_the_study(open_study: OpenStudy) -> None:
    here, _ = opened(open_study, InGerman)
    person = first_visit(here)
    key = here.app.run(stop_key, person.id)
    texts = here.app.run(allow_stopping, person.id, key)
    assert texts == StopTexts(
        "de",
        "ltr",
        "Möchten Sie keine Erinnerungen an diese Studie mehr?",
        "Erinnerungen beenden",
        "Es werden keine Erinnerungen mehr gesendet.",
    )


@pytest.mark.parametrize(
    ("entry", "more"), [({"entry": "s3cr&t"}, "&entry=s3cr%26t"), ({"entry": None}, ""), ({}, "")]
)
def test_a_participant_comes_back_with_the_link_with_which_they_came(
    entry: dict[str, Any], more: str
) -> None:
    person = Participant("link", "w 1", "a1", "h1", "live", entry_information=entry)
    assert return_address("https://lab.example.org/", person) == (
        "https://lab.example.org/ad?recruiter=link&workerId=w+1&assignmentId=a1&hitId=h1&mode=live" + more
    )
