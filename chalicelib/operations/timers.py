"""What the clock calls of an experiment: timers set by `after`, `@scheduled` functions, background tasks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Final

from chalicelib.experiment.hook_times import measured
from chalicelib.messages import RunTimer
from chalicelib.operations import budget
from chalicelib.operations.draws import drawing
from chalicelib.operations.unit import Unit

logger = logging.getLogger("petri.timers")

#: Counts the rings of each minute; earlier minutes are deleted when a new one begins.
COUNTERS: Final = "timers"
#: How many earlier minutes are deleted in one commit; there is one, mostly.
MOST_DELETED: Final = 40
#: What counts where timer_limit isn't set.
USUAL_LIMIT: Final = 6000
#: The operator is told of a chain that is too fast once in so many minutes.
TOLD_EACH: Final = 60


def ring(unit: Unit, method: str, arguments: dict[str, Any], chain: int = 0) -> None:
    """Call what `after` asked for; `chain`: how many timers rang before, each set by the one before."""
    unit.timer_chain = chain + 1
    with drawing(unit, None, f"timer|{method}"):
        function = getattr(unit.experiment, method)
        with measured(unit.experiment, function):
            function(**arguments)


def minutes_over_the_limit(unit: Unit) -> int:
    """Count the ring of a timer that a timer has set; return by how many minutes it has to be put off.

    A method that sets itself again without end would otherwise run as fast as the functions can. The limit
    is the whole run's, so the count is kept in the store.
    """
    minute = _minute(unit)
    key = (COUNTERS, f"{minute:012d}")
    count = unit.work.count_up(key)
    if count == 1:
        earlier = [item for item in unit.work.items(COUNTERS) if item["sk"] < key[1]]
        for item in earlier[:MOST_DELETED]:
            unit.work.delete_item((COUNTERS, item["sk"]))
    return (count - 1) // _limit(unit)


def put_off(unit: Unit, timer: RunTimer, minutes: int) -> None:
    """Post a timer again for a later minute, and tell the operator why."""
    unit.work.post(timer, due=unit.now + timedelta(minutes=minutes))
    text = (
        f"Timers that are set by timers rang more than {_limit(unit)} times in one minute "
        f"(timer_limit), so the rest is put off to the next minutes. The newest calls {timer.method}(), as "
        f"number {timer.chain + 1} of a chain. If no end is intended there, correct the method so that it "
        "stops calling after(), and deploy the experiment again. If your groups need this many timers, "
        "raise timer_limit."
    )
    logger.warning("%s", text)
    told = unit.work.state.get("told_of_timers")
    if told is None or _minute(unit) - int(told) >= TOLD_EACH:
        unit.work.state["told_of_timers"] = _minute(unit)
        budget.tell(unit, text)


def _limit(unit: Unit) -> int:
    return int(unit.config.get("timer_limit", USUAL_LIMIT))


def _minute(unit: Unit) -> int:
    return int(unit.now.timestamp()) // 60


def is_running(unit: Unit) -> bool:
    """Whether the experiment was launched: before, the clock calls nothing of it."""
    return bool(unit.work.state.get("launched"))


def has_background_tasks(unit: Unit) -> bool:
    """Whether the experiment runs and has tasks for each minute."""
    return is_running(unit) and bool(unit.experiment.background_tasks)


def call_scheduled(unit: Unit, name: str, function: Callable[..., Any], is_method: bool, minute: int) -> None:
    """Call one scheduled function for one minute of the clock."""
    unit.seed(None, f"scheduled|{name}", minute)
    with measured(unit.experiment, function):
        function(unit.experiment) if is_method else function()


def run_background_tasks(unit: Unit, minute: int) -> None:
    """Call the experiment's background tasks for one minute of the clock."""
    unit.seed(None, "background_tasks", minute)
    tasks: Iterable[Callable[[], Any]] = unit.experiment.background_tasks
    for task in tasks:
        task()
