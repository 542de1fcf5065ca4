"""Which run a command means: one in this folder, or a deployed app."""

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
    """Return the deployed app that is meant; None for a run in this folder.

    A run in this folder counts first, unless somebody says where an app is deployed.
    """
    if not (stage or profile or region) and (app is None or RunPaths(Path.cwd()).has(app)):
        return None
    if app is None:
        raise BadRequest("Which app? Give its id with --app; `petri apps` lists them.")
    # Lazy import: AWS's clients take a while to import.
    from infra.aws.account.local_registry import LocalRegistry
    from infra.aws.deployed import app_registry

    if not (stage or profile or region) and LocalRegistry().find(app) is None:
        # Neither here nor deployed from this machine: the local command says what there is.
        return None
    return app_registry.find(app_registry.AppLocation(app, stage, profile, region))
