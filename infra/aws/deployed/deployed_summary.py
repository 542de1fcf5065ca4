"""Summarizes a deployed run: participants by status, full networks, hourly pay."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from decimal import Decimal

from chalicelib.currency import currency_of
from chalicelib.export import rows
from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.reports.run_report import Summary, summary_of

from . import deployment_info


@dataclass(frozen=True, slots=True)
class DeployedSummary:
    """The summary of a deployed run."""

    counted: Summary
    #: the hourly pay below which the operator is warned
    floor: Decimal | None
    currency: str
    #: the dashboard's address; empty for an app that was deployed before it had one
    dashboard_url: str


def summary(account: Account, names: Names) -> DeployedSummary:
    """Summarize a deployed run."""
    deployed = deployment_info.demand(account, names)
    config = deployed.version.get("config", {})
    floor = config.get("min_hourly_pay")
    with contextlib.closing(account.engine(names.table)) as engine:
        counted = summary_of(rows(engine, "participant"), rows(engine, "network"), rows(engine, "payment"))
    least = None if floor is None else Decimal(str(floor))
    return DeployedSummary(counted, least, currency_of(config), deployed.dashboard_url)
