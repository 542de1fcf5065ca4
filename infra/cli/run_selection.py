"""Selects a command's run: one in this folder, or a deployed app."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.errors import BadRequest
from infra.aws.account.names import Stage
from infra.local.lifecycle.run_paths import RunPaths

if TYPE_CHECKING:
    from infra.aws.deployed import app_registry


def deployed(
    app: str | None, stage: Stage | None, profile: str | None = None, region: str | None = None
) -> app_registry.LocatedApp | None:
    """Return the selected deployed app; None for a run in this folder.

    A run in this folder takes precedence, unless a stage, profile or region is given.
    """
    if not (stage or profile or region) and (app is None or RunPaths(Path.cwd()).has(app)):
        return None
    if app is None:
        raise BadRequest("No app was selected; pass its id with --app (`petri apps` lists them).")
    # Lazy import: the AWS clients take a while to import.
    from infra.aws.account.local_registry import LocalRegistry
    from infra.aws.deployed import app_registry

    if not (stage or profile or region) and LocalRegistry().find(app) is None:
        # Neither in this folder nor deployed from this machine: the local command reports what exists.
        return None
    return app_registry.find(app_registry.AppLocation(app, stage, profile, region))
