"""`petri close-recruitment`."""

from __future__ import annotations

from pathlib import Path

from infra.cli.aws_options import Region
from infra.cli.operator_options import DryRun
from infra.cli.options import Run
from infra.cli.output import out, show_drain_result
from infra.local.lifecycle.run_paths import RunPaths


def close_recruitment(*, app: Run = None, region: Region = None, dry_run: DryRun = False) -> None:
    """Stop recruitment, including replacements, until `petri recruit` opens places again."""
    # Lazy import: it imports the whole platform.
    from chalicelib.operations.recruitment.recruitment import close_places_by_operator, is_closed
    from chalicelib.operations.shared.context import OPERATOR_CALLER
    from infra.operator.run_session import opened

    with opened(app, RunPaths(Path.cwd()), region=region) as session:
        if dry_run:
            closed = session.app.run(is_closed)
            out().print(f"Would close recruitment{', which is already closed' if closed else ''}.")
            return
        was_open = session.app.run(close_places_by_operator, caller=OPERATOR_CALLER)
        out().print("Recruitment is closed." if was_open else "Recruitment was already closed.")
        show_drain_result(session.carry_out())
