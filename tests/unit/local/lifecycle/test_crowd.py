from __future__ import annotations

import queue
import threading
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.experiment.bots.api_client import ApiClient, BotError
from infra.local.lifecycle.crowd import Crowd, Participation


class RecordingBot:
    """Records its link and its random draws instead of taking part."""

    def __init__(self, url: str, *, seed: object = None) -> None:
        self.url, self.seed, self.problems = url, seed, []

    def run_experiment(self) -> bool:
        return True


def all_of(crowd: Crowd, count: int) -> list[Participation]:
    ended: queue.SimpleQueue[Participation] = queue.SimpleQueue()
    crowd.start(ended.put)
    return [ended.get(timeout=10) for _ in range(count)]


def links_of(*, seed: int | None = None, before: int = 0) -> list[str]:
    links: list[str] = []

    class Bot(RecordingBot):
        def run_experiment(self) -> bool:
            links.append(self.url)
            return True

    all_of(Crowd("http://h", [Bot], 3, seed=seed, before=before), 3)
    return links


def test_every_bot_takes_part_once() -> None:
    ended = all_of(Crowd("http://h", [RecordingBot], 5, at_once=2), 5)
    assert sorted(one.number for one in ended) == [1, 2, 3, 4, 5]


def test_a_bot_comes_by_a_link_that_holds_all_ids() -> None:
    query = parse_qs(urlsplit(links_of()[0]).query)
    assert set(query) == {"recruiter", "hitId", "assignmentId", "workerId", "mode"}
    assert query["mode"] == ["debug"]


def test_the_same_seed_names_the_bots_the_same() -> None:
    assert links_of(seed=7) == links_of(seed=7)


def test_bots_sign_up_with_the_token_of_who_sends_them() -> None:
    tokens: list[str] = []

    class Bot(RecordingBot):
        def __init__(self, url: str, *, seed: object = None) -> None:
            super().__init__(url, seed=seed)
            self.line = ApiClient("http://h")

        def run_experiment(self) -> bool:
            tokens.append(self.line.token)
            return True

    all_of(Crowd("http://h", [Bot], 2, token="operator"), 2)
    assert tokens == ["operator", "operator"]


def test_without_a_seed_names_differ() -> None:
    assert links_of() != links_of()


def test_bots_of_a_resumed_run_have_new_names() -> None:
    assert not set(links_of(seed=7)) & set(links_of(seed=7, before=3))


def test_several_classes_come_in_turn() -> None:
    came: list[str] = []

    class First(RecordingBot):
        def run_experiment(self) -> bool:
            came.append("first")
            return True

    class Second(RecordingBot):
        def run_experiment(self) -> bool:
            came.append("second")
            return True

    all_of(Crowd("http://h", [First, Second], 3), 3)
    assert came == ["first", "second", "first"]


def test_so_many_take_part_at_once_as_asked() -> None:
    together = threading.Barrier(3, timeout=10)

    class Meeting(RecordingBot):
        def run_experiment(self) -> bool:
            together.wait()
            return True

    assert all(one.succeeded for one in all_of(Crowd("http://h", [Meeting], 3, at_once=3), 3))


def test_an_error_in_a_bot_is_its_own_problem() -> None:
    class Failing(RecordingBot):
        def run_experiment(self) -> bool:
            raise LookupError("no story")

    first, second = all_of(Crowd("http://h", [Failing], 2), 2)
    assert first.problems == second.problems == ("LookupError: no story",)


def test_a_stopped_crowd_sends_no_more() -> None:
    ended: queue.SimpleQueue[Participation] = queue.SimpleQueue()

    class Stopping(RecordingBot):
        def run_experiment(self) -> bool:
            crowd.stop()
            return True

    crowd = Crowd("http://h", [Stopping], 100)
    crowd.start(ended.put)
    ended.get(timeout=10)
    threads = [one for one in threading.enumerate() if one.name.startswith("bot")]
    for thread in threads:
        thread.join(timeout=10)
    assert ended.empty()


class WaitingBot(RecordingBot):
    """Waits until the test releases it."""

    waiting_for = "the others"
    go_on = threading.Event()

    def run_experiment(self) -> bool:
        return self.go_on.wait(30)


def test_a_bot_that_is_cut_short_makes_room_for_the_next_one() -> None:
    class Bot(WaitingBot):
        def run_experiment(self) -> bool:
            came.append(self.url)
            began.set()
            return super().run_experiment() if len(came) == 1 else True

    came: list[str] = []
    began = threading.Event()
    ended: queue.SimpleQueue[Participation] = queue.SimpleQueue()
    crowd = Crowd("http://h", [Bot], 2, at_once=1)
    crowd.start(ended.put)
    assert began.wait(10)
    crowd.cut_short(0, ended.put)
    first, second = ended.get(timeout=10), ended.get(timeout=10)
    Bot.go_on.set()
    assert (first.number, first.succeeded) == (1, False)
    assert "it was waiting for the others, at test_crowd.py, line " in first.problems[0]
    assert (second.number, second.succeeded) == (2, True)


def test_a_bot_that_was_cut_short_asks_the_server_for_nothing_more() -> None:
    line = ApiClient("http://127.0.0.1:9")
    line.is_stopped = True
    with pytest.raises(BotError, match="time was over"):
        line.ask("GET", "/summary")
