"""Finds problems to fix before the launch: free places, low pay, failed bots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from chalicelib.currency import currency_of, format_money
from chalicelib.errors import ConfigError
from chalicelib.experiment.config.run_settings import RunSettings
from chalicelib.operations.recruitment.quotas import recruiter_names
from chalicelib.operations.shared.settings import Settings
from chalicelib.recruiters.prolific.prolific_settings import read_settings
from infra.simulate.clients import BotResult
from infra.simulate.costs import DYNAMODB_CALL, MEMORY_GB, SLOWER, Weight
from infra.simulate.pace import Pace
from infra.simulate.trial import RunTrace
from infra.simulate.trial_outcome import Outcome

from .launch_report import PreflightReport, Unfilled
from .plan_size import Size
from .trial_payments import Cap

MINUTES = 60
#: Maximum number of different problems of bots to report.
MOST_TOLD = 3


def unfilled(course: RunTrace, outcome: Outcome, size: Size) -> list[Unfilled]:
    """List the networks with free places, each with the reason."""
    if size.planned > size.tried:
        # The simulated participants weren't meant to fill them.
        return []
    return [
        Unfilled(network.id, network.type, network.free, _why(network.people, course, outcome, size))
        for network in outcome.networks
        if network.free
    ]


def _why(people: int, course: RunTrace, outcome: Outcome, size: Size) -> str:
    """Return why places stayed free: the first reason that applies."""
    ended = "recruitment was closed" if outcome.is_closed else "the experiment stopped recruiting"
    reasons: tuple[tuple[object, str], ...] = (
        (course.gave_up, "too many consecutive bots failed, so no more were started"),
        (size.wants_more, f"only {size.tried} participants were simulated, and more would be recruited"),
        (not course.fared, "no participants are recruited"),
        (course.turned_away, f"recruitment was closed while {course.turned_away} were still expected"),
        (not people, "no participant was assigned to it (get_network_for_participant chooses)"),
        (not outcome.recruits, "auto_recruit is off, so no more participants are recruited"),
        (any(_failed(one) for one in course.fared), "some bots failed and their places stayed empty"),
        (any(one.left for one in course.fared), "some participants left and were not replaced"),
    )
    return next((why for holds, why in reasons if holds), f"{ended} after {size.tried} participants")


def _failed(fared: BotResult) -> bool:
    return bool(fared.problems) or fared.never_ended


def warnings(
    report: PreflightReport, config: Settings, course: RunTrace, caps: Mapping[str, Cap]
) -> list[str]:
    """Return all warnings of a preflight, in sentences."""
    return [
        *_about_bots(report, course),
        *_about_people(report, config),
        *_about_money(report, config, caps),
        *_about_prolific(config),
        *(str(one) for one in report.accounts if one.state == "warning"),
    ]


def _about_bots(report: PreflightReport, course: RunTrace) -> Iterator[str]:
    for fault in course.faults[:MOST_TOLD]:
        yield f"The experiment's code failed: {fault}."
    if len(course.faults) > MOST_TOLD:
        yield f"It failed in {len(course.faults) - MOST_TOLD} more ways; petri debug shows all of them."
    never = sum(one.never_ended for one in course.fared)
    if never:
        yield f"{_of(never, report.tried)} never finished: check what participate() waits for."
    problems = Counter(problem for one in course.fared for problem in one.problems)
    failed = sum(bool(one.problems) for one in course.fared)
    if failed:
        listed = "; ".join(_problem(*one) for one in problems.most_common(MOST_TOLD))
        yield f"{_of(failed, report.tried)} failed: {listed}"
    if course.gave_up:
        yield "Too many consecutive bots failed, so no more were started: the numbers cover part of the run."
    if not course.fared:
        yield "No participants were recruited: check initial_recruitment_size and recruit()."


def _problem(text: str, times: int) -> str:
    return f"{text} ({times} times)" if times > 1 else text


def _of(number: int, tried: int) -> str:
    return f"{number} of {tried} bots"


def _about_people(report: PreflightReport, config: Settings) -> Iterator[str]:
    for one in report.unfilled:
        yield f"Network {one.network} ({one.type}) has {_places(one.free)} left free: {one.why}."
    allowed = RunSettings.read(config).duration * MINUTES
    if report.times is not None and report.times.p95 > allowed:
        yield (
            f"5% of participants take longer than {report.times.p95:.0f} minutes, but duration allows "
            f"{allowed:.0f}: increase duration."
        )


def _places(number: int) -> str:
    return "1 place" if number == 1 else f"{number} places"


def _about_money(report: PreflightReport, config: Settings, caps: Mapping[str, Cap]) -> Iterator[str]:
    hourly = report.hourly
    if hourly is not None and hourly.below_floor:
        yield (
            f"{hourly.below_floor} of {hourly.people} participants earn less than min_hourly_pay, "
            f"{format_money(hourly.floor or 0, currency_of(config))} per hour: increase base_payment."
        )
    if report.money.bonuses and config.get("max_bonus") is None:
        yield "max_bonus isn't set, so bonuses are unlimited: set it to the largest bonus that you will pay."
    for name, cap in caps.items():
        if not cap.holds:
            what = "recruitment would stop early" if name == "hard_cap" else "you would be notified"
            yield f"{name}: {cap.sentence}, so {what}."


def _about_prolific(config: Settings) -> Iterator[str]:
    """Report settings that Prolific would reject at the launch."""
    if "prolific" in recruiter_names(config):
        try:
            read_settings(config)
        except ConfigError as error:
            yield from (f"Prolific: {line}" for line in str(error).splitlines())


def assumptions(pace: Pace, weight: Weight) -> list[str]:
    """Describe what was assumed rather than measured."""
    people = (
        f"Participants arrive {pace.arrival:.0f} s after a place opens, read instructions for "
        f"{pace.instructions:.0f} s, and take {pace.answer:.0f} s per answer, plus 1 s per "
        f"{pace.words_read:.0f} words that they read and {1 / pace.words_typed:.1f} s per word that they "
        f"type. The questionnaire takes {pace.questionnaire:.0f} s."
    )
    leaving = f"{pace.dropouts:.0%} of participants drop out."
    functions = (
        f"Functions have {MEMORY_GB * 1024:.0f} MB, take {SLOWER} times as long as on this machine, and wait "
        f"{DYNAMODB_CALL * 1000:.0f} ms for each DynamoDB call."
    )
    browser = (
        f"A browser loads {weight.pages} pages and {weight.files} files once, "
        f"{weight.bytes / 1024:.0f} KB in total."
    )
    return [people, leaving if pace.dropouts else "No participant drops out.", functions, browser]
