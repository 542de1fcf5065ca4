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
    worker_id: Annotated[str, typer.Option("--worker-id", help="Whom: the recruiter's id of the worker.")],
    dollars: Annotated[str, typer.Option("--dollars", help="How much, in US dollars.")],
    app: Run = None,
    region: Region = None,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="At Mechanical Turk's sandbox.")] = False,
    email: Annotated[str | None, typer.Option("--email", help="Where to tell the worker.")] = None,
    dry_run: DryRun = False,
) -> None:
    """Pay a worker for their time when something went wrong; once for each participant."""
    # Lazy import: the whole platform comes along.
    from infra.operator.compensation import CompensationSpec, pay

    for line in pay(CompensationSpec(worker_id, dollars, app, sandbox, email, dry_run, region)):
        out().print(line, markup=False)
