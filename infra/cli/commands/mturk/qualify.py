"""`petri qualify`."""

from __future__ import annotations

from typing import Annotated

import typer

from infra.cli.mturk_options import ByName, DryRun, Qualification, Sandbox, Workers
from infra.cli.output import out


def qualify(
    workers: Workers,
    *,
    qualification: Qualification,
    value: Annotated[int, typer.Option("--value", min=0, help="Score to assign.")],
    by_name: ByName = False,
    notify: Annotated[bool, typer.Option("--notify", help="Notify the workers by email.")] = False,
    sandbox: Sandbox = False,
    dry_run: DryRun = False,
) -> None:
    """Assign a Mechanical Turk qualification to workers."""
    # Lazy import: the AWS client takes a while to import.
    from infra.mturk.connection import opened
    from infra.mturk.workers import each, qualification_id

    with opened(sandbox=sandbox) as connection:
        found = qualification_id(connection, qualification, by_name=by_name)
        give = connection.qualifications.give
        each(
            workers,
            lambda worker: None if dry_run else give(found, worker, value, notify=notify),
            lambda worker: out().print(
                f"{'Would qualify' if dry_run else 'Qualified'} {worker}: {qualification} = {value}.",
                markup=False,
            ),
        )
