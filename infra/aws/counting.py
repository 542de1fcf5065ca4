"""A deployed run, counted: participants by status, networks filled, pay by the hour."""

from __future__ import annotations

import contextlib
from decimal import Decimal

from chalicelib.export import rows
from chalicelib.model.currency import currency_of
from infra.aws import facts
from infra.aws.account import Account
from infra.aws.names import Names
from infra.local.summary import Summary, summary_of


def summary(account: Account, names: Names) -> tuple[Summary, Decimal | None, str]:
    """Return the counts, the pay an hour below which the operator wants to be warned, and the currency."""
    deployed = facts.demand(account, names)
    config = deployed.version.get("config", {})
    floor = config.get("min_hourly_pay")
    with contextlib.closing(account.engine(names.table)) as engine:
        counted = summary_of(rows(engine, "participant"), rows(engine, "network"), rows(engine, "payment"))
    return counted, None if floor is None else Decimal(str(floor)), currency_of(config)
