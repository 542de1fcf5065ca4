"""What AWS charges for what a trial has counted, at a table of prices."""

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
#: Memory of the functions, as they are deployed.
MEMORY_GB: Final = 1.0
#: With so much memory a function has six tenths of a processor, so it takes this much longer than here.
SLOWER: Final = 1.75
#: Seconds that one call of DynamoDB takes; a trial's store answers at once.
DYNAMODB_CALL: Final = 0.006
#: Bytes that Lambda itself, and the API's access log, write about each invocation.
LOG_LINES: Final = 600
#: Calls a minute with which Lambda asks two empty queues: five pollers each, whose calls wait 20 seconds.
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
    """A table of prices: what each unit costs, and where and when."""

    region: str
    date: str
    note: str
    prices: Mapping[str, Mapping[str, Any]]

    def of(self, quantities: Mapping[str, float]) -> dict[str, float]:
        """Return US dollars by service."""
        costs = dict.fromkeys(SERVICES, 0.0)
        for name, quantity in quantities.items():
            price = self.prices[name]
            costs[price["service"]] += quantity * float(price["usd"]) / float(price["per"])
        return costs


@lru_cache(maxsize=1)
def prices() -> Prices:
    """Return the table that comes along."""
    return Prices(**json.loads(_TABLE.read_text(encoding="utf-8")))


def lambda_seconds(tally: AwsUsage) -> float:
    """How long functions would work in the cloud: this machine's time, slowed down, and the calls' waits."""
    return tally.computing * SLOWER + tally.counts["dynamodb_calls"] * DYNAMODB_CALL


def quantities(tally: AwsUsage, weight: Weight, people: int, seconds: float) -> dict[str, float]:
    """Return how much of each priced unit a trial of so many people and seconds took."""
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
        # Pages are never kept on the way; files are, after the first few have asked for them.
        "s3_reads": pages + weight.files * min(people, 20),
    }


def once(weight: Weight) -> dict[str, float]:
    """Return what a deployment takes however many people come: its files, its alarms for a month."""
    return {"s3_writes": weight.uploaded, "alarm_months": alarms()}


@lru_cache(maxsize=1)
def alarms() -> int:
    """How many alarms the templates make."""
    texts = (path.read_text(encoding="utf-8") for path in sorted(_TEMPLATES.glob("*.yaml")))
    return sum(text.count("Type: AWS::CloudWatch::Alarm") for text in texts)
