"""What one process remembers may be asked by many threads at once: the local host and bots have several."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.operations.participant.entry_rate_limiter import BUCKET_SIZE, EntryRateLimiter
from chalicelib.operations.shared.tokens import LazyTokens
from chalicelib.recruiters import confirmation_cache
from chalicelib.recruiters.confirmation_cache import ConfirmationCache
from chalicelib.web import request_log

#: How long a thread waits for the other to come to the same place; behind a lock it never does.
TOGETHER = 0.3


class Meeting:
    """A place at which two threads meet, if they can."""

    def __init__(self) -> None:
        self._barrier = threading.Barrier(2)

    def wait(self) -> None:
        try:
            self._barrier.wait(TOGETHER)
        except threading.BrokenBarrierError:
            return


class MeetingDict(OrderedDict[Any, Any]):
    """A dictionary in which two threads that read or write without a lock come between each other's steps."""

    def __init__(self) -> None:
        super().__init__()
        self.meeting = Meeting()

    def pop(self, *given: Any) -> Any:
        found = super().pop(*given)
        self.meeting.wait()
        return found

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        self.meeting.wait()


def both(*calls: Callable[[], Any]) -> list[Any]:
    """Call functions in a thread each; return what they return, or raise what one of them raises."""
    with ThreadPoolExecutor(len(calls)) as threads:
        return [called.result() for called in [threads.submit(call) for call in calls]]


def test_two_threads_that_take_from_one_bucket_both_count() -> None:
    tries = EntryRateLimiter(lambda: 0.0, MeetingDict())
    both(lambda: tries.take("a"), lambda: tries.take("a"))
    assert tries._left["a"] == (BUCKET_SIZE - 2, 0.0)


def test_two_threads_that_remember_an_answer_do_not_forget_each_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(confirmation_cache, "MAX_CACHED", 1)
    answers = ConfirmationCache(lambda: 0.0, MeetingDict())
    both(lambda: answers.ask(("a",), lambda: None), lambda: answers.ask(("b",), lambda: None))
    assert len(answers._kept) == 1


def test_a_vendor_is_asked_while_other_answers_are_read() -> None:
    answers = ConfirmationCache()
    answers.ask(("known",), lambda: None)
    answers.ask(("slow",), lambda: both(lambda: answers.ask(("known",), lambda: None))[0])
    assert len(answers._kept) == 2


def test_secrets_are_read_once_however_many_threads_need_them_first() -> None:
    meeting, reads = Meeting(), []

    def read() -> tuple[str, str]:
        reads.append(threading.get_ident())
        meeting.wait()
        return "secret", "of the operator"

    tokens = LazyTokens(read)
    issued = both(lambda: tokens.issue(1, 0), lambda: tokens.issue(1, 0))
    assert len(reads) == 1
    assert [tokens.read(token).participant_id for token in issued] == [1, 1]


def test_secrets_that_could_not_be_read_are_read_again() -> None:
    answers: list[Any] = [OSError("no network"), ("secret", "of the operator")]

    def read() -> tuple[str, str]:
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    tokens = LazyTokens(read)
    with pytest.raises(OSError, match="no network"):
        tokens.issue(1, 0)
    assert tokens.operator_token == "of the operator"


def test_two_threads_that_log_first_share_one_logger(monkeypatch: pytest.MonkeyPatch) -> None:
    meeting = Meeting()
    made: list[object] = []

    def make(**given: Any) -> Any:
        made.append(given)
        meeting.wait()
        return logging.getLogger("tests.threads")

    monkeypatch.setattr(request_log, "_logger", None)
    monkeypatch.setattr(request_log, "Logger", make)
    both(request_log.logger, request_log.logger)
    assert len(made) == 1
