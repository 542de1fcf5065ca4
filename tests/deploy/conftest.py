"""AWS as moto plays it, on loopback: one server for the tests of a process, an app of its own for each."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from infra.aws import steps
from infra.aws.account import Account, connect
from infra.aws.names import Names
from tests.tools.aws.cloud import Cloud

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    with Cloud() as played:
        yield played


@pytest.fixture
def account(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Account:
    """The operator's account, found as the commands find it."""
    for name, value in cloud.environment().items():
        monkeypatch.setenv(name, value)
    return connect()


@pytest.fixture
def names() -> Names:
    return Names(f"story{next(_NUMBERS)}", "sandbox")


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "pause", lambda seconds: None)
