"""What must hold at the end of any run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from chalicelib.experiment.networks import Chain
from chalicelib.export import rows
from chalicelib.model.network import Network
from chalicelib.model.record import iso
from chalicelib.storage.unit_of_work import EngineUnitOfWork
from tests.checker.playing import Run
from tests.contract.factories import begin, dump


def problems(run: Run) -> list[str]:
    """Return what is wrong at the end of a run, as sentences."""
    with begin(run.world.engine) as work:
        found = [*run.seen.faults, *_of_networks(work), *_of_people(run, work), *_of_answers(run, work)]
    return [*found, *_of_money(run), *_of_export(run)]


def _of_networks(work: EngineUnitOfWork) -> Iterator[str]:
    for network in work.networks():
        living = network.nodes()
        if len(living) != network.size():
            yield f"{network!r} counts {network.size()} nodes and has {len(living)}"
        if len(living) > network.max_size:
            yield f"{network!r} is over-filled: {len(living)} of {network.max_size}"
        if isinstance(network, Chain):
            yield from _of_chain(network)


def _of_chain(network: Network) -> Iterator[str]:
    ids = {node.id for node in network.all_nodes}
    children = Counter[int]()
    for node in network.all_nodes:
        incoming = node.vectors("incoming", failed="all")
        if node.is_source:
            continue
        if len(incoming) != 1 or incoming[0].origin_id not in ids:
            yield f"{node!r} is an orphan or has two parents: {incoming}"
            continue
        if not node.failed:
            children[incoming[0].origin_id] += 1
        heard = node.received_infos()
        if len(heard) != 1 or not heard[0].contents:
            yield f"{node!r} has {len(heard)} stimuli"
    for parent, count in children.items():
        if count > 1:
            yield f"{network!r} forks at {parent}"


def _of_people(run: Run, work: EngineUnitOfWork) -> Iterator[str]:
    rooms = [item for item in work.items("rooms") if item["kind"] == "room"]
    seats = Counter(one for room in rooms for one in room["members"])
    yield from (f"participant {one} is in {count} rooms" for one, count in seats.items() if count > 1)
    late = run.seen.left_waiting & set(seats)
    yield from (f"a room was opened for participant {one}, who had left" for one in sorted(late))
    size = run.world.app.experiment_class.room_size
    yield from (f"room {room['id']} has {room['members']}" for room in rooms if len(room["members"]) > size)
    owners = Counter[tuple[int, int]]()
    for network in work.networks():
        owners.update((network.id, node.participant_id) for node in network.nodes() if node.participant_id)
    yield from (f"participant {who} has {n} nodes in a network" for (_, who), n in owners.items() if n > 1)
    for participant_id in work.participant_ids():
        participant = work.participant(participant_id)
        if participant.early_exit_reason == "withdrawn" and participant.nodes():
            yield f"participant {participant_id} has withdrawn and has living nodes"
    counts = work.statuses()
    if sum(counts.values()) != len(work.participant_ids()):
        yield f"the lists count {counts}"


def _of_answers(run: Run, work: EngineUnitOfWork) -> Iterator[str]:
    for info_id, contents in run.seen.infos.items():
        if work.info(info_id).contents != contents:
            yield f"the answer {info_id} {contents!r} is lost"


def _of_money(run: Run) -> Iterator[str]:
    paid = Counter((who, kind) for who, kind, _ in run.vendor.books)
    yield from (f"{kind} of {who} was paid {n} times" for (who, kind), n in paid.items() if n > 1)
    for item in dump(run.world.engine).values():
        if item["kind"] != "payment":
            continue
        whose = (item["participant_id"], item["payment_kind"])
        if item["status"] != "paid" or whose not in paid:
            yield f"the payment {whose} is {item['status']} and was made {paid[whose]} times"


def _of_export(run: Run) -> Iterator[str]:
    with begin(run.world.engine) as work:
        listed: dict[str, list[Any]] = {
            "network": list(work.networks()),
            "node": [one for network in work.networks() for one in network.all_nodes],
            "info": [one for network in work.networks() for one in network.all_infos],
            "vector": [one for network in work.networks() for one in network.all_vectors],
            "transmission": [one for network in work.networks() for one in network.networks_transmissions],
            "participant": [work.participant(one) for one in work.participant_ids()],
        }
        for table, records in listed.items():
            exported = {row["id"]: row for row in rows(run.world.engine, table)}
            if set(exported) != {record.id for record in records}:
                yield f"the export has other {table}s: {sorted(exported)}"
            for record in records:
                row, shown = exported.get(record.id, {}), record.as_json()
                for name in ("failed", "failed_reason", "property1", "contents", "status", "network_id"):
                    if name in shown and row.get(name) != shown[name]:
                        exports, answers = row.get(name), shown[name]
                        yield f"{name} of {record!r} is {exports!r} in the export, {answers!r} in the API"
                if row.get("creation_time") != iso(record.creation_time):
                    yield f"the export says {row.get('creation_time')} of {record!r}"
