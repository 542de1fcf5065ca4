"""`petri erase`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infra.cli.aws_options import Region
from infra.cli.options import Run
from infra.cli.output import out, show_drain_result
from infra.local.lifecycle.run_paths import RunPaths


def erase(
    participant_id: Annotated[int, typer.Argument(help="The participant's number, as in the export.", min=1)],
    *,
    app: Run = None,
    region: Region = None,
) -> None:
    """Erase a participant's ids and all that they wrote; choices, times and payments stay without a name."""
    # Lazy import: it imports storage.
    from chalicelib.operations.management.erase_participant import erase_participant
    from chalicelib.operations.shared.context import OPERATOR_CALLER
    from infra.operator.run_session import opened

    with opened(app, RunPaths(Path.cwd()), with_code=False, region=region) as session:
        erased = session.app.run(erase_participant, participant_id, caller=OPERATOR_CALLER)
        text = f"The ids of participant {participant_id} were erased; what they wrote is erased now."
        out().print(text, markup=False)
        if erased.others:
            numbers = ", ".join(map(str, erased.others))
            out().print(f"The same person is also participant {numbers}: erase these too.", markup=False)
        show_drain_result(session.carry_out())
