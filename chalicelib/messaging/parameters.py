"""The app's secrets in SSM's Parameter Store: read when something needs them, however many ask at once.

SSM answers 40 requests a second in an account, and refuses the others. When a few hundred functions start in
the same second, each has to ask several times.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from chalicelib.model.errors import ConfigError

#: How often a parameter is asked for, and the longest pause before a try in seconds: it doubles from the
#: first to the longest, and each pause is drawn between nothing and this ("full jitter"), so that those who
#: were refused together don't come back together.
ATTEMPTS: Final = 12
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 4.0
#: What passes by itself.
PASSING: Final = frozenset(
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
    """Read a parameter that holds JSON; ConfigError, which repeats none of it, when it can't be had."""
    from botocore.exceptions import BotoCoreError, ClientError

    for attempt in range(ATTEMPTS):
        try:
            found = client.get_parameter(Name=name, WithDecryption=True)
        except (BotoCoreError, ClientError) as error:
            if attempt == ATTEMPTS - 1 or not _passes(error):
                raise ConfigError(
                    f"The app's secrets can't be read from {name} ({type(error).__name__}). {DEPLOY_AGAIN}"
                ) from error
            pause(_draw.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt)))
        else:
            kept: dict[str, Any] = json.loads(found["Parameter"]["Value"])
            return kept
    raise AssertionError("the last attempt has returned or raised")


def _passes(error: Exception) -> bool:
    """Whether another try may fare better: SSM is throttled or silent."""
    response: Mapping[str, Any] | None = getattr(error, "response", None)
    return response is None or response.get("Error", {}).get("Code") in PASSING
