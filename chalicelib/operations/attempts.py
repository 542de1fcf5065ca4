"""Messages in hand: which were being carried out when a process of this run ended, and how often.

SQS counts how often it hands a message out. That isn't how often the message was tried: Lambda may be
throttled, and a consumer that runs out of time hands messages back untried. So tries are counted in the store
(`begin`), from a message's second delivery on: most messages succeed in their first, which costs nothing.

Where the queue lives in the process itself, its count ends with the process, and a message whose hook ends
the process would do so after each start. So which message is in hand is stored before anything of the
experiment is called (`note`).
"""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.ports import NUDGE, Key, UnitOfWork

from .unit import Unit

_IN_HAND = ("counter", "in-hand")
_BETWEEN = "|"


def name_of(key: tuple[str, str]) -> str:
    """Return the name under which attempts at a message are counted."""
    return _BETWEEN.join(key)


def begin(unit: Unit, name: str) -> int:
    """Count a try of a message at once, and return its number; `name`: of the message, or of its delivery."""
    return unit.work.count_up(_tries(name))


def forget(unit: Unit, name: str) -> None:
    """Delete the count of a message that is done."""
    unit.work.delete_item(_tries(name))


def _tries(name: str) -> Key:
    return "counter", f"tries#{name}"


def note(work: UnitOfWork, begun: Mapping[str, int]) -> None:
    """Store how often each of the messages in hand was begun, before any code of the author runs.

    This is done for each message of a local run, so it takes a unit of work and nothing more.
    """
    work.put_anyway(_IN_HAND, "counter", {"begun": dict(begun)})
    work.commit()


def left_over(unit: Unit) -> dict[str, int]:
    """Return what an earlier process had in hand when it ended, without messages that are done since."""
    stored = unit.work.item(_IN_HAND)
    begun: dict[str, int] = stored["begun"] if stored else {}
    return {name: count for name, count in begun.items() if _is_still_there(unit, name)}


def _is_still_there(unit: Unit, name: str) -> bool:
    pk, _, sk = name.partition(_BETWEEN)
    return pk == NUDGE or unit.work.item((pk, sk)) is not None
