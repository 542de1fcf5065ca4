"""A run that tests talk to over HTTP: real proxy events in, answers out, and the store laid open."""

from __future__ import annotations

import json as json_module
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from chalice.app import Chalice

from app import app as petri_app
from chalicelib import bootstrap, services
from chalicelib.experiment.experiment import Experiment
from chalicelib.experiment.routes import AuthorRoute
from chalicelib.messaging.local_queue import LocalQueue
from chalicelib.operations.shared.tokens import SignedTokens
from chalicelib.storage.engine import Engine, Item
from chalicelib.web.author_routes import register
from chalicelib.workers import queue_consumer
from infra.lambda_events.gateway import HttpRequest, proxy_event
from infra.lambda_events.responses import ProxyResponse
from infra.local.serial_dispatcher import SerialDispatcher
from tests.web.clock import HandClock

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
OPERATOR_TOKEN = "the-operator"
SETTINGS = {"mode": "debug", "recruiter": "hotair", "base_payment": 1.5, "run_seed": "seed"}

Fields = Mapping[str, Any] | Sequence[tuple[str, Any]]


class Said:
    """An answer as a client reads it."""

    def __init__(self, answer: ProxyResponse) -> None:
        self.status = answer.status
        self.headers = {name.decode(): value.decode() for name, value in answer.headers}
        self.raw = answer.body

    @property
    def body(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json_module.loads(self.raw)
        return parsed

    @property
    def code(self) -> str:
        """The stable word of a refusal; "" for a success."""
        return str(self.body.get("error_code", ""))

    def __getitem__(self, name: str) -> Any:
        return self.body[name]

    def __repr__(self) -> str:
        return f"<{self.status} {self.raw[:300].decode('utf-8', 'replace')}>"


@dataclass
class Person:
    """A participant with a browser: the ids, and the token that goes with each request."""

    world: World
    id: int
    token: str
    worker_id: str
    assignment_id: str
    hit_id: str = "h1"

    def get(self, path: str, fields: Fields = (), **how: Any) -> Said:
        return self.world.get(path, fields, **{"token": self.token, **how})

    def post(self, path: str, fields: Fields = (), **how: Any) -> Said:
        return self.world.post(path, fields, **{"token": self.token, **how})

    def join(self, **how: Any) -> int:
        """Take a place; return the node's id."""
        said = self.post(f"/node/{self.id}", **how)
        assert said.status == 200, said
        node_id: int = said["node"]["id"]
        return node_id

    def answer(self, node_id: int, contents: str = "an answer", **fields: Any) -> int:
        """Post an info; return its id."""
        said = self.post(f"/info/{node_id}", {"contents": contents, **fields})
        assert said.status == 200, said
        info_id: int = said["info"]["id"]
        return info_id

    def finish(self) -> Said:
        return self.get("/worker_complete", {"participant_id": self.id})

    def now(self) -> dict[str, Any]:
        """The participant's record, as the operator sees it."""
        found: dict[str, Any] = self.world.get(f"/participant/{self.id}", token=OPERATOR_TOKEN)["participant"]
        return found


@dataclass
class World:
    """One run behind its doors."""

    app: services.App
    engine: Engine
    clock: HandClock
    chalice: Chalice
    lane: SerialDispatcher = field(init=False)
    #: The network address from which requests come.
    address: str = "192.0.2.7"
    arrived: int = 0

    def __post_init__(self) -> None:
        self.lane = SerialDispatcher(self.chalice)

    # -- requests -----------------------------------------------------------------------------------

    def get(self, path: str, fields: Fields = (), **how: Any) -> Said:
        return self.call("GET", path, query=urlencode(list(pairs(fields))).encode(), **how)

    def post(self, path: str, fields: Fields = (), **how: Any) -> Said:
        if "body" in how:
            return self.call("POST", path, **how)
        return self.call("POST", path, body=urlencode(list(pairs(fields))).encode(), **how)

    def post_json(self, path: str, value: Any, **how: Any) -> Said:
        body = value if isinstance(value, bytes) else json_module.dumps(value).encode()
        return self.call("POST", path, body=body, content_type=JSON, **how)

    def call(
        self,
        method: str,
        path: str,
        *,
        query: bytes = b"",
        body: bytes = b"",
        content_type: str | None = FORM,
        token: str | None = None,
        request_id: str | None = None,
        headers: Mapping[str, str] | None = None,
        scheme: str = "http",
    ) -> Said:
        """Make one request, as API Gateway hands it on; the path is sent as it stands."""
        named = dict(headers or {})
        if content_type is not None and method != "GET":
            named["content-type"] = content_type
        if token is not None:
            named["authorization"] = f"Bearer {token}"
        if request_id is not None:
            named["x-request-id"] = request_id
        match = self.lane.routes.match(path)
        assert match is not None, f"nothing answers {path}"
        assert method in match.methods, f"{path} doesn't take {method}"
        encoded = tuple((name.encode(), value.encode("latin-1")) for name, value in named.items())
        request = HttpRequest(method, path, query, encoded, body, address=self.address, scheme=scheme)
        return Said(self.lane.invoke(proxy_event(request, match, frozenset(self.chalice.api.binary_types))))

    # -- people -------------------------------------------------------------------------------------

    def arrive(self, **fields: Any) -> Person:
        """Let a new participant begin."""
        self.arrived += 1
        given = {
            "workerId": f"w{self.arrived}",
            "hitId": "h1",
            "assignmentId": f"a{self.arrived}",
            "mode": "debug",
            "recruiter": "hotair",
            **fields,
        }
        said = self.post("/participant", given)
        assert said.status == 200, said
        return Person(
            self, said["participant"]["id"], said["token"], given["workerId"], given["assignmentId"]
        )

    def launch(self) -> World:
        """Launch the experiment, and let the workers do what that left to do."""
        said = self.post("/launch", token=OPERATOR_TOKEN)
        assert said.status == 200, said
        self.work()
        return self

    # -- workers ------------------------------------------------------------------------------------

    def work(self) -> list[dict[str, Any]]:
        """Handle every message, those that handling leaves too; return their bodies in order."""
        queue = self.app.queue
        assert isinstance(queue, LocalQueue)
        done = []
        while (message := queue.take()) is not None:
            failures = queue_consumer.consume(LocalQueue.as_event(message))["batchItemFailures"]
            assert failures == [], message.body
            done.append(message.body)
        return done

    # -- the store ----------------------------------------------------------------------------------

    def items(self, kind: str | None = None) -> list[Item]:
        """Every stored item (of a kind), counters apart: their numbers may have gaps."""
        found = [item for item in scanned(self.engine) if item["kind"] != "counter"]
        return [item for item in found if kind in (None, item["kind"])]

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Fail when what the block does leaves anything in the store."""
        before = self.items()
        yield
        assert self.items() == before

    def owed(self, person: Person) -> dict[str, str]:
        """A participant's payments in the ledger: amounts by kind."""
        mine = [item for item in self.items("payment") if item["participant_id"] == person.id]
        return {item["payment_kind"]: item["amount"] for item in mine}

    def recruited(self) -> list[tuple[str, str, int]]:
        """What recruiters were asked, in order: (recruiter, event, number)."""
        return [(i["recruiter"], i["event_type"], i.get("n", 0)) for i in self.items("recruitment")]

    def let_tokens_expire(self) -> None:
        """Make every participant's token one that was issued too long ago."""
        secret = str(self.engine.get([bootstrap.SECRETS])[bootstrap.SECRETS]["secret"])
        self.app.tokens = SignedTokens(secret, OPERATOR_TOKEN, lifetime=-1)


def scanned(engine: Any) -> list[Item]:
    """Return all items of an engine, in order of their keys."""
    if hasattr(engine, "_connection"):
        rows = engine._connection.execute("SELECT body FROM item ORDER BY pk, sk")
        return [json_module.loads(body) for (body,) in rows]
    return sorted(engine.scan(), key=lambda item: (item["pk"], item["sk"]))


def pairs(fields: Fields) -> Iterator[tuple[str, str]]:
    """Write fields as a form does; None is left out."""
    given = fields.items() if isinstance(fields, Mapping) else fields
    for name, value in given:
        if value is not None:
            yield name, json_module.dumps(value) if isinstance(value, dict | list) else str(value)


def build_world(
    experiment_class: type[Experiment],
    engine: Engine,
    settings: Mapping[str, Any],
    routes: Sequence[AuthorRoute] = (),
) -> World:
    """Open a run of an experiment over an engine."""
    clock = HandClock()
    app = bootstrap.local(
        experiment_class,
        {**SETTINGS, **settings},
        app_id="test",
        engine=engine,
        clock=clock,
        operator_token=OPERATOR_TOKEN,
        routes=routes,
    )
    register(petri_app, routes)
    return World(app, engine, clock, petri_app)
