"""A random run in several processes on one file, some of which are killed in the middle."""

from __future__ import annotations

import json
import logging
import os
import random
import time
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from chalicelib import services
from chalicelib.ports import Transfer
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from tests.checker.playing import Run, Seen, opened
from tests.tools.vendor import Vendor

PROCESSES: Final = 3
PEOPLE_EACH: Final = 8
#: Seconds from a process's first request to its end by kill -9.
LIVES: Final = (0.05, 0.8)


class LastingVendor(Vendor):
    """Keeps its books in a file that several processes share."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._path = folder / "books"

    def pay(self, transfer: Transfer) -> str:
        _append(self._path, [transfer.participant_id, transfer.kind, str(transfer.amount), transfer.token])
        return f"paid-{transfer.token}"

    def find_payment(self, transfer: Transfer) -> str | None:
        known = {line[3] for line in _lines(self._path)}
        return f"paid-{transfer.token}" if transfer.token in known else None

    def read_books(self) -> None:
        """Take what all processes have paid."""
        self.books = [(who, kind, Decimal(amount)) for who, kind, amount, _ in _lines(self._path)]


class LastingSeen(Seen):
    """Stores the responses to clients in a file, since their process may be killed."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def note_answer(self, info_id: int, contents: str) -> None:
        _append(self.path, [info_id, contents])


def _append(path: Path, line: list[Any]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, (json.dumps(line) + "\n").encode())
    finally:
        os.close(descriptor)


def _lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def play_part(folder: str, seed: int, part: int) -> None:
    """Run one of the processes, without logs."""
    logging.disable(logging.CRITICAL)
    place = Path(folder)
    engine = SQLiteEngine(place / "run.sqlite")
    run = opened(engine, seed, LastingVendor(place), part)
    run.seen = LastingSeen(place / f"answers-{part}")
    first = part * PEOPLE_EACH
    _append(place / f"begun-{part}", [part])
    run.play_people(range(first, first + PEOPLE_EACH))
    for fault in run.seen.faults:
        _append(place / "faults", [fault])
    _append(place / f"ended-{part}", [part])
    services.use(None)
    engine.close()


def play_in_processes(folder: Path, seed: int) -> tuple[Run, SQLiteEngine]:
    """Play a run in processes, kill all but one of them, and settle what they left."""
    draw = random.Random(f"{seed}|kills")
    engine = SQLiteEngine(folder / "run.sqlite")
    vendor = LastingVendor(folder)
    run = opened(engine, seed, vendor)
    run.launch()
    context = get_context("spawn")
    parts = [
        context.Process(target=play_part, args=(str(folder), seed, part)) for part in range(1, PROCESSES + 1)
    ]
    for each in parts:
        each.start()
    for part, each in enumerate(parts[1:], start=2):
        while not (folder / f"begun-{part}").exists() and each.is_alive():
            time.sleep(0.01)
        time.sleep(draw.uniform(*LIVES))
        each.kill()
    for each in parts:
        each.join()
    if not (folder / "ended-1").exists():
        run.seen.faults.append("a process that nobody killed didn't come to its end")
    run.settle()
    vendor.read_books()
    run.seen.faults += [line[0] for line in _lines(folder / "faults")]
    for path in folder.glob("answers-*"):
        run.seen.infos.update(dict(_lines(path)))
    return run, engine
