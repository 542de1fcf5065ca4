"""How many functions the account may run at once, and how many participants that carries.

A new account may run ten, until its owner has that raised. What comes beyond it is throttled: pages and bots
ask again, so nothing is lost, but people wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .errors import REFUSALS
from .session import Account

#: Below this an account is small: a study of some size fills it.
SMALL: Final = 100
#: What the consumers of both queues, the clock and sockets that come and go may take at the same moment.
BESIDES_REQUESTS: Final = 6
#: Participants whose requests one function answers, one after the other. A request takes a quarter of a
#: second with its cold starts, and a participant makes one in five seconds; a quarter of that is left, since
#: people who come together ask together.
PEOPLE_EACH: Final = 5
#: Bounds of Lambda's for a queue's consumers at the same moment.
FEWEST_CONSUMERS, MOST_CONSUMERS = 2, 1000
#: A queue's consumers may take one part in so many of an account.
SHARE_OF_CONSUMERS: Final = 5
QUOTA: Final = "Service Quotas, AWS Lambda, 'Concurrent executions'"


@dataclass(frozen=True)
class Capacity:
    """What an account may run at once in its region."""

    functions: int

    @property
    def is_small(self) -> bool:
        """Whether a study of some size fills it."""
        return self.functions < SMALL

    @property
    def people(self) -> int:
        """How many participants at a time it carries, about."""
        return max(1, self.functions - BESIDES_REQUESTS) * PEOPLE_EACH

    @property
    def consumers(self) -> int:
        """How many consumers of the work lane may run at once; requests and real-time messages need room.

        A burst of payments or reports would take the whole account otherwise, however large it is.
        """
        return min(MOST_CONSUMERS, max(FEWEST_CONSUMERS, self.functions // SHARE_OF_CONSUMERS))

    @property
    def realtime_consumers(self) -> int | None:
        """How many consumers of real-time messages may run at once; None: any number."""
        return self.consumers if self.is_small else None

    @property
    def warning(self) -> str:
        """What somebody should know before people come."""
        return (
            f"This account may run {self.functions} functions at once in this region, which carries about "
            f"{self.people} participants at a time; when more come, they wait. New accounts begin with few. "
            f"Have it raised before you recruit ({QUOTA}); that is free and takes up to a few days."
        )


def look_up(account: Account) -> Capacity | None:
    """Ask Lambda; None when it doesn't say, as for want of the right to ask."""
    try:
        told = account.client("lambda").get_account_settings()
    except REFUSALS:
        return None
    return Capacity(int(told["AccountLimit"]["ConcurrentExecutions"]))
