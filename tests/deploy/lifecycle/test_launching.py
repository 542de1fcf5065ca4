"""Launching a deployed app, with all responses of its API."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from infra.aws.lifecycle.launch_request import launch
from infra.problems import OperatorProblem

OK = {"recruitment_msg": "Recruitment was started."}


class Api:
    """Returns the given responses in order, and then repeats the last one."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, Any]] = []
        self.tokens: list[str | None] = []
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                api.tokens.append(self.headers.get("Authorization"))
                status, said = api.answers.pop(0) if len(api.answers) > 1 else api.answers[0]
                body = said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/api/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def api() -> Iterator[Api]:
    played = Api()
    yield played
    played.close()


def test_the_recruiters_message_is_returned(api: Api) -> None:
    api.answers = [(200, OK)]
    assert launch(api.url, "t") == OK["recruitment_msg"]


def test_the_request_has_the_operators_token(api: Api) -> None:
    api.answers = [(200, OK)]
    launch(api.url, "t0ken")
    assert api.tokens == ["Bearer t0ken"]


@pytest.mark.parametrize(
    "first", [(403, {"message": "Forbidden"}), (500, {"message": "x"}), (502, b"<html>")]
)
def test_a_new_api_is_waited_for(api: Api, first: tuple[int, Any]) -> None:
    api.answers = [first, first, (200, OK)]
    assert launch(api.url, "t") == OK["recruitment_msg"]


def test_an_error_of_the_experiment_is_reported_without_a_retry(api: Api) -> None:
    api.answers = [(500, {"status": "error", "error_code": "internal_error", "error_text": "x"})]
    with pytest.raises(OperatorProblem, match="own code failed at the launch"):
        launch(api.url, "t")
    assert len(api.tokens) == 1


def test_a_refusal_is_reported_with_the_apps_message(api: Api) -> None:
    api.answers = [(403, {"status": "error", "error_code": "forbidden", "error_text": "Not you."})]
    with pytest.raises(OperatorProblem, match="can't be launched: Not you"):
        launch(api.url, "t")


def test_the_launch_of_an_app_that_never_responds_fails(api: Api) -> None:
    api.answers = [(503, b"")]
    with pytest.raises(OperatorProblem, match=r"doesn't answer \(status 503\)"):
        launch(api.url, "t")


def test_the_launch_at_an_unreachable_address_fails() -> None:
    with pytest.raises(OperatorProblem, match="doesn't answer"):
        launch("http://127.0.0.1:9/api/", "t")
