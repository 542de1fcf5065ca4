"""`petri lab`: the apps of a lab, what its users may do there, and its keys."""

from __future__ import annotations

from collections.abc import Sequence

import typer
from rich.table import Table

from chalicelib.errors import BadRequest
from infra.cli.failures import FAILED
from infra.cli.output import err, out
from infra.lab import lab_connections
from infra.lab.lab_places import RunPlace


def list_apps_of(lab: RunPlace) -> None:
    """Print the apps of a lab, and what its users may do in each."""
    apps = lab_connections.apps_of(lab)
    if not apps:
        out().print("The lab has no apps. Add one with: petri lab add APP", markup=False)
        return
    table = Table("App", "Where", "Dashboard", "Granted")
    for app, grants in apps:
        granted = "; ".join(f"{each.username}: {', '.join(each.what)}" for each in grants)
        table.add_row(app.id, app.region or app.folder, app.address, granted or "nothing")
    out().print(table)


def add_app(lab: RunPlace, app: RunPlace, roles: Sequence[str]) -> None:
    """Connect an app with the lab."""
    rights = lab_connections.rights_for(roles)
    made = lab_connections.add(lab, app, rights)
    out().print(
        f"Added {made.id}, at {made.address}. The lab may give there: {', '.join(sorted(made.rights))}.",
        markup=False,
    )
    out().print(f"Grant a user of the lab something in it: petri lab grant {made.id} USERNAME", markup=False)


def remove_app_from(lab: RunPlace, app_id: str, *, gone: bool) -> None:
    """Disconnect an app from the lab."""
    lab_connections.remove(lab, app_id, even_if_gone=gone)
    out().print(f"Removed {app_id}. The sessions of the lab's users there have ended.", markup=False)


def grant_to(lab: RunPlace, app_id: str, username: str, roles: Sequence[str]) -> None:
    """Grant something in an app to a user of the lab."""
    if not roles:
        raise BadRequest("Name a role or a right with --role, such as --role Viewer.")
    grant = lab_connections.grant(lab, app_id, username, roles)
    out().print(f"{username} may open {app_id} as {', '.join(grant.what)}.", markup=False)


def revoke_from(lab: RunPlace, app_id: str, username: str) -> None:
    """Revoke what a user of the lab may do in an app."""
    outcome = lab_connections.revoke(lab, app_id, username)
    out().print(f"{username} can't open {app_id} from the lab any more.", markup=False)
    if outcome.problem:
        err().print(
            f"{app_id} can't be opened ({outcome.problem}), so a session that is open there ends by itself "
            "within two hours.",
            markup=False,
        )
        raise typer.Exit(FAILED)


def print_costs(lab: RunPlace) -> None:
    """Print what each deployed app of the lab costs on AWS, and note it in the lab."""
    # Lazy import: the AWS clients take a while to import.
    from infra.lab.lab_costs import costs_of

    costs = costs_of(lab)
    if not costs:
        out().print("The lab has no deployed apps, so AWS charges nothing for them.", markup=False)
        return
    table = Table("App", "This month", "In all", "Since", "AWS was asked")
    for cost in costs:
        amounts = [
            "unknown" if each is None else f"{each:.2f} {cost.currency}" for each in (cost.month, cost.total)
        ]
        table.add_row(cost.app, *amounts, f"{cost.since}", f"{cost.asked:%Y-%m-%d %H:%M} UTC")
    out().print(table)
    for cost in costs:
        if cost.problem:
            err().print(f"{cost.app}: {cost.problem}", markup=False)
    if any(cost.total is None for cost in costs):
        raise typer.Exit(FAILED)


def rotate(lab: RunPlace, *, at_once: bool) -> None:
    """Make a new key, and give it to the apps."""
    outcomes = lab_connections.rotate_keys(lab, at_once=at_once)
    failed = [each for each in outcomes if each.problem]
    out().print(f"The lab has a new key. {len(outcomes) - len(failed)} of {len(outcomes)} apps have it.")
    for each in failed:
        err().print(f"{each.app} keeps the old key, since it can't be opened: {each.problem}", markup=False)
    if failed:
        err().print("When they can be opened again, run: petri lab add APP", markup=False)
        raise typer.Exit(FAILED)
