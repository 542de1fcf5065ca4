"""The arguments and options of `petri lab`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Action = Literal[
    "list", "serve", "deploy", "destroy", "add", "remove", "grant", "revoke", "rotate-keys", "costs"
]
ActionArgument = Annotated[
    Action,
    typer.Argument(
        help="list (the default), serve, deploy, destroy, add, remove, grant, revoke, rotate-keys or costs."
    ),
]
AppArgument = Annotated[
    str | None, typer.Argument(help="Run id of an app, here or deployed.", metavar="[APP]")
]
Username = Annotated[
    str | None, typer.Argument(help="User of the lab, for grant and revoke.", metavar="[USERNAME]")
]
LabId = Annotated[str, typer.Option("--lab", help="Run id of the lab.")]
Roles = Annotated[
    list[str] | None,
    typer.Option(
        "--role",
        help="Role or right: with add, what the lab may give at most (default: Researcher); with grant, "
        "what the user gets. Repeatable.",
    ),
]
Folder = Annotated[
    Path | None,
    typer.Option("--folder", help="Folder in which the app's run was started, if not this one."),
]
WhichRegion = Annotated[
    str | None,
    typer.Option("--region", help="AWS region: with add, of the app; otherwise of a deployed lab."),
]
LabName = Annotated[
    str | None,
    typer.Option("--name", help="Name of the lab that people see, with serve and deploy (default: Lab)."),
]
AtOnce = Annotated[
    bool, typer.Option("--at-once", help="With rotate-keys: the old key verifies nothing from now on.")
]
Gone = Annotated[
    bool, typer.Option("--gone", help="With remove: forget an app that can't be opened any more.")
]
Force = Annotated[
    bool, typer.Option("--force", help="With destroy: delete the lab although apps still trust it.")
]
