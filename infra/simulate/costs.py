"""Calculates AWS costs from the counts of a simulation and a price table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from .tally import AwsUsage

_TABLE = Path(__file__).parent / "prices.json"
_TEMPLATES = Path(__file__).parents[1] / "aws" / "templates"
GB: Final = 1024**3
#: Memory of the deployed functions.
MEMORY_GB: Final = 1.0
#: With this memory a function has 0.6 vCPU, so it takes this factor longer than on this machine.
SLOWER: Final = 1.75
#: Seconds that a DynamoDB call takes; the simulation's store responds at once.
DYNAMODB_CALL: Final = 0.006
#: Bytes that Lambda and the API's access log write per invocation.
LOG_LINES: Final = 600
#: Calls per minute with which Lambda polls two empty queues: five pollers each, with 20 s long polling.
POLLS: Final = 2 * 5 * 3
SERVICES: Final = ("DynamoDB", "Lambda", "API Gateway", "SQS and SNS", "CloudWatch", "CloudFront and S3")


@dataclass(frozen=True)
class Weight:
    """What one participant loads: every page once, and every file once, as a browser keeps files."""

    pages: int
    files: int
    #: Bytes on the line, compressed.
    bytes: int
    #: Files that are uploaded when the experiment is deployed.
    uploaded: int


@dataclass(frozen=True)
class Prices:
    """A price table, with its region and date."""

    region: str
    date: str
    note: str
    prices: Mapping[str, Mapping[str, Any]]

    def of(self, quantities: Mapping[str, float]) -> dict[str, float]:
        """Return costs in US dollars by service."""
        costs = dict.fromkeys(SERVICES, 0.0)
        for name, quantity in quantities.items():
            price = self.prices[name]
            costs[price["service"]] += quantity * float(price["usd"]) / float(price["per"])
        return costs


@lru_cache(maxsize=1)
def prices() -> Prices:
    """Return the built-in price table."""
    return Prices(**json.loads(_TABLE.read_text(encoding="utf-8")))


def lambda_seconds(tally: AwsUsage) -> float:
    """Estimate Lambda's computing time: this machine's time, scaled, plus waiting for DynamoDB."""
    return tally.computing * SLOWER + tally.counts["dynamodb_calls"] * DYNAMODB_CALL


def quantities(tally: AwsUsage, weight: Weight, people: int, seconds: float) -> dict[str, float]:
    """Return the quantity of each priced unit for a simulation of so many participants and seconds."""
    counts = tally.counts
    pages = weight.pages * people
    loaded = (weight.pages + weight.files) * people
    log = tally.log_bytes + LOG_LINES * counts["lambda_invocations"]
    out = weight.bytes * people + counts["api_bytes_out"] + counts["socket_bytes_out"]
    return {
        "dynamodb_write_units": counts["dynamodb_write_units"],
        "dynamodb_read_units": counts["dynamodb_read_units"],
        "lambda_invocations": counts["lambda_invocations"],
        "lambda_gb_seconds": lambda_seconds(tally) * MEMORY_GB,
        "api_requests": counts["api_requests"],
        "socket_messages": counts["socket_messages"],
        "socket_minutes": counts["socket_seconds"] / 60,
        "sqs_requests": counts["sqs_requests"] + POLLS * seconds / 60,
        "sns_messages": counts["sns_messages"],
        "log_gb": log / GB,
        "cdn_gb_out": out / GB,
        "cdn_gb_to_origin": counts["api_bytes_in"] / GB,
        "cdn_requests": loaded + counts["api_requests"] + counts["socket_connections"],
        # CloudFront caches files after the first few requests, but never pages.
        "s3_reads": pages + weight.files * min(people, 20),
    }


def once(weight: Weight) -> dict[str, float]:
    """Return the fixed quantities of a deployment: uploaded files, and alarms for a month."""
    return {"s3_writes": weight.uploaded, "alarm_months": alarms()}


@lru_cache(maxsize=1)
def alarms() -> int:
    """Count the alarms in the templates."""
    texts = (path.read_text(encoding="utf-8") for path in sorted(_TEMPLATES.glob("*.yaml")))
    return sum(text.count("Type: AWS::CloudWatch::Alarm") for text in texts)
