"""Reads the app's secrets from SSM's Parameter Store lazily, with retries when SSM throttles.

SSM allows 40 requests a second in an account, and throttles the others. When a few hundred functions start in
the same second, each needs several attempts.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from chalicelib.errors import ConfigError

#: The maximum number of attempts, and the longest backoff in seconds: it doubles with each attempt, with full
#: jitter, so that functions that were throttled together don't retry together.
MAX_ATTEMPTS: Final = 12
BACKOFF_BASE, BACKOFF_MAX = 0.25, 4.0
#: Transient errors.
TRANSIENT_ERRORS: Final = frozenset(
    {
        "InternalServerError",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
DEPLOY_AGAIN: Final = "Deploy the app again with: petri deploy"
_draw = random.SystemRandom()

Pause = Callable[[float], None]


def read_secrets(client: Any, name: str, pause: Pause = time.sleep) -> dict[str, Any]:
    """Read a parameter that contains JSON; ConfigError, which repeats none of it, when it can't be read."""
    from botocore.exceptions import BotoCoreError, ClientError

    for attempt in range(MAX_ATTEMPTS):
        try:
            found = client.get_parameter(Name=name, WithDecryption=True)
        except (BotoCoreError, ClientError) as error:
            if attempt == MAX_ATTEMPTS - 1 or not _is_transient(error):
                raise ConfigError(
                    f"The app's secrets can't be read from {name} ({type(error).__name__}). {DEPLOY_AGAIN}"
                ) from error
            pause(_draw.uniform(0, min(BACKOFF_MAX, BACKOFF_BASE * 2**attempt)))
        else:
            kept: dict[str, Any] = json.loads(found["Parameter"]["Value"])
            return kept
    raise AssertionError("the last attempt has returned or raised")


def _is_transient(error: Exception) -> bool:
    """Whether a retry can succeed: SSM throttles or doesn't respond."""
    response: Mapping[str, Any] | None = getattr(error, "response", None)
    return response is None or response.get("Error", {}).get("Code") in TRANSIENT_ERRORS
