"""Over what a random run is played: engines in threads, and a file in processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from chalicelib import services
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.local.moto.moto_engine import started
from tests.checker.judging import problems
from tests.checker.playing import play
from tests.checker.processes import play_in_processes
from tests.tools.torn import TornEngine

#: moto needs some 10 ms of the processor for each call.
PEOPLE_OVER_MOTO: Final = 6


def _over_sqlite(seed: int, folder: Path) -> list[str]:
    engine = SQLiteEngine(folder / "run.sqlite")
    try:
        return problems(play(engine, seed))
    finally:
        engine.close()


def _over_torn(seed: int, folder: Path) -> list[str]:
    engine = SQLiteEngine(folder / "run.sqlite")
    try:
        return problems(play(TornEngine(engine, seed=seed), seed))
    finally:
        engine.close()


def _over_dynamodb(seed: int, folder: Path) -> list[str]:
    del folder
    with started() as new_engine:
        engine = new_engine(f"checker-{seed}")
        try:
            return problems(play(engine, seed, people=PEOPLE_OVER_MOTO))
        finally:
            engine.close()


def _in_processes(seed: int, folder: Path) -> list[str]:
    run, engine = play_in_processes(folder, seed)
    try:
        return problems(run)
    finally:
        engine.close()


KINDS: Final[Mapping[str, Callable[[int, Path], list[str]]]] = {
    "sqlite": _over_sqlite,
    "torn": _over_torn,
    "dynamodb": _over_dynamodb,
    "processes": _in_processes,
}


def check(kind: str, seed: int, folder: Path) -> list[str]:
    """Play one run and return what is wrong with it."""
    try:
        return KINDS[kind](seed, folder)
    finally:
        services.use(None)
