"""Checks the limits of the operator's AWS and Mechanical Turk accounts, as far as the credentials allow."""

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
#: The concurrency limit of many new AWS accounts.
FEW_FUNCTIONS = 10


@dataclass(frozen=True)
class Allowed:
    """The result of checking one limit of an account."""

    what: str
    state: State
    finding: str

    def __str__(self) -> str:
        return f"{self.what}: {self.finding}"


@dataclass(frozen=True)
class Needs:
    """What a run requires of the accounts."""

    #: Concurrent functions.
    functions: int
    #: US dollars at the recruiter, expected and at most; None: unlimited.
    dollars: Decimal
    most_dollars: Decimal | None
    stage: Literal["sandbox", "live"]


@dataclass(frozen=True)
class AccountAccess:
    """How the accounts are accessed."""

    aws: Callable[[], Account] = connect
    mturk: Callable[[Settings, str], Requester] = connect_requester


def allowed(config: Settings, needs: Needs, doors: AccountAccess | None = None) -> list[Allowed]:
    """Check the accounts' limits; what can't be checked is reported as unknown, never raised."""
    doors = doors or AccountAccess()
    found = list(_of_aws(config, needs, doors))
    if "mturk" in recruiter_names(config):
        found.append(_balance(config, needs, doors))
    return found


def _of_aws(config: Settings, needs: Needs, doors: AccountAccess) -> Iterator[Allowed]:
    try:
        account = doors.aws()
    except OperatorProblem as problem:
        yield Allowed("AWS", "unknown", f"not checked. {problem}")
        return
    yield _guarded("Lambda", lambda: _functions(account, needs))
    if config.get("mailer") == "ses":
        yield _guarded("SES", lambda: _mail(account))


def _guarded(what: str, ask: Callable[[], Allowed]) -> Allowed:
    try:
        with plainly():
            return ask()
    except OperatorProblem as problem:
        return Allowed(what, "unknown", f"unknown. {problem}")


def _functions(account: Account, needs: Needs) -> Allowed:
    limits: dict[str, Any] = account.client("lambda").get_account_settings()["AccountLimit"]
    most = int(limits.get("UnreservedConcurrentExecutions", limits["ConcurrentExecutions"]))
    message = (
        f"{most} concurrent functions allowed in {account.region}; this run needs about {needs.functions}"
    )
    if needs.functions > most:
        message += (
            ". Request a higher quota for 'Concurrent executions', or recruit fewer participants at a time."
        )
        return Allowed("Lambda", "warning", message)
    if most <= FEW_FUNCTIONS:
        message += (
            ". That is the limit of a new account; request a higher quota before many participants come at "
            "once."
        )
        return Allowed("Lambda", "warning", message)
    return Allowed("Lambda", "fine", f"{message}.")


def _mail(account: Account) -> Allowed:
    status = account.client("sesv2").get_account()
    if not status.get("ProductionAccessEnabled"):
        message = (
            f"in the sandbox in {account.region}, which sends only to verified addresses. Verify "
            "contact_email_on_error, or request production access."
        )
        return Allowed("SES", "warning", message)
    return Allowed("SES", "fine", f"can send email to any address from {account.region}.")


def _balance(config: Settings, needs: Needs, doors: AccountAccess) -> Allowed:
    what = "Mechanical Turk" if needs.stage == "live" else "Mechanical Turk's sandbox"
    if not _has_keys(config):
        message = "not checked. No requester credentials are set (aws_access_key_id, aws_secret_access_key)."
        return Allowed(what, "unknown", message)
    try:
        requester = doors.mturk(config, needs.stage)
        try:
            balance = Decimal(str(requester.ask("get_account_balance")["AvailableBalance"]))
        finally:
            requester.close()
    except (VendorError, ConfigError) as error:
        return Allowed(what, "unknown", f"the balance is unknown. {error}")
    message = f"the balance is {format_money(balance)}; this run costs about {format_money(needs.dollars)}"
    if balance < needs.dollars:
        return Allowed(what, "warning", f"{message}. Add funds before the launch.")
    if needs.most_dollars is not None and balance < needs.most_dollars:
        message += (
            f", and up to {format_money(needs.most_dollars)} if every participant gets the maximum bonus."
        )
        return Allowed(what, "warning", message)
    return Allowed(what, "fine", f"{message}.")


def _has_keys(config: Settings) -> bool:
    if config.get("aws_access_key_id") or config.get("aws_secret_access_key"):
        return True
    try:
        return boto3.Session(profile_name=os.environ.get("AWS_PROFILE")).get_credentials() is not None
    except BotoCoreError:
        return False
