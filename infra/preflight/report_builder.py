"""Builds a preflight report: verifies the folder, simulates the run, and calculates costs."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from chalicelib.currency import currency_of
from chalicelib.errors import BadRequest, ExperimentError
from chalicelib.experiment.config.run_settings import RunSettings
from chalicelib.experiment.loader.experiment_folder import LoadedExperiment, load_experiment
from chalicelib.operations.shared.settings import Settings
from chalicelib.storage.engine import Engine
from infra.aws.account.names import Stage
from infra.local.lifecycle.run import core_routes
from infra.simulate.bot_threads import simulated_time
from infra.simulate.costs import lambda_seconds, once, prices, quantities
from infra.simulate.pace import Pace
from infra.simulate.trial import RunTrace, TrialSpec, rehearsed
from infra.simulate.trial_outcome import Outcome, read_outcome
from infra.verify import examine
from infra.verify.recruiters import recruiting

from .account_limits import AccountAccess, Needs, allowed
from .launch_report import Hourly, PreflightReport, Times
from .page_weights import weigh
from .plan_size import Size, size_of
from .trial_payments import caps_of, money_of
from .warnings import assumptions, unfilled, warnings

#: Maximum number of simulated participants; larger runs are extrapolated.
MOST_TRIED = 200
#: Larger numbers of participants are rejected as mistakes.
MOST_ASKED = 1_000_000
LEAST_FOR_P95 = 2


@dataclass(frozen=True)
class PreflightOptions:
    """Options of a preflight."""

    stage: Stage = "live"
    seed: int = 1
    pace: Pace = field(default_factory=Pace)
    #: Settings that take precedence over the experiment's own.
    settings: Mapping[str, Any] = field(default_factory=dict)
    #: The bot class; by default the one called Bot.
    bot: str = ""
    #: How the accounts are accessed; None: they aren't checked.
    doors: AccountAccess | None = field(default_factory=AccountAccess)
    #: An engine to use instead of one in memory.
    engine: Engine | None = None


def preflight(
    folder: Path, participants: int | None = None, options: PreflightOptions | None = None
) -> PreflightReport:
    """Simulate a launch of an experiment with bots, and report what it would do and cost.

    `participants`: the maximum number; None: as many as the experiment recruits. Raises BadRequest for a
    number out of range, and ExperimentError with all problems when the folder can't run. Afterwards, the
    process's settings are those of the simulation: load the experiment again to continue with it.
    """
    options = options or PreflightOptions()
    _check_number(participants)
    # What the experiment's code prints must not end up in --json.
    with redirect_stdout(sys.stderr):
        findings = _verified(folder)
    with redirect_stdout(sys.stderr), simulated_time():
        runtime = {**options.settings, "mode": "debug", "run_seed": options.seed}
        loaded = load_experiment(folder, runtime=runtime, core_routes=core_routes())
        for finding in recruiting(loaded.config):
            raise ExperimentError(f"{finding.what} {finding.fix}")
        plan = _plan(loaded, participants, options)
        with rehearsed(loaded, plan, options.engine) as trial:
            course = trial.play()
            outcome = trial.app.run(read_outcome)
            money = money_of(trial.app, course, outcome)
    report = _report(loaded, participants, options, course, outcome, money)
    report.warnings[:0] = findings
    return report


def _check_number(participants: int | None) -> None:
    if participants is None:
        return
    if participants < 1:
        raise BadRequest(
            f"{participants} is not a valid number of participants; use 1 or more, or omit --participants."
        )
    if participants > MOST_ASKED:
        raise BadRequest(
            f"{participants:,} participants are too many to simulate; use at most {MOST_ASKED:,}."
        )


def _verified(folder: Path) -> list[str]:
    """Return the warnings about a folder; ExperimentError for its errors."""
    findings = examine(folder, played=False).findings
    errors = [f"{one.where}: {one.what} {one.fix}".rstrip() for one in findings if one.level == "error"]
    if errors:
        raise ExperimentError("\n".join(errors))
    return [f"{one.where}: {one.what} {one.fix}".rstrip() for one in findings]


def _plan(loaded: LoadedExperiment, participants: int | None, options: PreflightOptions) -> TrialSpec:
    most = min(participants or MOST_TRIED, MOST_TRIED)
    if RunSettings.read(loaded.config).auto_recruit:
        return TrialSpec(most, options.seed, options.pace, options.bot)
    invited = participants or loaded.config.get("num_participants", None)
    if not invited:
        raise BadRequest(
            "auto_recruit is off, so the experiment doesn't recruit; set a number with --participants."
        )
    most = min(int(invited), MOST_TRIED)
    return TrialSpec(most, options.seed, options.pace, options.bot, uninvited=int(invited))


def _report(
    loaded: LoadedExperiment,
    participants: int | None,
    options: PreflightOptions,
    course: RunTrace,
    outcome: Outcome,
    money: Any,
) -> PreflightReport:
    config = Settings(loaded.config)
    size = size_of(participants, course, outcome)
    weight = weigh(loaded, waits=bool(outcome.room))
    amounts = {
        name: amount * size.factor
        for name, amount in quantities(course.tally, weight, size.tried, course.seconds).items()
    }
    amounts |= once(weight)
    table = prices()
    paid = money.times(size.factor)
    caps = caps_of(config, paid)
    measured = ("lambda_gb_seconds", "log_gb")
    report = PreflightReport(
        experiment=loaded.name,
        stage=options.stage,
        participants=size.planned,
        tried=size.tried,
        extrapolated=size.note,
        seed=options.seed,
        statuses=outcome.statuses,
        failed_bots=sum(bool(one.problems or one.never_ended) for one in course.fared),
        left=sum(one.left for one in course.fared),
        networks=len(outcome.networks),
        networks_filled=sum(one.is_full for one in outcome.networks),
        unfilled=unfilled(course, outcome, size),
        times=_times(course, outcome, size),
        hourly=_hourly(config, outcome),
        money=paid,
        currency=currency_of(config),
        aws=table.of(amounts),
        prices={"region": table.region, "date": table.date, "note": table.note},
        counts={name: amount for name, amount in amounts.items() if name not in measured},
        measured={
            **{name: amounts[name] for name in measured},
            "lambda_seconds": lambda_seconds(course.tally) * size.factor,
            "functions_at_once": _at_once(course),
        },
        caps={name: cap.sentence for name, cap in caps.items()},
        assumed=assumptions(options.pace, weight),
    )
    if options.doors is not None:
        needs = Needs(_at_once(course), paid.expected, paid.at_most, options.stage)
        report.accounts = allowed(config, needs, options.doors)
    report.warnings = warnings(report, config, course, caps)
    return report


def _times(course: RunTrace, outcome: Outcome, size: Size) -> Times | None:
    if not outcome.minutes:
        return None
    minutes = outcome.minutes
    waited = sorted(one.waited / 60 for one in course.fared)
    p95 = quantiles(minutes, n=20, method="inclusive")[-1] if len(minutes) >= LEAST_FOR_P95 else minutes[0]
    return Times(median(minutes), p95, median(waited), waited[-1], course.seconds / 3600 * size.factor)


def _hourly(config: Settings, outcome: Outcome) -> Hourly | None:
    pay = outcome.pay
    if pay is None:
        return None
    floor = config.get("min_hourly_pay")
    least = None if floor is None else Decimal(str(floor))
    below = 0 if least is None else pay.below(least)
    return Hourly(pay.median, pay.lowest, least, below, len(pay.rates))


def _at_once(course: RunTrace) -> int:
    """Estimate how many functions run concurrently in the busiest second."""
    invocations = course.tally.counts["lambda_invocations"]
    seconds = lambda_seconds(course.tally) / invocations if invocations else 0.0
    return max(1, math.ceil(course.tally.busiest_second * max(seconds, 0.1)))
