"""The costs of an app without participants."""

from __future__ import annotations

import pytest

from infra.aws.deployed import idle_costs
from tests.deploy.resources import resolved


def both() -> dict[str, str]:
    parts = resolved.base()["Resources"] | resolved.front()["Resources"]
    return {name: resource["Type"] for name, resource in parts.items()}


def test_every_resource_of_the_templates_is_looked_at() -> None:
    assert {one.name: one.type for one in idle_costs.resources()} == both()


def test_every_type_is_known_to_cost_something_or_to_be_free() -> None:
    assert set(both().values()) == {*idle_costs.FREE, *idle_costs.PAID}


def test_an_alarm_is_paid_for_each_metric_that_it_looks_at() -> None:
    alarms = resolved.of_type(resolved.front(), "AWS::CloudWatch::Alarm").values()
    looked_at = sum(sum("MetricStat" in one for one in alarm.get("Metrics", ())) or 1 for alarm in alarms)
    assert idle_costs.quantities()["alarm_months"] == looked_at


def test_an_idle_app_costs_less_than_the_promised_limit() -> None:
    assert sum(idle_costs.monthly().values()) < idle_costs.BOUND


def test_hibernating_costs_less() -> None:
    assert sum(idle_costs.monthly(hibernating=True).values()) < sum(idle_costs.monthly().values())


@pytest.mark.parametrize("part", ["table", "files", "logs"])
def test_stored_data_is_charged(part: str) -> None:
    more = idle_costs.Stored(**{part: 100.0})
    assert sum(idle_costs.monthly(more).values()) > sum(idle_costs.monthly().values()) + 1


def test_the_costs_are_reported_with_the_date_of_the_prices() -> None:
    told = " ".join(idle_costs.lines())
    assert f"{sum(idle_costs.monthly().values()):.2f} US dollars a month" in told
    assert "free tiers left out" in told
