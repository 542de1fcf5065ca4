"""Runs the ultimatum game with 50 pairs, 16 pairs at a time, on Petri, on oTree and on uproot.

python -m bench.studies                        # Petri alone
python -m bench.studies --otree PYTHON         # and oTree, from an environment that has it
python -m bench.studies --uproot PYTHON        # and uproot, from an environment that has it
python -m bench.studies --pairs 100 --think 1  # 100 pairs at once that think for a second
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.clients.host import ROOT, fresh_folder, served

from . import otree_player, petri_player, uproot_player
from .timings import Timings

KEY = "bench"


def main() -> None:
    options = _options()
    at_once = 2 * (options.at_once or options.pairs)
    print("| | pages | pages a second | p50 ms | p95 ms | p99 ms |\n| --- | --- | --- | --- | --- | --- |")
    print(petri(options.pairs, at_once, options.think), flush=True)
    if options.otree:
        print(otree(options.otree, options.pairs, at_once, options.think), flush=True)
    if options.uproot:
        print(uproot(options.uproot, options.pairs, at_once, options.think), flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=50)
    parser.add_argument("--at-once", type=int, default=16, help="pairs at a time; 0: all")
    parser.add_argument("--think", type=float, default=0.0, help="seconds of thinking on each page")
    parser.add_argument("--otree", type=Path, help="the Python of an environment with oTree 6")
    parser.add_argument("--uproot", type=Path, help="the Python of an environment with uproot")
    return parser.parse_args()


def petri(pairs: int, at_once: int, think: float) -> str:
    """Play on Petri; return the row of the table."""
    settings = {"num_participants": 2 * pairs}
    with fresh_folder(ROOT / "build") as root, served(ROOT / "demos/ultimatum", settings, root=root) as host:
        timings = Timings()
        _play(
            2 * pairs, at_once, lambda number: petri_player.play(host.host, host.port, number, timings, think)
        )
        return timings.line("Petri")


def otree(python: Path, pairs: int, at_once: int, think: float) -> str:
    """Play on oTree; return the row of the table."""
    with fresh_folder(ROOT / "build") as root:
        otree_player.write_project(root / "project")
        port = _free_port()
        tool = python.parent / "otree"
        command = [str(tool), "prodserver", str(port)]
        path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "OTREE_REST_KEY": KEY, "OTREE_PRODUCTION": "1"}
        log = (root / "log.txt").open("w")
        server = subprocess.Popen(  # noqa: S603 - the operator names the program
            command, cwd=root / "project", env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            codes = _new_session(port, 2 * pairs)
            timings = Timings()
            _play(
                2 * pairs,
                at_once,
                lambda number: otree_player.play("127.0.0.1", port, codes[number], number, timings, think),
            )
            return timings.line("oTree")
        finally:
            server.terminate()
            server.wait(timeout=30)
            log.close()


def uproot(python: Path, pairs: int, at_once: int, think: float) -> str:
    """Play on uproot; return the row of the table."""
    with fresh_folder(ROOT / "build") as root:
        uproot_player.write_project(root / "project")
        port = _free_port()
        command = [str(python.parent / "uproot"), "run", "--port", str(port)]
        with (root / "log.txt").open("w") as log:
            server = subprocess.Popen(  # noqa: S603 - the operator names the program
                command, cwd=root / "project", stdout=log, stderr=subprocess.STDOUT
            )
            try:
                session, players = uproot_player.new_session(port, 2 * pairs)
                timings = Timings()
                _play(
                    2 * pairs,
                    at_once,
                    lambda number: uproot_player.play(port, session, players[number], number, timings, think),
                )
                return timings.line("uproot")
            finally:
                server.terminate()
                server.wait(timeout=30)


def _play(players: int, at_once: int, play: Callable[[int], None]) -> None:
    with ThreadPoolExecutor(at_once) as pool:
        for done in [pool.submit(play, number) for number in range(players)]:
            done.result()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _new_session(port: int, participants: int) -> list[str]:
    """Make a session by oTree's REST API, once the server answers; return the participants' codes."""
    headers = {"otree-rest-key": KEY, "Content-Type": "application/json"}
    wanted = json.dumps({"session_config_name": "ultimatum", "num_participants": participants})
    for _ in range(120):
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            line.request("POST", "/api/sessions", wanted, headers)
            made = json.loads(line.getresponse().read())
            line.request("GET", f"/api/sessions/{made['code']}", None, headers)
            found = json.loads(line.getresponse().read())
            return [one["code"] for one in found["participants"]]
        except (ConnectionError, http.client.HTTPException):
            time.sleep(0.5)
    raise SystemExit("oTree didn't start; see its log.")


if __name__ == "__main__":
    main()
