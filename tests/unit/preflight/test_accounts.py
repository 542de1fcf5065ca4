"""Checks of account limits, against moto and the Mechanical Turk emulator."""

from __future__ import annotations

from decimal import Decimal

import boto3
import pytest
from botocore.stub import Stubber
from moto.server import ThreadedMotoServer

from chalicelib.operations.shared.settings import Settings
from chalicelib.recruiters.mturk.requester import Requester
from infra.aws.account.session import Account
from infra.emulator.mturk.standin import ACCESS_KEY, SECRET_KEY, MTurkStandIn
from infra.preflight.account_limits import AccountAccess, Needs, allowed
from infra.problems import OperatorProblem

NEEDS = Needs(functions=5, dollars=Decimal(40), most_dollars=Decimal(60), stage="live")


class Told(Account):
    """An account whose services return what a test sets."""

    def __init__(self, **answers):
        super().__init__(boto3.Session(region_name="us-east-1"))
        self._answers = answers

    def client(self, service, region=None):
        client = super().client(service, region)
        operation, answer = self._answers[service]
        stubber = Stubber(client)
        if isinstance(answer, str):
            stubber.add_client_error(operation, answer, f"not authorized to perform: {service}:Ask")
        else:
            stubber.add_response(operation, answer)
        stubber.activate()
        return client


def functions(most):
    return ("get_account_settings", {"AccountLimit": {"ConcurrentExecutions": most}})


def mail(*, produces):
    return ("get_account", {"ProductionAccessEnabled": produces})


def ask(config=None, needs=NEEDS, mturk=None, **answers):
    doors = AccountAccess(aws=lambda: Told(**answers), **({"mturk": mturk} if mturk else {}))
    return {one.what: one for one in allowed(Settings(config or {}), needs, doors)}


def test_enough_functions_are_fine():
    assert ask(**{"lambda": functions(1000)})["Lambda"].state == "fine"


def test_too_few_functions_are_warned_about():
    told = ask(needs=Needs(30, Decimal(0), None, "live"), **{"lambda": functions(20)})["Lambda"]
    assert told.state == "warning"
    assert "20 concurrent functions allowed in us-east-1; this run needs about 30" in told.finding


def test_the_limit_of_a_new_account_is_warned_about():
    assert "limit of a new account" in ask(**{"lambda": functions(10)})["Lambda"].finding


def test_a_missing_right_is_one_plain_line():
    told = ask(**{"lambda": ("get_account_settings", "AccessDeniedException")})["Lambda"]
    assert told.state == "unknown"
    assert "no right to lambda:Ask" in told.finding


def test_ses_in_its_sandbox_is_warned_about():
    answers = {"lambda": functions(1000), "sesv2": mail(produces=False)}
    assert "which sends only to verified addresses" in ask({"mailer": "ses"}, **answers)["SES"].finding


def test_ses_is_asked_only_where_mail_goes_through_it():
    assert "SES" not in ask({"mailer": "smtp"}, **{"lambda": functions(1000)})


def test_without_credentials_aws_is_not_asked():
    def without_credentials():
        raise OperatorProblem("No AWS credentials were found. Run aws configure.")

    found = allowed(Settings({}), NEEDS, AccountAccess(aws=without_credentials))
    assert [str(one) for one in found] == [
        "AWS: not checked. No AWS credentials were found. Run aws configure."
    ]


@pytest.fixture
def turk():
    with MTurkStandIn() as standin:
        yield standin


def balance_of(turk, dollars, needs=NEEDS):
    turk.reset(Decimal(dollars))
    config = {"recruiter": "mturk", "aws_access_key_id": "AK", "aws_secret_access_key": "SK"}
    door = lambda _, market: Requester(market, ACCESS_KEY, SECRET_KEY, endpoint=turk.url)  # noqa: E731 - a door of one line
    return ask(config, needs, door, **{"lambda": functions(1000)})["Mechanical Turk"]


def test_a_balance_that_lasts_is_fine(turk):
    assert str(balance_of(turk, 100)) == (
        "Mechanical Turk: the balance is $100.00; this run costs about $40.00."
    )


def test_a_balance_below_what_is_expected_is_warned_about(turk):
    assert "Add funds" in balance_of(turk, 39).finding


def test_a_balance_below_the_most_is_warned_about(turk):
    assert "up to $60.00" in balance_of(turk, 50).finding


def test_an_unreachable_market_is_one_plain_line():
    config = {"recruiter": "mturk", "aws_access_key_id": "AK", "aws_secret_access_key": "SK"}
    door = lambda _, market: Requester(market, "AK", "SK", endpoint="http://127.0.0.1:9", attempts=1)  # noqa: E731
    told = ask(config, NEEDS, door, **{"lambda": functions(1000)})["Mechanical Turk"]
    assert (told.state, told.finding.startswith("the balance is unknown.")) == ("unknown", True)


def test_half_of_the_keys_is_one_plain_line():
    config = {"recruiter": "mturk", "aws_access_key_id": "AK"}
    assert (
        "aws_secret_access_key is not set"
        in ask(config, **{"lambda": functions(1000)})["Mechanical Turk"].finding
    )


@pytest.fixture
def cloud(monkeypatch):
    """AWS as emulated by moto's server, found as the AWS CLI would find it."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    yield
    server.stop()


@pytest.mark.usefixtures("cloud")
def test_an_unreachable_cloud_is_reported_in_one_line():
    # moto knows the account, but not its function limits.
    (told,) = allowed(Settings({}), NEEDS, AccountAccess())
    assert (told.what, told.state) == ("Lambda", "unknown")
    assert "\n" not in told.finding
