"""`petri lab`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from chalicelib.errors import BadRequest
from infra.cli.aws_options import Region
from infra.cli.options import Port

Action = Literal["list", "serve", "add", "remove", "grant", "revoke", "rotate-keys"]


def lab(
    action: Annotated[
        Action,
        typer.Argument(help="list (the default), serve, add, remove, grant, revoke or rotate-keys."),
    ] = "list",
    app: Annotated[
        str | None, typer.Argument(help="Run id of an app, here or deployed.", metavar="[APP]")
    ] = None,
    username: Annotated[
        str | None, typer.Argument(help="User of the lab, for grant and revoke.", metavar="[USERNAME]")
    ] = None,
    *,
    lab_id: Annotated[str, typer.Option("--lab", help="Run id of the lab.")] = "lab",
    role: Annotated[
        list[str] | None,
        typer.Option(
            "--role",
            help="Role or right: with add, what the lab may give at most (default: Researcher); with grant, "
            "what the user gets. Repeatable.",
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", help="Folder in which the app's run was started, if not this one."),
    ] = None,
    region: Region = None,
    name: Annotated[str, typer.Option("--name", help="Name of the lab that people see.")] = "Lab",
    port: Port = None,
    at_once: Annotated[
        bool, typer.Option("--at-once", help="With rotate-keys: the old key verifies nothing from now on.")
    ] = False,
    gone: Annotated[
        bool, typer.Option("--gone", help="With remove: forget an app that can't be opened any more.")
    ] = False,
) -> None:
    """Serve a lab, whose users open the dashboards of several apps, and connect it with apps."""
    # Lazy import: it imports the whole platform.
    from infra.cli.commands.lab import lab_actions
    from infra.cli.commands.lab.serve_lab import serve_lab
    from infra.lab.lab_places import lab_in, place_of

    here = Path.cwd()
    if action == "serve":
        serve_lab(lab_id, name, port)
        return
    place = lab_in(here, lab_id)
    if action == "list":
        lab_actions.list_apps_of(place)
    elif action == "rotate-keys":
        lab_actions.rotate(place, at_once=at_once)
    elif action == "add":
        found = place_of(_named(app, "the run id of an app"), region, (folder or here).resolve())
        lab_actions.add_app(place, found, role or ["Researcher"])
    elif action == "remove":
        lab_actions.remove_app_from(place, _named(app, "the run id of an app"), gone=gone)
    elif action == "grant":
        lab_actions.grant_to(place, _named(app, "an app"), _named(username, "a username"), role or [])
    else:
        lab_actions.revoke_from(place, _named(app, "an app"), _named(username, "a username"))


def _named(value: str | None, what: str) -> str:
    if value is None:
        raise BadRequest(f"Name {what}, such as in: petri lab grant APP USERNAME --role Researcher")
    return value
