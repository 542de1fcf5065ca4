"""What another process does to the same run; started by the tests of processes and of kill -9."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

from chalicelib.errors import PetriError
from chalicelib.experiment.networks import Chain, Empty
from chalicelib.services import App
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from tests.contract.factories import a_room, arrive, not_launched, patiently, say, take_place


def room_of_twenty() -> Empty:
    return Empty(max_size=20)


def a_chain() -> Chain:
    return Chain(max_size=1000)


ROOMS = {"twenty": a_room(room_of_twenty), "chain": a_room(a_chain)}


def join(path: str, room: str, people: list[int]) -> list[str]:
    """Let these people join, one after the other; return what each got: a node's id or a refusal."""
    engine = SQLiteEngine(path)
    app = not_launched(engine, ROOMS[room])
    results = [_told(partial(_take_part, app, engine, person, room)) for person in people]
    engine.close()
    return results


def _take_part(app: App, engine: SQLiteEngine, person: int, room: str) -> str:
    node = patiently(engine, partial(take_place, app, person))
    if room == "chain":
        say(app, node["id"], "told")
    return str(node["id"])


def _told(act: Callable[[], str]) -> str:
    try:
        return act()
    except PetriError as refused:
        return refused.code


def post(path: str, node_id: int, count: int) -> list[int]:
    """Post so many infos at a node; return their ids."""
    engine = SQLiteEngine(path)
    app = not_launched(engine)
    made = [int(say(app, node_id, "x")["id"]) for _ in range(count)]
    engine.close()
    return made


def load(path: str, name: str) -> None:
    """Work until killed: arrive, join the chain, answer; tell each thing made once it was answered."""
    engine = SQLiteEngine(path)
    app = not_launched(engine, ROOMS["chain"])
    number = 0
    while True:
        number += 1
        person = arrive(app, f"{name}-{number}")
        sys.stdout.write(f"participant {person}\n")
        node = patiently(engine, partial(take_place, app, person))
        sys.stdout.write(f"node {node['id']}\n")
        sys.stdout.write(f"info {say(app, node['id'], 'told')['id']}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    load(*sys.argv[1:])
