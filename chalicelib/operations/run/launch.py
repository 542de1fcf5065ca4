"""Launches the experiment: creates its networks and recruits the first participants, once."""

from __future__ import annotations

from typing import Any

from chalicelib.access.rights import Right
from chalicelib.model.record import iso
from chalicelib.operations.shared.access import require_right
from chalicelib.operations.shared.context import Context


def launch(ctx: Context) -> dict[str, Any]:
    """Set up the experiment and open recruitment; idempotent."""
    require_right(ctx, Right.RECRUIT)
    state = ctx.uow.state
    if not state.get("launched"):
        ctx.seed(None, "launch", 0)
        ctx.experiment.setup()
        state["launched"] = iso(ctx.now)
        for task in ctx.experiment.background_tasks:
            task()
        if ctx.settings.auto_recruit:
            ctx.experiment.recruiter.open_recruitment(n=ctx.experiment.initial_recruitment_size)
    return {"recruitment_msg": "Recruitment was started." if _recruits(ctx) else "Recruitment is off."}


def _recruits(ctx: Context) -> bool:
    return bool(ctx.settings.auto_recruit)
