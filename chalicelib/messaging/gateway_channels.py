"""Sockets of API Gateway: sent to through its management API, several at a time.

See "Use @connections commands in your backend service" in AWS's documentation of API Gateway: a post to
a connection that is no longer there is answered 410 (GoneException).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.messaging.channels import check_length
from chalicelib.model.errors import VendorError

#: Posts under way at once: with 10 ms a post, 500 subscribers are reached in a third of a second.
AT_ONCE = 16


class GatewayChannels:
    """Posts to connections over a shared client with a bounded pool."""

    def __init__(self, endpoint: str, region: str, *, at_once: int = AT_ONCE) -> None:
        """`endpoint`: the https address of the WebSocket API's stage."""
        self._client: Any = boto3.client(
            "apigatewaymanagementapi",
            endpoint_url=endpoint,
            region_name=region,
            config=Config(max_pool_connections=at_once, retries={"max_attempts": 3, "mode": "standard"}),
        )
        self._pool = ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="channels")

    def send(self, connection_ids: Sequence[str], text: str) -> list[str]:
        """Send a text to each connection; return those that are gone.

        VendorError when the text is too long, or when posts failed for another reason, after all others
        were made.
        """
        data = text.encode()
        check_length(data)
        results = list(self._pool.map(lambda one: self._post(one, data), connection_ids))
        failures = [result for result in results if isinstance(result, Exception)]
        if failures:
            raise VendorError(
                f"{len(failures)} of {len(results)} posts to sockets failed: {failures[0]}. "
                "The pages ask for their state again when they reconnect."
            ) from failures[0]
        return [one for one, result in zip(connection_ids, results, strict=True) if result == "gone"]

    def _post(self, connection_id: str, data: bytes) -> str | Exception:
        try:
            self._client.post_to_connection(ConnectionId=connection_id, Data=data)
        except self._client.exceptions.GoneException:
            return "gone"
        except (ClientError, BotoCoreError) as error:
            return error
        return "sent"

    def disconnect(self, connection_id: str, code: int, reason: str) -> None:
        """Close a connection; API Gateway chooses the close code itself."""
        del code, reason
        try:
            self._client.delete_connection(ConnectionId=connection_id)
        except self._client.exceptions.GoneException:
            return
        except (ClientError, BotoCoreError) as error:
            raise VendorError(f"A socket couldn't be closed: {error}.") from error

    def close(self) -> None:
        """Let go of threads and connections."""
        self._pool.shutdown()
        self._client.close()
