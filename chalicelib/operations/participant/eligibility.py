"""Checks whether a worker may take part, before the ad page shows its button."""

from __future__ import annotations

from typing import Any

from chalicelib.errors import BadRequest
from chalicelib.model import keys
from chalicelib.operations.recruitment.stops import is_entry_closed
from chalicelib.operations.shared.access import is_active
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.erased_ids import is_erased_worker

from .id_validation import PREVIEW, require_real_id

#: The parts of a user agent that the rule words mobile, tablet, touchcapable and bot stand for.
DEVICES = {
    "mobile": ("mobi", "iphone", "android"),
    "tablet": ("ipad", "tablet", "kindle", "silk/"),
    "touchcapable": ("mobi", "iphone", "ipad", "android", "tablet"),
    "bot": ("bot", "crawler", "spider", "headless"),
}


def check_eligibility(
    ctx: Context, worker_id: str, assignment_id: str, hit_id: str, user_agent: str
) -> dict[str, Any]:
    """Return {"may": true}, or false with a reason: preview, repeat_worker, excluded_browser, closed.

    `resumes`: the participant continues where they were; `ended`: they have finished with this assignment.
    """
    if assignment_id == PREVIEW:
        return {"may": False, "reason": "preview"}
    ids = {"workerId": worker_id, "assignmentId": assignment_id, "hitId": hit_id}
    if not all(value.strip() for value in ids.values()):
        raise BadRequest("hitId, assignmentId and workerId are required.", code="id_missing")
    for name, value in ids.items():
        require_real_id(name, value)
    if is_excluded(ctx.settings.browser_exclude_rule, user_agent):
        return {"may": False, "reason": "excluded_browser"}
    returning = _returning_participant(ctx, worker_id, assignment_id)
    if returning is not None:
        return returning
    if not ctx.settings.allow_repeat_worker_ids and _has_taken_part(ctx, worker_id):
        return {"may": False, "reason": "repeat_worker"}
    if ctx.uow.state.get("closed") or is_entry_closed(ctx):
        return {"may": False, "reason": "closed"}
    return {"may": True}


def _has_taken_part(ctx: Context, worker_id: str) -> bool:
    return ctx.uow.item(keys.worker(worker_id)) is not None or is_erased_worker(ctx, worker_id)


def _returning_participant(ctx: Context, worker_id: str, assignment_id: str) -> dict[str, Any] | None:
    """Return the result for a worker who has begun with this assignment already; None for anyone else."""
    claimed = ctx.uow.item(keys.assignment(assignment_id))
    known = None if claimed is None else ctx.uow.participant(claimed["participant_id"])
    if known is None or known.worker_id != worker_id:
        return None
    if known.is_working or known.visit > 1:
        return {"may": True, "resumes": True}
    return None if is_active(known) else {"may": False, "reason": "repeat_worker", "ended": True}


def is_excluded(rule: str, user_agent: str) -> bool:
    """Whether a comma-separated list of browser and device words matches a browser."""
    agent = user_agent.lower()
    for word in (part.strip().lower() for part in rule.split(",")):
        if word and any(sign in agent for sign in DEVICES.get(word, (word,))):
            return True
    return False
