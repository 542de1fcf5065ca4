"""Calculates what an app costs in a month without participants: storage, alarms and queue polling.

It counts the resources of the templates at the preflight's prices, without AWS's free tiers. The clock is
disabled while there is nothing to do, and functions and APIs are paid by use, so they cost nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from infra.aws.resources.stack_templates import base_template, front_template, routes_of
from infra.simulate.costs import POLLS, prices

#: US dollars a month that an idle app with the data of `Stored` stays below, as a test verifies.
BOUND: Final = 2.00
MINUTES: Final = 30 * 24 * 60

#: Resource types without a charge of their own, and why.
FREE: Final = {
    "AWS::Budgets::Budget": "budgets that only tell are free",
    "AWS::CloudFront::CachePolicy": "a setting",
    "AWS::CloudFront::Distribution": "paid by request and byte",
    "AWS::CloudFront::Function": "paid by request",
    "AWS::CloudFront::OriginAccessControl": "a setting",
    "AWS::CloudFront::OriginRequestPolicy": "a setting",
    "AWS::CloudFront::ResponseHeadersPolicy": "a setting",
    "AWS::Logs::MetricFilter": "30 cents for its metric in a month in which an error was logged",
    "AWS::S3::BucketPolicy": "a setting",
    "AWS::SNS::Subscription": "paid by message",
    "AWS::SNS::Topic": "paid by message",
    "AWS::SNS::TopicPolicy": "a setting",
    "AWS::SQS::QueuePolicy": "a setting",
}
#: Resource types that are charged without participants too; `quantities` counts them.
PAID: Final = (
    "AWS::CloudWatch::Alarm",
    "AWS::DynamoDB::Table",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
)
_RESOURCE = re.compile(
    r"^  (?P<name>\w+):\n    Type: (?P<type>AWS::\S+)\n(?P<rest>(?:    .*\n|\n)*)", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Stored:
    """An app's stored data in GB, by default that of a run with a few thousand participants."""

    table: float = 0.1
    files: float = 0.5
    logs: float = 0.2


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of the templates."""

    name: str
    type: str
    text: str


def resources() -> Iterator[Resource]:
    """Return the resources of both templates."""
    for text in (base_template(), front_template(routes_of())):
        for found in _RESOURCE.finditer(text.partition("\nResources:\n")[2]):
            yield Resource(found["name"], found["type"], found["rest"])


def quantities(stored: Stored | None = None, *, hibernating: bool = False) -> dict[str, float]:
    """Return the quantity of each priced unit in an idle month.

    `hibernating`: Lambda doesn't poll the queues.
    """
    lying = stored or Stored()
    return {
        # An alarm is charged for each of its metrics.
        "alarm_months": sum(max(1, one.text.count("MetricStat:")) for one in _of("AWS::CloudWatch::Alarm")),
        # Lambda polls the two queues that have a consumer; the dead-letter queue has none.
        "sqs_requests": 0 if hibernating else POLLS * MINUTES,
        "table_gb_months": lying.table,
        "recovery_gb_months": lying.table,
        "s3_gb_months": lying.files,
        "log_gb_months": lying.logs,
    }


def monthly(stored: Stored | None = None, *, hibernating: bool = False) -> dict[str, float]:
    """Return US dollars a month by service."""
    costs = prices().of(quantities(stored, hibernating=hibernating))
    return {service: dollars for service, dollars in costs.items() if dollars}


def lines() -> list[str]:
    """Describe what an idle app costs."""
    idle, asleep, table = monthly(), sum(monthly(hibernating=True).values()), prices()
    parts = ", ".join(f"{service} {dollars:.2f}" for service, dollars in idle.items())
    return [
        f"An idle app costs {sum(idle.values()):.2f} US dollars a month ({parts}).",
        f"While it hibernates it costs {asleep:.2f}.",
        f"Prices of {table.region}, {table.date}, free tiers left out.",
    ]


def _of(kind: str) -> list[Resource]:
    return [one for one in resources() if one.type == kind]
