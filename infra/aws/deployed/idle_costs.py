"""What an app costs in a month in which nobody takes part: what lies there, what watches it, what waits.

Counted from what the templates make, at preflight's table of prices, without AWS's free tiers. The clock
sleeps while nothing is left to do, functions and APIs are paid by use, so they cost nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from infra.aws.resources.stack_templates import base_template, front_template, routes_of
from infra.simulate.costs import POLLS, prices

#: US dollars a month: an idle app with as much in it as `Stored` says stays below this. A test holds it.
BOUND: Final = 2.00
MINUTES: Final = 30 * 24 * 60

#: Types that cost nothing by themselves, and why.
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
#: Types that cost something even when nobody comes; `quantities` counts what.
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
    """What lies in an app, in GB: by default what a run of some thousand participants leaves."""

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
    """Give the resources of both templates."""
    for text in (base_template(), front_template(routes_of())):
        for found in _RESOURCE.finditer(text.partition("\nResources:\n")[2]):
            yield Resource(found["name"], found["type"], found["rest"])


def quantities(stored: Stored | None = None, *, hibernating: bool = False) -> dict[str, float]:
    """Return how much of each priced unit an idle month takes.

    Hibernating, Lambda doesn't ask the queues.
    """
    lying = stored or Stored()
    return {
        # An alarm is charged for each metric that it looks at.
        "alarm_months": sum(max(1, one.text.count("MetricStat:")) for one in _of("AWS::CloudWatch::Alarm")),
        # Lambda asks the two queues that have a consumer; the dead-letter queue has none.
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
    """Say what an idle app costs."""
    idle, asleep, table = monthly(), sum(monthly(hibernating=True).values()), prices()
    parts = ", ".join(f"{service} {dollars:.2f}" for service, dollars in idle.items())
    return [
        f"An idle app costs {sum(idle.values()):.2f} US dollars a month ({parts}).",
        f"While it hibernates it costs {asleep:.2f}.",
        f"Prices of {table.region}, {table.date}, free tiers left out.",
    ]


def _of(kind: str) -> list[Resource]:
    return [one for one in resources() if one.type == kind]
