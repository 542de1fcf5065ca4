"""Which run a command means: one in this folder, or a deployed app."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.model.errors import BadRequest
from infra.aws.names import Stage
from infra.local.places import Places

if TYPE_CHECKING:
    from infra.aws import finding


def deployed(
    app: str | None, stage: Stage | None, profile: str | None = None, region: str | None = None
) -> finding.App | None:
    """Return the deployed app that is meant; None for a run in this folder.

    A run in this folder counts first, unless somebody says where an app is deployed.
    """
    if not (stage or profile or region) and (app is None or Places(Path.cwd()).has(app)):
        return None
    if app is None:
        raise BadRequest("Which app? Give its id with --app; `petri apps` lists them.")
    # Put off: AWS's clients take a while to import.
    from infra.aws import finding
    from infra.aws.at_home import AtHome

    if not (stage or profile or region) and AtHome().find(app) is None:
        # Neither here nor deployed from this machine: the local command says what there is.
        return None
    return finding.find(finding.Where(app, stage, profile, region))
