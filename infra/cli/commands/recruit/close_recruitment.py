"""`petri close-recruitment`."""

from __future__ import annotations

from pathlib import Path

from infra.cli.aws_options import Region
from infra.cli.operator_options import DryRun
from infra.cli.options import Run
from infra.cli.output import out, show_drain_result
from infra.local.lifecycle.run_paths import RunPaths


def close_recruitment(*, app: Run = None, region: Region = None, dry_run: DryRun = False) -> None:
    """Ask for nobody any more, not even to replace somebody, until `petri recruit` opens places again."""
    # Lazy import: the whole platform comes along.
    from chalicelib.operations.recruitment.recruitment import close_places_by_operator, is_closed
    from infra.operator.run_session import opened

    with opened(app, RunPaths(Path.cwd()), region=region) as office:
        if dry_run:
            closed = office.app.run(is_closed)
            out().print(f"Would close recruitment{', which is closed already' if closed else ''}.")
            return
        was_open = office.app.run(close_places_by_operator)
        out().print("Recruitment is closed." if was_open else "Recruitment was closed; it stays closed.")
        show_drain_result(office.carry_out())
