from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import requests

from infra.emulator.mturk import MTurkStandIn
from infra.local.moto.moto_engine import NewEngine, started
from tests.tools.answers import _quick_answers

from .prolific import API, Line
from .turk import Connection

__all__ = ["_quick_answers"]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """What fails on purpose is logged with its traceback, thousands of times."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="session")
def connection() -> Iterator[Connection]:
    """The product's client at Mechanical Turk; making one takes 100 ms."""
    with MTurkStandIn() as standin:
        made = Connection(standin)
        yield made
        made.requester.close()


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    """Carries the product's calls to Prolific without a socket."""
    made, ordinary = Line(), requests.Session.get_adapter

    def adapter(session: requests.Session, url: str) -> requests.adapters.BaseAdapter:
        return made if url.startswith(API) else ordinary(session, url)

    monkeypatch.setattr(requests.Session, "get_adapter", adapter)
    # What the environment says of proxies and passwords takes longer to read than all the rest of a call.
    monkeypatch.setattr(requests.sessions, "get_environ_proxies", lambda *_, **__: {})
    monkeypatch.setattr(requests.sessions, "get_netrc_auth", lambda *_, **__: None)
    return made


@pytest.fixture
def new_dynamodb() -> Iterator[NewEngine]:
    with started() as new_engine:
        yield new_engine
