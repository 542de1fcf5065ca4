"""The requester's connection to Mechanical Turk: the sandbox or the live market."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import ConfigError
from chalicelib.operations.shared.settings import SettingsLike

from .mturk_errors import translated

#: Mechanical Turk's only region, wherever the experiment runs.
REGION = "us-east-1"
ENDPOINTS = {
    "sandbox": "https://mturk-requester-sandbox.us-east-1.amazonaws.com",
    "live": "https://mturk-requester.us-east-1.amazonaws.com",
}
WORKER_SITES = {"sandbox": "https://workersandbox.mturk.com", "live": "https://worker.mturk.com"}
#: The address to which a worker's browser submits an assignment.
SUBMIT_SITES = {"sandbox": "https://workersandbox.mturk.com", "live": "https://www.mturk.com"}
PAGE = 100
#: Timeouts in seconds for calls during which a participant waits to begin.
QUICK = 6


class Requester:
    """Calls Mechanical Turk. Errors are VendorErrors: TurkRefused, or VendorUnreachable."""

    def __init__(
        self,
        market: str,
        access_key_id: str | None = None,
        secret_access_key: str | None = None,
        *,
        endpoint: str | None = None,
        attempts: int = 2,
        read_timeout: float = 15,
    ) -> None:
        """`market`: sandbox or live, reached at `endpoint`; without keys, AWS's default credentials are used.

        A call with its attempts takes much less time than the lease of a payment.
        """
        self.market = market
        self._settings: dict[str, Any] = {
            "region_name": REGION,
            "endpoint_url": endpoint or ENDPOINTS[market],
            "aws_access_key_id": access_key_id,
            "aws_secret_access_key": secret_access_key,
        }
        self._attempts = attempts
        self._read_timeout = read_timeout

    def quick(self) -> Requester:
        """Return a requester with short timeouts, for calls during which a participant waits."""
        key, secret = self._settings["aws_access_key_id"], self._settings["aws_secret_access_key"]
        endpoint = self._settings["endpoint_url"]
        return Requester(self.market, key, secret, endpoint=endpoint, attempts=1, read_timeout=QUICK)

    @cached_property
    def _client(self) -> Any:
        # Lazy import: a function that only serves participants doesn't call Mechanical Turk.
        import boto3
        from botocore.config import Config

        retries: Any = {"total_max_attempts": self._attempts, "mode": "standard"}
        config = Config(
            retries=retries, connect_timeout=min(5, self._read_timeout), read_timeout=self._read_timeout
        )
        return boto3.client("mturk", config=config, **self._settings)

    @property
    def worker_site(self) -> str:
        """The site on which workers find HITs."""
        return WORKER_SITES[self.market]

    def ask(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Carry out one operation, named as in AWS's client: `create_hit`."""
        try:
            answer: dict[str, Any] = getattr(self._client, operation)(**parameters)
        except (ClientError, BotoCoreError) as error:
            worker = str(parameters.get("WorkerId") or next(iter(parameters.get("WorkerIds", ())), ""))
            # Without the cause, which would be logged too and may contain the worker's id.
            raise translated(error, operation, worker) from (None if worker else error)
        return answer

    def every(self, operation: str, key: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """Yield the entries under `key` of all pages of a list."""
        more: dict[str, Any] = {}
        while True:
            page = self.ask(operation, MaxResults=PAGE, **parameters, **more)
            yield from page.get(key, ())
            token = page.get("NextToken")
            if not token or not page.get(key):
                return
            more = {"NextToken": token}

    def close(self) -> None:
        """Close connections, if any were opened."""
        if "_client" in self.__dict__:
            self._client.close()


def connect(config: SettingsLike, market: str) -> Requester:
    """Connect with the requester's keys, which may belong to another account than the deployment's."""
    key, secret = (config.get(name, None) or None for name in ("aws_access_key_id", "aws_secret_access_key"))
    if (key is None) != (secret is None):
        missing = "aws_access_key_id" if key is None else "aws_secret_access_key"
        raise ConfigError(f"{missing} is not set, and its counterpart is; set both, or neither.")
    return Requester(market, key, secret)
