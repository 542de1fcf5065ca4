"""One operator at a time works on an app."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.aws.account import lock as locks
from infra.aws.account.lock import HOLDS, Lock, held
from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.problems import OperatorProblem

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
LATER = NOW + HOLDS + timedelta(seconds=1)


@pytest.fixture
def bucket(account: Account, names: Names) -> str:
    name = names.keep_bucket(account.number)
    account.client("s3").create_bucket(Bucket=name)
    return name


def lock_at(account: Account, bucket: str, moment: datetime) -> Lock:
    return Lock(account, bucket, lambda: moment)


def test_concurrent_operators_have_different_locks(account: Account, bucket: str) -> None:
    lock_at(account, bucket, NOW).take("deploy")
    with pytest.raises(OperatorProblem, match=r"is working on this app \(deploy\)"):
        lock_at(account, bucket, NOW).take("destroy")


def test_a_released_lock_is_free(account: Account, bucket: str) -> None:
    first = lock_at(account, bucket, NOW)
    first.take("deploy")
    first.give_back()
    lock_at(account, bucket, NOW).take("deploy")


def test_a_lock_of_a_crashed_holder_is_taken_over_after_it_expires(account: Account, bucket: str) -> None:
    lock_at(account, bucket, NOW).take("deploy")
    lock_at(account, bucket, LATER).take("deploy")


def test_when_two_operators_take_over_at_once_one_is_refused(
    account: Account, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock_at(account, bucket, NOW).take("deploy")
    read = locks._Held.read

    def overtaken(body: bytes) -> locks._Held:
        monkeypatch.setattr(locks._Held, "read", read)
        lock_at(account, bucket, LATER).take("deploy")
        return read(body)

    monkeypatch.setattr(locks._Held, "read", overtaken)
    with pytest.raises(OperatorProblem, match="at the same moment"):
        lock_at(account, bucket, LATER).take("destroy")


def test_an_operator_who_lost_the_lock_stops(account: Account, bucket: str) -> None:
    first = lock_at(account, bucket, NOW)
    first.take("deploy")
    lock_at(account, bucket, LATER).take("deploy")
    with pytest.raises(OperatorProblem, match="took over this app"):
        first.renew()


def test_a_renewed_lock_holds_longer(account: Account, bucket: str) -> None:
    moments = [NOW, LATER]
    first = Lock(account, bucket, lambda: moments.pop(0))
    first.take("deploy")
    first.renew()
    with pytest.raises(OperatorProblem, match="is working on this app"):
        lock_at(account, bucket, LATER).take("deploy")


def test_ctrl_c_releases_the_lock(account: Account, bucket: str) -> None:
    with pytest.raises(KeyboardInterrupt), held(Lock(account, bucket), "deploy"):
        raise KeyboardInterrupt
    Lock(account, bucket).take("deploy")


def test_releasing_a_lock_whose_bucket_is_gone_does_nothing(account: Account, bucket: str) -> None:
    s3 = account.client("s3")
    with held(Lock(account, bucket), "destroy"):
        s3.delete_object(Bucket=bucket, Key=locks.KEY)
        s3.delete_bucket(Bucket=bucket)
    assert bucket not in {each["Name"] for each in s3.list_buckets()["Buckets"]}


@pytest.mark.parametrize("renewing", [False, True])
def test_a_retried_put_is_recognised_as_our_own_lock(
    account: Account, bucket: str, monkeypatch: pytest.MonkeyPatch, renewing: bool
) -> None:
    seconds = itertools.count()
    first = Lock(account, bucket, lambda: NOW + timedelta(seconds=next(seconds)))
    client = account.client("s3")
    put = client.put_object
    if renewing:
        first.take("deploy")

    def answer_is_lost(**given: Any) -> None:
        put(**given)
        # The client retries by itself.
        put(**given)

    with monkeypatch.context() as patch:
        patch.setattr(client, "put_object", answer_is_lost)
        first.renew() if renewing else first.take("deploy")
    first.check()
    first.give_back()
    lock_at(account, bucket, NOW + timedelta(minutes=1)).take("deploy")
