"""Hooks that would end the process: ordinary errors, or counted in the store before they run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from chalicelib.errors import HookExit, Interrupted, errors_only
from chalicelib.workers.queue_consumer import MAX_DELIVERIES

pytestmark = pytest.mark.e2e

#: One process of a run: resends what is left, processes what is due, and prints its state.
LIFE = """
import json, os, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chalicelib import bootstrap
from chalicelib.operations.schedule.dead_letters import list_dead_letters
from chalicelib.operations.shared.context import OPERATOR_CALLER
from infra.local.consumer import MessageConsumer
from tests.web.experiments import Talk

folder, life, deadly = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]


class Deadly(Talk):
    def rings(self, word):
        if word == "deadly":
            with (folder / "runs").open("a") as runs:
                runs.write("x")
            os._exit(137)
        self.state_of_bells = word

    def launch_bells(self):
        for word in ("deadly", "harmless", "harmless too"):
            self.after(0, "rings", word=word)


class Clock:
    def now(self):
        return datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=life, seconds=seconds)


seconds = 0
settings = {"mode": "debug", "recruiter": "hotair"}
app = bootstrap.local(Deadly, settings, app_id="deadly", database=folder / "run.sqlite", clock=Clock())
if life == 0:
    app.run(lambda unit: unit.experiment.launch_bells())
consumer = MessageConsumer(app)
for seconds in range(0, 1300, 100):
    while consumer.carry_out_one():
        pass
print(json.dumps([letter["why"] for letter in app.run(list_dead_letters, caller=OPERATOR_CALLER)]))
"""


def live(folder: Path, life: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LIFE, str(folder), str(life), "x"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_message_that_kills_its_process_becomes_a_dead_letter(tmp_path: Path) -> None:
    lives = [live(tmp_path, life) for life in range(MAX_DELIVERIES + 1)]
    assert [life.returncode for life in lives[:-1]] == [137] * MAX_DELIVERIES, lives[0].stderr
    survivor = lives[-1]
    assert survivor.returncode == 0, survivor.stderr
    (why,) = json.loads(survivor.stdout.splitlines()[-1])
    assert "ended in each of 12 attempts" in why
    assert (tmp_path / "runs").read_text() == "x" * MAX_DELIVERIES
    assert live(tmp_path, MAX_DELIVERIES + 1).returncode == 0


def test_a_real_interrupt_is_none_of_the_hooks() -> None:
    with pytest.raises(Interrupted), errors_only():
        raise Interrupted
    with pytest.raises(HookExit, match=r"SystemExit\(3\)") as raised, errors_only():
        sys.exit(3)
    assert isinstance(raised.value.__cause__, SystemExit)
