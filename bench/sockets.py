"""`python -m bench.sockets`: measures fan-out, its costs, and the filling of rooms.

`--write` saves the results in bench/sockets.md.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path

from bench.clients.host import fresh_folder
from bench.fanout import (
    MILLION,
    Fanout,
    cost_of,
    cost_of_minutes,
    messages,
    over_real_sockets,
    through_the_management_api,
)
from bench.figures.machine import Machine, this_machine
from bench.figures.report import table
from bench.gatherings import CROWD, SIZES, WITHIN, Gathered, gather
from bench.gatherings_in_the_cloud import gather_in_the_cloud
from bench.scenarios import FILES

KEPT = Path(__file__).parent / "sockets.md"
KB = 1024
#: moto takes minutes for 300 participants, so only one size is measured.
CLOUD_SIZE = 10
#: Group sizes and messages whose costs are calculated: the length, and whether a page sends them.
GROUPS = (2, 4, 10, 25, 500)
SAID = (("sent by a page", 200, True), ("published by the experiment", 100 * KB, False))


def main() -> None:
    """Run the selected benchmarks, by default all."""
    wish = _arguments()
    with fresh_folder(FILES) as folder:
        machine = this_machine(folder)
    parts = [_heading(machine), _costs()]
    if "fanout" in wish.what:
        _tell("fan-out")
        parts.insert(1, _fanouts([through_the_management_api(), asyncio.run(over_real_sockets())]))
    if "rooms" in wish.what:
        parts.append(_rooms(list(_gatherings())))
    text = "\n\n".join(parts) + "\n"
    print(text)
    if wish.write:
        KEPT.write_text(text, encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.sockets", description="Measure sockets and rooms.")
    parser.add_argument("what", nargs="*", metavar="WHAT", help="fanout, rooms; both by default")
    parser.add_argument("--write", action="store_true", help="save the results in bench/sockets.md")
    wish = parser.parse_args()
    if not set(wish.what) <= {"fanout", "rooms"}:
        parser.error("choose from fanout, rooms")
    wish.what = wish.what or ["fanout", "rooms"]
    return wish


def _gatherings() -> Iterable[Gathered]:
    for size in SIZES:
        _tell(f"rooms of {size}")
        yield asyncio.run(gather(size))
    _tell(f"rooms of {CLOUD_SIZE} on DynamoDB, emulated by moto")
    yield gather_in_the_cloud(CLOUD_SIZE)


def _heading(machine: Machine) -> str:
    busy = " The machine was busy with other work." if machine.is_busy else ""
    return (
        "# Sockets\n\n"
        f"Measured {machine.date} by `python -m bench.sockets --write`: {machine.cores} cores, "
        f"{machine.processor}, Python {machine.python}; clients and emulators on the same cores, load "
        f"{machine.load:.1f} at the start.{busy}"
    )


def _fanouts(found: Iterable[Fanout]) -> str:
    rows = [
        (
            one.way,
            str(one.subscribers),
            f"{one.seconds * 1000:.0f}",
            f"{one.worst * 1000:.0f}",
            "" if one.cpu_ms is None else f"{one.cpu_ms:.2f}",
        )
        for one in found
    ]
    head = ("way", "subscribers", "median ms", "worst ms", "CPU ms per post")
    return f"## Fan-out\n\n{table(head, rows)}"


def _costs() -> str:
    rows = [
        (
            str(people),
            f"{length / KB:.1f} KB, {how}",
            str(people),
            str(messages(people, length, comes_in=comes_in)),
            f"{cost_of(messages(people, length, comes_in=comes_in)) * MILLION:.0f}",
        )
        for how, length, comes_in in SAID
        for people in GROUPS
    ]
    head = ("listeners", "message", "posts", "messages counted by AWS", "dollars per million")
    minutes = cost_of_minutes(CROWD, 60)
    return (
        f"## Costs of a message\n\n{table(head, rows)}\n\n"
        "API Gateway charges per 32 KB, rounded up, in both directions. Keeping "
        f"{CROWD} sockets open for an hour costs ${minutes:.4f}."
    )


def _rooms(found: Iterable[Gathered]) -> str:
    rows = [
        (
            one.way,
            str(one.size),
            str(one.rooms),
            str(one.wrong_rooms),
            str(one.unseated),
            _seconds(one.median),
            _seconds(one.p95),
            f"{one.after_last:.1f}",
            "" if one.frames is None else f"{one.frames / one.people:.1f}",
        )
        for one in found
    ]
    head = (
        "run",
        "room size",
        "rooms",
        "over- or under-filled",
        "without a seat",
        "median s until seated",
        "p95 s",
        "s from the last arrival to the last seat",
        "frames per participant",
    )
    return (
        f"## {CROWD} participants within {WITHIN:.0f} s\n\n{table(head, rows)}\n\n"
        "moto emulates DynamoDB inside the process and takes many times as long as AWS: its rows show that "
        "rooms are formed correctly under concurrency, not how fast they open."
    )


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _tell(what: str) -> None:
    print(f"measuring {what} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
