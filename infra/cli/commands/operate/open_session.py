"""`petri open-session`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infra.cli.aws_options import Region
from infra.cli.options import Run
from infra.cli.output import out, show_drain_result
from infra.local.lifecycle.run_paths import RunPaths


def open_session(
    participant_id: Annotated[int, typer.Argument(help="The participant's number, as in the export.", min=1)],
    *,
    app: Run = None,
    region: Region = None,
) -> None:
    """Open a participant's next session of a study now, before its time, and remind them."""
    # Lazy import: it imports storage.
    from chalicelib.operations.shared.context import OPERATOR_CALLER
    from chalicelib.operations.study.flow.early_opening import open_session_now
    from infra.operator.run_session import opened

    with opened(app, RunPaths(Path.cwd()), region=region) as session:
        visit = session.app.run(open_session_now, participant_id, caller=OPERATOR_CALLER)
        text = (
            f"The session {visit.session!r} is open for participant {participant_id} until {visit.closes_at}."
        )
        out().print(text, markup=False)
        show_drain_result(session.carry_out())
