"""Creates clients of AWS's services with botocore alone: boto3 would slow down each cold start."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

#: Forms and links are signed with version 4, for the bucket's regional address, which pages may post to.
S3_SIGNING: Final[Mapping[str, Any]] = {
    "signature_version": "s3v4",
    "s3": {"us_east_1_regional_endpoint": "regional"},
}
#: Seconds that S3 may take to copy a large file: two attempts end before a worker's 120 seconds.
COPY_TIMEOUT: Final = 50


class AwsClients:
    """Creates a client for each service lazily, once, from one shared session."""

    def __init__(self, region: str, session: Any = None) -> None:
        """`session`: an existing botocore session, if any; a second one takes 12 MB."""
        self._region = region
        self._guard = threading.Lock()
        self._session = session
        self._clients: dict[str, Any] = {}

    def maker(self, service: str) -> Callable[[], Any]:
        """Return a function that returns the client of a service, such as sqs."""
        return lambda: self._get(service)

    def _get(self, service: str) -> Any:
        # botocore's sessions aren't thread-safe; its clients are.
        with self._guard:
            if service not in self._clients:
                self._clients[service] = self._make(service)
            return self._clients[service]

    def _make(self, service: str) -> Any:
        # Lazy import: code that calls no AWS service doesn't need botocore.
        from botocore.config import Config
        from botocore.session import Session

        if self._session is None:
            self._session = Session()
        # Two attempts that end before API Gateway's timeout of 29 seconds; the clock sends what fails.
        quick = Config(
            connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2, "mode": "standard"}
        )
        if service == "s3":
            quick = quick.merge(Config(**S3_SIGNING, read_timeout=COPY_TIMEOUT))
        return self._session.create_client(service, region_name=self._region, config=quick)
