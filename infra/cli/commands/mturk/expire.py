"""`petri expire`."""

from __future__ import annotations

from infra.cli.mturk_options import App, DryRun, Sandbox
from infra.cli.output import out


def expire(*, app: App, sandbox: Sandbox = False, dry_run: DryRun = False) -> None:
    """Let nobody find the HITs of a run any more; who has accepted one can finish."""
    # Lazy import: AWS's client takes a while to import.
    from infra.mturk.connection import opened
    from infra.mturk.hits import expire as ended

    with opened(sandbox=sandbox) as desk:
        ids = ended(desk, app, dry_run=dry_run)
    if not ids:
        out().print(f"The HITs of {app} had all expired before.", markup=False)
        return
    out().print(f"{'Would expire' if dry_run else 'Expired'}: {', '.join(ids)}", markup=False)
