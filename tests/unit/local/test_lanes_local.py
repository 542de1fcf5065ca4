"""The local consumer under a load of slow work: the order of messages, without timing."""

from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.messages import NotifyOperator
from chalicelib.messaging.local_queue import MOST_IN_A_ROW, LocalQueue
from chalicelib.operations.shared.context import Context
from infra.local.consumer import MessageConsumer
from tests.contract.carriers import Post, local_post

__all__ = ["local_post"]

WORK = "work"


class Mailer:
    """Records a mail in the list of timers, to compare their order."""

    def __init__(self, rung: list[str], while_busy: Post | None = None) -> None:
        self._rung = rung
        #: The run in which a participant acts while a mail is being sent.
        self._while_busy = while_busy

    def tell(self, subject: str, text: str) -> None:
        del subject, text
        self._rung.append(WORK)
        if self._while_busy is not None:
            self._while_busy.post(f"room {self._rung.count(WORK)}")


@pytest.fixture
def consumer(local_post: Post) -> MessageConsumer:
    return MessageConsumer(local_post.app)


def post_work(post: Post, count: int) -> None:
    post.app.run(_posting_work, count)


def _posting_work(ctx: Context, count: int) -> None:
    for number in range(count):
        ctx.uow.post(NotifyOperator({"number": number}))


def carry_out_all(consumer: MessageConsumer) -> None:
    while consumer.carry_out_one():
        pass


def test_a_message_posted_during_slow_work_comes_next(local_post: Post, consumer: MessageConsumer) -> None:
    local_post.app.mailer = Mailer(local_post.rung, local_post)
    post_work(local_post, 30)
    carry_out_all(consumer)
    assert local_post.rung == [each for one in range(1, 31) for each in (WORK, f"room {one}")]


def test_real_time_messages_keep_their_order_behind_work(local_post: Post, consumer: MessageConsumer) -> None:
    local_post.app.mailer = Mailer(local_post.rung)
    post_work(local_post, 5)
    words = [f"word {number}" for number in range(5)]
    for word in words:
        local_post.post(word)
    carry_out_all(consumer)
    assert local_post.rung == [*words, *[WORK] * 5]


def test_a_timer_that_comes_due_goes_ahead_of_work_that_waited_longer(
    local_post: Post, consumer: MessageConsumer
) -> None:
    local_post.app.mailer = Mailer(local_post.rung)
    post_work(local_post, 3)
    local_post.post("timer", after=5.0)
    consumer.carry_out_one()
    local_post.clock.turn(seconds=5)
    carry_out_all(consumer)
    assert local_post.rung == [WORK, "timer", WORK, WORK]


def test_an_endless_burst_of_real_time_messages_does_not_hold_up_work(
    local_post: Post, consumer: MessageConsumer
) -> None:
    local_post.app.mailer = Mailer(local_post.rung)
    post_work(local_post, 2)
    local_post.post(*[f"word {number}" for number in range(3 * MOST_IN_A_ROW)])
    carry_out_all(consumer)
    assert [place for place, word in enumerate(local_post.rung) if word == WORK] == [
        MOST_IN_A_ROW,
        2 * MOST_IN_A_ROW + 1,
    ]


def test_a_new_process_takes_up_real_time_messages_first(local_post: Post, tmp_path: Path) -> None:
    local_post.app.mailer = Mailer(local_post.rung)
    post_work(local_post, 3)
    local_post.post("room")
    local_post.app.queue = LocalQueue(local_post.clock)
    carry_out_all(MessageConsumer(local_post.app))
    assert local_post.rung == ["room", WORK, WORK, WORK]
