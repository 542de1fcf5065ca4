"""Signs the operator in to the dashboard of a run: a local one, or that of a deployed app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.dashboard import sessions
from chalicelib.operations.accounts.credentials.password_links import make_password_ticket
from chalicelib.operations.shared.context import OPERATOR_CALLER
from infra.local.dashboard.dashboard_links import dashboard_address, password_address, sign_in_address
from infra.local.lifecycle.run_paths import RunPaths
from infra.problems import OperatorProblem

from .run_session import opened

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.services import App
    from infra.aws.deployed.app_registry import LocatedApp


def sign_in_link_for(run_id: str | None, paths: RunPaths, username: str | None = None) -> str:
    """Return a link that signs in to a run on this machine once, within two minutes.

    It signs in the operator, or the user of this name.
    The ticket is an item of the run's store, so it takes access to its file. Raises OperatorProblem when the
    run isn't being served.
    """
    return _link_for(run_id, paths, lambda app: _ticket(app, username), sign_in_address)


def password_link_for(run_id: str | None, paths: RunPaths, username: str) -> str:
    """Return a link with which a user of a run on this machine chooses a password, once, within a day."""
    return _link_for(run_id, paths, lambda app: _password_ticket(app, username), password_address)


def _link_for(
    run_id: str | None,
    paths: RunPaths,
    make: Callable[[App], str],
    address_of: Callable[[str, str], str],
) -> str:
    with opened(run_id, paths, with_code=False) as session:
        if session.address is None:
            raise OperatorProblem(
                f"{session.run_id} isn't being served, so its dashboard can't be opened. Serve it with: "
                f"{session.how_to_serve}"
            )
        return address_of(dashboard_address(session.address), make(session.app))


def sign_in_link_of(found: LocatedApp, username: str | None = None) -> str:
    """Return a link that signs in to a deployed app once, within two minutes: the operator, or a user.

    It takes the operator's AWS rights for the app's table. Raises OperatorProblem for an app that was
    deployed without a dashboard.
    """
    return _link_of(found, lambda app: _ticket(app, username), sign_in_address)


def password_link_of(found: LocatedApp, username: str) -> str:
    """Return a link with which a user of a deployed app chooses a password, once, within a day."""
    return _link_of(found, lambda app: _password_ticket(app, username), password_address)


def _link_of(found: LocatedApp, make: Callable[[App], str], address_of: Callable[[str, str], str]) -> str:
    # Lazy import: the AWS clients take a while to import.
    from infra.aws.account.aws_errors import plainly
    from infra.aws.deployed import deployment_info
    from infra.aws.deployed.run_session import opened as opened_there

    with plainly():
        address = deployment_info.demand(found.account, found.names).dashboard_url
        if not address:
            raise OperatorProblem(
                f"{found.names.app} was deployed before Petri had a dashboard on AWS. Deploy it again, which "
                "adds one and keeps all data."
            )
        with opened_there(found.account, found.names) as session:
            return address_of(address, make(session.app))


def _ticket(app: App, username: str | None) -> str:
    if username is None:
        return app.run(sessions.create_ticket)
    return app.run(sessions.create_ticket_for_user, username, caller=OPERATOR_CALLER)


def _password_ticket(app: App, username: str) -> str:
    return app.run(make_password_ticket, username, caller=OPERATOR_CALLER)
