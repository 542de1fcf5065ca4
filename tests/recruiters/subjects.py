"""Every recruiter, with the vendor that it calls, for the contract suite."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from chalicelib.model.participant import Participant
from chalicelib.ports import Recruiter
from chalicelib.recruiters import link, prolific
from chalicelib.recruiters.bots import AbsentBots, BotRecruiter
from chalicelib.recruiters.cli import CLIRecruiter
from chalicelib.recruiters.hotair import HotAirRecruiter
from chalicelib.recruiters.mturk import MTurkRecruiter
from chalicelib.recruiters.mturk.requester import Requester
from infra.emulator.mturk import ACCESS_KEY, SECRET_KEY, TOPIC, MTurkStandIn
from infra.simulate.simulated_recruiter import SimulatedRecruiter, fee_of
from tests.docs.blocks import DOCS, blocks
from tests.tools import panel
from tests.tools.panel import Panel
from tests.tools.prolific import Prolific
from tests.web.clock import HandClock

from .mturk import conftest as mturk_tests
from .prolific import conftest as prolific_tests

BASE = "https://ring.example.org"
#: A port on which nothing listens.
CLOSED = "http://127.0.0.1:1"


@dataclass(frozen=True)
class Entry:
    """The ids of a participant at the recruiter, and the recruiter's state at that time."""

    worker_id: str
    hit_id: str
    assignment_id: str
    recruiter_state: Mapping[str, Any]


@dataclass(frozen=True)
class Vendor:
    """What a recruiter's vendor shows, and what its participants do."""

    #: How many places are open.
    places: Callable[[], int]
    #: How many payments were made.
    payments: Callable[[], int]
    #: Opens a place and takes it; returns the ids.
    enter: Callable[[Recruiter], Entry]
    #: Submits the work of an assignment.
    submit: Callable[[Recruiter, Entry], None]
    #: Builds the recruiter with a vendor that doesn't respond.
    unreachable: Callable[[], Recruiter]
    #: Whether it says whose an open assignment is.
    names_workers: bool = True
    #: How many messages participants got.
    messages: Callable[[], int] = lambda: 0


@dataclass(frozen=True)
class Subject:
    """A recruiter under test."""

    #: Builds the recruiter as another process would: it remembers nothing.
    make: Callable[[], Recruiter]
    vendor: Vendor | None = None
    #: The entries of the replacement bots that were started.
    started: Callable[[], list[Any]] = list


def _base() -> str:
    return BASE


@contextmanager
def _hotair() -> Iterator[Subject]:
    yield Subject(lambda: HotAirRecruiter(_base, "debug"))


@contextmanager
def _cli() -> Iterator[Subject]:
    yield Subject(lambda: CLIRecruiter(_base, "debug"))


@contextmanager
def _bots() -> Iterator[Subject]:
    spawned: list[str] = []
    yield Subject(
        lambda: BotRecruiter(_base, "debug", spawned.append),
        started=lambda: list(spawned),
    )


@contextmanager
def _deployed_bots() -> Iterator[Subject]:
    yield Subject(lambda: AbsentBots(_base, "debug"))


@contextmanager
def _link() -> Iterator[Subject]:
    yield Subject(lambda: link.build({"mode": "live"}, _base, secret="the-run"))


class _Trial:
    """The part of a simulated run that a simulated recruiter calls."""

    def __init__(self) -> None:
        self.places = 0
        self.entries: list[Mapping[str, str]] = []

    def invite(self, n: int, recruiter: str) -> None:
        self.places += n

    def turn_away(self) -> None:
        self.places = 0

    def is_at_work(self, assignment_id: str) -> bool:
        return False

    def start_replacement_bot(self, entry: Mapping[str, str]) -> None:
        self.entries.append(entry)


@contextmanager
def _simulated(nickname: str) -> Iterator[Subject]:
    trial = _Trial()
    config: Any = {}
    recruiter = SimulatedRecruiter(nickname, fee_of(nickname, config), trial)
    yield Subject(lambda: recruiter, started=lambda: trial.entries)


