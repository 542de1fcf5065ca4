"""Messages in hand: which were being carried out when a process of this run ended, and how often.

SQS counts how often it hands a message out. That isn't how often the message was tried: Lambda may be
throttled, and a consumer that runs out of time hands messages back untried. So tries are counted in the store
(`begin`), from a message's second delivery on: most messages succeed in their first, which costs nothing.

Where the queue lives in the process itself, its count ends with the process, and a message whose hook ends
the process would do so after each start. So which message is in hand is stored before anything of the
experiment is called (`store_attempts`).
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
    """Count a try of a message at once, and return its number; `name`: of the message, or of its delivery."""
    return ctx.uow.increment_now(keys.attempts(name))


def forget(ctx: Context, name: str) -> None:
    """Delete the count of a message that is done."""
    ctx.uow.delete_item(keys.attempts(name))


def store_attempts(work: UnitOfWork, begun: Mapping[str, int]) -> None:
    """Store how often each of the messages in hand was begun, before any code of the author runs.

    This is done for each message of a local run, so it takes a unit of work and nothing more.
    """
    work.put_unconditional(_IN_HAND, "counter", {"begun": dict(begun)})
    work.commit()


def unfinished_attempts(ctx: Context) -> dict[str, int]:
    """Return what an earlier process had in hand when it ended, without messages that are done since."""
    stored = ctx.uow.item(_IN_HAND)
    begun: dict[str, int] = stored["begun"] if stored else {}
    return {name: count for name, count in begun.items() if _is_still_there(ctx, name)}


def _is_still_there(ctx: Context, name: str) -> bool:
    pk, _, sk = name.partition(_BETWEEN)
    return pk == TRANSIENT or ctx.uow.item((pk, sk)) is not None
