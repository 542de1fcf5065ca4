"""Counts the attempts at each message, including those that ended their process.

SQS counts deliveries, which aren't attempts: Lambda may be throttled, and a consumer that runs out of time
returns messages without an attempt. So attempts are counted in the store (`begin`), from a message's second
delivery on: most messages succeed in the first, which then costs nothing.

Where the queue lives in the process itself, its count ends with the process, and a message whose hook ends
the process would end each new one. So the messages in progress are stored before any code of the experiment
is called (`store_attempts`).
"""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.model import keys
from chalicelib.operations.shared.context import Context
from chalicelib.ports import TRANSIENT, UnitOfWork

_IN_HAND = keys.counter("in-hand")
_BETWEEN = "|"


def attempt_name(key: tuple[str, str]) -> str:
    """Return the name under which attempts at a message are counted."""
    return _BETWEEN.join(key)


def begin(ctx: Context, name: str) -> int:
    """Count an attempt at once, and return its number; `name`: of the message, or of its delivery."""
    return ctx.uow.increment_now(keys.attempts(name))


def forget(ctx: Context, name: str) -> None:
    """Delete the attempt count of a message that is done."""
    ctx.uow.delete_item(keys.attempts(name))


def store_attempts(work: UnitOfWork, begun: Mapping[str, int]) -> None:
    """Store how often each message in progress has begun, before any code of the author runs.

    It runs for each message of a local run, so it needs a unit of work only.
    """
    work.put_unconditional(_IN_HAND, "counter", {"begun": dict(begun)})
    work.commit()


def unfinished_attempts(ctx: Context) -> dict[str, int]:
    """Return the messages that were in progress when an earlier process ended, except those done since."""
    stored = ctx.uow.item(_IN_HAND)
    begun: dict[str, int] = stored["begun"] if stored else {}
    return {name: count for name, count in begun.items() if _is_pending(ctx, name)}


def _is_pending(ctx: Context, name: str) -> bool:
    pk, _, sk = name.partition(_BETWEEN)
    return pk == TRANSIENT or ctx.uow.item((pk, sk)) is not None
