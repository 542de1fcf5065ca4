"""Signs the operator in to the dashboard of a run: a local one, or that of a deployed app."""

from __future__ import annotations

from chalicelib.bootstrap import DEPLOYMENT
from chalicelib.dashboard import sessions
from chalicelib.operations.shared.context import Context
from infra.local.dashboard.dashboard_links import sign_in_address, sign_in_link
from infra.local.lifecycle.run_paths import RunPaths
from infra.problems import OperatorProblem

from .run_session import opened


def sign_in_link_for(run_id: str | None, paths: RunPaths, *, region: str | None = None) -> str:
    """Return a link that signs in once, within two minutes.

    The ticket is an item of the run's store, so it takes the file of a local run, or the AWS rights for the
    table of a deployed app. Raises OperatorProblem when no dashboard is served.
    """
    with opened(run_id, paths, with_code=False, region=region) as session:
        if region is None and paths.has(session.run_id):
            if session.address is None:
                raise OperatorProblem(
                    f"{session.run_id} isn't being served, so its dashboard can't be opened. Serve it with: "
                    f"{session.how_to_serve}"
                )
            return sign_in_link(session.app, session.address)
        address = session.app.run(_dashboard_of)
        if not address:
            raise OperatorProblem(
                f"{session.run_id} was deployed without a dashboard; deploy it again with this version of "
                "Petri."
            )
        return sign_in_address(address, session.app.run(sessions.create_ticket))


def _dashboard_of(ctx: Context) -> str:
    """Return the address of a deployed app's dashboard, which its deployment stored; "" for none."""
    return str((ctx.uow.item(DEPLOYMENT) or {}).get("dashboard_url") or "")
