"""Vendors are asked for their accounts seldom, and by one thread at a time."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from chalicelib.errors import ConfigError, PetriError, VendorRefused
from chalicelib.ports.vendor_account import VendorAccount
from chalicelib.recruiters.account_cache import ACCOUNT_SECONDS, ERROR_SECONDS, AccountCache

ACCOUNT = VendorAccount("Prolific", "live", Decimal(5), [], has_older_listings=False, qualifications=[])
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Vendor:
    """A vendor that counts its questions."""

    def __init__(self) -> None:
        self.asked = 0
        self.time = 0.0
        self.cache = AccountCache(lambda: self.time)
        self.error: PetriError | None = None

    def answer(self) -> VendorAccount:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return ACCOUNT

    def ask(self) -> object:
        return self.cache.ask("prolific", lambda: NOON, self.answer)


def test_an_answer_is_kept_for_a_while() -> None:
    vendor = Vendor()
    first = vendor.ask()
    vendor.time = ACCOUNT_SECONDS - 1
    assert vendor.ask() is first
    assert vendor.asked == 1
    vendor.time = ACCOUNT_SECONDS
    vendor.ask()
    assert vendor.asked == 2


@pytest.mark.parametrize("error", [VendorRefused("Add money."), ConfigError("Set prolific_token.")])
def test_an_error_is_an_answer_that_is_kept_for_a_shorter_time(error: PetriError) -> None:
    vendor = Vendor()
    vendor.error = error
    found = vendor.ask()
    assert (found.account, found.problem, found.at) == (None, str(error), NOON)
    vendor.time = ERROR_SECONDS - 1
    assert vendor.ask() is found
    vendor.time, vendor.error = ERROR_SECONDS, None
    assert vendor.ask().account is ACCOUNT


def test_while_one_thread_asks_the_others_get_the_answer_before_and_do_not_wait() -> None:
    vendor = Vendor()
    asking, may_go_on = threading.Event(), threading.Event()

    def slowly() -> VendorAccount:
        asking.set()
        assert may_go_on.wait(20)
        return ACCOUNT

    thread = threading.Thread(target=vendor.cache.ask, args=("prolific", lambda: NOON, slowly))
    thread.start()
    assert asking.wait(20)
    assert vendor.ask() is None
    assert vendor.asked == 0
    may_go_on.set()
    thread.join()
    assert vendor.ask().account is ACCOUNT
    assert vendor.asked == 0
