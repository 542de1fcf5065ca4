"""Counts the records of an export before anything is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from chalicelib.export import MalformedTableError
from chalicelib.export.table_schema import Row
from chalicelib.model.failing import NODE_SPAN
from chalicelib.model.keys import network_of
from chalicelib.model.node import NETWORK_SPAN
from chalicelib.model.question import PARTICIPANT_SPAN
from chalicelib.model.run_records import KINDS, is_known_kind, visit_kind

from .export_source import LOADING_ORDER, ExportSource
from .ids import Ids

TRACKING: Final = "tracking"
REPLICATION: Final = "replication"


@dataclass(slots=True)
class RecordTally:
    """The counters of one network, node or participant."""

    #: The number of the newest record, and the newest creation time.
    newest: int = 0
    last_time: datetime | None = None
    #: Live and failed infos of a node; live nodes and sources of a network.
    alive: int = 0
    failed: int = 0
    sources: int = 0

    def saw(self, number: int, time: datetime) -> None:
        """Count a record."""
        self.newest = max(self.newest, number)
        self.last_time = time if self.last_time is None else max(time, self.last_time)


def _tallies() -> dict[int, RecordTally]:
    return defaultdict(RecordTally)


@dataclass(slots=True)
class Survey:
    """All counts, by id."""

    networks: dict[int, RecordTally] = field(default_factory=_tallies)
    nodes: dict[int, RecordTally] = field(default_factory=_tallies)
    participants: dict[int, RecordTally] = field(default_factory=_tallies)
    #: The nodes of each participant, as (creation time, id).
    taken: dict[int, list[tuple[datetime, int]]] = field(default_factory=lambda: defaultdict(list))
    #: Nodes with infos that count as an answer; nodes that the export says haven't answered.
    answered: set[int] = field(default_factory=set)
    unanswered: set[int] | None = None
    structures: dict[int, dict[str, Any]] = field(default_factory=dict)
    #: The experiment's own state.
    experiment: dict[str, Any] = field(default_factory=dict)
    #: Live nodes of each network as (creation time, id, whether a source), and live vectors from each
    #: node: the structure of a network is restored from these if it is missing.
    members: dict[int, list[tuple[datetime, int, bool]]] = field(default_factory=lambda: defaultdict(list))
    degrees: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    #: The largest id of each table, and how many rows it has.
    largest: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    first_time: datetime | None = None

    def has_answered(self, node_id: int) -> bool:
        """Whether a participant's node has answered."""
        return node_id in self.answered if self.unanswered is None else node_id not in self.unanswered


def translated(source: ExportSource, ids: Ids, table: str) -> Iterator[tuple[int, Row]]:
    """Yield a table's rows with translated ids."""
    for line, row in source.rows(table):
        yield line, ids.translated(table, line, row)


def survey(source: ExportSource, ids: Ids) -> Survey:
    """Read the whole export, validate references between its rows, and count."""
    seen = Survey()
    _read_kept(source, ids, seen)
    replicas = {
        row["info_out_id"]
        for _, row in translated(source, ids, "transformation")
        if row["type"] == REPLICATION
    }
    for table in LOADING_ORDER:
        for line, row in translated(source, ids, table):
            _check_place(table, line, row)
            seen.counts[table] += 1
            seen.largest[table] = max(seen.largest[table], row["id"])
            _count(seen, table, row, replicas)
    return seen


def _read_kept(source: ExportSource, ids: Ids, seen: Survey) -> None:
    """Read the exported structures, which are valid only if their ids were kept."""
    if not (ids.are_kept and source.export.has_structures):
        return
    seen.unanswered = set()
    for facts in source.export.structures():
        if "experiment" in facts:
            seen.experiment = facts["experiment"]
        else:
            seen.structures[facts["network"]] = facts["structure"]
            seen.unanswered.update(facts["unanswered"])


def _check_place(table: str, line: int, row: Row) -> None:
    """Refuse records that belong to two networks, and payments of an unknown kind."""
    if table == "payment" and not is_known_kind(row["kind"]):
        raise MalformedTableError(
            "payment.csv",
            line,
            f"kind is {row['kind']!r}; it should be one of {', '.join(KINDS)}, or such as {visit_kind(2)}.",
        )
    for name in ("origin_id", "destination_id", "node_id"):
        if name in row and network_of(row[name]) != row["network_id"]:
            raise MalformedTableError(
                f"{table}.csv", line, f"{name} is a node of another network than {row['network_id']}."
            )


def _count(seen: Survey, table: str, row: Row, replicas: set[int]) -> None:
    id_, time = row["id"], row["creation_time"]
    if table == "network":
        seen.networks[id_].saw(0, time)
        seen.first_time = time if seen.first_time is None else min(seen.first_time, time)
    elif table == "node":
        _count_node(seen, row)
    elif table == "question":
        seen.participants[row["participant_id"]].saw(id_ % PARTICIPANT_SPAN, time)
    elif table in ("info", "vector", "transmission", "transformation"):
        seen.nodes[id_ // NODE_SPAN].saw(id_ % NODE_SPAN, time)
    if table == "info":
        _count_info(seen, row, replicas)
    elif table == "vector":
        seen.networks[row["network_id"]].saw(0, time)
        seen.degrees[row["origin_id"]] += not row["failed"]


def _count_node(seen: Survey, row: Row) -> None:
    id_, time, person = row["id"], row["creation_time"], row["participant_id"]
    network = seen.networks[row["network_id"]]
    network.saw(id_ % NETWORK_SPAN, time)
    if person is not None:
        seen.taken[person].append((time, id_))
    if row["failed"]:
        network.failed += 1
        return
    network.alive += 1
    network.sources += person is None
    if row["network_id"] not in seen.structures:
        seen.members[row["network_id"]].append((time, id_, person is None))


def _count_info(seen: Survey, row: Row, replicas: set[int]) -> None:
    node = seen.nodes[row["origin_id"]]
    if row["failed"]:
        node.failed += 1
    else:
        node.alive += 1
    if row["type"] != TRACKING and row["id"] not in replicas:
        seen.answered.add(row["origin_id"])
