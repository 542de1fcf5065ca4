"""Measures the peak memory of an export: python -m bench.export_memory [INFOS] [CHARACTERS]

A child process exports a SQLite file that this one fills; the peak is the child's resident set, the
interpreter and imports included. The budget is 300 MB for 200,000 infos.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from chalicelib.export import write_zip
from chalicelib.model import keys
from chalicelib.storage.engine import Engine, Item, Put
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine

INFOS_A_NODE = 100
NODES_A_NETWORK = 50
BUDGET_MB = 300
#: Linux reports the resident set in kilobytes, macOS in bytes.
UNIT = 1024 if sys.platform == "linux" else 1024**2
TIME = "2024-05-17T09:30:00.000000Z"


def fill(engine: Engine, infos: int, characters: int = 200) -> None:
    """Write so many infos, in networks of 50 nodes with 100 infos each."""
    networks = -(-infos // (INFOS_A_NODE * NODES_A_NETWORK))
    engine.commit(
        [Put({"pk": "networks", "sk": "#", "kind": "networks_header", "v": 1, "last_id": networks})]
    )
    left = infos
    for network_id in range(1, networks + 1):
        nodes = min(NODES_A_NETWORK, -(-left // INFOS_A_NODE))
        engine.commit([Put(_root(network_id, nodes))])
        for node_id in range(network_id * 100_000 + 1, network_id * 100_000 + nodes + 1):
            made = min(INFOS_A_NODE, left)
            engine.commit([Put(item) for item in _node_with_infos(node_id, made, characters)])
            left -= made


def _item(key: keys.Key, kind: str, **fields: object) -> Item:
    return {"pk": key[0], "sk": key[1], "kind": kind, "v": 1, "creation_time": TIME, **fields}


def _root(network_id: int, nodes: int) -> Item:
    return _item(
        keys.root(network_id), "network", id=network_id, type="empty", max_size=1000, role="default",
        n_alive=nodes, last_node=nodes,
    )  # fmt: skip


def _node_with_infos(node_id: int, infos: int, characters: int) -> list[Item]:
    network_id = keys.network_of(node_id)
    node = _item(
        keys.node(node_id), "node", id=node_id, type="node", network_id=network_id, participant_id=1,
        last_thing=infos, n_infos=infos, answered=True,
    )  # fmt: skip
    made = [
        _item(
            keys.info(node_id * 100_000 + number), "info", id=node_id * 100_000 + number, type="info",
            origin_id=node_id, network_id=network_id, contents=f"{number} " + "x" * characters,
        )
        for number in range(1, infos + 1)
    ]  # fmt: skip
    return [node, *made]


def export(path: str) -> None:
    """Run the export in the child process."""
    engine = SQLiteEngine(path)
    begun = time.perf_counter()
    found = write_zip(engine, Path(path).parent, app_id="bench")
    seconds = time.perf_counter() - begun
    engine.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / UNIT
    size = found.stat().st_size / 1e6
    print(f"peak {peak:.0f} MB (budget {BUDGET_MB}), {seconds:.1f} s, zip {size:.1f} MB")
    sys.exit(0 if peak < BUDGET_MB else 1)


def main() -> None:
    infos, characters = (int(word) for word in (*sys.argv[1:], *("200000", "200")[len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.sqlite"
        engine = SQLiteEngine(path)
        fill(engine, infos, characters)
        engine.close()
        print(f"{infos:,} infos of {characters} characters, {path.stat().st_size / 1e6:.0f} MB:", flush=True)
        again = [sys.executable, "-m", "bench.export_memory", "--export", str(path)]
        done = subprocess.run(again, check=False)  # noqa: S603 - ourselves
    sys.exit(done.returncode)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--export"]:
        export(sys.argv[2])
    else:
        main()
