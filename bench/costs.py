"""Counts the DynamoDB usage of each route: sequential calls, and capacity units by AWS's rules."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bench.clients.visitor import OK, QUESTIONNAIRE, RETELLING
from bench.scenarios import BARTLETT
from chalicelib import bootstrap, services
from chalicelib.experiment.loader.experiment_folder import load_experiment
from chalicelib.services import App
from infra.lambda_events.gateway import HttpRequest
from infra.local.consumer import MessageConsumer
from infra.local.lifecycle.run import chalice_app, core_routes
from infra.local.moto.moto_engine import started
from infra.local.serial_dispatcher import SerialDispatcher
from infra.simulate.counting_engine import CountingEngine

CONNECTED = Path(__file__).parent / "fully_connected"
OPERATOR = "bench-operator"
FORM = (b"content-type", b"application/x-www-form-urlencoded")
#: The participant whose requests are counted: the first in a chain has no predecessor, the second has.
COUNTED = 2
CHAINS = 20


@dataclass(frozen=True)
class Cost:
    """The usage of one request."""

    what: str
    calls: int
    read_units: int
    write_units: int


class Rehearsal:
    """An experiment on moto's DynamoDB, called through its routes."""

    def __init__(self, app: App, engine: CountingEngine) -> None:
        self._engine = engine
        self._lane = SerialDispatcher(chalice_app())
        self._messages = MessageConsumer(app)
        self.costs: list[Cost] = []

    def ask(self, what: str, method: str, path: str, body: str = "", token: str = OPERATOR) -> Any:
        """Send a request, and record its usage."""
        path, _, query = path.partition("?")
        match = self._lane.routes.match(path)
        if match is None:
            raise SystemExit(f"There is no route for {path}.")
        headers = (FORM, (b"authorization", f"Bearer {token}".encode()) if token else (b"accept", b"*/*"))
        request = HttpRequest(method, path, query.encode(), headers, body.encode(), "127.0.0.1")
        self._engine.take_counts()
        answer = asyncio.run(self._lane.answer(request, match))
        if answer.status != OK:
            raise SystemExit(f"{what} was refused: {answer.body.decode()}")
        self._note(what)
        return json.loads(answer.body)

    def carry_out(self, what: str) -> None:
        """Process the due messages, and record their total usage."""
        self._engine.take_counts()
        while self._messages.carry_out_one():
            pass
        self._note(what)

    def _note(self, what: str) -> None:
        take_counts = self._engine.take_counts()
        self.costs.append(
            Cost(what, take_counts["calls"], take_counts["read_units"], take_counts["write_units"])
        )


@contextlib.contextmanager
def rehearsal(folder: Path, **settings: Any) -> Iterator[Rehearsal]:
    """Open an experiment on moto inside the with block."""
    loaded = load_experiment(folder, runtime={"mode": "debug", **settings}, core_routes=core_routes())
    with _quiet(), started() as new_engine, contextlib.chdir(loaded.folder):
        engine = CountingEngine(new_engine("bench"))
        app = bootstrap.local(
            loaded.experiment_class, loaded.config, app_id="bench", engine=engine, operator_token=OPERATOR
        )
        stage = Rehearsal(app, engine)
        stage.ask("POST /launch", "POST", "/launch")
        stage.carry_out("messages after the launch")
        stage.costs.clear()
        try:
            yield stage
        finally:
            services.use(None)
            engine.close()


def bartlett_costs() -> list[Cost]:
    """Count one participant of the Bartlett experiment with a predecessor in the chain."""
    with rehearsal(BARTLETT, experiment_repeats=CHAINS, num_participants=50) as stage:
        # All participants join the same chain, so all but the first have a predecessor.
        for number in range(1, CHAINS + COUNTED):
            stage.costs.clear()
            _take_part(stage, number)
        return list(stage.costs)


def _take_part(stage: Rehearsal, number: int) -> None:
    entry = urlencode({"workerId": f"w{number}", "hitId": "h", "assignmentId": f"a{number}", "mode": "debug"})
    made = stage.ask("POST /participant", "POST", "/participant", entry, token="")
    token, participant_id = made["token"], made["participant"]["id"]
    node_id = stage.ask("POST /node", "POST", f"/node/{participant_id}", "", token)["node"]["id"]
    stage.ask("GET received_infos", "GET", f"/node/{node_id}/received_infos", "", token)
    contents = urlencode({"contents": RETELLING})
    stage.ask("POST /info, the first", "POST", f"/info/{node_id}", contents, token)
    stage.ask("POST /info, a second", "POST", f"/info/{node_id}", contents, token)
    answer = urlencode({"question": "questionnaire", "number": 1, "response": QUESTIONNAIRE})
    stage.ask("POST /question", "POST", f"/question/{participant_id}", answer, token)
    stage.ask("GET /worker_complete", "GET", f"/worker_complete?participant_id={participant_id}", "", token)
    stage.carry_out("messages after it")


def connected_costs(places: int) -> list[Cost]:
    """Count the joins of one FullyConnected network; the last ones are commits over 100 items."""
    with rehearsal(CONNECTED, num_participants=places) as stage:
        for number in range(1, places + 1):
            entry = urlencode(
                {"workerId": f"w{number}", "hitId": "h", "assignmentId": f"a{number}", "mode": "debug"}
            )
            made = stage.ask("POST /participant", "POST", "/participant", entry, token="")
            stage.ask(f"join {number}", "POST", f"/node/{made['participant']['id']}", "", made["token"])
        return [cost for cost in stage.costs if cost.what.startswith("join")]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Hide the run's log from the terminal inside the with block."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
