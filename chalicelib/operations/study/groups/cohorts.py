"""Forms cohorts, and draws the schedule of their groups of strangers."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.model import keys
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.flow.members import MAX_TOGETHER, join_cohort
from chalicelib.operations.study.flow.moves import ring
from chalicelib.operations.study.shared.study_context import session_of, study_of
from chalicelib.study.design.stranger_schedule import draw_schedule
from chalicelib.study.elements import Cohort
from chalicelib.study.study_records import CohortRecord, Pooled


def form_cohort(ctx: Context, path: str, element: Cohort, members: Sequence[Pooled]) -> None:
    """Make a cohort of these participants, and move them on; the members of a large one follow by themselves.

    Its schedule is drawn here and stored, so that a later change of the timeline doesn't change who meets.
    """
    session = session_of(ctx)
    ids = [one.participant_id for one in members]
    name = keys.cohort_name(path, ids[0])
    session.add_cohort(CohortRecord(name, ids, _schedule(ctx, element, ids, name)))
    places = [session.place(one) for one in ids]
    if len(members) > MAX_TOGETHER:
        for one in members:
            one.cohort = name
            ctx.uow.put_if_unchanged(keys.pooled(path, one.participant_id), one.kind, one.to_fields())
    else:
        for place in places:
            join_cohort(ctx, place, name)
    ring(ctx, places, f"cohort {name}")


def _schedule(ctx: Context, element: Cohort, ids: Sequence[int], name: str) -> dict[str, list[list[int]]]:
    """Return the groups of strangers, by the path of each Group and round in which they meet."""
    meetings = study_of(ctx).plan().meetings(element)
    if not meetings:
        return {}
    size = meetings[0][1].size
    rounds = draw_schedule(ids, size, len(meetings), f"{ctx.run_seed}|schedule|{name}")
    return {path: groups for (path, _), groups in zip(meetings, rounds, strict=True)}
