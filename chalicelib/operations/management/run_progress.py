"""How far a run has come: its funnel, its completions over time, times and pay, and what needs a person.

Times and pay come from the latest participants, so that a view of a large run takes no longer than that of a
small one; the counts come from what is counted already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from statistics import median
from typing import Any, Final

from chalicelib.model import keys
from chalicelib.model.participant import Participant
from chalicelib.model.statuses import SUBMISSION_RECEIVED, ParticipantStatus, PaymentStatus
from chalicelib.operations.listings.recent_reads import recent
from chalicelib.operations.payment.ledger_sums import ledger_lines
from chalicelib.operations.realtime import waiting_rooms
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.study_check import as_study

from .run_state.stuck_rooms import StuckRoom, stuck_rooms

#: How many participants the times and the pay are computed from.
MOST_LOOKED_AT: Final = 2_000
_HOUR: Final = 3_600
_ANY_DECIMAL: Final = {"any_decimal": True}


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """One step of the funnel."""

    name: str
    count: int
    bound: str = field(
        default="",
        metadata={"help": "`at least` or `at most`, where only a part of the participants was looked at."},
    )


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run has come."""

    funnel: list[FunnelStep]
    arrivals: list[datetime] = field(metadata={"help": "When the latest participants arrived."})
    completions: list[datetime] = field(metadata={"help": "When they completed their part."})
    seconds: list[float] = field(metadata={"help": "How long each of them took."})
    median_seconds: float | None
    median_hourly_pay: Decimal | None = field(metadata={**_ANY_DECIMAL, "help": "Base pay and bonus."})
    earned: Decimal = field(metadata={**_ANY_DECIMAL, "help": "Base pay and bonuses of these participants."})
    looked_at: int = field(metadata={"help": "From how many of the latest participants these come."})
    is_partial: bool
    held_payments: int
    refused_payments: int
    stuck_payments: int = field(metadata={"help": "Payments that are overdue and not being sent."})
    stuck_rooms: list[StuckRoom] = field(
        metadata={"help": "Where participants wait longer than allowed, or for others who can't come."}
    )


def read_progress(ctx: Context) -> RunProgress:
    """Return how far the run has come, or had come a moment ago if that takes long to read."""
    return recent(ctx, "progress", _read_progress)


def _read_progress(ctx: Context) -> RunProgress:
    statuses = ctx.uow.statuses()
    ids = ctx.uow.participant_ids()
    latest = ids[-MOST_LOOKED_AT:]
    items = list(_participants(ctx, latest))
    completed = [item for item in items if item["status"] in SUBMISSION_RECEIVED and item.get("end_time")]
    seconds = [_seconds(item) for item in completed]
    waiting = waiting_ids(ctx)
    lines = ledger_lines(ctx)
    by_status = Counter(line.status for line in lines)
    return RunProgress(
        funnel=_funnel(statuses, items, len(waiting), is_whole=len(latest) == len(ids)),
        arrivals=sorted(datetime.fromisoformat(item["creation_time"]) for item in items),
        completions=sorted(datetime.fromisoformat(item["end_time"]) for item in completed),
        seconds=seconds,
        median_seconds=median(seconds) if seconds else None,
        median_hourly_pay=_hourly_pay(completed),
        earned=sum((_amount(item, "base_pay") + _amount(item, "bonus") for item in items), Decimal(0)),
        looked_at=len(items),
        is_partial=len(latest) < len(ids),
        held_payments=by_status[PaymentStatus.HELD],
        refused_payments=by_status[PaymentStatus.REFUSED],
        stuck_payments=sum(1 for line in lines if line.is_stuck),
        stuck_rooms=stuck_rooms(ctx, waiting),
    )


