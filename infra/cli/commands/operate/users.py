"""`petri users`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

from infra.cli.aws_options import Region
from infra.cli.commands.people import (
    account_actions,
    group_actions,
    invitation_actions,
    role_actions,
    sign_in_actions,
)
from infra.cli.commands.people import users_options as options
from infra.cli.options import Run
from infra.local.lifecycle.run_paths import RunPaths
from infra.local.lifecycle.run_session import RunSession

_ACTIONS: Final[Mapping[options.Action, Callable[[options.UsersOrder], None]]] = MappingProxyType(
    {
        "list": account_actions.list_accounts,
        "add": account_actions.change_user,
        "change": account_actions.change_profile,
        "remove": account_actions.change_user,
        "grant": account_actions.change_user,
        "revoke": account_actions.change_user,
        "token": account_actions.change_tokens,
        "revoke-token": account_actions.change_tokens,
        "sessions": account_actions.manage_sessions,
        "sign-out": account_actions.manage_sessions,
        "codes-off": sign_in_actions.turn_off_codes,
        "role": role_actions.change_roles,
        "group": group_actions.change_groups,
        "invite": invitation_actions.change_invitations,
        "invitations": invitation_actions.change_invitations,
        "withdraw": invitation_actions.change_invitations,
    }
)


def users(
    action: options.ActionArgument = "list",
    username: options.Username = None,
    subjects: options.Subjects = None,
    *,
    name: options.Name = None,
    email: options.Email = None,
    first_name: options.FirstName = None,
    last_name: options.LastName = None,
    phone: options.Phone = None,
    affiliation: options.Affiliations = None,
    bot: options.Bot = None,
    role: options.Role = None,
    right: options.Rights = None,
    about: options.About = None,
    private: options.Private = False,
    admin: options.Admin = False,
    group: options.Groups = None,
    days: options.Days = None,
    app: Run = None,
    region: Region = None,
) -> None:
    """Manage who may watch and manage a run: users, their roles and groups, and tokens for programs."""
    # Lazy import: it imports the whole platform.
    from chalicelib.api.mailed_links import mail_link
    from chalicelib.operations.shared.context import OPERATOR_CALLER, Request
    from infra.operator.run_session import opened

    if action == "password":
        sign_in_actions.print_password_link(app, region, username)
        return
    profile: dict[str, Any] = {"first_name": first_name, "last_name": last_name, "phone": phone}
    profile |= {"is_bot": bot, "affiliations": affiliation or None}
    until = None if days is None else datetime.now(UTC) + timedelta(days=days)
    words = [each for each in (username, *(subjects or ())) if each is not None]
    sends_mail = action == "invite"
    with opened(app, RunPaths(Path.cwd()), with_code=False, region=region, sends_mail=sends_mail) as session:
        dashboard = _dashboard_of(session)
        request = Request(dashboard=dashboard)
        order = options.UsersOrder(
            run=partial(session.app.run, caller=OPERATOR_CALLER, request=request),
            action=action,
            username=username,
            words=words,
            name=name,
            email=email,
            role=role,
            rights=right or (),
            about=about,
            is_private=private,
            is_admin=admin,
            groups=group or (),
            until=until,
            profile=profile,
            dashboard=dashboard,
            mail=partial(mail_link, session.app.mailer),
        )
        _ACTIONS[action](order)


def _dashboard_of(session: RunSession) -> str:
    """Return scheme and host of a run's dashboard; of a local run that isn't served, those it had last."""
    from infra.local.dashboard.dashboard_links import dashboard_address

    deployed = session.app.dashboard_url
    address = dashboard_address(session.base) if deployed is None else deployed()
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
