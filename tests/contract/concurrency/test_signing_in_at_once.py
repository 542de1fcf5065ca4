"""Sign-ins at the same moment, over each engine: what works once works once, and pauses aren't got around."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pyotp

from chalicelib.dashboard.sessions import Browser, begin_user_session
from chalicelib.errors import PetriError, TooManyTries, Unauthorized
from chalicelib.model import keys
from chalicelib.operations.accounts import passwords
from chalicelib.operations.accounts.credentials import one_time_codes, recovery_codes, sign_in_limits
from chalicelib.operations.shared.context import Context
from chalicelib.storage.engine import Engine
from tests.contract.accounts.people import People
from tests.contract.factories import at_once, not_launched

THREADS = 8
PASSWORD = "seven green bicycles sing"


def people_with_codes(engine: Engine) -> tuple[People, str, list[str]]:
    people = People(not_launched(engine))
    people.add("ada", "Viewer")
    people.do(passwords.set_password, "ada", PASSWORD)
    people.do(one_time_codes.begin_codes, "ada")
    secret = people.do(one_time_codes.new_secret, "ada")
    earlier = pyotp.TOTP(secret).generate_otp(int(people.app.clock.now().timestamp()) // 30 - 1)
    return people, secret, people.do(one_time_codes.confirm_codes, "ada", earlier)


def use_recovery(ctx: Context, code: str) -> None:
    if not recovery_codes.use_recovery_code(ctx, "ada", code):
        raise Unauthorized("used")


def use_code(ctx: Context, code: str) -> None:
    if not one_time_codes.use_code(ctx, "ada", code):
        raise Unauthorized("used")


def test_of_sign_ins_with_one_code_at_once_one_succeeds(shared: Engine) -> None:
    people, secret, codes = people_with_codes(shared)
    code = pyotp.TOTP(secret).at(people.app.clock.now())
    for use in (partial(use_recovery, code=codes[0]), partial(use_code, code=code)):
        sign_in = partial(
            people.app.run, begin_user_session, "ada", Browser(), how="password and code", within=use
        )
        outcomes = at_once([sign_in] * THREADS)
        assert Counter(type(each) for each in outcomes) == {str: 1, Unauthorized: THREADS - 1}
    assert people.do(recovery_codes.count_recovery_codes, "ada") == 9


def test_two_recovery_codes_at_once_are_both_used_up(shared: Engine) -> None:
    people, _, codes = people_with_codes(shared)
    uses = [partial(people.app.run, use_recovery, code) for code in codes]
    assert not any(isinstance(each, PetriError) for each in at_once(uses))
    assert people.do(recovery_codes.count_recovery_codes, "ada") == 0


def fail(ctx: Context, address: str) -> None:
    sign_in_limits.require_no_pause(ctx, "ada", address)
    sign_in_limits.count_failure(ctx, "ada", address)


def test_attempts_at_once_are_all_counted_and_end_in_a_pause(shared: Engine) -> None:
    people = People(not_launched(shared))
    outcomes = at_once([partial(people.app.run, fail, "192.0.2.7")] * 12)
    counted = sign_in_limits.FREE_FAILURES + 1
    assert Counter(type(each) for each in outcomes) == {type(None): counted, TooManyTries: 12 - counted}
    assert at_once([partial(people.app.run, fail, "203.0.113.9")]) == [None]


def test_failures_carry_the_moment_at_which_the_database_deletes_them(engine: Engine) -> None:
    people = People(not_launched(engine))
    people.app.run(fail, "192.0.2.7")
    (item,) = engine.query(keys.SIGN_IN_LIMITS)
    now = people.app.clock.now().timestamp()
    assert now + 86_300 < item["expires"] <= now + 86_400
