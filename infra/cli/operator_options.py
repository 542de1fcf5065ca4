"""Options shared by the payment and recruitment commands."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done without making changes.")]
Status = Annotated[
    Literal["due", "sending", "paid", "refused", "held"] | None,
    typer.Option("--status", help="Only payments with this status."),
]
Kind = Annotated[
    Literal["base", "bonus", "compensation", "screen-out"] | None,
    typer.Option("--kind", help="Only payments of this kind."),
]
ParticipantId = Annotated[
    int | None, typer.Option("--participant", min=1, help="Only payments of the participant with this id.")
]
