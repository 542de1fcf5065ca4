"""`petri lab costs`: what AWS charged for each app of a lab, read at most every 12 hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from chalicelib.access.rights import RESEARCHER, ROLES
from chalicelib.operations.labs import lab_apps
from chalicelib.operations.labs.app_costs import store_costs, stored_costs
from chalicelib.operations.labs.lab_apps import LabApp
from chalicelib.operations.shared.context import OPERATOR_CALLER
from infra.aws.account import cost_explorer
from infra.aws.account.cost_explorer import NOT_ACTIVATED, NOT_ENABLED, first_day, read_costs
from infra.aws.account.session import Account
from infra.cli.main import app as petri
from infra.emulator.process.cloud import REGION
from infra.lab import lab_costs
from infra.lab.lab_places import LAB_FOLDER
from infra.local.lifecycle.run import RunOptions
from infra.local.lifecycle.run import opened as opened_here
from infra.local.lifecycle.run_paths import RunPaths
from infra.operator.run_session import opened
from infra.problems import OperatorProblem

TODAY = date(2026, 11, 29)
PAGES = [
    [("2026-10-01", ("colours", ""), "1.50"), ("2026-10-01", ("", "colours"), "0.25")],
    [
        ("2026-11-01", ("colours", ""), "0.75"),
        ("2026-11-01", ("", "stories"), "3"),
        ("2026-11-01", ("", ""), "9"),
    ],
]


@dataclass
class CostExplorer:
    """Answers as Cost Explorer does: pages of months with groups by two tags."""

    pages: list[list[tuple[str, tuple[str, str], str]]] = field(default_factory=lambda: list(PAGES))
    error: ClientError | None = None
    asked: list[Mapping[str, Any]] = field(default_factory=list)

    def get_cost_and_usage(self, **query: Any) -> Mapping[str, Any]:
        self.asked.append(dict(query))
        if self.error is not None:
            raise self.error
        number = int(query.get("NextPageToken", 0))
        months = [
            {
                "TimePeriod": {"Start": month},
                "Groups": [
                    {
                        "Keys": [
                            f"{tag}${value}" for tag, value in zip(cost_explorer.TAGS, values, strict=True)
                        ],
                        "Metrics": {"UnblendedCost": {"Amount": amount, "Unit": "USD"}},
                    }
                ],
            }
            for month, values, amount in (self.pages[number] if self.pages else [])
        ]
        more = {"NextPageToken": str(number + 1)} if number + 1 < len(self.pages) else {}
        return {"ResultsByTime": months, **more}


def refusal(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "GetCostAndUsage")


@dataclass
class BilledAccount:
    """An account whose costs are known."""

    explorer: CostExplorer
    number: str = "123456789012"

    def client(self, service: str, region: str) -> CostExplorer:
        assert (service, region) == ("ce", "us-east-1")
        return self.explorer


@pytest.fixture
def explorer() -> CostExplorer:
    return CostExplorer()


def _read(explorer: CostExplorer) -> cost_explorer.CostReport:
    return read_costs(BilledAccount(explorer), TODAY)  # type: ignore[arg-type]


def test_the_costs_of_an_app_are_those_of_both_its_tags_in_all_pages(explorer: CostExplorer) -> None:
    report = _read(explorer)
    assert {app: (cost.month, cost.total) for app, cost in report.apps.items()} == {
        "colours": (Decimal("0.75"), Decimal("2.50")),
        "stories": (Decimal(3), Decimal(3)),
    }
    assert (report.since, report.currency, report.missing_tag) == (date(2025, 12, 1), "USD", "")
    assert explorer.asked[0]["TimePeriod"] == {"Start": "2025-12-01", "End": "2026-11-30"}
    assert [each["Key"] for each in explorer.asked[0]["GroupBy"]] == ["petri:app", "petri-app"]


@pytest.mark.parametrize(
    ("today", "since"), [(date(2026, 12, 31), date(2026, 1, 1)), (date(2026, 1, 1), date(2025, 2, 1))]
)
def test_twelve_months_are_asked_for_with_the_current_one(today: date, since: date) -> None:
    assert first_day(today) == since


def test_a_tag_that_is_not_activated_is_named(explorer: CostExplorer) -> None:
    explorer.pages = [[("2026-11-01", ("colours", ""), "1")]]
    assert _read(explorer).missing_tag == "petri-app"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (refusal("DataUnavailableException"), NOT_ENABLED),
        (refusal("AccessDeniedException", "User not enabled for cost explorer access"), NOT_ENABLED),
        (
            refusal("AccessDeniedException", "not authorized to perform: ce:GetCostAndUsage"),
            "ce:GetCostAndUsage",
        ),
        (None, NOT_ACTIVATED),
    ],
)
def test_what_is_missing_is_said_with_what_to_do(
    explorer: CostExplorer, error: ClientError | None, words: str
) -> None:
    explorer.error = error
    explorer.pages = [[("2026-11-01", ("", ""), "9")]]
    with pytest.raises(OperatorProblem) as refused:
        _read(explorer)
    assert words in str(refused.value)


def test_the_client_of_aws_takes_the_question(account: Account) -> None:
    with pytest.raises(OperatorProblem, match="Activate the tags"):
        read_costs(account, datetime.now(UTC).date())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, explorer: CostExplorer) -> Path:
    """A folder with a lab that has two deployed apps and one on this machine."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PETRI_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(lab_costs, "connect", lambda *_: BilledAccount(explorer))
    with opened_here(RunOptions(LAB_FOLDER, "lab", settings={"mode": "live"}), RunPaths(tmp_path)) as lab:
        now = lab.app.clock.now()
        for name, region in (("colours", REGION), ("new", REGION), ("laptop", "")):
            made = LabApp(name, f"https://{name}.example", ROLES[RESEARCHER], "k", region, "", now)
            lab.app.run(lab_apps.put_app, made, caller=OPERATOR_CALLER)
    explorer.pages = [
        [(f"{now:%Y-%m}-01", ("colours", ""), "1.234"), (f"{now:%Y-%m}-01", ("", "colours"), "1")]
    ]
    return tmp_path