@contextmanager
def _mturk() -> Iterator[Subject]:
    with MTurkStandIn() as turk:
        requesters: list[Requester] = []

        def make(endpoint: str = turk.url) -> Recruiter:
            requester = Requester("sandbox", ACCESS_KEY, SECRET_KEY, endpoint=endpoint, attempts=1)
            requesters.append(requester)
            return MTurkRecruiter(
                requester, mturk_tests.SETTINGS, _base, turk.clock, app_id="run-1", topic=TOPIC
            )

        def enter(recruiter: Recruiter) -> Entry:
            state = recruiter.recruit(1, "enter", {}).recruiter_state
            hit_id = state["hits"][0]["id"]
            return Entry("A1", hit_id, turk.market.accept("A1", hit_id), state)

        def places() -> int:
            return sum(hit.available(turk.clock.now()) for hit in turk.market.open_hits())

        yield Subject(
            make,
            Vendor(
                places,
                lambda: len(turk.books().entries),
                enter,
                lambda _, entry: turk.market.submit(entry.assignment_id),
                partial(make, CLOSED),
                names_workers=False,
                messages=lambda: len(turk.market.mails),
            ),
        )
        for requester in requesters:
            requester.close()
        assert turk.defects == []


@contextmanager
def _prolific() -> Iterator[Subject]:
    clock = HandClock()
    with Prolific.running(clock) as vendor:

        def make(api: str = vendor.api) -> Recruiter:
            return prolific.build(prolific_tests.SETTINGS, _base, clock, secret="the-run", api=api)

        def enter(recruiter: Recruiter) -> Entry:
            state = recruiter.recruit(1, "enter", {}).recruiter_state
            return Entry("worker-1", state["studies"][0]["id"], vendor.begin("worker-1"), state)

        def submit(recruiter: Recruiter, entry: Entry) -> None:
            vendor.come_back(entry.assignment_id, recruiter.submit_address(participant_of(recruiter, entry)))

        yield Subject(
            make,
            Vendor(
                vendor.open_places,
                lambda: sum(vendor.books().values()),
                enter,
                submit,
                partial(make, CLOSED),
                messages=lambda: len(vendor.world.messages),
            ),
        )


@contextmanager
def _documented() -> Iterator[Subject]:
    """The complete example of docs/recruiters/own.md."""
    recruiter_class = _example()
    with Panel.running() as running:

        def make(api: str = running.url) -> Recruiter:
            recruiter: Recruiter = recruiter_class(api, panel.KEY, _base)
            return recruiter

        def enter(recruiter: Recruiter) -> Entry:
            state = recruiter.recruit(1, "enter", {}).recruiter_state
            return Entry("member-1", "panel", running.accept("member-1"), state)

        def submit(recruiter: Recruiter, entry: Entry) -> None:
            running.assignments[entry.assignment_id]["status"] = "submitted"

        yield Subject(
            make,
            Vendor(
                lambda: running.places,
                lambda: len(running.payments),
                enter,
                submit,
                partial(make, CLOSED),
            ),
        )


def _example() -> Any:
    (block,) = [each for each in blocks(DOCS / "recruiters" / "own.md") if each.name == "panel.py"]
    spec = importlib.util.spec_from_loader("documented_panel", loader=None)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    exec(compile(block.text, str(Path("docs/recruiters/own.md")), "exec"), vars(module))  # noqa: S102 - our own page
    return module.PanelRecruiter


def participant_of(recruiter: Recruiter, entry: Entry) -> Participant:
    """Return a participant who has submitted."""
    found = Participant(recruiter.nickname, entry.worker_id, entry.assignment_id, entry.hit_id)
    found.id = 1
    found.status = "submitted"
    return found


SUBJECTS: dict[str, Callable[[], AbstractContextManager[Subject]]] = {
    "hotair": _hotair,
    "cli": _cli,
    "bots": _bots,
    "bots of a deployed app": _deployed_bots,
    "link": _link,
    "mturk": _mturk,
    "prolific": _prolific,
    "simulated hotair": partial(_simulated, "hotair"),
    "simulated mturk": partial(_simulated, "mturk"),
    "simulated prolific": partial(_simulated, "prolific"),
    "the documented example": _documented,
}
WITH_VENDOR = ("mturk", "prolific", "the documented example")
