"""`python -m bench.dashboard`: measures first views of large runs, and participants beside open dashboards.

`--small` uses a hundredth of the sizes. `--write` saves the results in bench/dashboard.md.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

from bench.clients.crowds import in_turn
from bench.clients.host import Serving, fresh_folder, served
from bench.clients.server import RUN_ID
from bench.figures.machine import this_machine
from bench.figures.report import table
from bench.figures.tally import Tally
from bench.scenarios import BARTLETT, FILES
from chalicelib import bootstrap, services
from chalicelib.dashboard import own_host, sessions
from chalicelib.experiment.experiment import Experiment
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.local.lifecycle.run_paths import RunPaths

from .large_run import LargeRun, write_large_run
from .views import view

RESULTS: Final = Path(__file__).parents[1] / "dashboard.md"
#: 10,000 participants, 10,000 networks, a network of 5,000 nodes, a million infos.
LARGE: Final = LargeRun(
    participants=10_000, networks=10_000, nodes=10, infos=10, largest=5_000, first_network=21
)
#: 1,000 networks and 100,000 infos.
MEDIUM: Final = LargeRun(participants=1_000, networks=1_000, nodes=10, infos=10, largest=10, first_network=21)
SMALL: Final = (
    LargeRun(participants=100, networks=100, nodes=5, infos=5, largest=50, first_network=21),
    LargeRun(participants=50, networks=10, nodes=5, infos=5, largest=10, first_network=21),
)
DASHBOARDS: Final = 20
#: Seconds between two views of an open dashboard.
EVERY: Final = 5.0
PARTICIPANTS, CLIENTS = 500, 4
OPEN_NETWORKS: Final = 20
#: How often each page is viewed; the first view is the one that counts.
VIEWS: Final = 5
PAGES: Final = (
    "/dashboard/overview",
    "/dashboard/participants",
    "/dashboard/participants/5000",
    "/dashboard/networks",
    f"/dashboard/networks/{OPEN_NETWORKS + 1}",
    "/dashboard/log",
)


def main() -> None:
    """Measure, and print the results."""
    parser = argparse.ArgumentParser(prog="python -m bench.dashboard", description=__doc__)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--write", action="store_true")
    wish = parser.parse_args()
    large, medium = SMALL if wish.small else (LARGE, MEDIUM)
    with fresh_folder(FILES) as folder:
        machine = this_machine(folder)
    heading = (
        f"# The dashboard\n\nMeasured {machine.date} by `python -m bench.dashboard --write`: "
        f"{machine.cores} cores, {machine.processor}, Python {machine.python}; the clients on the same "
        f"cores, load {machine.load:.1f} at the start."
    )
    text = "\n\n".join([heading, _first_views(large), _beside_participants(medium)]) + "\n"
    print(text)
    if wish.write:
        RESULTS.write_text(text, encoding="utf-8")


@contextmanager
def _serving(size: LargeRun) -> Iterator[tuple[Serving, str]]:
    """Serve a large run with places for more participants; yield it and the cookie of a session."""
    with fresh_folder(FILES) as root:
        print(f"Writing a run with {size.all_infos:,} infos ...", file=sys.stderr)
        settings = {"experiment_repeats": OPEN_NETWORKS, "num_participants": PARTICIPANTS // OPEN_NETWORKS}
        with served(BARTLETT, settings, root=root):
            pass  # the launch makes the networks that participants join
        engine = SQLiteEngine(RunPaths(root).database(RUN_ID))
        write_large_run(engine, size)
        app = bootstrap.local(Experiment, {"mode": "debug"}, app_id=RUN_ID, engine=engine)
        token = app.run(sessions.begin_session, app.run(sessions.create_ticket))
        services.use(None)
        engine.close()
        with served(BARTLETT, settings, root=root) as serving:
            yield serving, f"{own_host.cookie_name(RUN_ID, secure=False)}={token}"


def _first_views(size: LargeRun) -> str:
    rows = []
    with _serving(size) as (serving, cookie):
        for page in PAGES:
            shown = page.replace("5000", str(size.participants // 2))
            views = [view(serving, shown, cookie) for _ in range(VIEWS)]
            first, *later = (seconds * 1000 for seconds, _ in views)
            rows.append((shown, f"{first:.0f}", f"{median(later):.0f}", f"{views[0][1] / 1024:.0f}"))
    return (
        f"## First views\n\n{size.participants:,} participants, {size.networks:,} networks, one of them with "
        f"{size.largest:,} nodes, {size.all_infos:,} infos. A page should take 500 ms at most.\n\n"
        + table(("page", "first view, ms", "later views, ms", "KB"), rows)
    )


def _beside_participants(size: LargeRun) -> str:
    rows = []
    for dashboards in (0, DASHBOARDS):
        with _serving(size) as (serving, cookie):
            tally, views = _load(serving, cookie, dashboards)
        route, worst = tally.worst_p95()
        seen = f"{median(views) * 1000:.0f}" if views else ""
        failed = ", ".join(f"{count}: {why}" for why, count in tally.failures.items()) or "0"
        rows.append((str(dashboards), f"{tally.rate:.1f}", f"{worst:.1f} ({route})", seen, failed))
    return (
        f"## Participants beside open dashboards\n\n{size.networks:,} networks and {size.all_infos:,} infos; "
        f"{PARTICIPANTS} participants of the Bartlett demo from {CLIENTS} clients. Each dashboard shows the "
        f"overview and reads it again every {EVERY:g} s. The 95th percentile of the worst route should rise "
        "by less than a tenth.\n\n"
        + table(("dashboards", "participants a second", "p95, ms", "a view, ms", "failures"), rows)
    )


def _load(serving: Serving, cookie: str, dashboards: int) -> tuple[Tally, list[float]]:
    """Let participants take part while dashboards are open; return their tally, and how long views took."""
    views: list[float] = []
    stop = threading.Event()

    def watch(number: int) -> None:
        stop.wait(EVERY * number / max(1, dashboards))
        while not stop.is_set():
            views.append(view(serving, PAGES[0], cookie)[0])
            stop.wait(EVERY)

    watching = [threading.Thread(target=watch, args=(number,)) for number in range(dashboards)]
    for thread in watching:
        thread.start()
    tally = asyncio.run(in_turn(serving.host, serving.port, PARTICIPANTS, CLIENTS))
    stop.set()
    for thread in watching:
        thread.join()
    return tally, views


if __name__ == "__main__":
    main()
