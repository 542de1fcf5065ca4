"""`petri lab`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.errors import BadRequest
from infra.cli.aws_options import DryRun, Profile, Yes
from infra.cli.commands.lab import lab_options as options
from infra.cli.options import Port

if TYPE_CHECKING:
    from infra.lab.lab_places import RunPlace


def lab(
    action: options.ActionArgument = "list",
    app: options.AppArgument = None,
    username: options.Username = None,
    *,
    lab_id: options.LabId = "lab",
    role: options.Roles = None,
    folder: options.Folder = None,
    region: options.WhichRegion = None,
    name: options.LabName = None,
    port: Port = None,
    at_once: options.AtOnce = False,
    gone: options.Gone = False,
    force: options.Force = False,
    profile: Profile = None,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Serve or deploy a lab, whose users open the dashboards of several apps, and connect it with apps."""
    # Lazy import: it imports the whole platform.
    from infra.cli.commands.lab import lab_actions
    from infra.lab.lab_places import lab_in, place_of

    here = Path.cwd()
    if action == "serve":
        from infra.cli.commands.lab.serve_lab import serve_lab

        serve_lab(lab_id, name or "Lab", port)
    elif action == "deploy":
        from infra.cli.commands.lab.deploy_lab import LabDeployOptions, deploy_lab

        deploy_lab(LabDeployOptions(lab_id, name, profile, region, yes=yes, dry_run=dry_run), here)
    elif action == "destroy":
        from infra.cli.commands.lab.destroy_lab import destroy_lab

        destroy_lab(lab_in(here, lab_id, region), profile, yes=yes, force=force, dry_run=dry_run)
    elif action == "costs":
        lab_actions.print_costs(lab_in(here, lab_id, region))
    elif action == "rotate-keys":
        lab_actions.rotate(lab_in(here, lab_id, region), at_once=at_once)
    elif action == "add":
        place = lab_in(here, lab_id)
        found = place_of(_named(app, "the run id of an app"), region, (folder or here).resolve())
        lab_actions.add_app(place, found, role or ["Researcher"])
    elif action == "remove":
        place = lab_in(here, lab_id, region)
        lab_actions.remove_app_from(place, _named(app, "the run id of an app"), gone=gone)
    else:
        _about_grants(action, lab_in(here, lab_id, region), app, username, role or [])


def _about_grants(
    action: options.Action, place: RunPlace, app: str | None, username: str | None, roles: Sequence[str]
) -> None:
    from infra.cli.commands.lab import lab_actions

    if action == "list":
        lab_actions.list_apps_of(place)
    elif action == "grant":
        lab_actions.grant_to(place, _named(app, "an app"), _named(username, "a username"), roles)
    else:
        lab_actions.revoke_from(place, _named(app, "an app"), _named(username, "a username"))


def _named(value: str | None, what: str) -> str:
    if value is None:
        raise BadRequest(f"Name {what}, such as in: petri lab grant APP USERNAME --role Researcher")
    return value
