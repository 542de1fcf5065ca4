"""Writes a large run straight into an engine, in seconds: for benchmarks and for tests of the dashboard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.model.run_records import BASE, payment_id
from chalicelib.model.statuses import ENDED
from chalicelib.storage.engine import ANY, Engine, Item, Put
from chalicelib.storage.record_mapping import ledger_line_item

BEGIN: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
#: The statuses of participants, in turn.
STATUSES: Final = (*["approved"] * 7, "submitted", "returned", "working")
#: Puts in one commit to SQLite; DynamoDB takes 100.
AT_ONCE: Final = 5_000
PAY: Final = Decimal("1.50")


@dataclass(frozen=True, slots=True)
class LargeRun:
    """How large a run is.

    The first network has `largest` nodes, each other one `nodes`; each node has `infos`. All are full.
    """

    participants: int = 100
    networks: int = 20
    nodes: int = 5
    infos: int = 2
    largest: int = 50
    #: The number of the first network; above 1 in a run that has been launched and has networks of its own.
    first_network: int = 1

    @property
    def all_infos(self) -> int:
        """How many infos the run has."""
        return (self.largest + (self.networks - 1) * self.nodes) * self.infos


def write_large_run(engine: Engine, size: LargeRun) -> None:
    """Write the run, as if it had been launched. The engine is empty, unless `first_network` is above 1."""
    remaining: Iterator[Item] = _items(size)
    most = min(AT_ONCE, engine.max_writes)
    while some := list(islice(remaining, most)):
        engine.commit([Put(item, ANY) for item in some])


def _items(size: LargeRun) -> Iterator[Item]:
    last = size.first_network + size.networks - 1
    if size.first_network == 1:
        yield _item(keys.EXPERIMENT, "experiment", launched=iso(BEGIN))
    yield _item(keys.HEADER, "networks_header", last_id=last)
    yield {**_item(keys.counter("participant"), "counter"), "v": size.participants}
    for number in range(1, size.participants + 1):
        yield from _participant(number, size)
    for number in range(size.first_network, last + 1):
        yield from _network(number, size)


def _item(key: keys.Key, kind: str, **fields: Any) -> Item:
    return {"pk": key[0], "sk": key[1], "kind": kind, "v": 1, **fields}


def _participant(number: int, size: LargeRun) -> Iterable[Item]:
    status = STATUSES[number % len(STATUSES)]
    began = BEGIN + timedelta(seconds=20 * number)
    has_ended = status not in ("working", "returned")
    node_id = _node_of(number, size)
    times = {"end_time": iso(began + timedelta(minutes=8, seconds=number % 300))} if has_ended else {}
    yield _item(
        keys.participant(number),
        "participant",
        id=number,
        creation_time=iso(began),
        type="participant",
        recruiter="hotair",
        worker_id=f"worker{number}",
        assignment_id=f"assignment{number}",
        hit_id=f"hit{number % 10}",
        mode="debug",
        status=status,
        node_ids=[node_id],
        consent={"time": iso(began), "hash": "h"},
        entry_information={"source": "bench"},
        **({"base_pay": str(PAY)} if has_ended else {}),
        **times,
    )
    yield _item(keys.assignment(f"assignment{number}"), "assignment", participant_id=number)
    yield _item(keys.worker(f"worker{number}"), "worker", participant_ids=[number])
    listed = keys.over(number) if status in ENDED else keys.listed(number)
    yield _item(listed, "listed", id=number, status=status, seated=True, recruiter="hotair")
    if has_ended:
        payment = _payment(number, began)
        yield payment
        yield ledger_line_item(payment)


def _payment(number: int, began: datetime) -> Item:
    status = "held" if number % 200 == 1 else "paid"
    move = {"to": status, "at": iso(began + timedelta(minutes=15)), "by": "petri", "why": "base pay"}
    return _item(
        keys.payment(number, BASE),
        "payment",
        id=payment_id(number, BASE),
        creation_time=iso(began + timedelta(minutes=14)),
        participant_id=number,
        payment_kind=BASE,
        amount=str(PAY),
        status=status,
        reason="base pay",
        details={"moves": [move]},
    )


def _node_of(participant_id: int, size: LargeRun) -> int:
    network = participant_id % size.networks + size.first_network
    return network * 100_000 + 1


def _network(number: int, size: LargeRun) -> Iterator[Item]:
    nodes = size.largest if number == size.first_network else size.nodes
    at = BEGIN + timedelta(seconds=number)
    yield _item(
        keys.root(number),
        "network",
        id=number,
        creation_time=iso(at),
        type="chain",
        max_size=nodes,
        full=True,
        role="default",
        n_alive=nodes,
        last_node=nodes,
        last_time=iso(at),
    )
    for index in range(1, nodes + 1):
        yield from _node(number, index, size, at + timedelta(milliseconds=index))


def _node(number: int, index: int, size: LargeRun, at: datetime) -> Iterator[Item]:
    node_id = number * 100_000 + index
    yield _item(
        keys.node(node_id),
        "node",
        id=node_id,
        creation_time=iso(at),
        type="node",
        network_id=number,
        participant_id=(number + index) % size.participants + 1,
        last_thing=size.infos + (index > 1),
        n_infos=size.infos,
        answered=True,
    )
    for nth in range(1, size.infos + 1):
        info_id = node_id * 100_000 + nth
        yield _item(
            keys.info(info_id),
            "info",
            id=info_id,
            creation_time=iso(at),
            type="info",
            origin_id=node_id,
            network_id=number,
            contents=f"What node {index} said the {nth}. time, in a sentence of usual length.",
        )
    if index > 1:
        vector_id = node_id * 100_000 + size.infos + 1
        fields = {"origin_id": node_id - 1, "destination_id": node_id, "network_id": number}
        for key in keys.vector_ends(vector_id, node_id - 1, node_id):
            yield _item(key, "vector", id=vector_id, creation_time=iso(at), **fields)
