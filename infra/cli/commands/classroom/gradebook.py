"""`petri gradebook`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chalicelib.errors import BadRequest
from infra.cli.aws_options import Region
from infra.cli.options import Run
from infra.cli.output import out

#: The kinds of files that the command writes.
_ENDINGS = (".csv", ".xlsx")


def gradebook(
    number: Annotated[int, typer.Argument(help="The number of the class.", min=1)],
    *,
    app: Run = None,
    region: Region = None,
    file: Annotated[
        Path | None,
        typer.Option("--out", help="The file to write, .csv or .xlsx; by default gradebook-N.csv."),
    ] = None,
) -> None:
    """Write the gradebook of a class into a table with a column for each question."""
    path = (file or Path(f"gradebook-{number}.csv")).absolute()
    if path.suffix not in _ENDINGS:
        raise BadRequest(f"{path.name} doesn't end with .csv or .xlsx; name the file such as grades.csv.")
    # Lazy import: it imports storage.
    from chalicelib.export.classes.gradebook_files import csv_of, workbook_of_gradebook
    from chalicelib.operations.assignments.question_grades import read_questions
    from chalicelib.operations.shared.context import OPERATOR_CALLER
    from infra.local.lifecycle.run_paths import RunPaths
    from infra.operator.run_session import opened

    with opened(app, RunPaths(Path.cwd()), region=region) as session:
        questions = session.app.run(read_questions, number, caller=OPERATOR_CALLER)
    if path.suffix == ".csv":
        path.write_text(csv_of([questions]), encoding="utf-8", newline="")
    else:
        path.write_bytes(workbook_of_gradebook([questions]))
    out().print(f"Gradebook of {len(questions.rows)} members: {path}", markup=False)
