from __future__ import annotations

import asyncio
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
import requests
from chalice.app import Chalice

from chalicelib.errors import ExperimentError
from infra.local.background_worker import BackgroundWorker
from infra.local.host import Host
from infra.local.lifecycle.crowd import Participation
from infra.local.lifecycle.run_lifecycle import BotSpec, SessionSpec, run_session
from infra.local.lifecycle.run_paths import RunPaths
from infra.local.serial_dispatcher import SerialDispatcher
from infra.local.static_pages import Pages
from infra.local.uvicorn_server import listen
from tests.unit.local.toy import find_page, toy_app


class Recorder:
    """Records the events of a session."""

    def __init__(self, at_start: Any = None) -> None:
        self.url, self.launched, self.fared, self.at_start = "", "", [], at_start

    def started(self, url: str, launched: str) -> None:
        self.url, self.launched = url, launched
        if self.at_start:
            self.at_start(url)

    def ended(self, fared: Participation) -> None:
        self.fared.append(fared)


class AskingBot:
    """Takes part with a single request."""

    def __init__(self, url: str) -> None:
        self.host, self.problems = url.split("/ad?", maxsplit=1)[0], []

    def run_experiment(self) -> bool:
        return requests.get(f"{self.host}/summary", timeout=10).ok


def launching_app(answer: dict[str, Any]) -> Chalice:
    app = toy_app()

    @app.route("/launch", methods=["POST"])
    def launch() -> dict[str, Any]:
        app.token_seen = app.current_request.headers["authorization"]
        return answer

    return app


LAUNCHED = {"status": "success", "recruitment_msg": "Come here."}


class Session:
    def __init__(self, root: Path, app: Chalice | None = None) -> None:
        self.app = app or launching_app(LAUNCHED)
        self.places = RunPaths(root)
        self.due: list[int] = []
        self.watcher = Recorder()

    def run_session(self, bots: BotSpec | None = None, *, leave: bool = False, launch: bool = True) -> bool:
        plan = SessionSpec("run", listen("127.0.0.1", 0), launch=launch, bots=bots, leave=leave)

        async def run() -> bool:
            host = Host(SerialDispatcher(self.app), Pages(self.places.root, find_page))
            drain = BackgroundWorker(lambda: bool(self.due and self.due.pop()), lambda: None)
            return await run_session(host, drain, "secret", plan, self.places, self.watcher)

        return asyncio.run(run())


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path)


TWO_BOTS = BotSpec([AskingBot], 2, at_once=1)


def test_a_session_ends_when_its_bots_have_finished(session: Session) -> None:
    assert session.run_session(TWO_BOTS, leave=True)
    assert [one.number for one in session.watcher.fared] == [1, 2]


def test_a_bot_that_fails_makes_the_session_fail(session: Session) -> None:
    class Failing(AskingBot):
        def run_experiment(self) -> bool:
            return False

    assert not session.run_session(BotSpec([AskingBot, Failing], 2, at_once=1), leave=True)


def test_the_experiment_is_launched_with_the_operators_token(session: Session) -> None:
    session.run_session(TWO_BOTS, leave=True)
    assert session.app.token_seen == "Bearer secret"
    assert session.watcher.launched == "Come here."


def test_data_that_is_only_looked_at_is_not_launched(session: Session) -> None:
    session.run_session(TWO_BOTS, launch=False, leave=True)
    assert not hasattr(session.app, "token_seen")


def test_a_refused_launch_says_why(tmp_path: Path) -> None:
    session = Session(tmp_path, launching_app({"status": "error", "error_text": "setup() failed at line 3."}))
    with pytest.raises(ExperimentError, match=r"setup\(\) failed at line 3"):
        session.run_session(TWO_BOTS, leave=True)


def test_a_signal_ends_a_session_that_would_continue(session: Session) -> None:
    session.watcher.at_start = lambda _url: os.kill(os.getpid(), signal.SIGTERM)
    assert session.run_session()


def test_a_signal_ends_a_session_whose_bots_have_not_finished(session: Session) -> None:
    over = threading.Event()

    class Stopping(AskingBot):
        def run_experiment(self) -> bool:
            os.kill(os.getpid(), signal.SIGINT)
            return over.wait(10)

    assert not session.run_session(BotSpec([Stopping], 1000, at_once=1))
    over.set()


def test_due_messages_are_handled_before_the_session_ends(session: Session) -> None:
    session.due = [1, 2, 3]
    session.run_session(TWO_BOTS, leave=True)
    assert session.due == []


def test_a_running_session_can_be_found_and_an_ended_one_cannot(session: Session) -> None:
    found = []
    session.watcher.at_start = lambda url: found.append(session.places.address("run") == url)
    session.run_session(TWO_BOTS, leave=True)
    assert found == [True]
    assert not list((session.places.root / "runs").glob("*.running"))
