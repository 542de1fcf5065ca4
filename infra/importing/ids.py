"""Translates ids: Petri's are kept, others are replaced and stay in `details`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from chalicelib.export import DataError, MalformedTableError
from chalicelib.export.table_schema import Row
from chalicelib.model.failing import NODE_SPAN
from chalicelib.model.node import MAX_NODES, MAX_THINGS, NETWORK_SPAN
from chalicelib.model.question import PARTICIPANT_SPAN

from .export_source import LOADING_ORDER, MAY_BE_NULL, REFERENCES, ExportSource

ORIGINAL: Final = "original_id"

#: The column that names a record's owner, whose counter numbers it; a link may be numbered at either end.
OWNERS: Final[dict[str, tuple[str, ...]]] = {
    "node": ("network_id",),
    "info": ("origin_id",),
    "vector": ("destination_id", "origin_id"),
    "transmission": ("destination_id", "origin_id"),
    "transformation": ("node_id",),
    "question": ("participant_id",),
}
SPANS: Final = {"node": NETWORK_SPAN, "question": PARTICIPANT_SPAN}
#: Tables whose records share one counter for each owner.
THINGS: Final = ("info", "vector", "transmission", "transformation")


class Ids:
    """The translation of the export's ids, by table."""

    def __init__(self, known: dict[str, dict[int, int]], *, are_kept: bool) -> None:
        """Use a translation; see `learn`."""
        self._known = known
        self.are_kept = are_kept

    def has(self, table: str, id_: int) -> bool:
        """Whether the export has a record with this id."""
        return id_ in self._known[table]

    def translated(self, table: str, line: int, row: Row) -> Row:
        """Return a row with translated ids; an unknown reference is an error."""
        changed = dict(row)
        for column, other in REFERENCES.get(table, {}).items():
            if row[column] is None and (table, column) in MAY_BE_NULL:
                continue
            changed[column] = self._known[other].get(row[column])
            if changed[column] is None:
                raise MalformedTableError(
                    f"{table}.csv", line, f"{column} is {row[column]}, which {other}.csv doesn't have."
                )
        changed["id"] = self._known[table][row["id"]]
        if not self.are_kept:
            changed["details"] = {**row["details"], ORIGINAL: row["id"]}
        return changed


def learn(source: ExportSource) -> Ids:
    """Read all ids; keep a table's ids if they are Petri's own, else assign new ones."""
    found: dict[str, dict[int, int]] = {}
    are_kept = True
    for table in LOADING_ORDER:
        owners: dict[int, int] = {}
        for line, row in source.rows(table):
            if row["id"] in owners:
                raise MalformedTableError(f"{table}.csv", line, f"the id {row['id']} occurs twice.")
            owners[row["id"]] = row[OWNERS[table][0]] if table in OWNERS else 0
            if not lies_where_it_says(table, row):
                _refuse_if_ours(source, table, line, row["id"])
                are_kept = False
        found[table] = owners
    if are_kept:
        known = {table: {id_: id_ for id_ in owners} for table, owners in found.items()}
    else:
        known = renumbered(found)
    return Ids(known, are_kept=are_kept)


def lies_where_it_says(table: str, row: Row) -> bool:
    """Whether Petri assigned an id: its owner's id, then a number of five digits."""
    if table not in OWNERS:
        return bool(row["id"] >= 1) and (table != "network" or bool(row["id"] <= MAX_NODES))
    owner, number = divmod(row["id"], SPANS.get(table, NODE_SPAN))
    return number >= 1 and owner in (row[column] for column in OWNERS[table])


def _refuse_if_ours(source: ExportSource, table: str, line: int, id_: int) -> None:
    if "petri" in source.export.manifest:
        raise MalformedTableError(
            f"{table}.csv", line, f"{id_} isn't an id that Petri assigns there. Was the file edited?"
        )


def renumbered(found: dict[str, dict[int, int]]) -> dict[str, dict[int, int]]:
    """Assign Petri's ids to records, in the order of their old ones: {table: {old: new}}."""
    known: dict[str, dict[int, int]] = {}
    at_nodes: Counter[int] = Counter()
    for table in LOADING_ORDER:
        owners = found[table]
        if table in THINGS:
            known[table] = dict(_numbered_at(owners, known["node"], NODE_SPAN, at_nodes))
        elif table == "node":
            known[table] = dict(_numbered_at(owners, known["network"], NETWORK_SPAN, Counter()))
        elif table == "question":
            known[table] = dict(_numbered_at(owners, known["participant"], PARTICIPANT_SPAN, Counter()))
        else:
            known[table] = _counted(table, owners)
    return known


def _numbered_at(
    owners: dict[int, int], known: dict[int, int], span: int, newest: Counter[int]
) -> Iterator[tuple[int, int]]:
    for id_ in sorted(owners):
        owner = known.get(owners[id_])
        if owner is None:
            # Reading the row itself reports the reference, with its line.
            continue
        newest[owner] += 1
        if newest[owner] > MAX_THINGS:
            raise DataError(
                f"More than {MAX_THINGS} records belong to {owners[id_]}: Petri supports no more."
            )
        yield id_, owner * span + newest[owner]


def _counted(table: str, owners: Iterable[int]) -> dict[int, int]:
    """Keep valid numbers; renumber all if one is too large or not positive."""
    ordered = sorted(owners)
    most = MAX_NODES if table == "network" else 10**10
    if not ordered or (ordered[0] >= 1 and ordered[-1] <= most):
        return {id_: id_ for id_ in ordered}
    if len(ordered) > most:
        raise DataError(f"The export has {len(ordered)} networks; Petri supports {most}.")
    return {id_: number for number, id_ in enumerate(ordered, start=1)}
