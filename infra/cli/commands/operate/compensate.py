"""`petri compensate`."""

from __future__ import annotations

from typing import Annotated

import typer

from infra.cli.aws_options import Region
from infra.cli.operator_options import DryRun
from infra.cli.options import Run
from infra.cli.output import out


def compensate(
    *,
    worker_id: Annotated[str, typer.Option("--worker-id", help="The recruiter's id of the worker to pay.")],
    dollars: Annotated[str, typer.Option("--dollars", help="Amount, in US dollars.")],
    app: Run = None,
    region: Region = None,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="Use the Mechanical Turk sandbox.")] = False,
    email: Annotated[
        str | None, typer.Option("--email", help="Email address at which to notify the worker.")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Pay a worker for their time when something went wrong, at most once per participant."""
    # Lazy import: it imports the whole platform.
    from infra.operator.compensation import CompensationSpec, pay

    for line in pay(CompensationSpec(worker_id, dollars, app, sandbox, email, dry_run, region)):
        out().print(line, markup=False)
