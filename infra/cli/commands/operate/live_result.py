"""`petri live-result`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chalicelib.errors import BadRequest
from infra.cli.aws_options import Region
from infra.cli.options import Run
from infra.cli.output import out


def live_result(
    number: Annotated[int, typer.Argument(help="The number of the live session.", min=1)],
    *,
    app: Run = None,
    region: Region = None,
    file: Annotated[
        Path | None, typer.Option("--out", help="The workbook to write; by default live-session-N.xlsx.")
    ] = None,
) -> None:
    """Write the result of a live session into an Excel workbook, with a sheet for each question."""
    path = (file or Path(f"live-session-{number}.xlsx")).absolute()
    if path.suffix != ".xlsx":
        raise BadRequest(f"{path.name} doesn't end with .xlsx; name the workbook such as result.xlsx.")
    # Lazy import: it imports storage.
    from chalicelib.operations.live_sessions.results import read_result
    from chalicelib.operations.shared.context import OPERATOR_CALLER
    from infra.local.lifecycle.run_paths import RunPaths
    from infra.operator.live_results import workbook_of
    from infra.operator.run_session import opened

    with opened(app, RunPaths(Path.cwd()), region=region) as session:
        result = session.app.run(read_result, number, caller=OPERATOR_CALLER)
    path.write_bytes(workbook_of(result))
    out().print(f"Result of {len(result.players)} players: {path}", markup=False)
    if not result.is_frozen:
        out().print("The session isn't over, or has ended a moment ago: the result may change.")
