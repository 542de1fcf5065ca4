"""Lists, expires and extends the HITs of a run."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chalicelib.errors import NotFound
from chalicelib.recruiters.mturk.hit_slots import PLACES
from chalicelib.recruiters.mturk.hits import Hit

from .connection import MTurkConnection


@dataclass(frozen=True)
class Extension:
    """What to add to a HIT."""

    hit: Hit
    assignments: int
    until: datetime | None


def of_run(desk: MTurkConnection, app: str) -> list[Hit]:
    """Return every HIT of a run; NotFound when there is none."""
    hits = desk.hits.of_run(app)
    if not hits:
        raise NotFound(
            f"Run {app} has no HIT at {desk.market}; check the run's id, and whether it is in the sandbox."
        )
    return hits


def expire(desk: MTurkConnection, app: str, *, dry_run: bool) -> list[str]:
    """Expire the HITs of a run that workers can still find, and return their ids.

    HITs for compensations stay open, because their workers are owed the money.
    """
    now = datetime.now(UTC)
    places = [hit for hit in of_run(desk, app) if hit.is_of(app, PLACES)]
    running = [hit for hit in places if hit.expires > now]
    return [hit.id for hit in running] if dry_run else desk.hits.expire(running, now)


def extend(
    desk: MTurkConnection, hit_id: str, assignments: int, hours: float | None, *, dry_run: bool
) -> Extension:
    """Add hours to a HIT's lifetime, and assignments, which come last because they can't be removed again."""
    hit = desk.hits.get(hit_id)
    until = None if hours is None else max(hit.expires, datetime.now(UTC)) + timedelta(hours=hours)
    if not dry_run:
        if until is not None:
            desk.hits.show_until(hit.id, until)
        desk.hits.grow(hit.id, assignments, secrets.token_hex(16))
    return Extension(hit, assignments, until)
