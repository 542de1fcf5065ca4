"""Reads what the apps of a lab cost on AWS, with the operator's keys, and notes it in the lab."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from chalicelib.errors import PetriError
from chalicelib.operations.labs.app_costs import AppCost, store_costs, stored_costs
from chalicelib.operations.labs.lab_apps import LabApp, list_apps
from chalicelib.operations.shared.context import OPERATOR_CALLER
from infra.aws.account.cost_explorer import CostReport, first_day, read_costs
from infra.aws.account.local_registry import LocalRegistry
from infra.aws.account.session import Account, connect

from .lab_places import RunPlace, opened_at

#: How old costs may be before AWS is asked again, which charges for each question.
FRESH: Final = timedelta(hours=12)
_USD: Final = "USD"


def costs_of(lab: RunPlace) -> list[AppCost]:
    """Return what each deployed app of a lab costs; AWS is asked where that is older than 12 hours.

    Args:
        lab: The lab.

    Returns:
        The costs, by app. One that couldn't be read says why.

    """
    with opened_at(lab) as session:
        apps: Sequence[LabApp] = session.app.run(list_apps, caller=OPERATOR_CALLER)
        known: Mapping[str, AppCost] = session.app.run(stored_costs)
        now = session.app.clock.now()
    deployed = [app for app in apps if app.region]
    due = [app for app in deployed if not _is_fresh(known.get(app.id), now)]
    read = {cost.app: cost for cost in _read(due, now)}
    if read:
        with opened_at(lab) as session:
            session.app.run(store_costs, list(read.values()), caller=OPERATOR_CALLER)
    return [read.get(app.id) or known[app.id] for app in deployed]


def _is_fresh(cost: AppCost | None, now: datetime) -> bool:
    return cost is not None and cost.total is not None and now - cost.asked < FRESH


def _read(apps: Sequence[LabApp], now: datetime) -> list[AppCost]:
    """Ask once for all apps of an account."""
    found: list[AppCost] = []
    accounts: dict[str, Account] = {}
    by_account: dict[str, list[str]] = defaultdict(list)
    for app in apps:
        try:
            entry = LocalRegistry().find(app.id, region=app.region)
            account = connect(None if entry is None else entry.profile, app.region)
        except PetriError as error:
            found.append(_unknown(app.id, now, str(error)))
        else:
            accounts[account.number] = account
            by_account[account.number].append(app.id)
    for number, names in by_account.items():
        try:
            report = read_costs(accounts[number], now.date())
        except PetriError as error:
            found += [_unknown(name, now, str(error)) for name in names]
        else:
            found += [_cost(name, now, report) for name in names]
    return found


def _unknown(app: str, now: datetime, problem: str) -> AppCost:
    return AppCost(app, now, None, None, first_day(now.date()), _USD, problem)


def _cost(app: str, now: datetime, report: CostReport) -> AppCost:
    cost = report.apps.get(app)
    if cost is None:
        missing = (
            "AWS has no costs of this app yet. They are there a day after it was deployed, or after its tags "
            "were activated."
        )
        return _unknown(app, now, missing)
    problem = (
        f"No cost has the tag {report.missing_tag}, so a part is missing. Activate this cost allocation tag."
        if report.missing_tag
        else ""
    )
    return AppCost(app, now, cost.month, cost.total, report.since, report.currency, problem)
