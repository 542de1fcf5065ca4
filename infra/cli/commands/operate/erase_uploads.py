"""`petri erase-uploads`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infra.cli.aws_options import Region
from infra.cli.options import Run
from infra.cli.output import out
from infra.local.lifecycle.run_paths import RunPaths


def erase_uploads(
    participant_id: Annotated[int, typer.Argument(help="The participant's number, as in the export.", min=1)],
    *,
    app: Run = None,
    region: Region = None,
) -> None:
    """Delete the files that a participant has uploaded, and exports with files; their other answers stay."""
    # Lazy import: it imports storage.
    from chalicelib.operations.management.exports.export_parts import discard_exports
    from chalicelib.operations.shared.context import OPERATOR_CALLER
    from chalicelib.operations.study.answers.uploads import erase_uploads as erase
    from infra.operator.run_session import opened

    with opened(app, RunPaths(Path.cwd()), with_code=False, region=region) as session:
        count = session.app.run(erase, participant_id, caller=OPERATOR_CALLER)
        session.app.run(discard_exports, only_with_uploads=True, caller=OPERATOR_CALLER)
    files = "1 file" if count == 1 else f"{count} files"
    out().print(f"{files} of participant {participant_id} were deleted.", markup=False)
