"""`petri users`: how users sign in."""

from __future__ import annotations

from pathlib import Path

from infra.cli.output import out
from infra.local.lifecycle.run_paths import RunPaths

from .mailed import print_mailing
from .users_options import UsersOrder, required


def print_password_link(app: str | None, region: str | None, username: str | None) -> None:
    """Print a link with which a user chooses a password: one typed here would stay in the shell's history."""
    # Lazy import: it imports the whole platform.
    from infra.cli.run_selection import deployed
    from infra.operator.dashboard_access import password_link_for, password_link_of

    whose = required(username, "a username")
    found = deployed(app, None, None, region)
    paths = RunPaths(Path.cwd())
    made = password_link_for(app, paths, whose) if found is None else password_link_of(found, whose)
    out().print(made.link, markup=False, soft_wrap=True)
    print_mailing(made.was_mailed, made.problem)
    if not made.was_mailed:
        out().print(f"Send this link to {whose}.", markup=False)
    out().print("It works once, within a day.")


def turn_off_codes(order: UsersOrder) -> None:
    """Ask a user, who has lost their phone, for no one-time codes any more."""
    # Lazy import: it imports the whole platform.
    from chalicelib.operations.accounts.credentials import one_time_codes

    username = order.whose()
    order.run(one_time_codes.turn_off_codes, username)
    out().print(f"{username} signs in without one-time codes from now on.", markup=False)
