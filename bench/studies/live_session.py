"""Plays demos/live_quiz with 300 players at once, who all answer each page within a second.

python -m bench.studies.live_session                 # 300 players
python -m bench.studies.live_session --players 100

It prints how long an answer takes, and how long after the last answer the host's screen has all of them.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from bench.clients.host import ROOT, fresh_folder, served
from petri.client import Client

from .petri_player import ask
from .timings import Timings

PAGES: Final = 4
#: How often a page that waits for the host polls, and the host's screen is loaded, in seconds.
POLL, SCREEN = 2.0, 1.0
ANSWERS: Final = {
    "fastest": "A swift",
    "primes": ["53", "59"],
    "planets": ["Venus", "Earth", "Mars", "Jupiter"],
    "root": 42,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--players", type=int, default=300)
    players = parser.parse_args().players
    with fresh_folder(ROOT / "build") as root, served(ROOT / "demos/live_quiz", {}, root=root) as host:
        client = Client(f"http://{host.host}:{host.port}", host.operator_token)
        timings, lags = _play(client, host.host, host.port, players)
    print("| | pages | pages a second | p50 ms | p95 ms | p99 ms |\n| --- | --- | --- | --- | --- | --- |")
    print(timings.line(f"{players} players of a live session"))
    print(f"The host's screen had all answers {max(lags):.2f} s after the last one at the latest.")


def _play(client: Client, host: str, port: int, players: int) -> tuple[Timings, list[float]]:
    """Let players join and answer; return how long answers took, and how late the host's screen was."""
    opened = client.live_sessions.open()
    timings, lags = Timings(), []
    everyone = threading.Barrier(players + 1)
    last = [0.0] * players
    with ThreadPoolExecutor(players) as pool:
        done = [
            pool.submit(_take_part, host, port, opened.pin, number, timings, everyone, last)
            for number in range(players)
        ]
        everyone.wait()
        for page in range(PAGES):
            client.live_sessions.act(str(opened.id), action="next", shown=page)
            while client.live_sessions.read(str(opened.id)).answered < players:
                time.sleep(SCREEN)
            lags.append(time.perf_counter() - max(last))
            client.live_sessions.act(str(opened.id), action="answers", shown=page + 1)
        client.live_sessions.act(str(opened.id), action="finish", shown=PAGES)
        for each in done:
            each.result()
    return timings, lags


def _take_part(
    host: str,
    port: int,
    pin: str,
    number: int,
    timings: Timings,
    everyone: threading.Barrier,
    last: list[float],
) -> None:
    """Join, and answer each page within a second of seeing it."""
    line = http.client.HTTPConnection(host, port, timeout=60)
    draw = random.Random(number)
    line.request("POST", "/join", urlencode({"pin": pin, "name": f"Player {number}"}), _FORM)
    reply = line.getresponse()
    reply.read()
    identity = dict(parse_qsl(urlsplit(reply.headers["Location"]).query))
    token = ask(line, "POST", "/participant", identity, "")["token"]
    page = ask(line, "GET", "/page", {}, token)
    everyone.wait()
    answered = 0
    while answered < PAGES:
        if page["kind"] == "wait":
            time.sleep(draw.uniform(0, POLL))
            page = ask(line, "GET", "/page", {}, token)
            continue
        time.sleep(draw.uniform(0, 1))
        sent = json.dumps({name: ANSWERS[name] for name in page["items"]})
        with timings.measured():
            page = ask(line, "POST", "/page", {"serial": page["serial"], "answers": sent}, token)
        last[number] = time.perf_counter()
        answered += 1
    line.close()


_FORM: Final[dict[str, Any]] = {"Content-Type": "application/x-www-form-urlencoded"}


if __name__ == "__main__":
    main()
