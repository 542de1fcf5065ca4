"""Apps, the first page of a lab: how each app is doing, and the button that opens it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from chalicelib import services
from chalicelib.access.rights import Right
from chalicelib.currency import format_money
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered
from chalicelib.dashboard.rendering import render
from chalicelib.errors import NotFound
from chalicelib.operations.labs.app_costs import AppCost, stored_costs
from chalicelib.operations.labs.app_reports import AppReport, stored_reports
from chalicelib.operations.labs.lab_apps import LabApp, list_apps, open_app, rights_in_app
from chalicelib.operations.management.run_state.state_of_run import RunState
from chalicelib.operations.shared.context import Request, caller_of

from .app_grants import show_app
from .app_questions import NO_ANSWER, renew_reports
from .signing import signed_for

#: How old a report may be that the page shows when it is opened: asking keeps it from being shown at once.
_AT_FIRST: Final = timedelta(minutes=5)
_TONES: Final = {"recruiting": "good", "closed": "warn", "finished": "busy"}


@dataclass(frozen=True, slots=True)
class AppLine:
    """An app as the page shows it."""

    id: str
    address: str
    region: str
    #: The rights with which the actor opens it.
    rights: list[str]
    state: str
    tone: str
    arrived: int | None
    open_places: int | None
    #: Owed or paid so far, fees included; "" if the app has never said it.
    spent: str
    #: What participants may still cost, in an app with a cap; "" in others.
    reserved: str
    heard: datetime | None
    error: str
    dead_letters: int
    #: What AWS charged in the current month, and in the last twelve; "" if that isn't known.
    aws_month: str
    aws_total: str


def show_apps(call: PageCall) -> Rendered:
    """Show the apps, or the page that leads into one of them."""
    if call.id is not None:
        return _open(call) if call.part == "open" else show_app(call)
    apps: list[LabApp] = _run(call, list_apps)
    fresh = {} if call.is_fragment else {"fresh": _AT_FIRST}
    reports = renew_reports(apps, services.current().run(stored_reports), **fresh)
    costs: Mapping[str, AppCost] = services.current().run(stored_costs)
    lines = [_line(call, app, reports.get(app.id), costs.get(app.id)) for app in apps]
    return render(
        "apps.html",
        call,
        lines=lines,
        cost_problems=_problems_of_costs(costs),
        costs_asked=max((cost.asked for cost in costs.values()), default=None),
        manages=call.actor.may(Right.MANAGE_LAB),
        unreachable=sum(1 for line in lines if line.error),
        hibernating=sum(1 for line in lines if line.state == RunState.HIBERNATING),
        recruiting=sum(1 for line in lines if line.state == "recruiting"),
        arrived=sum(line.arrived or 0 for line in lines),
    )


def _open(call: PageCall) -> Rendered:
    if call.method != "POST":
        raise NotFound("This page has no such part.")
    opened = _run(call, open_app, call.id, request=Request(address=call.address))
    return render(
        "app_opening.html",
        call,
        app=opened.app,
        name=opened.name,
        rights=sorted(opened.rights),
        assertion=signed_for(opened),
    ).posting_to(opened.app.address)


def _run(call: PageCall, operation: Any, *args: Any, **named: Any) -> Any:
    return services.current().run(operation, *args, caller=caller_of(call.actor), **named)


def _line(call: PageCall, app: LabApp, report: AppReport | None, cost: AppCost | None) -> AppLine:
    said = {} if report is None else report.overview
    state = str(said.get("state", ""))
    return AppLine(
        id=app.id,
        address=app.address,
        region=app.region,
        rights=sorted(_run(call, rights_in_app, app.id)),
        state=state,
        tone=_TONES.get(state, ""),
        arrived=said.get("arrived"),
        open_places=said.get("open_places"),
        spent=_money(said, "spent"),
        reserved=_money(said, "reserved") if _has_cap(said) else "",
        heard=None if report is None else report.heard,
        error=_problem(report, state),
        dead_letters=int(said.get("dead_letters", 0)),
        aws_month="" if cost is None else _charged(cost.month, cost.currency),
        aws_total="" if cost is None else _charged(cost.total, cost.currency),
    )


def _problems_of_costs(costs: Mapping[str, AppCost]) -> list[tuple[str, list[str]]]:
    """Return each reason why costs are missing, with the apps that it concerns."""
    problems = dict.fromkeys(cost.problem for cost in costs.values() if cost.problem)
    return [(each, [app for app, cost in costs.items() if cost.problem == each]) for each in problems]


def _charged(amount: Decimal | None, currency: str) -> str:
    return "" if amount is None else format_money(amount.quantize(Decimal("0.01")), currency)


def _problem(report: AppReport | None, state: str) -> str:
    """Return why an app hasn't answered; "" for one that has, and for a hibernating one that doesn't."""
    if report is None or (state == RunState.HIBERNATING and report.error == NO_ANSWER):
        return ""
    return report.error


def _has_cap(said: Mapping[str, Any]) -> bool:
    """Whether the app has a cap, as far as it says so: without one, it reserves nothing."""
    return said.get("hard_cap") is not None or Decimal(str(said.get("reserved") or 0)) != 0


def _money(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    return "" if value is None else format_money(Decimal(str(value)), str(said["currency"]))


PAGE: Final = DashboardPage("apps", "Apps", Right.VIEW, show_apps, nav="Lab", in_labs=True, in_runs=False)
