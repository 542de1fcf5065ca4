"""The WebSocket API works after every deploy, also after an interrupted one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from infra.aws.account.names import Names
from infra.aws.account.session import Account, connect
from infra.aws.resources import websocket_stage
from infra.aws.resources.chalice_record import API_STAGE, websocket_apis
from infra.emulator.process.cloud import REGION, Cloud
from infra.emulator.services.api_gateway import served_routes
from infra.problems import OperatorProblem
from tests.deploy.app import at_home, deploy

NAMES = Names("sockets", "sandbox", REGION)
ROUTES = {
    "$connect": "websocket_connect",
    "$default": "websocket_message",
    "$disconnect": "websocket_disconnect",
}


@pytest.fixture(scope="module")
def begun(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """An AWS in which a first deploy has stopped just before the WebSocket API."""
    with cloud.copy() as own:
        with pytest.MonkeyPatch.context() as patch:
            at_home(patch, tmp_path_factory.mktemp("begun"), own)
            own.refuse(("apigatewayv2", "CreateApi"))
            with pytest.raises(OperatorProblem):
                deploy(connect(), NAMES)
        yield own


#: Every call of Chalice's in the step: operation, and how many of its kind go before. A deploy finds what was
#: created before the next calls by itself; from the deployment on, Chalice is done, and each needs a new app.
STOPS = [
    [
        ("apigatewayv2", "CreateApi", 0),
        *[("apigatewayv2", "CreateIntegration", before) for before in range(3)],
        *[("apigatewayv2", "CreateRoute", before) for before in range(3)],
    ],
    [("apigatewayv2", "CreateDeployment", 0)],
    [("apigatewayv2", "CreateStage", 0)],
    [("lambda", "AddPermission", 0)],
]


@pytest.mark.parametrize("stops", STOPS, ids=lambda stops: stops[0][1])
def test_after_stops_in_the_websocket_step_the_next_deploy_serves_its_routes(
    begun: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stops: list[tuple[str, str, int]]
) -> None:
    """Each deploy passes the call at which the one before it stopped, and the last is complete."""
    with begun.copy() as own:
        at_home(monkeypatch, tmp_path, own)
        account = connect()
        for service, operation, before in stops:
            own.refuse((service, operation), after=before)
            with pytest.raises(OperatorProblem, match="deploy functions and APIs"):
                deploy(account, NAMES)
        deploy(account, NAMES)
        assert _served(own, account) == ROUTES


def _served(cloud: Cloud, account: Account) -> dict[str, str]:
    """Return the routes that the stage serves, with the function that each calls."""
    (api,) = websocket_apis(account, NAMES)
    served = served_routes(cloud, api, API_STAGE)
    called = {route: uri.partition(":function:")[2].partition("/")[0] for route, uri in served.items()}
    return {
        route: function for route, name in called.items() for function in ROUTES.values() if function in name
    }


def test_each_deploy_serves_the_routes_of_this_deploy_and_keeps_one_deployment(
    begun: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with begun.copy() as own:
        at_home(monkeypatch, tmp_path, own)
        account = connect()
        for _ in range(2):
            deploy(account, NAMES)
        (api,) = websocket_apis(account, NAMES)
        gateway = account.client("apigatewayv2")
        made = [one["DeploymentId"] for one in gateway.get_deployments(ApiId=api)["Items"]]
        stage = gateway.get_stage(ApiId=api, StageName=API_STAGE)
        assert (made, _served(own, account)) == ([stage["DeploymentId"]], ROUTES)


@contextmanager
def answering(*statuses: int) -> Iterator[tuple[str, list[str]]]:
    """Respond to requests with these statuses in order, then with the last one; record the requests."""
    left, asked = list(statuses), []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.path} {self.headers['Upgrade']}")
            self.send_response(left.pop(0) if len(left) > 1 else left[0])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_handshake_that_the_function_refuses_shows_that_sockets_work() -> None:
    with answering(401) as (url, asked):
        websocket_stage.probe(url)
    assert asked == ["/api?token=probe websocket"]


def test_a_stage_that_is_not_there_yet_is_asked_again() -> None:
    with answering(403, 502, 401) as (url, asked):
        websocket_stage.probe(url)
    assert len(asked) == 3


def test_a_stage_that_reaches_no_function_is_an_error() -> None:
    with (
        answering(403) as (url, _),
        pytest.raises(OperatorProblem, match="a handshake got 403 instead of 401"),
    ):
        websocket_stage.probe(url)


def test_an_api_that_accepts_any_handshake_is_an_error() -> None:
    with answering(101) as (url, _), pytest.raises(OperatorProblem, match="lets clients in without a token"):
        websocket_stage.probe(url)