def waiting_ids(ctx: Context) -> list[int]:
    """Return the participants who wait: for a waiting room, for a group of a study, or for a free network."""
    in_room: set[int] = set()
    if waiting_rooms.has_waiting_room(ctx):
        entries = waiting_rooms.waiting_entries(ctx)
        in_room = {int(one["id"]) for one in waiting_rooms.unseated(entries, waiting_rooms.opened_rooms(ctx))}
    working = [
        int(one["id"]) for one in ctx.uow.active_participants() if one["status"] == ParticipantStatus.WORKING
    ][-MOST_LOOKED_AT:]
    for_network = {item["id"] for item in _participants(ctx, working) if item.get("waiting_since")}
    return sorted(in_room | for_network | groups_awaited(ctx, working).keys())


def is_waiting(ctx: Context, participant: Participant) -> bool:
    """Whether a participant waits: for a waiting room, for a group of a study, or for a free network."""
    if participant.waiting_since is not None:
        return True
    if waiting_rooms.has_waiting_room(ctx) and waiting_rooms.waiting_entry(ctx, participant.id) is not None:
        return True
    return bool(groups_awaited(ctx, [participant.id]))


def groups_awaited(ctx: Context, participant_ids: Sequence[int]) -> Mapping[int, str]:
    """Return those of some participants who wait for a group of a study, and since when."""
    if as_study(ctx.experiment) is None:
        return {}
    # Lazy import: only studies need their modules.
    from chalicelib.operations.study.groups.gathering import waiting_for_groups

    return waiting_for_groups(ctx, participant_ids)


def _participants(ctx: Context, ids: Sequence[int]) -> Iterator[Mapping[str, Any]]:
    wanted = [keys.participant(number) for number in ids]
    ctx.uow.prefetch(more=wanted)
    found = (ctx.uow.item(key) for key in wanted)
    return (item for item in found if item is not None)


def _funnel(
    statuses: Mapping[str, int], items: Sequence[Mapping[str, Any]], number_waiting: int, *, is_whole: bool
) -> list[FunnelStep]:
    arrived = sum(statuses.values()) - statuses.get(ParticipantStatus.REPLACED, 0)
    working = statuses.get(ParticipantStatus.WORKING, 0)
    submitted = sum(count for status, count in statuses.items() if status in SUBMISSION_RECEIVED)
    left = arrived - working - submitted
    waiting = min(working, number_waiting)
    consented = sum(1 for item in items if item.get("consent"))
    # Only the latest of those who take part are asked whether they wait.
    is_known = working <= MOST_LOOKED_AT
    steps = [("Arrived", arrived, "")]
    if is_whole and consented:
        steps.append(("Consented", consented, ""))
    steps += [
        ("Waiting", waiting, "" if is_known else "at least"),
        ("Playing", working - waiting, "" if is_known else "at most"),
        ("Submitted", submitted, ""),
        ("Approved", statuses.get(ParticipantStatus.APPROVED, 0), ""),
        ("Left early", left, ""),
    ]
    return [FunnelStep(name, max(0, count), bound) for name, count, bound in steps]


def _hourly_pay(completed: Sequence[Mapping[str, Any]]) -> Decimal | None:
    rates = _hourly_rates(completed)
    return Decimal(str(round(median(rates), 2))) if rates else None


def hourly_pay_of_latest(ctx: Context) -> list[float]:
    """Return what each of the latest participants earned per hour, with bonuses."""
    latest = ctx.uow.participant_ids()[-MOST_LOOKED_AT:]
    completed = [item for item in _participants(ctx, latest) if item["status"] in SUBMISSION_RECEIVED]
    return [round(rate, 2) for rate in _hourly_rates([one for one in completed if one.get("end_time")])]


def _hourly_rates(completed: Sequence[Mapping[str, Any]]) -> list[float]:
    return [
        float(_amount(item, "base_pay") + _amount(item, "bonus")) / seconds * _HOUR
        for item in completed
        if item.get("base_pay") is not None and (seconds := _seconds(item)) > 0
    ]


def _amount(item: Mapping[str, Any], name: str) -> Decimal:
    return Decimal(str(item.get(name) or 0))


def _seconds(item: Mapping[str, Any]) -> float:
    return (
        datetime.fromisoformat(item["end_time"]) - datetime.fromisoformat(item["creation_time"])
    ).total_seconds()
