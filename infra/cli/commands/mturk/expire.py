"""`petri expire`."""

from __future__ import annotations

from infra.cli.mturk_options import App, DryRun, Sandbox
from infra.cli.output import out


def expire(*, app: App, sandbox: Sandbox = False, dry_run: DryRun = False) -> None:
    """Expire a run's HITs. Workers who have accepted one can still finish."""
    # Lazy import: the AWS client takes a while to import.
    from infra.mturk.connection import opened
    from infra.mturk.hits import expire as expire_hits

    with opened(sandbox=sandbox) as connection:
        ids = expire_hits(connection, app, dry_run=dry_run)
    if not ids:
        out().print(f"All HITs of {app} have already expired.", markup=False)
        return
    out().print(f"{'Would expire' if dry_run else 'Expired'}: {', '.join(ids)}", markup=False)
