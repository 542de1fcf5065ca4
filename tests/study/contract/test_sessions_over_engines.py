"""Over every engine, a visit is begun, paid and reminded of once, whatever happens at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from chalicelib.messages import PayVisit, SendReminder
from chalicelib.operations.study.flow.reminders import begin_reminder
from chalicelib.operations.study.flow.visit_closing import pay_visit
from chalicelib.ports import ParticipantMail
from chalicelib.storage.engine import Engine
from petri.study import End, Form, Session, Study, days, email, number
from tests.contract.factories import at_once
from tests.study.contract.players import Player, Seat

AT_ONCE = 12


class Memory(Study):
    """Two sessions, with pay, points and a reminder."""

    address = email("Where may we send a reminder?")
    recalled = number("How many words do you remember?")
    timeline = (
        Form("today", ask="address"),
        Session("week 2", after=days(7), open_for=days(3), pay=1.50, remind="email"),
        Form("later", ask="recalled"),
        End(),
    )

    def page_answered(self, player, page):
        player.earn(10)


@dataclass
class Mailbox:
    """Keeps mails to participants."""

    sent: list[ParticipantMail] = field(default_factory=list)

    def tell(self, subject: str, text: str) -> None:
        raise AssertionError(f"The operator got {subject!r}: {text}")

    def write_to(self, mail: ParticipantMail) -> None:
        self.sent.append(mail)


def test_a_visit_is_begun_paid_and_reminded_of_once(crowded: Engine, seat_players: Seat) -> None:
    table = seat_players(crowded, Memory, 1, points_per_dollar=10)
    (player,) = table.players
    box = table.app.mailer = Mailbox()
    player.get()
    player.post(address="ann@example.org")
    table.work()
    table.clock.turn(hours=7 * 24)
    message = SendReminder(player.id, 2, "email", "opening")
    begun = at_once([partial(table.app.run, begin_reminder, message, "") for _ in range(AT_ONCE)])
    assert sum(one is not None for one in begun) == 1
    # The process that began it has ended: it is sent once its lease is over, by one of many deliveries.
    table.clock.turn(minutes=3)
    table.work()
    assert len(box.sent) == 1
    player.get()
    windows = [Player(table.app, player.id, player.serial, dict(player.last)) for _ in range(AT_ONCE)]
    at_once([window.post for window in windows])
    assert player.get()["page"] == "later"
    player.post(recalled=7)
    at_once([partial(table.app.run, pay_visit, player.id, 2) for _ in range(AT_ONCE)])
    with table.app.store.begin(table.clock.now()) as work:
        work.post(PayVisit(player.id, 2))
        work.commit()
    table.app.send_posted(work.posted)
    table.work()
    assert table.payments() == {player.id: ["base", "bonus", "visit-2"]}
    amounts = {item["payment_kind"]: item["amount"] for item in table.items("payment")}
    assert amounts == {"base": "1.50", "bonus": "1.00", "visit-2": "2.50"}
    (visit,) = table.items("visit")
    assert (visit["status"], visit["reminders"]["email|opening"]["status"]) == ("completed", "sent")
