from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.ports import Transfer
from chalicelib.recruiters.mturk import MTurkRecruiter
from chalicelib.recruiters.mturk.requester import Requester
from infra.emulator.mturk import ACCESS_KEY, SECRET_KEY, TOPIC, MTurkStandIn

SETTINGS = {
    "title": "Stories",
    "description": "Read a story and tell it on.",
    "keywords": "psychology, memory",
    "base_payment": 1.5,
    "duration": 0.5,
    "lifetime": 24,
    "approve_requirement": 95,
}
BASE = "https://stories.example.org"


@pytest.fixture(scope="session")
def server() -> Iterator[MTurkStandIn]:
    with MTurkStandIn() as standin:
        yield standin


@pytest.fixture
def turk(server: MTurkStandIn) -> Iterator[MTurkStandIn]:
    server.reset()
    yield server
    assert server.defects == []


@pytest.fixture(scope="session")
def requester(server: MTurkStandIn) -> Iterator[Requester]:
    made = Requester("sandbox", ACCESS_KEY, SECRET_KEY, endpoint=server.url, attempts=1)
    yield made
    made.close()


@pytest.fixture
def build(turk: MTurkStandIn, requester: Requester) -> Callable[..., MTurkRecruiter]:
    def built(app_id: str = "run-1", topic: str | None = TOPIC, **settings: Any) -> MTurkRecruiter:
        config = {**SETTINGS, **settings}
        return MTurkRecruiter(requester, config, lambda: BASE, turk.clock, app_id=app_id, topic=topic)

    return built


@pytest.fixture
def recruiter(build: Callable[..., MTurkRecruiter]) -> MTurkRecruiter:
    return build()


@pytest.fixture
def assignment(turk: MTurkStandIn, recruiter: MTurkRecruiter) -> str:
    """A submitted assignment of worker A1."""
    hit_id = recruiter.recruit(3, "first", {}).recruiter_state["hits"][0]["id"]
    accepted = turk.market.accept("A1", hit_id)
    turk.market.submit(accepted)
    return accepted


def transfer(
    assignment_id: str, kind: str = "base", amount: str = "1.50", *, token: str = "", worker: str = "A1"
) -> Transfer:
    return Transfer(
        recruiter="mturk",
        participant_id=1,
        assignment_id=assignment_id,
        worker_id=worker,
        hit_id="H1",
        kind=kind,
        amount=Decimal(amount),
        reason="Well done",
        token=token or f"run-1-1-{kind}",
    )
