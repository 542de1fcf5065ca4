"""Summarizes a deployed run: participants by status, full networks, hourly pay."""

from __future__ import annotations

import contextlib
from decimal import Decimal

from chalicelib.currency import currency_of
from chalicelib.export import rows
from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.reports.run_report import Summary, summary_of

from . import deployment_info


def summary(account: Account, names: Names) -> tuple[Summary, Decimal | None, str]:
    """Return the counts, the hourly pay below which the operator is warned, and the currency."""
    deployed = deployment_info.demand(account, names)
    config = deployed.version.get("config", {})
    floor = config.get("min_hourly_pay")
    with contextlib.closing(account.engine(names.table)) as engine:
        counted = summary_of(rows(engine, "participant"), rows(engine, "network"), rows(engine, "payment"))
    return counted, None if floor is None else Decimal(str(floor)), currency_of(config)