def _said(*, fails: bool = False) -> str:
    done = CliRunner().invoke(petri, ["lab", "costs"], env={"COLUMNS": "300"})
    assert (done.exit_code != 0) == fails, done.output
    return " ".join(done.output.split())


def test_costs_are_printed_and_stored_in_the_lab(folder: Path, explorer: CostExplorer) -> None:
    said = _said(fails=True)
    assert "2.23 USD" in said
    assert "new: AWS has no costs of this app yet." in said
    assert "laptop" not in said
    with opened("lab", RunPaths(folder), with_code=False) as session:
        costs = session.app.run(stored_costs)
    assert set(costs) == {"colours", "new"}
    assert (costs["colours"].total, costs["new"].total) == (Decimal("2.234"), None)
    assert len(explorer.asked) == 1


def test_aws_is_asked_again_after_twelve_hours(folder: Path, explorer: CostExplorer) -> None:
    _remove(folder, "new")
    _said()
    _said()
    assert len(explorer.asked) == 1
    with opened("lab", RunPaths(folder), with_code=False) as session:
        (cost,) = session.app.run(stored_costs).values()
        old = [type(cost)(**{**_fields(cost), "asked": cost.asked - timedelta(hours=13)})]
        session.app.run(store_costs, old, caller=OPERATOR_CALLER)
    _said()
    assert len(explorer.asked) == 2


def test_costs_that_could_not_be_read_are_asked_for_again_at_once(
    folder: Path, explorer: CostExplorer
) -> None:
    explorer.error = refusal("DataUnavailableException")
    assert NOT_ENABLED in _said(fails=True)
    explorer.error = None
    _said(fails=True)
    assert len(explorer.asked) == 2


def test_a_removed_app_has_no_costs(folder: Path) -> None:
    _said(fails=True)
    _remove(folder, "colours")
    with opened("lab", RunPaths(folder), with_code=False) as session:
        assert set(session.app.run(stored_costs)) == {"new"}


def _remove(folder: Path, app: str) -> None:
    with opened("lab", RunPaths(folder), with_code=False) as session:
        session.app.run(lab_apps.remove_app, app, caller=OPERATOR_CALLER)


def _fields(cost: Any) -> dict[str, Any]:
    return {name: getattr(cost, name) for name in cost.__slots__}
