"""Prolific's side: the product's client over the stand-in, called in this process."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.adapters import BaseAdapter

from chalicelib import services
from chalicelib.errors import PetriError
from chalicelib.model.participant import Participant
from chalicelib.operations.participant.notifications import record_notification
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.recruiters import prolific
from chalicelib.recruiters.prolific import ProlificRecruiter
from infra.emulator.mturk import HandClock
from tests.tools.prolific import TOKEN, WORKSPACE, Prolific

from .sides import BASE_ADDRESS, Books, nothing

API = "http://prolific.invalid/api/v1"
FAULTS = ("500", "429", "garbled", "dropped before", "dropped after")


class Line(BaseAdapter):
    """Carries calls of `requests` to the stand-in, without a socket."""

    def __init__(self) -> None:
        super().__init__()
        self.vendor: Prolific | None = None
        self.meanwhile = nothing

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        assert self.vendor is not None
        assert request.headers["Authorization"] == f"Token {TOKEN}"
        target = urlsplit(str(request.url))
        path = target.path.removeprefix("/api/v1")
        body = json.loads(request.body) if request.body else {}
        self.meanwhile()
        answer = self.vendor.handle(str(request.method), path, body, dict(parse_qsl(target.query)))
        self.meanwhile()
        if answer is None:
            raise requests.ConnectionError("Connection aborted.")
        return _response(request, *answer)

    def close(self) -> None:
        """Hold nothing open."""


def _response(
    request: requests.PreparedRequest, status: int, body: Any, headers: dict[str, str]
) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.url = str(request.url)
    response.request = request
    response.headers.update(headers)
    raw = "" if body is None else body if isinstance(body, str) else json.dumps(body)
    response._content = raw.encode()
    return response


class Drawn:
    """Faults as a seed draws them."""

    def __init__(self, draw: Callable[[], bool], chance: random.Random) -> None:
        self._draw, self._chance = draw, chance

    def take(self, method: str, path: str) -> str | None:
        return self._chance.choice(FAULTS) if self._draw() else None


class AtProlific:
    """Plays participants and researcher's luck at Prolific."""

    nickname = "prolific"
    pays_any_submission = False
    words: ClassVar[dict[str, str]] = {
        "base": "base",
        "bonus": "bonus",
        "screen-out": "screen-out",
        "compensation": "bonus",
    }

    def __init__(self, line: Line, settles: timedelta = timedelta(0)) -> None:
        self.clock = HandClock()
        self._line = line
        self.meanwhile = nothing
        self.vendor = line.vendor = Prolific(self.clock)
        self.vendor.api = API
        self.vendor.world.settles = settles
        self.settings: dict[str, Any] = {
            "prolific_token": TOKEN,
            "prolific_workspace": WORKSPACE,
            "prolific_estimated_completion_minutes": 10,
            "base_payment": 2.0,
            "duration": 1.0,
            "screen_out_payment": 0.25,
            "title": "Ring",
            "description": "A game.",
        }
        self.recruiter: ProlificRecruiter = prolific.build(
            {**self.settings, "mode": "live"}, lambda: BASE_ADDRESS, self.clock, secret="the run", api=API
        )

    @property
    def meanwhile(self) -> Callable[[], None]:
        return self._line.meanwhile

    @meanwhile.setter
    def meanwhile(self, happens: Callable[[], None]) -> None:
        self._line.meanwhile = happens

    def take(self, worker: str, reused: str | None = None) -> tuple[str, str]:
        # Prolific gives each submission an id of its own.
        submission = self.vendor.begin(worker)
        return submission, str(self.vendor.world.submissions[submission]["study_id"])

    def submit(self, assignment_id: str, participant: Participant) -> None:
        address = self.recruiter.submit_address(participant)
        if "?cc=" in address:
            self.vendor.come_back(assignment_id, address)

    def have_rejected(self, assignment_id: str, participant: Participant) -> None:
        heard = len(self.vendor.hooks.events)
        self.submit(assignment_id, participant)
        self.vendor.reject(assignment_id)
        while len(self.vendor.hooks.events) > heard:
            self.vendor.hooks.events.pop()

    def give_back(self, assignment_id: str) -> None:
        self.vendor.give_back(assignment_id)

    def abandon(self, assignment_id: str) -> None:
        self.vendor.time_out(assignment_id)

    def is_through(self, assignment_id: str) -> bool:
        return self.vendor.world.submissions[assignment_id]["status"] != "ACTIVE"

    def pass_time(self, by: timedelta) -> None:
        self.clock.advance(by)

    def fail_with(self, draw: Callable[[], bool], chance: random.Random) -> None:
        self.vendor.faults = Drawn(draw, chance)  # type: ignore[assignment]  # the part that is used

    def fix(self) -> None:
        self.vendor.faults = Drawn(lambda: False, random.Random())  # type: ignore[assignment]
        self.vendor.world.balance = 100_000

    def empty_account(self) -> None:
        self.vendor.world.balance = 350

    def reports(self) -> list[Any]:
        waiting = list(self.vendor.hooks.events)
        self.vendor.hooks.events.clear()
        return waiting

    def deliver(self, report: Any) -> bool:
        """As a webhook, signed when it is sent; it is retried after an unsuccessful response."""
        app = services.current()
        hook = self.vendor.hooks.sign(report)
        try:
            for told in app.recruiters.receive("prolific", hook.headers, hook.body):
                about = (told.event_type, told.assignment_id, None, "prolific")
                app.run(record_notification, *about, caller=OPERATOR_CALLER)
        except PetriError:
            return False
        return True

    def take_compensation(self, worker: str) -> None:
        """Need nothing: it comes as a bonus."""

    def books(self) -> Books:
        return Counter((p.worker_id, p.kind, _dollars(p.cents)) for p in self.vendor.world.paid)


def _dollars(cents: int) -> Decimal:
    return Decimal(cents) / 100
