"""A small experiment, and helpers that start `petri` as a separate process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[3]

EXPERIMENT = '''
from petri import Chain, Experiment, HighPerformanceBotBase, Source


class Words(Source):
    type = "words"

    def _contents(self):
        return "once upon a time"


class Whispers(Experiment):
    """A chain of four people who pass words on."""

    def setup(self):
        if not self.networks():
            network = Chain(max_size=5)
            self.save(network)
            Words(network)

    def create_network(self):
        return Chain(max_size=5)

    def add_node_to_network(self, node, network):
        network.add_node(node)
        for parent in node.neighbors(direction="from"):
            parent.transmit(to_whom=node)
        node.receive()

    def analyze(self, data):
        from petri.data import Report

        return Report("What came out", [f"{len(data.infos)} infos"], "<p>words</p>")


class Bot(HighPerformanceBotBase):
    def participate(self):
        node = self.create_agent()
        heard = self.received_infos(node["id"])[-1]["contents"]
        words = heard.split()
        self.random.shuffle(words)
        self.create_info(node["id"], " ".join(words))
'''


def write_study(folder: Path) -> Path:
    folder.mkdir()
    (folder / "experiment.py").write_text(EXPERIMENT, encoding="utf-8")
    (folder / "config.txt").write_text("[Experiment]\ntitle = Whispers\nbase_payment = 0\n", encoding="utf-8")
    (folder / "README.md").write_text("A chain.\n", encoding="utf-8")
    return folder


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(home), "PYTHONWARNINGS": "error"}


def petri(cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "infra.cli", *words],
        cwd=cwd,
        env=environment(cwd),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@contextmanager
def serving(cwd: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a command that serves, yield the process and its address, and stop it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "infra.cli", *words],
        cwd=cwd,
        env=environment(cwd),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        first = process.stdout.readline()
        assert " is running at " in first, first + process.stderr.read()
        yield process, first.rsplit(" ", 1)[-1].strip()
    finally:
        process.kill()
        process.communicate()
