"""`petri grade`."""

from __future__ import annotations

import contextlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chalicelib.errors import BadRequest
from infra.cli.aws_options import Region
from infra.cli.operator_options import DryRun
from infra.cli.options import Run
from infra.cli.output import out

if TYPE_CHECKING:
    from infra.local.lifecycle.run_session import RunSession


def grade(
    directory: Annotated[
        Path | None, typer.Argument(help="The folder whose runs are meant; by default the current one.")
    ] = None,
    *,
    app: Run = None,
    region: Region = None,
    sheet: Annotated[
        Path | None, typer.Option("--sheet", help="Write the answers that wait for a grade to this CSV file.")
    ] = None,
    take: Annotated[
        Path | None, typer.Option("--take", help="Store the grades of a sheet that was filled in.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Include answers that have a grade, to grade them again.")
    ] = False,
    grader: Annotated[
        str, typer.Option("--grader", help="Who has graded, as the data say it; not a participant's name.")
    ] = "grader",
    dry_run: DryRun = False,
) -> None:
    """List the answers of a study that wait for a grade, write them to a sheet, and take the grades back."""
    if sheet is not None and take is not None:
        raise BadRequest("Give either --sheet or --take.")
    files = [None if file is None else file.absolute() for file in (sheet, take)]
    # Lazy import: it imports the whole platform.
    from infra.local.lifecycle.run_paths import RunPaths
    from infra.operator import grade_sheets
    from infra.operator.run_session import opened

    folder = directory or Path.cwd()
    if not folder.is_dir():
        raise BadRequest(f"There is no folder {folder}.")
    with (
        contextlib.chdir(folder),
        opened(app, RunPaths(Path.cwd()), region=region) as session,
    ):
        if files[1] is not None:
            lines = _take(session, files[1], grader, dry_run=dry_run)
        elif files[0] is not None:
            count = grade_sheets.write_sheet(session, files[0], everything=everything)
            lines = [f"Answers written to {files[0]}: {count}.", "Fill in points or percent."]
        else:
            counts = Counter(answer.item for answer in grade_sheets.waiting(session, everything=everything))
            lines = [f"{item}: {count}" for item, count in counts.items()]
            lines = lines or ["No answer waits for a grade."]
    for line in lines:
        out().print(line, markup=False)


def _take(session: RunSession, file: Path, grader: str, *, dry_run: bool) -> list[str]:
    """Take a sheet back, and return what to print."""
    from infra.operator import grade_sheets

    taken = grade_sheets.take_sheet(session, file, grader, dry_run=dry_run)
    if dry_run:
        return [f"Valid grades: {taken.graded}. Nothing was stored."]
    lines = [f"Grades stored: {taken.new}; stored before: {taken.graded - taken.new}."]
    if taken.after_bonus:
        lines.append(
            f"The bonus of {taken.after_bonus} of these participants was computed before, and doesn't "
            "change. Pay what is missing with: petri compensate"
        )
    return lines
