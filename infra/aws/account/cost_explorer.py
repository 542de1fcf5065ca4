"""Asks AWS's Cost Explorer what each app of an account costs, by the tags of its resources.

One request takes all apps of an account. AWS charges 0.01 US dollars for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from botocore.exceptions import ClientError

from infra.problems import OperatorProblem

from .aws_errors import code_of, is_denied, plainly
from .session import Account

#: The tags with the app's id: of what CloudFormation makes (table, queues, buckets, CloudFront), and of what
#: Chalice makes (functions and APIs).
TAGS: Final = ("petri:app", "petri-app")
#: How many months are asked for, with the current one.
MONTHS: Final = 12
#: Cost Explorer has one endpoint for all regions.
_REGION: Final = "us-east-1"
_METRIC: Final = "UnblendedCost"
NOT_ENABLED: Final = (
    "AWS has no cost data for this account. Open Cost Explorer once in the AWS console (Billing and Cost "
    "Management); the data is there a day later."
)
NOT_ACTIVATED: Final = (
    f"The costs of this account aren't divided by app. Activate the tags {' and '.join(TAGS)} in the AWS "
    "console (Billing and Cost Management, Cost allocation tags), with the account that pays; costs from "
    "then on have them, a day later."
)
_NOT_ALLOWED: Final = "Your AWS keys lack the permission ce:GetCostAndUsage. Ask who manages the account."


@dataclass(frozen=True, slots=True)
class CostOfApp:
    """What AWS charged for an app, without taxes."""

    #: In the current month so far.
    month: Decimal
    #: In all months that were asked for.
    total: Decimal


@dataclass(frozen=True, slots=True)
class CostReport:
    """What the apps of an account cost."""

    apps: Mapping[str, CostOfApp]
    #: The first day of the costs.
    since: date
    currency: str
    #: Which of the two tags no cost has, so that its part is missing in all sums; "" if both are there.
    missing_tag: str


def read_costs(account: Account, today: date) -> CostReport:
    """Return what each app of an account cost in the last months, at most a day old.

    Args:
        account: The operator's account.
        today: The day, in UTC.

    Returns:
        The report. OperatorProblem, with what to do, without the permission, without cost data, or where
        the costs aren't divided by app.

    """
    since = first_day(today)
    months: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    seen: set[str] = set()
    currency = "USD"
    for begins, keys, amount, unit in _costs(account, since, today + timedelta(days=1)):
        values = [key.partition("$")[2] for key in keys]
        app = next(filter(None, values), "")
        if app:
            seen |= {tag for tag, value in zip(TAGS, values, strict=False) if value}
            months[app][begins] += amount
            currency = unit
    if not months:
        raise OperatorProblem(NOT_ACTIVATED)
    current = today.replace(day=1).isoformat()
    apps = {
        app: CostOfApp(by_month.get(current, Decimal(0)), sum(by_month.values(), Decimal(0)))
        for app, by_month in months.items()
    }
    return CostReport(apps, since, currency, next((tag for tag in TAGS if tag not in seen), ""))


def first_day(today: date) -> date:
    """Return the first day that is asked for."""
    months = today.year * 12 + today.month - MONTHS
    return date(months // 12, months % 12 + 1, 1)


def _costs(account: Account, since: date, until: date) -> Iterator[tuple[str, list[str], Decimal, str]]:
    """Yield the first day of a month, the values of the tags, the amount and its currency."""
    query: dict[str, Any] = {
        "TimePeriod": {"Start": since.isoformat(), "End": until.isoformat()},
        "Granularity": "MONTHLY",
        "Metrics": [_METRIC],
        "GroupBy": [{"Type": "TAG", "Key": tag} for tag in TAGS],
    }
    while True:
        answer = _asked(account, query)
        for month in answer.get("ResultsByTime", ()):
            for group in month.get("Groups", ()):
                cost = group["Metrics"][_METRIC]
                yield month["TimePeriod"]["Start"], group["Keys"], Decimal(cost["Amount"]), cost["Unit"]
        token = answer.get("NextPageToken")
        if not token:
            return
        query["NextPageToken"] = token


def _asked(account: Account, query: Mapping[str, Any]) -> Mapping[str, Any]:
    with plainly():
        try:
            answer: Mapping[str, Any] = account.client("ce", _REGION).get_cost_and_usage(**query)
        except ClientError as error:
            if code_of(error) == "DataUnavailableException" or "not enabled" in str(error):
                raise OperatorProblem(NOT_ENABLED) from error
            if is_denied(error):
                raise OperatorProblem(_NOT_ALLOWED) from error
            raise
    return answer
