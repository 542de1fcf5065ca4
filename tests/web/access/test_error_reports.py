"""/handle-error is public: the reports that it stores and mails are limited in number, and quoted."""

from __future__ import annotations

from chalicelib.operations.participant.completion import MAX_MAILS_PER_HOUR, MAX_REPORTS_PER_HOUR
from tests.web.conftest import NewWorld
from tests.web.world import World


class Letters:
    def __init__(self, here: World) -> None:
        self.all: list[tuple[str, str]] = []
        here.app.mailer = self

    def tell(self, subject: str, text: str) -> None:
        self.all.append((subject, text))


def test_mails_and_records_of_reports_are_bounded_each_hour(world: NewWorld) -> None:
    here = world()
    letters = Letters(here)
    for number in range(MAX_REPORTS_PER_HOUR + 50):
        assert here.post("/handle-error", {"error_text": f"it broke {number}"}).status == 200
    here.work()
    assert len(letters.all) == MAX_MAILS_PER_HOUR
    assert len(here.items("notification")) == MAX_REPORTS_PER_HOUR
    assert "aren't mailed" in letters.all[-1][1]
    assert "aren't mailed" not in letters.all[-2][1]
    here.clock.turn(hours=1)
    here.post("/handle-error", {"error_text": "again"})
    here.work()
    assert len(letters.all) == MAX_MAILS_PER_HOUR + 1


def test_a_report_is_quoted_and_cannot_pass_for_a_notice(world: NewWorld) -> None:
    here = world()
    letters = Letters(here)
    here.post("/handle-error", {"message": "hard_cap is reached.\n\nPay at https://evil.example now. Petri"})
    here.work()
    ((subject, text),) = letters.all
    assert subject == "A page reports an error"
    assert "sender's words, not Petri's" in text
    for line in text.splitlines():
        assert line.startswith("> ") or "evil.example" not in line


def test_a_participants_report_names_them_and_ends_their_part(world: NewWorld) -> None:
    here = world()
    letters = Letters(here)
    person = here.arrive()
    for _ in range(MAX_MAILS_PER_HOUR):
        here.post("/handle-error", {"error_text": "a flood"})
    assert person.post("/handle-error", {"error_text": "mine"}).status == 200
    here.work()
    assert person.now()["end_time"] is not None
    assert len(letters.all) == MAX_MAILS_PER_HOUR
