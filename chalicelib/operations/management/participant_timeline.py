"""Everything that one participant has done, and what was decided and paid, in the order of time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from chalicelib.model.participant import Participant
from chalicelib.model.record import moment
from chalicelib.operations.listings.listing import RecordFilter
from chalicelib.operations.listings.participant_lists import places_of
from chalicelib.operations.listings.participant_records import list_responses
from chalicelib.operations.listings.payment_lists import payments_of
from chalicelib.operations.listings.record_rows import PaymentRow
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.study_check import as_study

from .managed_payments import payment_detail
from .participant_actions import participant_named

#: How many answers and infos are shown, and how much of each.
MOST_RECORDS: Final = 200
MOST_CHARACTERS: Final = 1_000


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One thing that happened."""

    at: datetime
    what: str
    text: str
    kind: str = field(metadata={"help": "arrival, answer, node, payment, decision or end."})
    node_id: int | None = None


@dataclass(frozen=True, slots=True)
class ParticipantTimeline:
    """What happened to one participant."""

    entries: list[TimelineEntry]
    payments: list[PaymentRow]
    condition: dict[str, Any]
    is_study: bool
    is_complete: bool = field(metadata={"help": "False if the participant has more answers than these."})


def read_timeline(ctx: Context, participant_id: str) -> ParticipantTimeline:
    """Return what happened to a participant, oldest first; NotFound for an unknown one."""
    participant = participant_named(ctx, participant_id)
    is_study = as_study(ctx.experiment) is not None
    answers = list(_study_answers(ctx, participant) if is_study else _answers(participant))
    payments = [payment_detail(ctx, payment) for payment in payments_of(ctx, participant.id)]
    entries = [*_part(participant), *answers[-MOST_RECORDS:]]
    for detail in payments:
        entries += [
            TimelineEntry(one.at, f"Payment {detail.payment.kind}: {one.to}", one.why, "payment")
            for one in detail.transitions
            if one.at is not None
        ]
    return ParticipantTimeline(
        entries=sorted(entries, key=lambda entry: entry.at),
        payments=[detail.payment for detail in payments],
        condition=_condition(ctx, participant) if is_study else {},
        is_study=is_study,
        is_complete=len(answers) < MOST_RECORDS,
    )


def _part(participant: Participant) -> Iterator[TimelineEntry]:
    yield TimelineEntry(participant.creation_time, "Arrived", f"through {participant.recruiter}", "arrival")
    consented = moment((participant.consent or {}).get("time"))
    if consented is not None:
        yield TimelineEntry(consented, "Consented", "", "arrival")
    for node in participant.all_nodes:
        what = f"Joined network {node.network_id}"
        yield TimelineEntry(node.creation_time, what, f"node {node.id}", "node", node.id)
    if participant.end_time is not None:
        why = participant.early_exit_reason
        text = f"early, with pay: {why}" if why else participant.status.replace("_", " ")
        yield TimelineEntry(participant.end_time, "Ended", text, "end")
    if participant.failed and participant.time_of_death is not None:
        text = participant.failed_reason or ""
        yield TimelineEntry(participant.time_of_death, "Marked as failed", text, "decision")


def _answers(participant: Participant) -> Iterator[TimelineEntry]:
    for question in participant.all_questions:
        yield TimelineEntry(
            question.creation_time, f"Answered {question.question}", _short(question.response), "answer"
        )
    for info in participant.infos(failed="all"):
        yield TimelineEntry(info.creation_time, "Wrote", _short(info.contents), "answer", info.origin_id)


def _study_answers(ctx: Context, participant: Participant) -> Iterator[TimelineEntry]:
    found = list_responses(ctx, RecordFilter(participant_id=participant.id), limit=MOST_RECORDS)
    for row in found.rows:
        if row.answered_at is not None:
            yield TimelineEntry(
                row.answered_at, f"Answered {row.item}", _short(row.answer), "answer", row.node_id
            )


def _condition(ctx: Context, participant: Participant) -> dict[str, Any]:
    return dict(places_of(ctx, [participant.id]).get(participant.id, {}).get("condition", {}))


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 3] + "..."
