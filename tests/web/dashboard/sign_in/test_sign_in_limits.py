"""Pauses after failed attempts to sign in."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.errors import TooManyTries
from chalicelib.operations.accounts.credentials.sign_in_limits import (
    FREE_FAILURES,
    LONGEST_PAUSE,
    count_failure,
    forget_failures,
    pause_after,
    require_no_pause,
)
from chalicelib.operations.shared.context import Context
from tests.web.conftest import NewWorld
from tests.web.world import World


def attempt(ctx: Context, address: str, account: str = "ada") -> None:
    require_no_pause(ctx, account, address)
    count_failure(ctx, account, address)


def is_let_through(here: World, address: str, account: str = "ada") -> bool:
    try:
        here.app.run(attempt, address, account)
    except TooManyTries:
        return False
    return True


def test_pauses_double_up_to_a_quarter_of_an_hour() -> None:
    assert pause_after(FREE_FAILURES) == timedelta(0)
    pauses = [pause_after(FREE_FAILURES + number).total_seconds() for number in range(1, 12)]
    assert pauses == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]
    assert pause_after(10**9) == LONGEST_PAUSE


def test_of_ten_thousand_attempts_in_three_hours_few_are_let_through_and_the_owner_is_not_locked_out(
    world: NewWorld,
) -> None:
    here = world()
    let_through = 0
    for _ in range(10_000):
        let_through += is_let_through(here, "192.0.2.7")
        here.clock.turn(seconds=1)
    assert 15 < let_through < 30
    assert is_let_through(here, "203.0.113.9")
    assert is_let_through(here, "192.0.2.7", account="bob")


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.8", False),
        ("", "unknown", False),
    ],
)
def test_all_addresses_that_one_client_can_have_are_limited_together(
    world: NewWorld, one: str, other: str, *, is_same: bool
) -> None:
    here = world()
    while is_let_through(here, one):
        pass
    assert is_let_through(here, other) is not is_same


def test_neither_names_nor_addresses_are_stored(world: NewWorld) -> None:
    here = world()
    is_let_through(here, "192.0.2.7", account="adalovelace")
    stored = str(here.items("sign_in_limit"))
    assert ("adalovelace" in stored, "192.0.2" in stored) == (False, False)


def test_failures_are_forgotten_after_a_day_and_their_records_deleted_by_later_ones(world: NewWorld) -> None:
    here = world()
    for number in range(200):
        is_let_through(here, f"198.51.100.{number}")
    while is_let_through(here, "192.0.2.7"):
        pass
    here.clock.turn(hours=25)
    assert is_let_through(here, "192.0.2.7")
    for number in range(200):
        is_let_through(here, f"203.0.113.{number}")
    assert len(here.items("sign_in_limit")) < 300


def test_a_sign_in_at_one_address_forgets_nothing_of_another(world: NewWorld) -> None:
    here = world()
    while is_let_through(here, "192.0.2.7"):
        pass
    here.app.run(forget_failures, "ada", "203.0.113.9")
    assert not is_let_through(here, "192.0.2.7")
