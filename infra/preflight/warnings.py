"""What a scientist should know before the launch: places that stay empty, low pay, bots that failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from chalicelib.currency import currency_of, format_money
from chalicelib.errors import ConfigError
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
#: So many different problems of bots are told.
MOST_TOLD = 3


def unfilled(course: RunTrace, outcome: Outcome, size: Size) -> list[Unfilled]:
    """Name the networks with free places, each with what kept them free."""
    if size.planned > size.tried:
        # Those who were tried were never meant to fill them.
        return []
    return [
        Unfilled(network.id, network.type, network.free, _why(network.people, course, outcome, size))
        for network in outcome.networks
        if network.free
    ]


def _why(people: int, course: RunTrace, outcome: Outcome, size: Size) -> str:
    """Say what kept places free: the first of the reasons that holds."""
    ended = "recruitment was closed" if outcome.is_closed else "the experiment asked for nobody else"
    reasons: tuple[tuple[object, str], ...] = (
        (course.gave_up, "one bot after the other failed, so no more were sent"),
        (size.wants_more, f"only {size.tried} people came, and more would be recruited"),
        (not course.fared, "nobody is recruited"),
        (course.turned_away, f"recruitment was closed while {course.turned_away} were still to come"),
        (not people, "nobody was given a place there (get_network_for_participant chooses)"),
        (not outcome.recruits, "auto_recruit is off, so nobody else is asked for"),
        (any(_failed(one) for one in course.fared), "some bots failed and their places stayed empty"),
        (any(one.left for one in course.fared), "some people left and nobody came in their place"),
    )
    return next((why for holds, why in reasons if holds), f"{ended} after {size.tried} people")


def _failed(fared: BotResult) -> bool:
    return bool(fared.problems) or fared.never_ended


def warnings(
    report: PreflightReport, config: Settings, course: RunTrace, caps: Mapping[str, Cap]
) -> list[str]:
    """Put together what should be mended or known, in sentences."""
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
        yield f"It failed in {len(course.faults) - MOST_TOLD} more ways; petri debug shows all."
    never = sum(one.never_ended for one in course.fared)
    if never:
        yield f"{_of(never, report.tried)} never came to an end: look for what participate() waits for."
    problems = Counter(problem for one in course.fared for problem in one.problems)
    failed = sum(bool(one.problems) for one in course.fared)
    if failed:
        told = "; ".join(_problem(*one) for one in problems.most_common(MOST_TOLD))
        yield f"{_of(failed, report.tried)} failed: {told}"
    if course.gave_up:
        yield "No more bots were sent, since one after the other failed: the numbers are those of a part."
    if not course.fared:
        yield "Nobody was recruited: look at initial_recruitment_size and recruit()."


def _problem(said: str, times: int) -> str:
    return f"{said} ({times} times)" if times > 1 else said


def _of(number: int, tried: int) -> str:
    return f"{number} of {tried} bots"


def _about_people(report: PreflightReport, config: Settings) -> Iterator[str]:
    for one in report.unfilled:
        yield f"Network {one.network} ({one.type}) keeps {_places(one.free)} free: {one.why}."
    allowed = float(config.get("duration") or 1.0) * MINUTES
    if report.times is not None and report.times.p95 > allowed:
        yield (
            f"One in twenty takes longer than {report.times.p95:.0f} minutes, and duration allows "
            f"{allowed:.0f}: raise duration."
        )


def _places(number: int) -> str:
    return "1 place" if number == 1 else f"{number} places"


def _about_money(report: PreflightReport, config: Settings, caps: Mapping[str, Cap]) -> Iterator[str]:
    hourly = report.hourly
    if hourly is not None and hourly.below_floor:
        yield (
            f"{hourly.below_floor} of {hourly.people} people earn less than min_hourly_pay, "
            f"{format_money(hourly.floor or 0, currency_of(config))} an hour: raise base_payment."
        )
    if report.money.bonuses and config.get("max_bonus") is None:
        yield "max_bonus isn't set, so nothing bounds a bonus: set it to the largest that you mean to pay."
    for name, cap in caps.items():
        if not cap.holds:
            what = "recruitment would stop early" if name == "hard_cap" else "you would be told"
            yield f"{name}: {cap.told}, so {what}."


def _about_prolific(config: Settings) -> Iterator[str]:
    """Say what Prolific would refuse, which the launch would only find out there."""
    if "prolific" in recruiter_names(config):
        try:
            read_settings(config)
        except ConfigError as error:
            yield from (f"Prolific: {line}" for line in str(error).splitlines())


def assumptions(pace: Pace, weight: Weight) -> list[str]:
    """Say what was not measured but assumed."""
    people = (
        f"People come {pace.arrival:.0f} s after a place opens, read instructions for "
        f"{pace.instructions:.0f} s, take {pace.answer:.0f} s for an answer, 1 s for "
        f"{pace.words_read:.0f} words they read and {1 / pace.words_typed:.1f} s for a word they type, and "
        f"{pace.questionnaire:.0f} s for the questionnaire."
    )
    leaving = f"{pace.dropouts:.0%} of the people leave without a word."
    functions = (
        f"Functions have {MEMORY_GB * 1024:.0f} MB, take {SLOWER} times as long as this machine, and wait "
        f"{DYNAMODB_CALL * 1000:.0f} ms for each call of DynamoDB."
    )
    browser = (
        f"A browser loads {weight.pages} pages and {weight.files} files once, {weight.bytes / 1024:.0f} KB."
    )
    return [people, leaving if pace.dropouts else "Nobody leaves on the way.", functions, browser]
