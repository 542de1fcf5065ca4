"""Counts the AWS usage of a simulation."""

from __future__ import annotations

from collections import Counter
from typing import Final

#: A socket frame is charged per 32 KB, an SQS or SNS message per 64 KB, rounded up.
FRAME: Final = 32 * 1024
MESSAGE: Final = 64 * 1024
#: Overhead of a request or response in bytes: headers, cookies and TLS records.
AROUND: Final = 800

COUNTED: Final = (
    "api_requests",
    "api_bytes_in",
    "api_bytes_out",
    "socket_messages",
    "socket_connections",
    "socket_seconds",
    "socket_bytes_out",
    "sqs_requests",
    "sns_messages",
    "lambda_invocations",
    "dynamodb_calls",
    "dynamodb_read_units",
    "dynamodb_write_units",
    "clock_ticks",
)


class AwsUsage:
    """Counts AWS usage. Computing time is measured and varies between runs; counts are reproducible."""

    def __init__(self) -> None:
        """Start with all counts at zero."""
        self.counts: Counter[str] = Counter(dict.fromkeys(COUNTED, 0))
        #: Seconds that this machine spent in handlers.
        self.computing = 0.0
        #: Bytes that the platform logged; entries contain times, so this varies slightly between runs.
        self.log_bytes = 0
        self._starts: Counter[int] = Counter()

    def request(self, bytes_in: int, bytes_out: int) -> None:
        """Count a request to the API and its response."""
        self.counts["api_requests"] += 1
        self.counts["api_bytes_in"] += bytes_in + AROUND
        self.counts["api_bytes_out"] += bytes_out + AROUND

    def frame_in(self, size: int) -> None:
        """Count a frame that a page sent."""
        self.counts["socket_messages"] += begun(size, FRAME)

    def frame_out(self, size: int) -> None:
        """Count a frame sent to a page."""
        self.counts["socket_messages"] += begun(size, FRAME)
        self.counts["socket_bytes_out"] += size

    def connection(self) -> None:
        """Count a socket that was opened."""
        self.counts["socket_connections"] += 1

    def connected_for(self, seconds: float) -> None:
        """Add how long a socket was open."""
        self.counts["socket_seconds"] += round(seconds)

    def queue_call(self, size: int) -> None:
        """Count a call of SQS with a payload of so many bytes."""
        self.counts["sqs_requests"] += begun(size, MESSAGE)

    def report(self) -> None:
        """Count a notification that a recruiter sends through SNS."""
        self.counts["sns_messages"] += 1

    def invocation(self, moment: float, seconds: float) -> None:
        """Count a Lambda invocation: its start, and the seconds that this machine took."""
        self.counts["lambda_invocations"] += 1
        self.computing += seconds
        self._starts[int(moment)] += 1

    def dynamodb(self, take_counts: dict[str, int]) -> None:
        """Add the counts of a CountingEngine."""
        self.counts["dynamodb_calls"] += take_counts["calls"]
        self.counts["dynamodb_read_units"] += take_counts["read_units"]
        self.counts["dynamodb_write_units"] += take_counts["write_units"]

    @property
    def busiest_second(self) -> int:
        """The maximum number of invocations that started in one second."""
        return max(self._starts.values(), default=0)


def begun(size: int, step: int) -> int:
    """Return the size in steps, rounded up, at least 1."""
    return max(1, -(-size // step))
