"""Players of a study over any engine: each call is one request, as the web layer carries it out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

import pytest

from chalicelib import bootstrap, services
from chalicelib.messaging.local_queue import LocalQueue
from chalicelib.operations.participant.create_participant import create_participant
from chalicelib.operations.participant.entry_verification import EntryRequest
from chalicelib.operations.run.launch import launch
from chalicelib.operations.shared.context import OPERATOR_CALLER, PARTICIPANT, Caller
from chalicelib.operations.study.pages.page_requests import PageRequests
from chalicelib.operations.study_live import messages as live_messages
from chalicelib.services import App
from chalicelib.storage.engine import Engine, Item
from chalicelib.study.study import Study
from chalicelib.workers import queue_consumer
from petri.study import End, Group, Page, Rounds, Wait, number
from tests.contract.factories import ANY_CALLER, dump
from tests.study.studies import compiled, page_names
from tests.web.clock import HandClock

T = TypeVar("T")
SETTINGS = {
    "mode": "debug",
    "recruiter": "hotair",
    "base_payment": 1.5,
    "run_seed": "seed",
    "auto_recruit": False,
}


class Sums(Study):
    """Members of a group each name a number; each earns the sum."""

    size = 2
    rounds = 3
    mine = number("Which number?", minimum=0, maximum=1000)

    def add_up(self, group):
        total = sum(player.mine for player in group.living)
        group.state["released"] = group.state.get("released", 0) + 1
        for player in group.living:
            player.earn(total)


def sums(size: int, rounds: int = 3, **more: Any) -> type[Sums]:
    """Return the study for groups of a size; `more` are arguments of its page."""
    timeline = (
        Page("welcome"),
        Group(size, wait_minutes=5),
        Rounds(rounds, [Page("name", ask="mine", **more), Wait(then="add_up")]),
        End(),
    )
    return type("Sums", (Sums,), {"timeline": timeline})


@dataclass(frozen=True)
class _Call:
    """What the routes of pages need of an HTTP call."""

    app: App
    caller: Caller

    def run(self, operation: Callable[..., T], *args: Any, **more: Any) -> T:
        return self.app.run(operation, *args, caller=self.caller, **more)


@dataclass
class Player:
    """A participant who asks for pages and answers them."""

    app: App
    id: int
    serial: int = 1
    last: dict[str, Any] = field(default_factory=dict)

    def get(self) -> dict[str, Any]:
        """GET /page."""
        self.last = self._requests().get_page()
        return self.last

    def post(self, serial: int | None = None, *, is_timeout: bool = False, **answers: Any) -> dict[str, Any]:
        """POST /page, to the page that this player was last shown."""
        number = self.last["serial"] if serial is None else serial
        self.last = self._requests().post_page(number, answers, None, None, is_timeout=is_timeout)
        return self.last

    def open(self, path: str) -> dict[str, Any]:
        """POST /page/open."""
        self.last = self._requests().open_page(self.last["serial"], path, None)
        return self.last

    def read(self, position: float, *, is_at_end: bool = False) -> dict[str, Any]:
        """POST /page/reading, of the page that this player was last shown."""
        return self._requests().keep_reading(self.last["serial"], position, is_at_end=is_at_end)

    def echo(self, echo: str) -> dict[str, Any]:
        """POST /page/echo."""
        return self._requests().take_echo(echo)

    def _requests(self) -> PageRequests:
        """Return the requests of this player, as the routes make them."""
        call = _Call(self.app, Caller(PARTICIPANT, self.id, self.serial))
        return PageRequests(call.run, self.app.run)

    def send(self, message: dict[str, Any]) -> dict[str, Any]:
        """POST /page/live, to the page that this player was last shown."""
        call = _Call(self.app, Caller(PARTICIPANT, self.id, self.serial))
        return live_messages.handle_message(call.run, self.app.run, self.last["serial"], message)


@dataclass
class Table:
    """A run of a study over an engine, and its players."""

    app: App
    engine: Engine
    clock: HandClock
    players: list[Player] = field(default_factory=list)

    def arrive(self, count: int = 1) -> list[Player]:
        """Create participants who haven't asked for a page yet."""
        made = []
        for _ in range(count):
            number = len(self.players) + 1
            entry = EntryRequest(worker_id=f"w{number}", hit_id="h", assignment_id=f"a{number}")
            created = self.app.run(create_participant, entry, caller=ANY_CALLER)
            self.players.append(Player(self.app, int(created["participant"]["id"])))
            made.append(self.players[-1])
        return made

    def work(self) -> None:
        """Carry out every message that is due, and those that follow."""
        queue = self.app.queue
        assert isinstance(queue, LocalQueue)
        while (message := queue.take()) is not None:
            failures = queue_consumer.consume(LocalQueue.as_event(message))["batchItemFailures"]
            assert failures == [], message.body
            queue.done(message)

    def items(self, kind: str) -> list[Item]:
        """Return the stored items of a kind."""
        return [item for item in dump(self.engine).values() if item["kind"] == kind]

    def place(self, player: Player) -> Item:
        """Return the stored place of a player."""
        return next(item for item in self.items("place") if item["participant_id"] == player.id)

    def points(self) -> list[Decimal]:
        """Return the points of each player, in the order of their arrival."""
        places = {item["participant_id"]: item for item in self.items("place")}
        return [Decimal(places[player.id].get("points", "0")) for player in self.players]

    def payments(self) -> dict[int, list[str]]:
        """Return the kinds of payments by participant."""
        found: dict[int, list[str]] = {}
        for item in self.items("payment"):
            found.setdefault(item["participant_id"], []).append(item["payment_kind"])
        return {who: sorted(kinds) for who, kinds in found.items()}


Seat = Callable[..., Table]


@pytest.fixture
def seat_players() -> Iterator[Seat]:
    """Opens a run over an engine: `seat_players(engine, StudyClass, count, pages)`."""

    def seat(
        engine: Engine,
        study: type[Study],
        count: int = 0,
        pages: Mapping[str, str] | None = None,
        **settings: Any,
    ) -> Table:
        own = type(study.__name__, (study,), {})
        own.use_pages(compiled({name: f"<h1>{name}</h1>" for name in page_names(study)} | dict(pages or {})))
        clock = HandClock()
        app = bootstrap.local(own, SETTINGS | settings, app_id="contract", engine=engine, clock=clock)
        app.enable_schedule()
        app.run(launch, caller=OPERATOR_CALLER)
        table = Table(app, engine, clock)
        table.arrive(count)
        return table

    yield seat
    services.use(None)


def play(
    players: Sequence[Player], *, answer: Callable[[Player], Mapping[str, Any]], most: int = 200
) -> None:
    """Let players answer whatever is due, in turns, until each has come to the end."""
    for _ in range(most):
        ahead = [player for player in players if player.get()["kind"] != "end"]
        if not ahead:
            return
        for player in ahead:
            if player.last["kind"] == "page":
                player.post(**(answer(player) if player.last["items"] else {}))
    raise AssertionError([player.last for player in players])


@pytest.fixture
def hundred_writes(sqlite: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine that takes 100 writes at once, as DynamoDB does, and is as fast as SQLite."""
    monkeypatch.setattr(sqlite, "max_writes", 100)
    return sqlite
