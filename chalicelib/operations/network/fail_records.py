"""Fails records that were too many for the commit that failed them first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from chalicelib.errors import PetriError
from chalicelib.messages import FailRecords
from chalicelib.model.failing import NODE_SPAN, FailureQuota, fail_within
from chalicelib.model.question import PARTICIPANT_SPAN
from chalicelib.model.record import Record
from chalicelib.operations.shared.context import Context
from chalicelib.ports import UnitOfWork

#: How many records are read ahead; a node takes two writes, and a DynamoDB transaction takes 100.
READ_AHEAD = 50


def fail_records(ctx: Context, failures: Sequence[tuple[str, int, str | None]]) -> None:
    """Fail as many records as one commit can write, and post a message for the rest.

    Records that have failed meanwhile are left as they are, so a message that comes again changes nothing.
    """
    _prefetch(ctx, failures[:READ_AHEAD])
    quota = FailureQuota(ctx.uow.share_of_commit)
    for number, (object_type, record_id, reason) in enumerate(failures):
        if not fail_within(_record(ctx, object_type, record_id), reason, quota):
            ctx.uow.post(FailRecords(tuple(failures[number:])))
            return


def _prefetch(ctx: Context, failures: Sequence[tuple[str, int, str | None]]) -> None:
    """Read the nodes in one call."""
    ctx.uow.nodes([record_id for object_type, record_id, _ in failures if object_type == "Node"])


def _record(ctx: Context, object_type: str, record_id: int) -> Record:
    return _READERS[object_type](ctx.uow, record_id)


def _among(records: Sequence[Record], record_id: int) -> Record:
    found = next((record for record in records if record.id == record_id), None)
    if found is None:
        raise PetriError(f"The record {record_id}, which is to fail, isn't stored.")
    return found


def _node_of(record_id: int) -> int:
    return record_id // NODE_SPAN


def _transmission(uow: UnitOfWork, record_id: int) -> Record:
    """Return a transmission, which one of its two ends has numbered."""
    node = uow.node(_node_of(record_id))
    return _among([*uow.transmissions_to(node), *uow.transmissions_from(node)], record_id)


_READERS: Mapping[str, Callable[[UnitOfWork, int], Record]] = {
    "Network": lambda uow, id_: uow.network(id_),
    "Node": lambda uow, id_: uow.node(id_),
    "Info": lambda uow, id_: uow.info(id_),
    "Vector": lambda uow, id_: _among(uow.vectors_at(uow.node(_node_of(id_))), id_),
    "Transmission": _transmission,
    "Transformation": lambda uow, id_: _among(uow.transformations_at(uow.node(_node_of(id_))), id_),
    "Question": lambda uow, id_: _among(uow.questions_of(uow.participant(id_ // PARTICIPANT_SPAN)), id_),
}
