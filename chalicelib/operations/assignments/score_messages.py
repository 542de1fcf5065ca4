"""Posts the messages that send released grades to learning platforms."""

from __future__ import annotations

from chalicelib.messages import SendClassScores
from chalicelib.operations.shared.context import Context


def post_scores(ctx: Context, class_number: int) -> None:
    """Send the released grades of a class after this commit, where learning platforms open the study."""
    if ctx.config.get("lti_platforms", ""):
        ctx.uow.post(SendClassScores(class_number))
