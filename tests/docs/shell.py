"""What a reader does with a page: writes its files, runs its commands."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .blocks import ROOT, Block

PETRI = [sys.executable, "-m", "infra.cli"]
_LINK = re.compile(r"http://\S+/ad\?\S+")


@dataclass
class Reader:
    """A reader who follows a page in a folder of their own."""

    folder: Path
    #: what was printed for each block, by its place on the page
    printed: dict[int, str] = field(default_factory=dict)
    ended: dict[int, int] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        """An environment without this machine's own settings and screen."""
        kept = {
            name: value for name, value in os.environ.items() if name not in {"DISPLAY", "WAYLAND_DISPLAY"}
        }
        return {**kept, "PYTHONPATH": str(ROOT), "HOME": str(self.folder), "COLUMNS": "200"}

    def write(self, block: Block) -> None:
        """Write a block's file, or behind what is in it."""
        path = self.folder / block.name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a" if block.what == "append" else "w", encoding="utf-8") as file:
            file.write(block.text)

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run one line to its end."""
        return subprocess.run(
            _words(command), cwd=self.folder, env=self.environ, capture_output=True, text=True, check=False
        )

    def follow(self, page: list[Block]) -> None:
        """Do all that a page says."""
        for place, block in enumerate(page):
            if block.what in {"file", "append"}:
                self.write(block)
            elif block.what in {"run", "fails"}:
                ended = [self.run(command) for command in block.commands]
                self.printed[place] = "".join(each.stdout + each.stderr for each in ended)
                self.ended[place] = ended[-1].returncode
            elif block.what == "serve":
                (command,) = block.commands
                with self.serving(command) as served:
                    served.link()
                self.printed[place] = served.rest
                self.ended[place] = served.process.returncode

    @contextlib.contextmanager
    def serving(self, command: str) -> Iterator[Served]:
        """Run a line that serves, on a free port and without opening a browser, until the block ends."""
        words = [*_words(command), "--no-browser", "--port", "0"]
        with subprocess.Popen(
            words,
            cwd=self.folder,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            served = Served(process)
            try:
                yield served
            finally:
                process.send_signal(signal.SIGINT)
                served.rest = process.communicate(timeout=60)[0]


@dataclass
class Served:
    """A run that is being served."""

    process: subprocess.Popen[str]
    #: what it printed when it ended
    rest: str = ""

    def link(self) -> str:
        """Wait for the next link at which a participant can begin."""
        assert self.process.stdout is not None
        printed = ""
        for line in self.process.stdout:
            printed += line
            found = _LINK.search(line)
            if found:
                return found.group()
        raise AssertionError(f"No link was printed:\n{printed}")


def _words(command: str) -> list[str]:
    program, *rest = shlex.split(command)
    meant = {"petri": PETRI, "python": [sys.executable]}
    return [*meant.get(program.removeprefix(".venv/bin/"), [program]), *rest]
