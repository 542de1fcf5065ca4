"""The host is killed during a game and restarted: all players reconnect, and the game continues."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests

from tests.realtime.hosting import PATIENCE, Guest, Hosted, Line

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[3]
GAME = '''
from petri import Experiment, FullyConnected


class Game(Experiment):
    """Counts what is said; tells the count, and who is missed."""

    channel = "game"
    room_size = 2
    experiment_repeats = 1
    dropout_grace = 1.0

    def create_network(self):
        return FullyConnected(max_size=100)

    def receive_message(self, message, channel_name=None, participant=None, node=None, receive_time=None):
        if channel_name == "game" and message == "count":
            self.state["count"] = self.state.get("count", 0) + 1
            rang, missed = self.state.get("rang", 0), self.state.get("missed", 0)
            self.publish_to_subscribers(f"it is {self.state['count']}, rang {rang}, missed {missed}")
        if channel_name == "game" and message == "timer":
            self.after(2.0, "ring")

    def ring(self):
        self.state["rang"] = self.state.get("rang", 0) + 1

    def participant_disconnected(self, participant):
        self.state["missed"] = self.state.get("missed", 0) + 1
'''


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Machine:
    """A laptop on which one run is served, is killed, and is served again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Serve the run; it goes on where it was."""
        command = [sys.executable, "-m", "infra.cli", "debug", "game", "--id", "run", "--no-browser"]
        with (self.folder / "host.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--port", str(self.port)],
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": str(ROOT), "PETRI_OPERATOR_TOKEN": "the-operator"},
                stdout=log,
                stderr=log,
            )
        self._wait_until_it_listens()

    def kill(self) -> None:
        """End it as a power cut does."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(PATIENCE)

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(PATIENCE)

    def log(self) -> str:
        return (self.folder / "host.log").read_text(encoding="utf-8")

    def _wait_until_it_listens(self) -> None:
        end = time.monotonic() + 2 * PATIENCE
        while time.monotonic() < end:
            assert self.process is not None
            assert self.process.poll() is None, self.log()
            with suppress(requests.ConnectionError):
                if requests.get(f"http://127.0.0.1:{self.port}/summary", timeout=PATIENCE).ok:
                    return
            time.sleep(0.1)
        raise AssertionError(self.log())


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    (tmp_path / "game").mkdir()
    (tmp_path / "game" / "experiment.py").write_text(GAME, encoding="utf-8")
    made = Machine(tmp_path)
    made.start()
    yield made
    made.stop()


@contextmanager
def visiting(machine: Machine) -> Iterator[Hosted]:
    here = Hosted(f"http://127.0.0.1:{machine.port}", machine.stop)
    try:
        yield here
    finally:
        with suppress(OSError):
            here.close()


def count(line: Line) -> tuple[int, ...]:
    """Have the game count one further; return the count, how often the timer rang, how many are missed."""
    line.say("game:count")
    return tuple(int(number) for number in re.findall(r"\d+", line.until("game:it is")))


def two_in_a_room(here: Hosted) -> list[tuple[Guest, Line]]:
    people = [here.arrive_with_line("quorum", "game") for _ in range(2)]
    for _, line in people:
        line.until_room()
    return people


def test_all_players_reconnect_and_the_game_continues(machine: Machine) -> None:
    with visiting(machine) as here:
        people = two_in_a_room(here)
        count(people[0][1])
        machine.kill()
        machine.start()
        again = [here.open(guest, "game") for guest, _ in people]
        assert count(again[0])[0] == 2
        assert again[1].until("game:it is").startswith("game:it is 2")


def test_a_restarted_host_gives_participants_time_to_reconnect(machine: Machine) -> None:
    with visiting(machine) as here:
        people = two_in_a_room(here)
        machine.kill()
        machine.start()
        time.sleep(2)  # twice the grace of this game
        line = here.open(people[0][0], "game")
        here.open(people[1][0], "game")
        assert count(line) == (1, 0, 0)


def test_a_timer_that_was_set_before_rings_after(machine: Machine) -> None:
    with visiting(machine) as here:
        people = two_in_a_room(here)
        people[0][1].say("game:timer")
        count(people[0][1])
        machine.kill()
        machine.start()
        line = here.open(people[0][0], "game")
        rang = 0
        while not rang:  # the test's time-out ends it
            rang = count(line)[1]
            time.sleep(0.2)
        assert rang == 1


def test_old_sockets_are_deleted(machine: Machine) -> None:
    with visiting(machine) as here:
        people = two_in_a_room(here)
        machine.kill()
        machine.start()
        line = here.open(people[0][0], "game")
        line.say("game:hello")
        assert line.until("game:hello") == "game:hello"
    assert "couldn't" not in machine.log()


def test_those_who_wait_keep_their_places(machine: Machine) -> None:
    with visiting(machine) as here:
        guest, _ = here.arrive_with_line()
        machine.kill()
        machine.start()
        line = here.open(guest, "quorum")
        here.arrive_with_line()
        assert line.until_room()["n"] == 2
