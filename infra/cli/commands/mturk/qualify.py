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
    value: Annotated[int, typer.Option("--value", min=0, help="The score that it is given with.")],
    by_name: ByName = False,
    notify: Annotated[bool, typer.Option("--notify", help="Tell the workers by mail.")] = False,
    sandbox: Sandbox = False,
    dry_run: DryRun = False,
) -> None:
    """Give workers a qualification at Mechanical Turk."""
    # Lazy import: AWS's client takes a while to import.
    from infra.mturk.connection import opened
    from infra.mturk.workers import each, qualification_id

    with opened(sandbox=sandbox) as desk:
        found = qualification_id(desk, qualification, by_name=by_name)
        give = desk.qualifications.give
        each(
            workers,
            lambda worker: None if dry_run else give(found, worker, value, notify=notify),
            lambda worker: out().print(
                f"{'Would qualify' if dry_run else 'Qualified'} {worker}: {qualification} = {value}.",
                markup=False,
            ),
        )
