"""Messages in hand: which were being carried out when a process of this run ended, and how often.

SQS counts how often it hands a message out. Where the queue lives in the process itself, its count ends with
the process, and a message whose hook ends the process would do so after each start. So the count is stored
before anything of the experiment is called.
"""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.ports import NUDGE

from .unit import Unit

_IN_HAND = ("counter", "in-hand")
_BETWEEN = "|"


def name_of(key: tuple[str, str]) -> str:
    """Return the name under which attempts at a message are counted."""
    return _BETWEEN.join(key)


def note(unit: Unit, begun: Mapping[str, int]) -> None:
    """Store how often each of the messages in hand was begun."""
    unit.work.put_anyway(_IN_HAND, "counter", {"begun": dict(begun)})


def left_over(unit: Unit) -> dict[str, int]:
    """Return what an earlier process had in hand when it ended, without messages that are done since."""
    stored = unit.work.item(_IN_HAND)
    begun: dict[str, int] = stored["begun"] if stored else {}
    return {name: count for name, count in begun.items() if _is_still_there(unit, name)}


def _is_still_there(unit: Unit, name: str) -> bool:
    pk, _, sk = name.partition(_BETWEEN)
    return pk == NUDGE or unit.work.item((pk, sk)) is not None
