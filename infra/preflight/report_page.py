"""The page that a preflight prints: short, aligned, in plain words."""

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
        "What would happen",
        *_happening(report),
        "",
        "What people are paid" if report.stage == "live" else "What people are paid, in play money",
        *_paying(report),
        "",
        f"What AWS charges, at the prices of {report.prices['region']} of {report.prices['date']}",
        *_charging(report),
        "",
        _total(report),
        *_accounts(report),
        *_warnings(report),
        "",
        "Assumed",
        *(line for each in report.assumed for line in _wrapped(each, "  ")),
    ]
    return [line.rstrip() for line in lines]


def _happening(report: PreflightReport) -> Iterator[str]:
    yield _line("Networks", f"{report.networks_filled} of {report.networks} filled")
    statuses = ", ".join(f"{number} {status.replace('_', ' ')}" for status, number in report.statuses.items())
    tried = f"{report.tried} tried: " if report.tried != report.participants else ""
    yield _line("People", f"{tried}{statuses or 'nobody came'}")
    times = report.times
    if times is None:
        yield _line("Time", "nobody came to a paid end")
        return
    one_in_twenty = f"one in twenty takes {times.p95:.1f} or more"
    yield _line("Time", f"{times.median:.1f} minutes in the middle; {one_in_twenty}")
    if times.waited_most >= 0.1:  # noqa: PLR2004 - what is less reads as 0.0
        waited = f"{times.waited_median:.1f} minutes in the middle, {times.waited_most:.1f} at the most"
        yield _line("of it, waiting", waited)
    yield _line("The whole run", _hours(times.run_hours))
    if report.hourly is not None and report.hourly.median:
        paid = partial(format_money, currency=report.currency)
        pay = f"median {paid(report.hourly.median)}, lowest {paid(report.hourly.lowest)}"
        yield _line("Pay an hour", pay)


def _paying(report: PreflightReport) -> Iterator[str]:
    money = report.money
    row = partial(_row, currency=report.currency)
    yield row("Base pay", "", money.base)
    yield row("Bonuses", _bonuses(money, report.currency), money.bonuses)
    if money.screen_outs:
        yield row("Screen-outs", "", money.screen_outs)
    yield row("Fees", f"{' and '.join(money.recruiters)}", money.fees)
    yield row("Expected", "", money.expected)
    if money.at_most is None:
        yield _line("At the most", "no bound: max_bonus isn't set")
    elif money.at_most != money.expected:
        yield row("At the most", "", money.at_most)
    for name, told in report.caps.items():
        yield from _wrapped(_line(name, told), "", " " * (_LABEL + 4))


def _bonuses(money: Money, currency: str) -> str:
    if not money.bonuses:
        return ""
    least, most = (format_money(amount, currency) for amount in (money.bonus_from, money.bonus_to))
    return f"the bots got {most} each" if least == most else f"the bots got {least} to {most} each"


def _charging(report: PreflightReport) -> Iterator[str]:
    told = _told_of_services(report)
    for service, cost in report.aws.items():
        yield _row(service, told.get(service, ""), Decimal(str(cost)))
    yield _row("AWS", "without free tiers", report.aws_total)


def _told_of_services(report: PreflightReport) -> dict[str, str]:
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
        yield "What the accounts allow"
        for one in report.accounts:
            yield from _wrapped(str(one), "  ", "    ")


def _warnings(report: PreflightReport) -> Iterator[str]:
    yield ""
    if not report.warnings:
        yield "Nothing to mend."
        return
    yield "To mend or to know"
    for one in report.warnings:
        yield from _wrapped(f"- {one}", "  ", "    ")


def _people(number: int) -> str:
    return f"{number:,} participant" if number == 1 else f"{number:,} participants"


def _hours(hours: float) -> str:
    return f"{hours * 60:.0f} minutes" if hours < 2 else f"{hours:.1f} hours"  # noqa: PLR2004 - as people say it


def _line(label: str, told: str) -> str:
    return f"  {label:<{_LABEL}}  {told}"


def _total(report: PreflightReport) -> str:
    """Write what all costs; what is in two currencies isn't added up."""
    if report.currency == DOLLARS:
        return _row("Total", "", report.total)
    pay = format_money(report.money.expected, report.currency)
    return _line("Total", f"{pay} for people, and {_amount(report.aws_total).strip()} for AWS")


def _row(label: str, told: str, amount: Decimal, currency: str = DOLLARS) -> str:
    return f"  {label:<{_LABEL + 2}}{told:<{_SUM}}{_amount(amount, currency):>12}"


def _amount(amount: Decimal, currency: str = DOLLARS) -> str:
    """Write a sum so that points stand below one another; AWS's sums are often far below a cent."""
    if 0 < amount < _TINY:
        return f"<{format_money(_TINY, currency, places=4)}"
    is_small = 0 < amount < _SMALL
    return format_money(amount, currency, places=4) if is_small else f"{format_money(amount, currency)}  "


def _wrapped(text: str, indent: str = "", further: str | None = None) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent if further is None else further
    )
