"""Options shared by the payment and recruitment commands."""

from __future__ import annotations

from typing import Annotated, Literal

import typer


def _known_kind(kind: str | None) -> str | None:
    """Refuse a kind that no payment has."""
    # Lazy import: most commands filter by no kind.
    from chalicelib.model.run_records import KINDS, hand_bonus_kind, hand_bonus_of, visit_of

    is_numbered = kind is not None and (visit_of(kind) or hand_bonus_of(kind)) is not None
    if kind is None or kind in KINDS or is_numbered:
        return kind
    raise typer.BadParameter(
        f"{kind!r} is not a kind of payment; choose {', '.join(KINDS)}, visit-2 for the second visit, or "
        f"{hand_bonus_kind(1)} for the first bonus by hand."
    )


DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done without making changes.")]
Status = Annotated[
    Literal["due", "sending", "paid", "refused", "held"] | None,
    typer.Option("--status", help="Only payments with this status."),
]
Kind = Annotated[
    str | None,
    typer.Option(
        "--kind",
        callback=_known_kind,
        metavar="KIND",
        help="Only payments of this kind: base, bonus, compensation, screen-out, visit-2, bonus-1 ...",
    ),
]
ParticipantId = Annotated[
    int | None, typer.Option("--participant", min=1, help="Only payments of the participant with this id.")
]
