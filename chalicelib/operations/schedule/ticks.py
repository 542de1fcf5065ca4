"""Records each job of a clock tick, so that each minute's job runs once even with two clocks.

Records of the last day are kept; each is overwritten by the same minute of the next day.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context

DAY = 24 * 60


def claim_job(ctx: Context, job: str, minute: int) -> bool:
    """Claim a job of a minute (counted from 1970); False when another clock has claimed it."""
    record = ctx.uow.item(keys.tick(job, minute % DAY))
    scheduled_for = _moment(minute)
    if record is not None and record["scheduled_for"] >= scheduled_for:
        return False
    fields = {"job": job, "scheduled_for": scheduled_for, "started": iso(ctx.now)}
    ctx.uow.put_if_unchanged(keys.tick(job, minute % DAY), "tick", fields)
    return True


def finish_job(ctx: Context, job: str, minute: int, result: str) -> None:
    """Record the result of a job."""
    record = ctx.uow.item(keys.tick(job, minute % DAY))
    if record is not None and record["scheduled_for"] == _moment(minute):
        fields = {name: record[name] for name in ("job", "scheduled_for", "started")}
        fields |= {"ended": iso(ctx.now), "result": result[:500]}
        ctx.uow.put_if_unchanged(keys.tick(job, minute % DAY), "tick", fields)


def record_run(ctx: Context, job: str, minute: int, result: str) -> None:
    """Record a run of a job that was ended in this commit; a later one of the same minute replaces it."""
    moment = iso(ctx.now)
    fields = {"job": job, "scheduled_for": _moment(minute), "started": moment, "ended": moment}
    ctx.uow.put_unconditional(keys.tick(job, minute % DAY), "tick", {**fields, "result": result[:500]})


def list_ticks(ctx: Context) -> list[dict[str, Any]]:
    """Return the records of the last day, oldest first: job, scheduled_for, started, ended, result."""
    names = ("job", "scheduled_for", "started", "ended", "result")
    found = [{name: item.get(name) for name in names} for item in ctx.uow.items(keys.TICKS)]
    return sorted(found, key=lambda tick: (tick["scheduled_for"], tick["started"]))


def _moment(minute: int) -> str:
    return iso(datetime.fromtimestamp(minute * 60, UTC))
