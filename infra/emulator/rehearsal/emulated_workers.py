"""Simulates workers: they accept a HIT, open its page, take part as bots and submit."""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests

from infra.emulator.mturk import HandClock, MTurkStandIn

_EXTERNAL = re.compile(r"<ExternalURL>(.*?)</ExternalURL>")
PATIENCE = 60
#: How many take part at the same time.
AT_ONCE = 8


@dataclass(frozen=True)
class WorkerVisit:
    """The result of one worker's participation."""

    worker: str
    assignment: str
    problems: tuple[str, ...] = ()


class RunningClock(HandClock):
    """A clock that runs in real time, and that can be advanced."""

    def __init__(self) -> None:
        super().__init__()
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def advance(self, by: timedelta) -> None:
        self._ahead += by

    def turn_back(self) -> None:
        self._ahead = timedelta(0)


class Workers:
    """All workers of the marketplace, who use the distribution's address."""

    def __init__(self, market: MTurkStandIn, bots: Sequence[type[Any]], site: str) -> None:
        """`site`: the address of the CloudFront emulator, which replaces CloudFront's own in HITs."""
        self._standin = market
        self._bots = [_recruited(bot) for bot in bots]
        self._site = site
        self._turn = threading.Lock()
        self._number = 0

    def come(self) -> list[WorkerVisit]:
        """Let a worker take each open place, concurrently, and return their results."""
        places = list(self._places())
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(lambda place: self._take_part(*place), places))

    def _places(self) -> list[tuple[str, str, str, int]]:
        places = []
        for hit in list(self._standin.market.open_hits()):
            for _ in range(hit.available(self._standin.clock.now())):
                self._number += 1
                worker = f"A{self._number:013d}"
                with self._turn:
                    assignment = self._standin.market.accept(worker, hit.id)
                places.append((worker, assignment, hit.id, self._number))
        return places

    def _take_part(self, worker: str, assignment: str, hit_id: str, number: int) -> WorkerVisit:
        address = self._ad(worker, assignment, hit_id)
        problems = [*self._problems_of_ad(address)]
        bot = self._bots[number % len(self._bots)](address, seed=number)
        try:
            bot.run_experiment()
        except Exception as error:  # noqa: BLE001 - an author's bot may raise anything; the report shows it, and the other workers continue
            problems.append(f"{type(error).__name__}: {error}")
        problems += bot.problems
        with self._turn:
            # Mechanical Turk reports whole seconds, and a bot is faster.
            self._standin.clock.advance(timedelta(seconds=2))
            self._standin.market.submit(assignment)
        return WorkerVisit(worker, assignment, tuple(problems))

    def _ad(self, worker: str, assignment: str, hit_id: str) -> str:
        """Return the address that Mechanical Turk's frame opens."""
        external_url = _EXTERNAL.search(self._standin.market.hits[hit_id].question)
        if external_url is None:
            raise LookupError(f"HIT {hit_id} shows no page")
        page = urlsplit(html.unescape(external_url[1]))
        query = [
            *parse_qsl(page.query),
            ("assignmentId", assignment),
            ("hitId", hit_id),
            ("workerId", worker),
            ("turkSubmitTo", "https://workersandbox.mturk.com"),
        ]
        return f"{self._site}{page.path}?{urlencode(query)}"

    def _problems_of_ad(self, address: str) -> list[str]:
        """Request the ad and its resources as a browser would, and return all problems."""
        problems = []
        page = requests.get(address, timeout=PATIENCE)
        if not page.ok or "<html" not in page.text.lower():
            problems.append(f"the ad answered {page.status_code}")
        for source in re.findall(r"""(?:src|href)=["'](/static/[^"'#?]+)""", page.text):
            status = requests.get(self._site + source, timeout=PATIENCE).status_code
            if status != requests.codes.ok:
                problems.append(f"{source} answered {status}")
        query = urlsplit(address).query
        may = requests.get(f"{self._site}/may-take-part?{query}", timeout=PATIENCE)
        if may.status_code != requests.codes.ok or may.json().get("may") is not True:
            problems.append(f"/may-take-part answered {may.text[:200]}")
        return problems


def _recruited(bot: type[Any]) -> type[Any]:
    """Make a bot name its recruiter, as a participant's page does."""

    class RecruitmentResult(bot):  # type: ignore[misc]
        def entry_fields(self) -> dict[str, Any]:
            fields: dict[str, Any] = {**super().entry_fields(), "recruiter": self.recruiter}
            return fields

    RecruitmentResult.__name__ = bot.__name__
    return RecruitmentResult
