"""The links of members are mailed: each once, one in a second, and a refused address stops no other."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from chalicelib.errors import (
    Forbidden,
    InvalidState,
    NotFound,
    TooManyTries,
    VendorRefused,
    VendorUnreachable,
)
from chalicelib.operations.classes import manage_classes, manage_members
from chalicelib.operations.classes.mailing import member_mails
from chalicelib.operations.classes.mailing.member_mails import mail_link, mail_links
from chalicelib.ports import ParticipantMail
from chalicelib.storage.engine import Engine
from tests.contract.factories import at_once
from tests.study.contract.players import Seat, sums

from .test_managed_classes_over_engines import ANN, BOB, VIEWER, ZOE, School

ACCOUNT = {
    "mode": "live",
    "mailer": "smtp",
    "contact_email_on_error": "lab@example.org",
    "dallinger_email_address": "lab@example.org",
    "smtp_host": "smtp.example.org",
    "smtp_username": "lab",
    "smtp_password": "never used",
}


class Mailbox:
    """A mail server that refuses some addresses, and can't be reached for a while."""

    def __init__(self) -> None:
        self.sent: list[ParticipantMail] = []
        self.refuses: set[str] = set()
        self.is_reachable = True

    def tell(self, subject: str, text: str) -> None:
        raise AssertionError(subject)

    def write_to(self, mail: ParticipantMail) -> None:
        if not self.is_reachable:
            raise VendorUnreachable("The mail server can't be reached.")
        if mail.address in self.refuses:
            raise VendorRefused(f"550 no such user {mail.address}")
        self.sent.append(mail)


class Post:
    """A class over an engine, and its mail server."""

    def __init__(self, school: School, box: Mailbox) -> None:
        self.school, self.box = school, box
        self.number = school.open()

    def work(self, seconds: float = 0) -> None:
        self.school.table.clock.turn(seconds=seconds)
        self.school.table.work()

    def row(self, name: str) -> Any:
        page = self.school.do(ANN, manage_members.list_members, self.number, after=None, limit=100)
        return next(row for row in page.rows if row.name == name)

    def mail(self, after: str | None = None) -> tuple[int, int, int]:
        """Mail all links; return to how many, and how many had no address or needed none."""
        part = self.school.do(ANN, mail_links, self.number, after=after)
        if part.next is None:
            return part.mailed, part.without_address, part.already
        rest = self.mail(part.next)
        return part.mailed + rest[0], part.without_address + rest[1], part.already + rest[2]

    def addresses(self) -> list[str]:
        return [mail.address for mail in self.box.sent]


@pytest.fixture
def post(engine: Engine, seat_players: Seat, monkeypatch: pytest.MonkeyPatch) -> Post:
    table, box = seat_players(engine, sums(2), 0, **ACCOUNT), Mailbox()
    monkeypatch.setattr(table.app, "mailer", box)
    return Post(School(table), box)


def test_each_member_with_an_address_who_has_not_begun_is_mailed_their_own_link_once(post: Post) -> None:
    ada = post.school.add(post.number, "Ada", email="ada@example.org")
    post.school.add(post.number, "Bob")
    begun = post.school.add(post.number, "Cleo", email="cleo@example.org").member.id
    post.school.enter(begun)
    assert post.mail() == (1, 1, 1)
    assert (post.row("Ada").link_mail, post.row("Ada").link_sent) == ("waiting", None)
    post.work()
    [mail] = post.box.sent
    assert (mail.address, mail.subject) == ("ada@example.org", "Your link for Economics 101")
    assert ada.link in mail.text
    assert "ada@" not in repr(mail)
    assert (post.row("Ada").link_mail, post.row("Ada").link_sent) == ("sent", "2026-03-01T12:00:00.000000Z")
    assert post.mail() == (0, 1, 2)
    post.work(3600)
    assert len(post.box.sent) == 1


def test_mails_are_sent_one_in_a_second_over_all_parts(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member_mails, "MAILS_PER_COMMIT", 2)
    for number in range(5):
        post.school.add(post.number, f"M{number}", email=f"m{number}@example.org")
    assert post.mail() == (5, 0, 0)
    sent = []
    for seconds in (0, 0.999, 0.001, 1, 1, 1):
        post.work(seconds)
        sent.append(len(post.box.sent))
    assert sent == [1, 1, 2, 3, 4, 5]
    assert len(set(post.addresses())) == 5


