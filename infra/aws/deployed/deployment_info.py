"""What a deployed app knows about itself: one item of its table, written by each deploy."""

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
    """Where an app is, and what it was made of."""

    site_url: str
    rest_url: str
    #: Where the functions send to sockets: https, with the stage.
    websocket_endpoint: str
    #: Hashes, versions, and the settings without secrets.
    version: Mapping[str, Any] = field(default_factory=dict)
    deployed_at: str = ""


def write(account: Account, names: Names, facts: DeploymentInfo) -> None:
    """Keep the facts in the app's table."""
    item = {
        "pk": KEY[0],
        "sk": KEY[1],
        "kind": KIND,
        "v": 1,
        "site_url": facts.site_url,
        "rest_url": facts.rest_url,
        "websocket_endpoint": facts.websocket_endpoint,
        "version": dict(facts.version),
        "deployed_at": facts.deployed_at or iso(datetime.now(UTC)),
    }
    with contextlib.closing(account.engine(names.table)) as engine:
        engine.commit([Put(item, ANY)])


def read(account: Account, names: Names) -> DeploymentInfo | None:
    """Return the facts of an app; None when it has none (yet), or no table."""
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
    )


def demand(account: Account, names: Names) -> DeploymentInfo:
    """Return the facts of an app that is deployed; OperatorProblem for one that isn't."""
    facts = read(account, names)
    if facts is None:
        raise regions.not_here(account, names)
    return facts
