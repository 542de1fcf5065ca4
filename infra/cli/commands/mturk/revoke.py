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
    reason: Annotated[str, typer.Option("--reason", help="Reason shown to the workers.")] = "",
    sandbox: Sandbox = False,
    dry_run: DryRun = False,
) -> None:
    """Revoke a Mechanical Turk qualification from workers."""
    # Lazy import: the AWS client takes a while to import.
    from infra.mturk.connection import opened
    from infra.mturk.workers import each, qualification_id

    with opened(sandbox=sandbox) as connection:
        found = qualification_id(connection, qualification, by_name=by_name)
        take = connection.qualifications.take
        each(
            workers,
            lambda worker: None if dry_run else take(found, worker, reason),
            lambda worker: out().print(
                f"{'Would revoke' if dry_run else 'Revoked'} {qualification} from {worker}.", markup=False
            ),
        )