def test_a_refused_address_is_shown_stops_no_other_mail_and_is_in_no_log(
    post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    # At DEBUG, the AWS client of the stand-in logs each request.
    caplog.set_level(logging.INFO)
    for name in ("ada", "bob"):
        post.school.add(post.number, name, email=f"{name}@example.org")
    post.box.refuses.add("ada@example.org")
    post.mail()
    post.work(5)
    assert [post.row(name).link_mail for name in ("ada", "bob")] == ["refused", "sent"]
    assert post.row("ada").link_sent is None
    assert "was refused" in caplog.text
    assert [name for name in ("ada@", "bob@") if name in caplog.text] == []
    post.box.refuses.clear()
    assert post.mail() == (0, 0, 2)
    post.school.table.clock.turn(minutes=10)
    assert post.mail() == (1, 0, 1)
    post.work()
    assert post.row("ada").link_mail == "sent"


def test_a_mail_server_that_can_not_be_reached_is_tried_again(post: Post) -> None:
    from chalicelib.messages import MailMemberLink
    from chalicelib.workers import study_handlers

    seat = post.school.add(post.number, "Ada", email="ada@example.org").member.id
    post.school.do(ANN, mail_link, seat)
    post.box.is_reachable = False
    received = _Received(MailMemberLink(post.number, seat))
    with pytest.raises(VendorUnreachable):
        study_handlers._mail_member_link(received)  # type: ignore[arg-type]
    assert post.row("Ada").link_mail == "waiting"
    post.box.is_reachable = True
    post.work()
    assert (post.addresses(), post.row("Ada").link_mail) == (["ada@example.org"], "sent")


class _Received:
    """A delivery of a message."""

    def __init__(self, body: Any) -> None:
        self.body = body


def test_one_member_is_mailed_once_in_ten_minutes_with_the_newest_link(post: Post) -> None:
    seat = post.school.add(post.number, "Ada", email="ada@example.org").member.id
    post.school.enter(seat)
    post.school.do(ANN, mail_link, seat)
    newest = post.school.do(ANN, manage_members.show_link, seat, renews=True).link
    post.work()
    assert newest in post.box.sent[0].text
    post.school.table.clock.turn(minutes=9, seconds=59)
    with pytest.raises(TooManyTries, match="ten minutes"):
        post.school.do(ANN, mail_link, seat)
    post.school.table.clock.turn(seconds=1)
    post.school.do(ANN, mail_link, seat)
    post.work()
    assert len(post.box.sent) == 2


def test_many_requests_at_once_mail_a_link_once(post: Post) -> None:
    seat = post.school.add(post.number, "Ada", email="ada@example.org").member.id

    answers = at_once([lambda: post.school.do(ANN, mail_link, seat)] * 8)
    assert sum(not isinstance(one, TooManyTries) for one in answers) == 1
    post.work()
    assert len(post.box.sent) == 1


def test_a_member_who_was_removed_or_whose_class_was_archived_since_gets_no_mail(post: Post) -> None:
    seats = [post.school.add(post.number, name, email=f"{name}@example.org").member.id for name in "ab"]
    post.mail()
    post.school.do(ANN, manage_members.remove_member, seats[0])
    post.school.do(ANN, manage_classes.archive_class, post.number, is_archived=True)
    post.work(60)
    assert post.box.sent == []
    with pytest.raises(InvalidState, match="archived"):
        post.mail()


def test_only_actors_who_see_the_members_mail_their_links(post: Post) -> None:
    seat = post.school.add(post.number, "Ada", email="ada@example.org").member.id
    for actor, error in ((VIEWER, Forbidden), (BOB, NotFound), (ZOE, Forbidden)):
        with pytest.raises(error):
            post.school.do(actor, mail_links, post.number)
        with pytest.raises(error):
            post.school.do(actor, mail_link, seat)
    with pytest.raises(InvalidState, match="no email address"):
        post.school.do(ANN, mail_link, post.school.add(post.number, "Bob").member.id)
    post.work(60)
    assert post.box.sent == []


@pytest.mark.parametrize("missing", [{"mode": "debug"}, {"mailer": "log"}, {"contact_email_on_error": ""}])
def test_a_run_without_mail_says_so(sqlite: Engine, seat_players: Seat, missing: dict[str, str]) -> None:
    school = School(seat_players(sqlite, sums(2), 0, **{**ACCOUNT, **missing}))
    number = school.open()
    seat = school.add(number, "Ada", email="ada@example.org").member.id
    for call in (lambda: school.do(ANN, mail_links, number), lambda: school.do(ANN, mail_link, seat)):
        with pytest.raises(InvalidState, match="sends no mail"):
            call()
