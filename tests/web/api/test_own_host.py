"""A deployed app serves its API only through the dashboard's distribution, which sends a secret header."""

from __future__ import annotations

import pytest

from chalicelib.access.origin_header import ORIGIN_HEADER, is_from_own_host
from tests.web.conftest import NewWorld
from tests.web.world import OPERATOR_TOKEN

KEYS = ("previous-key", "current-key", "next-key")


@pytest.mark.parametrize(("key", "status"), [*((key, 200) for key in KEYS), ("previous-ke", 404), ("", 404)])
def test_the_api_answers_404_without_the_key_of_the_distribution(
    world: NewWorld, key: str, status: int
) -> None:
    here = world()
    here.app.origin_keys = lambda: KEYS
    said = here.get("/api/v1/payments", token=OPERATOR_TOKEN, headers={ORIGIN_HEADER: key})
    assert said.status == status


def test_a_request_without_the_header_is_refused_without_reading_the_keys() -> None:
    def unread() -> tuple[str, ...]:
        raise AssertionError("the keys were read")

    assert not is_from_own_host({}, unread)


def test_a_key_that_is_not_ascii_is_refused() -> None:
    assert not is_from_own_host({ORIGIN_HEADER: "k\xe9y"}, lambda: KEYS)
