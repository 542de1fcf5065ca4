"""Formats a preflight's report as text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from decimal import Decimal
from functools import partial

from chalicelib.currency import DOLLARS, format_money

from .launch_report import Money, PreflightReport

WIDTH = 88
_LABEL = 16
_SUM = 44
_SMALL, _TINY = Decimal("0.01"), Decimal("0.0001")


def page(report: PreflightReport) -> list[str]:
    """Return the page, line by line."""
    lines = [
        f"Preflight of {report.experiment}, stage {report.stage}: {_people(report.participants)}",
        *_wrapped(report.extrapolated),
        "",
        "Simulated run",
        *_run(report),
        "",
        "Payments" if report.stage == "live" else "Payments (sandbox, no real money)",
        *_payments(report),
        "",
        f"AWS costs at the prices of {report.prices['region']}, as of {report.prices['date']}",
        *_aws_costs(report),
        "",
        _total(report),
        *_accounts(report),
        *_warnings(report),
        "",
        "Assumptions",
        *(line for each in report.assumed for line in _wrapped(each, "  ")),
    ]
    return [line.rstrip() for line in lines]


def _run(report: PreflightReport) -> Iterator[str]:
    yield _line("Networks", f"{report.networks_filled} of {report.networks} filled")
    statuses = ", ".join(f"{number} {status.replace('_', ' ')}" for status, number in report.statuses.items())
    simulated = f"{report.tried} simulated: " if report.tried != report.participants else ""
    yield _line("Participants", f"{simulated}{statuses or 'none'}")
    times = report.times
    if times is None:
        yield _line("Time", "no participant earned pay")
        return
    yield _line("Time", f"median {times.median:.1f} minutes; 5% take {times.p95:.1f} or more")
    if times.waited_most >= 0.1:  # noqa: PLR2004 - less is shown as 0.0
        yield _line("Waiting", f"median {times.waited_median:.1f} minutes, maximum {times.waited_most:.1f}")
    yield _line("Whole run", _hours(times.run_hours))
    if report.hourly is not None and report.hourly.median:
        paid = partial(format_money, currency=report.currency)
        pay = f"median {paid(report.hourly.median)}, lowest {paid(report.hourly.lowest)}"
        yield _line("Hourly pay", pay)


def _payments(report: PreflightReport) -> Iterator[str]:
    money = report.money
    row = partial(_row, currency=report.currency)
    yield row("Base pay", "", money.base)
    yield row("Bonuses", _bonuses(money, report.currency), money.bonuses)
    if money.screen_outs:
        yield row("Screen-outs", "", money.screen_outs)
    if money.sessions:
        yield row("Later sessions", "", money.sessions)
    yield row("Fees", f"{' and '.join(money.recruiters)}", money.fees)
    yield row("Expected", "", money.expected)
    if money.at_most is None:
        yield _line("Maximum", "unlimited: max_bonus isn't set")
    elif money.at_most != money.expected:
        yield row("Maximum", "", money.at_most)
    for name, text in report.caps.items():
        yield from _wrapped(_line(name, text), "", " " * (_LABEL + 4))


def _bonuses(money: Money, currency: str) -> str:
    if not money.bonuses:
        return ""
    least, most = (format_money(amount, currency) for amount in (money.bonus_from, money.bonus_to))
    return f"{most} per bot" if least == most else f"{least} to {most} per bot"


def _aws_costs(report: PreflightReport) -> Iterator[str]:
    usage = _usage_by_service(report)
    for service, cost in report.aws.items():
        yield _row(service, usage.get(service, ""), Decimal(str(cost)))
    yield _row("AWS total", "without free tiers", report.aws_total)


def _usage_by_service(report: PreflightReport) -> dict[str, str]:
    counts, measured = report.counts, report.measured
    units = f"{counts['dynamodb_write_units']:,.0f} write, {counts['dynamodb_read_units']:,.0f} read units"
    functions = f"{counts['lambda_invocations']:,.0f} calls, {measured['lambda_gb_seconds']:,.1f} GB-seconds"
    sockets = f", {counts['socket_messages']:,.0f} messages" if counts["socket_messages"] else ""
    return {
        "DynamoDB": units,
        "Lambda": functions,
        "API Gateway": f"{counts['api_requests']:,.0f} requests{sockets}",
        "SQS and SNS": f"{counts['sqs_requests']:,.0f} requests",
        "CloudWatch": f"{counts['alarm_months']:.0f} alarms for a month, logs",
        "CloudFront and S3": f"{counts['cdn_requests']:,.0f} requests, {counts['cdn_gb_out'] * 1024:,.1f} MB",
    }


def _accounts(report: PreflightReport) -> Iterator[str]:
    if report.accounts:
        yield ""
        yield "Account limits"
        for one in report.accounts:
            yield from _wrapped(str(one), "  ", "    ")


def _warnings(report: PreflightReport) -> Iterator[str]:
    yield ""
    if not report.warnings:
        yield "No problems found."
        return
    yield "Warnings"
    for one in report.warnings:
        yield from _wrapped(f"- {one}", "  ", "    ")


def _people(number: int) -> str:
    return f"{number:,} participant" if number == 1 else f"{number:,} participants"


def _hours(hours: float) -> str:
    return f"{hours * 60:.0f} minutes" if hours < 2 else f"{hours:.1f} hours"  # noqa: PLR2004 - minutes read better below two hours


def _line(label: str, text: str) -> str:
    return f"  {label:<{_LABEL}}  {text}"


def _total(report: PreflightReport) -> str:
    """Format the total; amounts in two currencies aren't added up."""
    if report.currency == DOLLARS:
        return _row("Total", "", report.total)
    pay = format_money(report.money.expected, report.currency)
    return _line("Total", f"{pay} for participants, and {_amount(report.aws_total).strip()} for AWS")


def _row(label: str, text: str, amount: Decimal, currency: str = DOLLARS) -> str:
    return f"  {label:<{_LABEL + 2}}{text:<{_SUM}}{_amount(amount, currency):>12}"


def _amount(amount: Decimal, currency: str = DOLLARS) -> str:
    """Format an amount so that decimal points align; AWS amounts are often far below a cent."""
    if 0 < amount < _TINY:
        return f"<{format_money(_TINY, currency, places=4)}"
    is_small = 0 < amount < _SMALL
    return format_money(amount, currency, places=4) if is_small else f"{format_money(amount, currency)}  "


def _wrapped(text: str, indent: str = "", further: str | None = None) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent if further is None else further
    )
