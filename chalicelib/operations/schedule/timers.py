"""Calls the timed code of an experiment: timers set by `after`, `@scheduled` functions, background tasks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Final

from chalicelib.experiment.hook_timing import record_duration
from chalicelib.messages import RunTimer
from chalicelib.model import keys
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.operator_notices import notify_operator
from chalicelib.operations.shared.random_seeds import seeded_draws

logger = logging.getLogger("petri.timers")

#: How many earlier minutes are deleted in one commit; usually there is one.
MAX_DELETED: Final = 40
#: The operator is notified of a fast chain of timers at most once in this many minutes.
NOTIFY_INTERVAL_MINUTES: Final = 60


def call_timer(ctx: Context, method: str, arguments: dict[str, Any], chain: int = 0) -> None:
    """Call the method that `after` named; `chain`: how many timers came before, each set by the last."""
    ctx.timer_chain = chain + 1
    with seeded_draws(ctx, None, f"timer|{method}"):
        function = getattr(ctx.experiment, method)
        with record_duration(ctx.experiment, function):
            function(**arguments)


def minutes_over_the_limit(ctx: Context) -> int:
    """Count the call of a timer that a timer has set; return by how many minutes it has to be postponed.

    A method that sets itself again endlessly would otherwise run as fast as the functions can. The rate limit
    applies to the whole run, so the count is kept in the store.
    """
    minute = _minute(ctx)
    key = keys.timer_count(minute)
    count = ctx.uow.increment_now(key)
    if count == 1:
        earlier = [item for item in ctx.uow.items(keys.TIMERS) if item["sk"] < key[1]]
        for item in earlier[:MAX_DELETED]:
            ctx.uow.delete_item((keys.TIMERS, item["sk"]))
    return (count - 1) // ctx.settings.timer_limit


def postpone(ctx: Context, timer: RunTimer, minutes: int) -> None:
    """Post a timer again for a later minute, and notify the operator why."""
    ctx.uow.post(timer, due=ctx.now + timedelta(minutes=minutes))
    text = (
        f"Timers that set further timers were called more than {ctx.settings.timer_limit} times in one "
        f"minute (timer_limit), so the rest is postponed to the next minutes. The latest calls "
        f"{timer.method}(), as number {timer.chain + 1} of a chain. If the chain should end, fix the method "
        "so that it stops calling after(), and deploy the experiment again. If your groups need this "
        "many timers, raise timer_limit."
    )
    logger.warning("%s", text)
    notified = ctx.uow.state.get("told_of_timers")
    if notified is None or _minute(ctx) - int(notified) >= NOTIFY_INTERVAL_MINUTES:
        ctx.uow.state["told_of_timers"] = _minute(ctx)
        notify_operator(ctx, text)


def _minute(ctx: Context) -> int:
    return int(ctx.now.timestamp()) // 60


def is_launched(ctx: Context) -> bool:
    """Whether the experiment has been launched; before that, no timed code of it is called."""
    return bool(ctx.uow.state.get("launched"))


def has_background_tasks(ctx: Context) -> bool:
    """Whether the experiment has been launched and has background tasks."""
    return is_launched(ctx) and bool(ctx.experiment.background_tasks)


def call_scheduled(
    ctx: Context, name: str, function: Callable[..., Any], is_method: bool, minute: int
) -> None:
    """Call one scheduled function for one minute of the clock."""
    ctx.seed(None, f"scheduled|{name}", minute)
    with record_duration(ctx.experiment, function):
        function(ctx.experiment) if is_method else function()


def run_background_tasks(ctx: Context, minute: int) -> None:
    """Call the experiment's background tasks for one minute of the clock."""
    ctx.seed(None, "background_tasks", minute)
    tasks: Iterable[Callable[[], Any]] = ctx.experiment.background_tasks
    for task in tasks:
        task()
