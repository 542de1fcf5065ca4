"""`petri revoke`."""

from __future__ import annotations

from typing import Annotated

import typer

from infra.cli.mturk_options import ByName, DryRun, Qualification, Sandbox, Workers
from infra.cli.output import out


def revoke(
    workers: Workers,
    *,
    qualification: Qualification,
    by_name: ByName = False,
    reason: Annotated[str, typer.Option("--reason", help="What the workers are told.")] = "",
    sandbox: Sandbox = False,
    dry_run: DryRun = False,
) -> None:
    """Take a qualification from workers at Mechanical Turk."""
    # Lazy import: AWS's client takes a while to import.
    from infra.mturk.connection import opened
    from infra.mturk.workers import each, qualification_id

    with opened(sandbox=sandbox) as desk:
        found = qualification_id(desk, qualification, by_name=by_name)
        take = desk.qualifications.take
        each(
            workers,
            lambda worker: None if dry_run else take(found, worker, reason),
            lambda worker: out().print(
                f"{'Would revoke' if dry_run else 'Revoked'} {qualification} of {worker}.", markup=False
            ),
        )
