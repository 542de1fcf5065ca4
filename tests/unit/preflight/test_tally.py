from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.aws.package.chalice_config import _MEMORY
from infra.simulate.costs import MEMORY_GB, Weight, alarms, once, prices, quantities
from infra.simulate.tally import FRAME, MESSAGE, AwsUsage

WEIGHT = Weight(pages=5, files=10, bytes=100_000, uploaded=20)


def test_a_frame_is_charged_for_every_32_kb_begun():
    tally = AwsUsage()
    for size in (1, FRAME, FRAME + 1):
        tally.frame_in(size)
    assert tally.counts["socket_messages"] == 1 + 1 + 2


def test_a_call_of_sqs_is_charged_for_every_64_kb_begun():
    tally = AwsUsage()
    for size in (0, MESSAGE, MESSAGE + 1):
        tally.queue_call(size)
    assert tally.counts["sqs_requests"] == 1 + 1 + 2


def test_the_busiest_second_is_the_one_with_most_beginnings():
    tally = AwsUsage()
    for moment in (1.0, 1.2, 1.9, 2.0):
        tally.invocation(moment, 0.01)
    assert tally.busiest_second == 3


def test_a_million_writes_cost_their_price():
    assert prices().of({"dynamodb_write_units": 1_000_000})["DynamoDB"] == pytest.approx(0.625)


def test_a_price_per_ten_thousand_is_one():
    assert prices().of({"cdn_requests": 10_000})["CloudFront and S3"] == pytest.approx(0.01)


def test_everything_that_is_counted_has_a_price():
    counted = {**quantities(AwsUsage(), WEIGHT, 1, 60.0), **once(WEIGHT)}
    assert set(counted) <= set(prices().prices)


def test_every_price_names_its_page():
    table = json.loads((Path(__file__).parents[3] / "infra/simulate/prices.json").read_text("utf-8"))
    assert all(each["source"].startswith("https://aws.amazon.com/") for each in table["prices"].values())


def test_pages_are_charged_for_every_arrival():
    twice = quantities(AwsUsage(), WEIGHT, 2, 0.0)
    assert twice["cdn_requests"] == 2 * 15


def test_both_queues_are_polled_while_nothing_comes():
    assert quantities(AwsUsage(), WEIGHT, 1, 120.0)["sqs_requests"] == 60


def test_functions_are_reckoned_with_the_memory_that_they_are_given():
    assert MEMORY_GB * 1024 == _MEMORY


def test_the_alarms_of_the_template_are_counted():
    assert alarms() >= 4
