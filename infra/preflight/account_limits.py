"""What the accounts allow, as far as the operator's credentials reach: one plain line for each thing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import boto3
from botocore.exceptions import BotoCoreError

from chalicelib.currency import format_money
from chalicelib.errors import ConfigError, VendorError
from chalicelib.operations.recruitment.quotas import recruiter_names
from chalicelib.operations.shared.settings import Settings
from chalicelib.recruiters.mturk.requester import Requester
from chalicelib.recruiters.mturk.requester import connect as connect_requester
from infra.aws.account.aws_errors import plainly
from infra.aws.account.session import Account, connect
from infra.problems import OperatorProblem

State = Literal["fine", "warning", "unknown"]
#: What a new account may run at once; many have this and don't know.
FEW_FUNCTIONS = 10


@dataclass(frozen=True)
class Allowed:
    """One thing that an account allows or doesn't."""

    what: str
    state: State
    said: str

    def __str__(self) -> str:
        return f"{self.what}: {self.said}"


@dataclass(frozen=True)
class Needs:
    """What a plan asks of the accounts."""

    #: Functions at the same moment.
    functions: int
    #: US dollars at the recruiter, expected and at the most; None: without bound.
    dollars: Decimal
    most_dollars: Decimal | None
    stage: Literal["sandbox", "live"]


@dataclass(frozen=True)
class AccountAccess:
    """How the accounts are reached."""

    aws: Callable[[], Account] = connect
    mturk: Callable[[Settings, str], Requester] = connect_requester


def allowed(config: Settings, needs: Needs, doors: AccountAccess | None = None) -> list[Allowed]:
    """Ask what the accounts allow; what can't be asked is said, and never raised."""
    doors = doors or AccountAccess()
    found = list(_of_aws(config, needs, doors))
    if "mturk" in recruiter_names(config):
        found.append(_balance(config, needs, doors))
    return found


def _of_aws(config: Settings, needs: Needs, doors: AccountAccess) -> Iterator[Allowed]:
    try:
        account = doors.aws()
    except OperatorProblem as problem:
        yield Allowed("AWS", "unknown", f"not asked. {problem}")
        return
    yield _guarded("Lambda", lambda: _functions(account, needs))
    if config.get("mailer") == "ses":
        yield _guarded("SES", lambda: _mail(account))


def _guarded(what: str, ask: Callable[[], Allowed]) -> Allowed:
    try:
        with plainly():
            return ask()
    except OperatorProblem as problem:
        return Allowed(what, "unknown", f"not known. {problem}")


def _functions(account: Account, needs: Needs) -> Allowed:
    limits: dict[str, Any] = account.client("lambda").get_account_settings()["AccountLimit"]
    most = int(limits.get("UnreservedConcurrentExecutions", limits["ConcurrentExecutions"]))
    said = f"{most} functions may run at once in {account.region}; this plan needs about {needs.functions}"
    if needs.functions > most:
        said += ". Ask AWS to raise the quota 'Concurrent executions', or let fewer people in at a time."
        return Allowed("Lambda", "warning", said)
    if most <= FEW_FUNCTIONS:
        said += ". That is the limit of a new account; ask AWS to raise it before many come at once."
        return Allowed("Lambda", "warning", said)
    return Allowed("Lambda", "fine", f"{said}.")


def _mail(account: Account) -> Allowed:
    told = account.client("sesv2").get_account()
    if not told.get("ProductionAccessEnabled"):
        said = (
            f"in the sandbox in {account.region}: only addresses that are verified there get mail. Verify "
            "contact_email_on_error, or ask AWS for production access."
        )
        return Allowed("SES", "warning", said)
    return Allowed("SES", "fine", f"may send mail to anybody from {account.region}.")


def _balance(config: Settings, needs: Needs, doors: AccountAccess) -> Allowed:
    what = "Mechanical Turk" if needs.stage == "live" else "Mechanical Turk's sandbox"
    if not _has_keys(config):
        said = "not asked: no requester's keys are set (aws_access_key_id, aws_secret_access_key)."
        return Allowed(what, "unknown", said)
    try:
        requester = doors.mturk(config, needs.stage)
        try:
            balance = Decimal(str(requester.ask("get_account_balance")["AvailableBalance"]))
        finally:
            requester.close()
    except (VendorError, ConfigError) as error:
        return Allowed(what, "unknown", f"the balance is not known. {error}")
    said = f"{format_money(balance)} can be spent; this plan costs about {format_money(needs.dollars)} there"
    if balance < needs.dollars:
        return Allowed(what, "warning", f"{said}. Put more money in before the launch.")
    if needs.most_dollars is not None and balance < needs.most_dollars:
        said += f", and up to {format_money(needs.most_dollars)} if everybody gets the largest bonus."
        return Allowed(what, "warning", said)
    return Allowed(what, "fine", f"{said}.")


def _has_keys(config: Settings) -> bool:
    if config.get("aws_access_key_id") or config.get("aws_secret_access_key"):
        return True
    try:
        return boto3.Session(profile_name=os.environ.get("AWS_PROFILE")).get_credentials() is not None
    except BotoCoreError:
        return False
