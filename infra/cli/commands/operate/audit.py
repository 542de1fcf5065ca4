"""`petri audit`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.table import Column, Table

from infra.cli.aws_options import Region
from infra.cli.options import Run
from infra.cli.output import err, out, show_table
from infra.local.lifecycle.run_paths import RunPaths

if TYPE_CHECKING:
    from chalicelib.operations.audit.reading import ListedEntry
    from chalicelib.operations.audit.verification import AuditReport


def audit(
    action: Annotated[
        Literal["list", "verify"], typer.Argument(help="list (the default) or verify.")
    ] = "list",
    *,
    actor: Annotated[
        str | None, typer.Option("--actor", help="Whose changes: operator, or user:<username>.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="Number of entries to list.")] = 50,
    app: Run = None,
    region: Region = None,
) -> None:
    """List who changed what in a run, or verify that no entry was changed, removed or inserted."""
    # Lazy import: it imports the whole platform.
    from chalicelib.operations.shared.context import OPERATOR_CALLER
    from infra.operator.run_session import opened

    with opened(app, RunPaths(Path.cwd()), with_code=False, region=region) as session:
        if action == "verify":
            from chalicelib.operations.audit.verification import verify

            _show_report(session.app.run(verify, session.app.seals, caller=OPERATOR_CALLER))
            return
        from chalicelib.operations.audit.reading import list_entries

        _show_entries(session.app.run(list_entries, actor, limit=limit, caller=OPERATOR_CALLER))


def _show_entries(found: list[ListedEntry]) -> None:
    if not found:
        out().print("No changes are recorded.")
        return
    table = Table(Column("time", no_wrap=True), "actor", "number", "operation", "records", "fields")
    for each in found:
        entry = each.entry
        more = entry.record_count - len(entry.records)
        records = [f"{kind}/{id_}" if id_ else kind for kind, id_ in entry.records]
        shown = ", ".join([*records, *([f"{more} more"] if more else [])])
        values = (
            "(erased)"
            if each.values is None
            else ", ".join(f"{name}={value}" for name, value in each.values.items())
        )
        table.add_row(entry.at[:19], entry.actor, str(entry.number), entry.operation, shown, values)
    show_table(table)


def _show_report(report: AuditReport) -> None:
    """Print what was verified, and end with status 1 when something doesn't fit together."""
    sealed = f"sealed until {report.sealed_at[:19]}" if report.sealed_at else "not sealed yet"
    out().print(f"{report.entries} entries of {report.chains} actors, {report.seals} seals, {sealed}.")
    if report.erased:
        out().print(f"The values of {report.erased} entries were erased.")
    for each in report.findings:
        what = f"entry {each.number} of {each.actor}" if each.actor else f"seal {each.number}"
        detail = f" ({each.detail})" if each.detail else ""
        err().print(f"{what}: {each.problem.value}{detail}", markup=False)
    if report.findings:
        raise typer.Exit(1)
    out().print("Nothing was changed, removed or inserted.")
