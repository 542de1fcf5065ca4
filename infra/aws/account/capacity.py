"""Estimates how many participants the account's Lambda concurrency supports.

A new account may run ten functions at once, until its owner has the quota raised. Requests above the quota
are throttled. Pages and bots retry, so nothing is lost, but participants wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .aws_errors import REFUSALS
from .session import Account

#: Below this quota, a study of moderate size already uses up the account's concurrency.
SMALL: Final = 100
#: Concurrency that the consumers of both queues, the clock and socket events may use at the same moment.
BESIDES_REQUESTS: Final = 6
#: Participants that one concurrent function can serve. A request takes a quarter of a second, cold starts
#: included, and a participant sends one every five seconds. Only a quarter of that is used, since
#: participants who arrive together send requests together.
PEOPLE_EACH: Final = 5
#: Lambda's limits for the concurrency of one queue's consumers.
FEWEST_CONSUMERS, MOST_CONSUMERS = 2, 1000
#: A queue's consumers may use this fraction (1 in N) of an account's concurrency.
SHARE_OF_CONSUMERS: Final = 5
QUOTA: Final = "Service Quotas, AWS Lambda, 'Concurrent executions'"


@dataclass(frozen=True)
class Capacity:
    """The account's Lambda concurrency in its region."""

    functions: int

    @property
    def is_small(self) -> bool:
        """Whether a study of moderate size already uses it up."""
        return self.functions < SMALL

    @property
    def people(self) -> int:
        """About how many simultaneous participants it supports."""
        return max(1, self.functions - BESIDES_REQUESTS) * PEOPLE_EACH

    @property
    def consumers(self) -> int:
        """The concurrency limit of the work lane; requests and real-time messages need room too.

        Otherwise a burst of payments or notifications would use the whole account's concurrency.
        """
        return min(MOST_CONSUMERS, max(FEWEST_CONSUMERS, self.functions // SHARE_OF_CONSUMERS))

    @property
    def realtime_consumers(self) -> int | None:
        """The concurrency limit of real-time messages; None: no limit."""
        return self.consumers if self.is_small else None

    @property
    def warning(self) -> str:
        """What the operator should know before participants arrive."""
        return (
            f"This account may run {self.functions} functions at once in this region, which supports about "
            f"{self.people} participants at a time; when more arrive, they wait. New accounts start with a "
            f"low quota. Request an increase before you recruit ({QUOTA}); that is free and takes up to a "
            "few days."
        )


def look_up(account: Account) -> Capacity | None:
    """Query Lambda for the account's concurrency; None without the right to read it."""
    try:
        settings = account.client("lambda").get_account_settings()
    except REFUSALS:
        return None
    return Capacity(int(settings["AccountLimit"]["ConcurrentExecutions"]))
