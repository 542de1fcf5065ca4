"""Messages to participants, over every engine: to whom they go, what they cost, who has seen them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.errors import BadRequest, Forbidden, InvalidState, NotFound, TooManyTries
from chalicelib.operations.listings.listing import RecordFilter
from chalicelib.operations.listings.message_lists import list_messages, read_message
from chalicelib.operations.operator_messages.message_box import read_messages, record_message
from chalicelib.operations.operator_messages.send_message import MAX_PER_MINUTE, SentMessage, send_message
from chalicelib.operations.operator_messages.stored_messages import MAX_BOXES, MAX_NAMED
from chalicelib.operations.shared.context import OPERATOR_CALLER, PARTICIPANT, Caller, Context
from chalicelib.services import App
from chalicelib.storage.engine import Engine
from tests.contract.factories import an_app, arrive, arrived, dump
from tests.web.clock import HandClock

START = datetime(2026, 5, 4, 9, tzinfo=UTC)


class Run:
    """A run with participants, whose clock is set."""

    def __init__(self, engine: Engine, count: int) -> None:
        self.engine = engine
        self.app: App = an_app(engine)
        self.clock = HandClock(START)
        self.app.clock = self.clock
        self.people = arrived(self.app, count)

    def send(self, text: str, *to: str | int) -> SentMessage:
        sent: SentMessage = self.app.run(send_message, text, ",".join(map(str, to)), caller=OPERATOR_CALLER)
        return sent

    def shown(self, participant: int, after: int = 0) -> list[str]:
        """The texts that a page of a participant shows."""
        found = self.app.run(read_messages, participant, after, caller=Caller(PARTICIPANT, participant, 1))
        return [one["text"] for one in found["messages"]]

    def note(self, participant: int, number: int, *, is_closed: bool) -> None:
        caller = Caller(PARTICIPANT, participant, 1)
        self.app.run(record_message, participant, number, is_closed=is_closed, caller=caller)

    def items(self, kind: str) -> list[Any]:
        return [item for item in dump(self.engine).values() if item["kind"] == kind]


@pytest.fixture
def make(engine: Engine) -> Callable[[int], Run]:
    return lambda count: Run(engine, count)


def test_a_message_is_shown_to_its_participants_until_they_close_it(make: Callable[[int], Run]) -> None:
    run = make(3)
    one, other, third = run.people
    sent = run.send("Please\nreload \u202eyour\x07 page.", other, one, one)
    assert (sent.participant_ids, sent.recipients) == ([one, other], 2)
    assert run.shown(one) == ["Please\nreload  your  page."]
    assert run.shown(one, after=sent.id) == []
    assert run.shown(third) == []
    run.note(one, sent.id, is_closed=False)
    assert run.shown(one) == run.shown(other)
    run.note(one, sent.id, is_closed=True)
    assert (run.shown(one), len(run.shown(other))) == ([], 1)
    detail = run.app.run(read_message, str(sent.id), caller=OPERATOR_CALLER)
    assert ([each.participant_id for each in detail.receipts], detail.not_seen_by) == ([one], [other])
    assert detail.message.seen == 1


def test_the_first_moment_at_which_a_message_was_seen_counts(make: Callable[[int], Run]) -> None:
    run = make(1)
    (one,) = run.people
    sent = run.send("Hello", one)
    run.note(one, sent.id, is_closed=False)
    run.clock.turn(minutes=3)
    run.note(one, sent.id, is_closed=True)
    run.clock.turn(minutes=2)
    before = dump(run.engine)
    run.note(one, sent.id, is_closed=True)
    run.note(one, sent.id, is_closed=False)
    assert dump(run.engine) == before
    (receipt,) = run.app.run(read_message, "1", caller=OPERATOR_CALLER).receipts
    assert (receipt.seen, receipt.closed) == (START, START + timedelta(minutes=3))


def test_a_message_to_all_reaches_those_who_take_part_and_later_ones_only_if_it_says_so(
    make: Callable[[int], Run],
) -> None:
    run = make(2)
    run.send("A break", "all")
    run.send("Welcome", "all and later")
    late = arrive(run.app, "late")
    assert run.shown(run.people[0]) == ["A break", "Welcome"]
    assert run.shown(late) == ["Welcome"]
    run.clock.turn(hours=24)
    assert run.shown(run.people[0]) == ["Welcome"]


def test_a_message_to_all_is_not_shown_to_participants_who_had_ended(make: Callable[[int], Run]) -> None:
    run = make(2)

    def end(ctx: Context) -> None:
        ctx.uow.participant(run.people[0]).end_time = ctx.now

    run.app.run(end)
    run.clock.turn(seconds=1)
    run.send("A break", "all")
    assert [run.shown(one) for one in run.people] == [[], ["A break"]]


@pytest.mark.parametrize("to_all", [True, False])
def test_a_message_to_many_is_one_record_and_no_write_for_each(
    make: Callable[[int], Run], to_all: bool
) -> None:
    run = make(MAX_BOXES + 1)
    before = len(dump(run.engine))
    run.send("Hello", *(["all"] if to_all else run.people))
    # The record, the header, and the notification of the pages.
    assert len(dump(run.engine)) == before + 3
    assert [run.shown(one) for one in run.people] == [["Hello"]] * len(run.people)
    (row,) = run.app.run(list_messages, caller=OPERATOR_CALLER).rows
    assert (row.recipients, row.seen) == (MAX_BOXES + 1, 0)


def test_a_page_without_messages_reads_the_same_three_items_after_any_number_of_them(
    make: Callable[[int], Run],
) -> None:
    run = make(2)
    one, other = run.people
    for number in range(MAX_NAMED + 5):
        run.send(f"To all {number}", "all")
        run.send(f"To the other {number}", other)
        run.clock.turn(minutes=1)
    last = 2 * (MAX_NAMED + 5)
    asked: list[Any] = []
    get = run.engine.get

    def counted(keys: Any) -> Any:
        wanted = list(keys)
        asked.extend(wanted)
        return get(wanted)

    run.engine.get = counted  # type: ignore[method-assign]
    assert run.shown(one, after=last) == []
    assert len(asked) == 3
    # Only the newest are shown.
    assert run.shown(one) == [f"To all {number}" for number in range(5, MAX_NAMED + 5)]


def test_messages_are_listed_newest_first_also_those_of_one_participant(make: Callable[[int], Run]) -> None:
    run = make(2)
    one, other = run.people
    run.send("First", one)
    run.send("Second", "all")
    run.send("Third", other)

    def listed(**wanted: Any) -> list[str]:
        found = run.app.run(list_messages, RecordFilter(**wanted), caller=OPERATOR_CALLER)
        return [row.text for row in found.rows]

    assert listed() == ["Third", "Second", "First"]
    assert listed(participant_id=one) == ["Second", "First"]
    assert listed(type="all") == ["Second"]
    assert listed(text="thi") == ["Third"]
    page = run.app.run(list_messages, limit=2, caller=OPERATOR_CALLER)
    rest = run.app.run(list_messages, cursor=page.next, limit=2, caller=OPERATOR_CALLER)
    assert [row.text for row in (*page.rows, *rest.rows)] == ["Third", "Second", "First"]
    assert rest.next is None


@pytest.mark.parametrize(
    ("text", "to", "error"),
    [
        (" \n\x00\u3000 ", "all", BadRequest),
        ("Hi", "", BadRequest),
        ("Hi", "all,1", BadRequest),
        ("Hi", "01", BadRequest),
        ("Hi", "1,99", NotFound),
        ("Hi", "group-1", NotFound),
    ],
)
def test_a_message_without_text_or_clear_recipients_is_refused(
    make: Callable[[int], Run], text: str, to: str, error: type[Exception]
) -> None:
    run = make(1)
    before = dump(run.engine)
    with pytest.raises(error):
        run.send(text, to)
    assert dump(run.engine) == before


def test_a_message_to_all_is_refused_while_no_participant_takes_part(make: Callable[[int], Run]) -> None:
    run = make(0)
    with pytest.raises(InvalidState, match="would reach none"):
        run.send("Hello", "all")
    run.send("Hello", "all and later")
    assert run.shown(arrive(run.app, "first")) == ["Hello"]


def test_more_messages_than_the_rate_limit_allows_are_refused_for_a_minute(
    make: Callable[[int], Run],
) -> None:
    run = make(1)
    for number in range(MAX_PER_MINUTE):
        run.send(str(number), "all")
    before = dump(run.engine)
    with pytest.raises(TooManyTries, match="wait a minute"):
        run.send("One more", "all")
    assert dump(run.engine) == before
    run.clock.turn(minutes=1)
    run.send("One more", "all")


def test_participants_read_and_note_their_own_messages_only(make: Callable[[int], Run]) -> None:
    run = make(2)
    one, other = run.people
    sent = run.send("For one", one)
    with pytest.raises(NotFound):
        run.note(other, sent.id, is_closed=True)
    with pytest.raises(NotFound):
        run.note(one, 99, is_closed=True)
    stranger = Caller(PARTICIPANT, other, 1)
    with pytest.raises(Forbidden):
        run.app.run(read_messages, one, 0, caller=stranger)
    assert run.items("message_receipt") == []
