"""Reads and writes the item of an app's table that describes its deployment."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from chalicelib.model.record import iso
from chalicelib.storage.engine import ANY, Key, Put
from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.aws.resources import regions

KEY: Final[Key] = ("experiment", "deployment")
KIND: Final = "deployment"


@dataclass(frozen=True)
class DeploymentInfo:
    """An app's addresses, and the versions of what was deployed."""

    site_url: str
    rest_url: str
    #: The endpoint through which functions send to sockets: https, with the stage.
    websocket_endpoint: str
    #: Hashes, versions, and the settings without secrets.
    version: Mapping[str, Any] = field(default_factory=dict)
    deployed_at: str = ""
    #: Empty for an app that was deployed before it had a dashboard.
    dashboard_url: str = ""
    #: The operator's name at AWS, such as `user/ada`; empty for an app that an older version deployed.
    deployed_by: str = ""


def write(account: Account, names: Names, facts: DeploymentInfo) -> None:
    """Write the info to the app's table."""
    item = {
        "pk": KEY[0],
        "sk": KEY[1],
        "kind": KIND,
        "v": 1,
        "site_url": facts.site_url,
        "rest_url": facts.rest_url,
        "websocket_endpoint": facts.websocket_endpoint,
        "dashboard_url": facts.dashboard_url,
        "version": dict(facts.version),
        "deployed_by": facts.deployed_by or account.identity.name,
        "deployed_at": facts.deployed_at or iso(datetime.now(UTC)),
    }
    with contextlib.closing(account.engine(names.table)) as engine:
        engine.commit([Put(item, ANY)])


def read(account: Account, names: Names) -> DeploymentInfo | None:
    """Return an app's info; None without it or without a table."""
    if not account.has_table(names.table):
        return None
    with contextlib.closing(account.engine(names.table)) as engine:
        item = engine.get([KEY]).get(KEY)
    if item is None:
        return None
    return DeploymentInfo(
        str(item["site_url"]),
        str(item["rest_url"]),
        str(item["websocket_endpoint"]),
        dict(item.get("version", {})),
        str(item.get("deployed_at", "")),
        str(item.get("dashboard_url", "")),
        str(item.get("deployed_by", "")),
    )


def demand(account: Account, names: Names) -> DeploymentInfo:
    """Return a deployed app's info; raises OperatorProblem for an app that isn't deployed."""
    facts = read(account, names)
    if facts is None:
        raise regions.not_here(account, names)
    return facts
