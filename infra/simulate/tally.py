"""What a trial asked of AWS, counted."""

from __future__ import annotations

from collections import Counter
from typing import Final

#: A frame of a socket is charged for every 32 KB begun; a message of SQS or SNS for every 64 KB.
FRAME: Final = 32 * 1024
MESSAGE: Final = 64 * 1024
#: Bytes around a request's or an answer's body: headers, cookies, the TLS records.
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
    """Counts what is asked. Seconds of computing are measured and differ from run to run; counts don't."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.counts: Counter[str] = Counter(dict.fromkeys(COUNTED, 0))
        #: Seconds in which this machine carried handlers out.
        self.computing = 0.0
        #: Bytes of log that the platform wrote; lines tell times, so they differ a little from run to run.
        self.log_bytes = 0
        self._starts: Counter[int] = Counter()

    def request(self, bytes_in: int, bytes_out: int) -> None:
        """Count a request to the API and its answer."""
        self.counts["api_requests"] += 1
        self.counts["api_bytes_in"] += bytes_in + AROUND
        self.counts["api_bytes_out"] += bytes_out + AROUND

    def frame_in(self, size: int) -> None:
        """Count a frame that a page sent."""
        self.counts["socket_messages"] += begun(size, FRAME)

    def frame_out(self, size: int) -> None:
        """Count a frame that a page was sent."""
        self.counts["socket_messages"] += begun(size, FRAME)
        self.counts["socket_bytes_out"] += size

    def connection(self) -> None:
        """Count a socket that was opened."""
        self.counts["socket_connections"] += 1

    def connected_for(self, seconds: float) -> None:
        """Add how long a socket was open."""
        self.counts["socket_seconds"] += round(seconds)

    def queue_call(self, size: int) -> None:
        """Count a call of SQS and the bytes that it carries."""
        self.counts["sqs_requests"] += begun(size, MESSAGE)

    def report(self) -> None:
        """Count a report that a recruiter sends through SNS."""
        self.counts["sns_messages"] += 1

    def invocation(self, moment: float, seconds: float) -> None:
        """Count a Lambda function's work: when it began, how long this machine took."""
        self.counts["lambda_invocations"] += 1
        self.computing += seconds
        self._starts[int(moment)] += 1

    def dynamodb(self, take_counts: dict[str, int]) -> None:
        """Add what a CountingEngine has counted."""
        self.counts["dynamodb_calls"] += take_counts["calls"]
        self.counts["dynamodb_read_units"] += take_counts["read_units"]
        self.counts["dynamodb_write_units"] += take_counts["write_units"]

    @property
    def busiest_second(self) -> int:
        """How many functions began in the busiest second."""
        return max(self._starts.values(), default=0)


def begun(size: int, step: int) -> int:
    """How many steps of this size are begun, one at least."""
    return max(1, -(-size // step))
