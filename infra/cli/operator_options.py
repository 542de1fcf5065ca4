"""Options that the commands over money and recruiting have in common."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

DryRun = Annotated[bool, typer.Option("--dry-run", help="Change nothing; say what would be done.")]
Status = Annotated[
    Literal["due", "sending", "paid", "refused", "held"] | None,
    typer.Option("--status", help="Payments of this status."),
]
Kind = Annotated[
    Literal["base", "bonus", "compensation", "screen-out"] | None,
    typer.Option("--kind", help="Payments of this kind."),
]
ParticipantId = Annotated[
    int | None, typer.Option("--participant", min=1, help="Payments of this participant, by id.")
]
