"""A simulated participant of the Bartlett experiment: sends the page's six requests."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass
from urllib.parse import urlencode

from bench.figures.tally import Tally

from .line import Line, Reply

#: About the length of a retelling.
RETELLING = "They went down to the river and it was foggy and calm. " * 20
QUESTIONNAIRE = '{"engagement":"4","difficulty":"5"}'
#: Backoff in seconds, and its jitter, when all networks are busy.
BUSY_PAUSE = 0.05
BUSY_JITTER = (0.5, 1.5)
GIVE_UP_AFTER = 1800.0
OK = 200
NOT_AVAILABLE = 503


@dataclass(frozen=True, slots=True)
class Manner:
    """How participants behave: seconds of thinking between steps, and whether they respect Retry-After."""

    thinking: float = 0.0
    heeds_retry_after: bool = False


class _Stopped(Exception):
    """This participant can't continue; the reason is counted."""


class Visitor:
    """Takes part once, and adds its results to the tally."""

    def __init__(self, number: int, line: Line, tally: Tally, manner: Manner) -> None:
        self._number = number
        self._line = line
        self._tally = tally
        self._manner = manner
        self._token = ""

    async def take_part(self) -> None:
        try:
            await self._six_requests()
        except _Stopped as problem:
            self._tally.failures[str(problem)] += 1
        except ConnectionError as problem:
            self._tally.failures[type(problem).__name__] += 1
        else:
            self._tally.finished += 1

    async def _six_requests(self) -> None:
        number = self._number
        entry = urlencode(
            {"workerId": f"w{number}", "hitId": "h", "assignmentId": f"a{number}", "mode": "debug"}
        )
        made = (await self._ask("POST /participant", "POST", "/participant", entry)).json()
        self._token, participant_id = made["token"], made["participant"]["id"]
        await self._think()
        node = (await self._ask("POST /node", "POST", f"/node/{participant_id}")).json()["node"]
        await self._think()
        received = await self._ask("GET received_infos", "GET", f"/node/{node['id']}/received_infos")
        infos = received.json()["infos"]
        if not infos or not infos[-1]["contents"]:
            self._tally.empty_stimuli += 1
        await self._think()
        contents = urlencode({"contents": f"{number} {RETELLING}"})
        info = (await self._ask("POST /info", "POST", f"/info/{node['id']}", contents)).json()["info"]
        self._tally.infos.append(info["id"])
        await self._think()
        answer = urlencode({"question": "questionnaire", "number": 1, "response": QUESTIONNAIRE})
        await self._ask("POST /question", "POST", f"/question/{participant_id}", answer)
        await self._think()
        address = f"/worker_complete?participant_id={participant_id}"
        await self._ask("GET /worker_complete", "GET", address)
        self._tally.completed.append(participant_id)

    async def _ask(self, route: str, method: str, path: str, body: str = "") -> Reply:
        # A retry has the same request id.
        request_id = f"{self._number}-{route.replace(' ', '-')}"
        began = time.perf_counter()
        while True:
            asked = time.perf_counter()
            reply = await self._line.ask(method, path, body, self._token, request_id)
            if reply.status == OK:
                self._tally.seconds[route].append(time.perf_counter() - asked - reply.held)
                self._tally.held += reply.held
                self._tally.waited += asked - began
                return reply
            if reply.status != NOT_AVAILABLE or time.perf_counter() - began > GIVE_UP_AFTER:
                raise _Stopped(f"{route}: {reply.status} {reply.json().get('error_code', '')}")
            self._tally.busy += 1
            await asyncio.sleep(self._pause(reply))

    def _pause(self, reply: Reply) -> float:
        if self._manner.heeds_retry_after and reply.retry_after is not None:
            return reply.retry_after * random.uniform(*BUSY_JITTER)
        return BUSY_PAUSE * random.uniform(*BUSY_JITTER)

    async def _think(self) -> None:
        if self._manner.thinking:
            await asyncio.sleep(self._manner.thinking)
