"""Sends to sockets through API Gateway's management API, several at a time.

See "Use @connections commands in your backend service" in AWS's documentation of API Gateway: a post to
a connection that no longer exists gets status 410 (GoneException).

botocore signs posts and urllib3 sends them, without a boto3 client in between: each took 0.8 ms of processor
time when measured, instead of 1.4, and a function has only part of a processor.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from botocore.session import Session

from chalicelib.errors import VendorError, VendorRefused

from .local_channels import check_length

#: Concurrent posts: with 10 ms a post, 500 subscribers are reached in a third of a second.
MAX_CONCURRENT = 16
#: The maximum number of attempts of a post that is throttled or fails at AWS, and the first pause in seconds.
MAX_ATTEMPTS = 3
BACKOFF_BASE = 0.05
#: The timeouts for connecting to API Gateway and for its response, in seconds.
TIMEOUT = urllib3.Timeout(connect=2.0, read=5.0)
SERVICE = "execute-api"
GONE, THROTTLED, FIRST_ERROR, FIRST_FAULT = 410, 429, 400, 500


class GatewayChannels:
    """Posts to connections with a bounded pool of kept-alive HTTP connections."""

    def __init__(self, endpoint: str, region: str, *, at_once: int = MAX_CONCURRENT) -> None:
        """`endpoint`: the https address of the WebSocket API's stage."""
        self._address = f"{endpoint.rstrip('/')}/@connections/"
        self._region = region
        self._session = Session()
        self._lines = urllib3.PoolManager(maxsize=at_once, block=True, retries=False, timeout=TIMEOUT)
        self._pool = ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="channels")

    def send(self, connection_ids: Sequence[str], text: str) -> list[str]:
        """Send a text to each connection; return those that are gone.

        VendorError when the text is too long, or when posts failed for another reason, after all others
        were sent.
        """
        data = text.encode()
        check_length(data)
        credentials = self._credentials()
        results = list(self._pool.map(lambda one: self._call("POST", one, data, credentials), connection_ids))
        failures = [result for result in results if isinstance(result, VendorError)]
        if failures:
            raise VendorError(
                f"{len(failures)} of {len(results)} posts to sockets failed: {failures[0]} "
                "The pages ask for their state again when they reconnect."
            ) from failures[0]
        return [one for one, result in zip(connection_ids, results, strict=True) if result == GONE]

    def disconnect(self, connection_id: str, code: int, reason: str) -> None:
        """Close a connection; API Gateway chooses the close code itself."""
        del code, reason
        result = self._call("DELETE", connection_id, b"", self._credentials())
        if isinstance(result, VendorError):
            raise VendorError(f"A socket couldn't be closed: {result}") from result

    def close(self) -> None:
        """Close threads and connections."""
        self._pool.shutdown()
        self._lines.clear()

    def _credentials(self) -> ReadOnlyCredentials:
        credentials = self._session.get_credentials()
        if credentials is None:
            raise VendorRefused("There are no AWS credentials to post to sockets with; give the role some.")
        return credentials.get_frozen_credentials()

    def _call(
        self, method: str, connection_id: str, data: bytes, credentials: ReadOnlyCredentials
    ) -> int | VendorError:
        """Make one call, with retries when AWS asks for them; return its status, or the error."""
        address = self._address + quote(connection_id, safe="")
        problem = ""
        for attempt in range(MAX_ATTEMPTS):
            if attempt:
                time.sleep(BACKOFF_BASE * 2 ** (attempt - 1))
            try:
                answer = self._lines.request(
                    method, address, body=data, headers=self._signed(method, address, data, credentials)
                )
            except urllib3.exceptions.HTTPError as error:
                problem = f"{type(error).__name__}: {error}."
                continue
            if answer.status == GONE or answer.status < FIRST_ERROR:
                return answer.status
            problem = f"{answer.status} {answer.headers.get('x-amzn-errortype', '')}: {answer.data[:200]!r}."
            if answer.status != THROTTLED and answer.status < FIRST_FAULT:
                break
        return VendorError(problem)

    def _signed(
        self, method: str, address: str, data: bytes, credentials: ReadOnlyCredentials
    ) -> dict[str, str]:
        request = AWSRequest(method, address, data=data)
        SigV4Auth(credentials, SERVICE, self._region).add_auth(request)
        return dict(request.headers.items())


class LazyGatewayChannels:
    """Looks up the WebSocket API's address when the first text is sent, since most functions send none."""

    def __init__(self, endpoint: Callable[[], str], region: str) -> None:
        """`endpoint` returns the https address of the WebSocket API's stage."""
        self._endpoint = endpoint
        self._region = region
        self._built: GatewayChannels | None = None

    def send(self, connection_ids: Sequence[str], text: str) -> list[str]:
        """Send a text to each connection; return those that are gone."""
        return self._channels().send(connection_ids, text)

    def disconnect(self, connection_id: str, code: int, reason: str) -> None:
        """Close a connection; one that is already gone is ignored."""
        self._channels().disconnect(connection_id, code, reason)

    def _channels(self) -> GatewayChannels:
        if self._built is None:
            self._built = GatewayChannels(self._endpoint(), self._region)
        return self._built
