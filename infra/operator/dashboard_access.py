"""Signs the operator in to the dashboard of a run: a local one, or that of a deployed app."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from chalicelib.api.mailed_links import mail_link
from chalicelib.dashboard import sessions
from chalicelib.operations.management.people import managed_accounts
from chalicelib.operations.shared.context import OPERATOR_CALLER, Request
from infra.local.dashboard.dashboard_links import dashboard_address, sign_in_address
from infra.local.lifecycle.run_paths import RunPaths
from infra.problems import OperatorProblem

from .run_session import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.services import App
    from infra.aws.deployed.app_registry import LocatedApp
    from infra.local.lifecycle.run_session import RunSession


@dataclass(frozen=True, slots=True)
class PasswordLink:
    """A link with which a user chooses a password, and whether it was mailed to them."""

    link: str = field(repr=False)
    was_mailed: bool
    #: Why it wasn't mailed, although the run sends mail.
    problem: str


def sign_in_link_for(run_id: str | None, paths: RunPaths, username: str | None = None) -> str:
    """Return a link that signs in to a run on this machine once, within two minutes.

    It signs in the operator, or the user of this name.
    The ticket is an item of the run's store, so it takes access to its file. Raises OperatorProblem when the
    run isn't being served.
    """
    with opened(run_id, paths, with_code=False) as session:
        if session.address is None:
            raise OperatorProblem(_not_served(session))
        return sign_in_address(dashboard_address(session.address), _ticket(session.app, username))


def password_link_for(run_id: str | None, paths: RunPaths, username: str) -> PasswordLink:
    """Make a link with which a user of a run on this machine chooses a password, once, within a day.

    It is mailed to the user, if the run sends mail.
    """
    with opened(run_id, paths, with_code=False, sends_mail=True) as session:
        if session.address is None:
            raise OperatorProblem(_not_served(session))
        return make_password_link(session.app, dashboard_address(session.address), username)


def _not_served(session: RunSession) -> str:
    return (
        f"{session.run_id} isn't being served, so its dashboard can't be opened. Serve it with: "
        f"{session.how_to_serve}"
    )


def sign_in_link_of(found: LocatedApp, username: str | None = None) -> str:
    """Return a link that signs in to a deployed app once, within two minutes: the operator, or a user.

    It takes the operator's AWS rights for the app's table. Raises OperatorProblem for an app that was
    deployed without a dashboard.
    """
    with _dashboard_of(found) as (app, address):
        return sign_in_address(address, _ticket(app, username))


def password_link_of(found: LocatedApp, username: str) -> PasswordLink:
    """Make a link with which a user of a deployed app chooses a password, once, within a day, and mail it."""
    with _dashboard_of(found) as (app, address):
        return make_password_link(app, address, username)


@contextmanager
def _dashboard_of(found: LocatedApp) -> Iterator[tuple[App, str]]:
    """Open a deployed app for the block; with the address of its dashboard."""
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
            yield session.app, address


def _ticket(app: App, username: str | None) -> str:
    if username is None:
        return app.run(sessions.create_ticket)
    return app.run(sessions.create_ticket_for_user, username, caller=OPERATOR_CALLER)


def make_password_link(app: App, dashboard: str, username: str) -> PasswordLink:
    """Make a link with which a user chooses a password, and mail it; `dashboard`: its address."""
    parts = urlsplit(dashboard)
    origin = f"{parts.scheme}://{parts.netloc}"
    made = app.run(
        managed_accounts.new_password_link,
        username,
        caller=OPERATOR_CALLER,
        request=Request(dashboard=origin),
    )
    answer = mail_link(app.mailer, made)
    return PasswordLink(f"{origin}{answer.path}", answer.was_mailed, answer.mail_problem)
