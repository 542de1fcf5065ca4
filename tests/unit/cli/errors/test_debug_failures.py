"""What `petri debug` does when the experiment's own code fails, or a bot waits in vain."""

from __future__ import annotations

from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.unit.cli.study import EXPERIMENT, petri, write_study

pytestmark = pytest.mark.e2e
#: Time limits to try, in seconds.
LIMITS = (2, 10, 50)

ROOM = '''
from petri import Empty, Experiment, HighPerformanceBotBase


class Together(Experiment):
    """Two people begin together."""

    quorum = 2
    experiment_repeats = 1

    def create_network(self):
        return Empty(max_size=4)

    def room_opened(self, number, participants):
        self.tell_all(participants)

    def tell_all(self, participants):
        for participant in participants:
            participant.details = {"room": nubmer}


class Bot(HighPerformanceBotBase):
    def participate(self):
        node = self.create_agent()
        self.create_info(node["id"], "here")
'''


def study(root: Path, code: str) -> Path:
    folder = write_study(root / "study")
    (folder / "experiment.py").write_text(code, encoding="utf-8")
    return folder


def line_of(code: str, words: str) -> int:
    return next(number for number, line in enumerate(code.splitlines(), 1) if words in line)


def with_time_enough(words: str, cwd: Path, *command: str) -> tuple[int, CompletedProcess[str]]:
    """Run a command with the first time limit in which its bots get as far as the test needs.

    How long that takes depends on what else the machine does. Return the limit in seconds, and the result.
    """
    for limit in LIMITS:
        ended = petri(cwd, *command, str(limit))
        if words in ended.stderr:
            break
    return limit, ended


def test_a_typo_reached_when_a_room_opens_ends_the_run_with_one_traceback(tmp_path: Path) -> None:
    study(tmp_path, ROOM)
    ended = petri(tmp_path, "debug", "study", "--bots", "2", "--exit")
    assert ended.returncode == 1
    assert ended.stderr.count("Traceback (most recent call last)") == 1
    line = line_of(ROOM, "nubmer")
    assert f"experiment.py, line {line}, in tell_all: NameError: name 'nubmer' is not defined" in ended.stderr
    assert f'study/experiment.py", line {line_of(ROOM, "self.tell_all(")}, in room_opened' in ended.stderr
    assert "chalicelib" not in ended.stderr


def test_a_hook_of_a_request_that_fails_for_every_bot_is_shown_once(tmp_path: Path) -> None:
    broken = EXPERIMENT.replace("node.receive()", "node.recieve()")
    study(tmp_path, broken)
    ended = petri(tmp_path, "debug", "study", "--bots", "4", "--at-once", "4", "--exit")
    assert ended.returncode == 1
    assert ended.stderr.count("Traceback (most recent call last)") == 1
    assert f"experiment.py, line {line_of(broken, 'recieve')}, in add_node_to_network" in ended.stderr


def test_a_failing_hook_ends_a_run_of_bots_that_would_serve_on(tmp_path: Path) -> None:
    study(tmp_path, ROOM)
    assert petri(tmp_path, "debug", "study", "--bots", "2").returncode == 1


def test_a_bot_whose_time_is_over_says_what_it_was_waiting_for(tmp_path: Path) -> None:
    study(tmp_path, ROOM.replace("quorum = 2", "quorum = 3"))
    waited = "it was waiting for others in the waiting room (2 of 3 are there)"
    limit, ended = with_time_enough(
        f"{waited}.", tmp_path, "debug", "study", "--bots", "2", "--exit", "--bot-timeout"
    )
    assert ended.returncode == 1
    assert "the waiting room opens for 3 participants, but at most 2 bots run concurrently" in ended.stderr
    assert "To take part with the bots (1 missing), open:" in ended.stdout
    assert ended.stdout.count("/ad?") == 1
    assert f"bot 1: stopped after {limit} seconds (--bot-timeout); {waited}." in ended.stderr
    assert f"bot 2: stopped after {limit} seconds" in ended.stderr


def test_a_run_whose_time_is_over_says_where_each_bot_was(tmp_path: Path) -> None:
    sleepy = EXPERIMENT.replace(
        "        node = self.create_agent()\n", "        import time\n\n        time.sleep(3600)\n"
    )
    study(tmp_path, sleepy)
    where = f"experiment.py, line {line_of(sleepy, 'time.sleep')}, in participate"
    options = ("--bots", "3", "--at-once", "2", "--exit", "--timeout")
    _, ended = with_time_enough(f"it was at {where}.", tmp_path, "debug", "study", *options)
    assert ended.returncode == 1
    assert f"bot 1: the run's time limit was reached; it was at {where}." in ended.stderr
    assert "3 of 3 bots had not finished" in ended.stderr
