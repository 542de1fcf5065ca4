"""Lists what happened in the run: recruiters' reports, requests to recruiters, dead letters, runs of jobs."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import UTC, timedelta
from typing import Final

from chalicelib.access.rights import Right
from chalicelib.messages import kind_of
from chalicelib.model import keys
from chalicelib.model.record import iso, moment
from chalicelib.operations.shared.access import actor_of
from chalicelib.operations.shared.context import Context

from .listing import (
    NO_FILTER,
    Listing,
    Looked,
    RecordFilter,
    batch_size,
    collect,
    contains,
    read_cursor,
    require_limit,
    write_cursor,
)
from .participant_lists import may_view_personal_data
from .record_rows import JobRunRow, NotificationRow, RecruitmentRow, StoredLetterRow
from .row_reading import Item, read_row

DAY: Final = timedelta(days=1)
#: The statuses of a job's run.
RUNNING, ENDED, UNFINISHED = "running", "ended", "unfinished"
#: How the result of a job that failed begins.
FAILED: Final = "failed"
#: A job without an end that began longer ago than this, in seconds, was interrupted.
LONGEST_JOB: Final = 15 * 60


def list_notifications(
    ctx: Context, record_filter: RecordFilter = NO_FILTER, cursor: str | None = None, limit: int = 50
) -> Listing[NotificationRow]:
    """Return reports of recruiters and pages, newest first. `type`: the event."""
    require_limit(limit)
    after = None if cursor is None else read_cursor(cursor, 0)[1]
    batch = batch_size(record_filter, limit)
    shards = [_pages(ctx, keys.notification(shard)[0], after, batch) for shard in range(keys.SHARDS)]
    stored = heapq.merge(*shards, key=lambda item: str(item["sk"]), reverse=True)
    return collect((_looked_notification(ctx, record_filter, item) for item in stored), limit)


def list_recruitments(
    ctx: Context, record_filter: RecordFilter = NO_FILTER, cursor: str | None = None, limit: int = 50
) -> Listing[RecruitmentRow]:
    """Return requests to recruiters, newest first. `type`: open, recruit or close."""
    require_limit(limit)
    after = None if cursor is None else read_cursor(cursor, 0)[1]
    stored = _pages(ctx, keys.RECRUITMENT, after, batch_size(record_filter, limit))
    return collect((_looked_recruitment(record_filter, item) for item in stored), limit)


def list_dead_letters_page(
    ctx: Context, record_filter: RecordFilter = NO_FILTER, cursor: str | None = None, limit: int = 50
) -> Listing[StoredLetterRow]:
    """Return messages that failed too often, newest first. `type`: the kind of the message."""
    require_limit(limit)
    after = None if cursor is None else read_cursor(cursor, 0)[1]
    stored = _pages(ctx, keys.DEAD_LETTERS, after, batch_size(record_filter, limit))
    return collect((_looked_letter(record_filter, item) for item in stored), limit)


def list_job_runs(
    ctx: Context, record_filter: RecordFilter = NO_FILTER, cursor: str | None = None, limit: int = 50
) -> Listing[JobRunRow]:
    """Return the runs of jobs of the last day, newest first. `type`: the job; `status`: RUNNING and so on."""
    require_limit(limit)
    utc = ctx.now.astimezone(UTC)
    behind = keys.before_ticks(utc.hour * 60 + utc.minute + 1)
    is_yesterday, after = False, behind
    if cursor is not None:
        (yesterday,), after = read_cursor(cursor, 1)
        is_yesterday = yesterday == 1
    batch = batch_size(record_filter, limit)
    return collect(_look_at_jobs(ctx, record_filter, behind, after, batch, yesterday=is_yesterday), limit)


def _pages(ctx: Context, pk: str, after: str | None, batch: int) -> Iterator[Item]:
    """Yield the items of a collection, newest first, page by page."""
    while True:
        page = ctx.uow.page(pk, after=after, limit=batch, newest_first=True)
        yield from page.items
        if page.after is None:
            return
        after = page.after


def _looked_notification(ctx: Context, record_filter: RecordFilter, item: Item) -> Looked[NotificationRow]:
    ids = (item["id"], item.get("assignment_id") if may_view_personal_data(ctx) else None)
    is_found = record_filter.type in (None, item.get("event_type")) and (
        record_filter.text is None or contains(record_filter.text, *ids)
    )
    return Looked(write_cursor(item["sk"]), read_row(NotificationRow, item) if is_found else None)


def _looked_recruitment(record_filter: RecordFilter, item: Item) -> Looked[RecruitmentRow]:
    is_found = record_filter.type in (None, item.get("event_type")) and record_filter.recruiter in (
        None,
        item.get("recruiter"),
    )
    return Looked(write_cursor(item["sk"]), read_row(RecruitmentRow, item) if is_found else None)


def _looked_letter(record_filter: RecordFilter, item: Item) -> Looked[StoredLetterRow]:
    kind = kind_of(item["body"])
    is_found = record_filter.type in (None, kind) and (
        record_filter.text is None or contains(record_filter.text, item["sk"])
    )
    row = read_row(StoredLetterRow, item, id=item["sk"], kind=kind) if is_found else None
    return Looked(write_cursor(item["sk"]), row)


# -- jobs -------------------------------------------------------------------------------------------


def _look_at_jobs(
    ctx: Context, record_filter: RecordFilter, behind: str, after: str, batch: int, *, yesterday: bool
) -> Iterator[Looked[JobRunRow]]:
    """Look at the minutes before this one, then at those of yesterday: each minute's jobs have one record."""
    if not yesterday:
        for item in _pages(ctx, keys.TICKS, after, batch):
            yield _looked_job(ctx, record_filter, item, yesterday=False)
    later = after if yesterday and after else None
    for item in _pages(ctx, keys.TICKS, later, batch):
        if item["sk"] < behind:
            return
        yield _looked_job(ctx, record_filter, item, yesterday=True)


def _looked_job(
    ctx: Context, record_filter: RecordFilter, item: Item, *, yesterday: bool
) -> Looked[JobRunRow]:
    # Each record is overwritten a day later: an older one is of a time when the schedule was off.
    is_found = (
        item["scheduled_for"] > iso(ctx.now - DAY)
        and record_filter.type in (None, item["job"])
        and record_filter.status in (None, _status(ctx, item))
        and (record_filter.text is None or contains(record_filter.text, item["job"]))
    )
    row = read_row(JobRunRow, item, result=_result(ctx, item)) if is_found else None
    return Looked(write_cursor(int(yesterday), item["sk"]), row)


def _result(ctx: Context, item: Item) -> str | None:
    """Return what a job returned; only whether it failed to those who may not edit participants.

    An error of an author's function may quote what participants wrote.
    """
    result: str | None = item.get("result")
    actor = actor_of(ctx)
    if result is None or (actor is not None and actor.may(Right.EDIT_PARTICIPANTS)):
        return result
    return FAILED if result.startswith(FAILED) else ENDED


def _status(ctx: Context, item: Item) -> str:
    if item.get("ended"):
        return ENDED
    began = moment(item["started"])
    is_recent = began is not None and (ctx.now - began).total_seconds() < LONGEST_JOB
    return RUNNING if is_recent else UNFINISHED
