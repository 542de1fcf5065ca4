"""Secrets are read from SSM even when many functions start at the same moment."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from chalicelib.errors import ConfigError
from chalicelib.messaging.parameter_store import BACKOFF_MAX, MAX_ATTEMPTS, read_secrets

KEPT = {"secret": "s"}
#: Seconds of SSM's that pass in one second of the test.
HASTE = 10.0


class Throttling:
    """SSM with a limit of 40 requests in each second of its own clock."""

    def __init__(self, rate: float = 40.0) -> None:
        self._rate = rate
        self._left = rate
        self._at = time.monotonic()
        self._guard = threading.Lock()
        self.refused = 0

    def get_parameter(self, **_: Any) -> dict[str, Any]:
        with self._guard:
            now = time.monotonic()
            self._left = min(self._rate, self._left + (now - self._at) * HASTE * self._rate)
            self._at = now
            if self._left < 1:
                self.refused += 1
                raise refusal("ThrottlingException")
            self._left -= 1
        return {"Parameter": {"Value": json.dumps(KEPT)}}


class Scripted:
    """SSM with planned responses."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.asked = 0

    def get_parameter(self, **_: Any) -> dict[str, Any]:
        self.asked += 1
        if self._errors:
            raise self._errors.pop(0)
        return {"Parameter": {"Value": json.dumps(KEPT)}}


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "Rate exceeded"}}, "GetParameter")


def test_two_hundred_cold_starts_in_one_second_all_read_their_secrets() -> None:
    ssm, together = Throttling(), threading.Barrier(200)

    def start(number: int) -> dict[str, Any]:
        together.wait()
        time.sleep(number / 200 / HASTE)
        return read_secrets(ssm, "/petri/story/live/secrets", lambda seconds: time.sleep(seconds / HASTE))

    with ThreadPoolExecutor(200) as pool:
        assert list(pool.map(start, range(200))) == [KEPT] * 200
    assert ssm.refused > 0


def test_retries_use_exponential_backoff_with_jitter() -> None:
    pauses: list[float] = []
    ssm = Scripted(*[refusal("ThrottlingException")] * (MAX_ATTEMPTS - 1))
    assert read_secrets(ssm, "/x", pauses.append) == KEPT
    assert len(set(pauses)) == MAX_ATTEMPTS - 1
    assert max(pauses) <= BACKOFF_MAX
    assert pauses[0] <= 0.25


def test_a_lost_connection_is_retried() -> None:
    ssm = Scripted(EndpointConnectionError(endpoint_url="https://ssm"))
    assert read_secrets(ssm, "/x", lambda _: None) == KEPT


@pytest.mark.parametrize("code", ["ParameterNotFound", "AccessDeniedException"])
def test_a_permanent_error_is_raised_without_a_retry(code: str) -> None:
    ssm = Scripted(refusal(code))
    with pytest.raises(ConfigError, match="/petri/story/live/secrets"):
        read_secrets(ssm, "/petri/story/live/secrets", lambda _: None)
    assert ssm.asked == 1


def test_endless_throttling_is_raised_in_the_end() -> None:
    ssm = Throttling(rate=0)
    with pytest.raises(ConfigError, match="can't be read"):
        read_secrets(ssm, "/x", lambda _: None)
    assert ssm.refused == MAX_ATTEMPTS
