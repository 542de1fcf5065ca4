"""Accounts with a low concurrency, and the responses to throttled requests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from chalicelib.errors import Busy
from chalicelib.messages import Lane
from chalicelib.web.responses import error_response
from infra.aws.account import capacity
from infra.aws.account.capacity import Capacity
from infra.aws.account.names import Names
from infra.aws.account.session import Account, connect
from infra.aws.resources import resource_inventory
from infra.aws.resources.chalice_record import look_up, mapping
from infra.aws.resources.gateway_responses import ANSWERS
from infra.cli.main import app as command_line
from infra.emulator.process.cloud import Cloud
from infra.emulator.services.api_gateway import RestApi
from infra.emulator.services.functions import Functions, Machine, Packages
from infra.lambda_events.gateway import HttpRequest
from tests.deploy.app import DEMO, at_home, deploy
from tests.deploy.conftest import Standing

LIVE = ("deploy", str(DEMO), "--app", "small")


@pytest.fixture
def small(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """A new account, with a concurrency of ten."""
    with cloud.copy() as own:
        at_home(monkeypatch, tmp_path, own)
        own.limit_concurrency(10)
        yield own


def call(*arguments: str, typed: str = "") -> Any:
    return CliRunner().invoke(command_line, [*arguments, "--no-preflight"], input=typed)


def said_by(*arguments: str, typed: str = "") -> str:
    return " ".join(call(*arguments, typed=typed).output.split())


def nothing_was_made() -> bool:
    return resource_inventory.find(connect(), Names("small", "live")) == []


@pytest.mark.usefixtures("small")
def test_a_live_deploy_into_a_new_account_says_how_many_participants_it_can_serve() -> None:
    said = said_by(*LIVE, typed="no\n")
    assert "may run 10 functions at once" in said
    assert "about 20 participants at a time" in said


@pytest.mark.usefixtures("small")
def test_nothing_is_created_unless_the_capacity_is_typed() -> None:
    assert call(*LIVE, typed="y\ny\n").exit_code == 1
    assert nothing_was_made()


@pytest.mark.usefixtures("small")
def test_the_option_yes_does_not_confirm_the_capacity() -> None:
    ended = call(*LIVE, "--yes")
    assert ended.exit_code == 1
    assert "--at-a-time 20" in str(ended.exception or "") + ended.output
    assert nothing_was_made()


@pytest.mark.usefixtures("small")
def test_more_participants_than_the_account_can_serve_are_refused() -> None:
    assert call(*LIVE, "--yes", "--at-a-time", "21").exit_code == 1
    assert nothing_was_made()


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("more", "typed"), [((), "20\nn\n"), (("--at-a-time", "20"), "n\n")])
def test_a_typed_capacity_leads_to_the_last_confirmation(more: tuple[str, ...], typed: str) -> None:
    assert "Deploy small (live)" in said_by(*LIVE, *more, typed=typed)


@pytest.mark.usefixtures("small")
def test_at_the_sandbox_the_operator_is_not_asked() -> None:
    assert "at a time" not in said_by("sandbox", str(DEMO), "--app", "small", typed="n\n")


def test_in_a_large_account_the_operator_is_not_asked(small: Cloud) -> None:
    small.limit_concurrency(1000)
    assert "at a time" not in said_by(*LIVE, typed="n\n")


def test_an_operator_who_may_not_ask_lambda_is_not_asked(small: Cloud) -> None:
    small.refuse(("lambda", "GetAccountSettings"))
    assert "at a time" not in said_by(*LIVE, typed="n\n")


def bounds(standing: Standing) -> list[Any]:
    """The concurrency limit of each lane's consumers, the work lane first."""
    found = [mapping(standing.account, standing.names, lane) for lane in (Lane.WORK, Lane.REALTIME)]
    return [(one or {}).get("ScalingConfig") for one in found]


def test_both_queues_leave_room_for_requests_in_a_small_account(standing: Standing) -> None:
    standing.cloud.limit_concurrency(10)
    deploy(standing.account, standing.names)
    assert bounds(standing) == [{"MaximumConcurrency": 2}, {"MaximumConcurrency": 2}]


def test_an_account_that_has_grown_is_used_up_to_its_new_size(standing: Standing) -> None:
    for functions in (10, 1000):
        standing.cloud.limit_concurrency(functions)
        deploy(standing.account, standing.names)
    work, realtime = bounds(standing)
    assert (work, realtime or {}) == ({"MaximumConcurrency": 200}, {})


@pytest.mark.parametrize(
    ("functions", "people", "consumers", "realtime"),
    [(1, 5, 2, 2), (10, 20, 2, 2), (50, 220, 10, 10), (99, 465, 19, 19), (1000, 4970, 200, None)],
)
def test_the_participants_that_an_account_supports(
    functions: int, people: int, consumers: int, realtime: int | None
) -> None:
    found = Capacity(functions)
    assert (found.people, found.consumers, found.realtime_consumers) == (people, consumers, realtime)


def test_an_account_of_unknown_capacity_is_treated_as_large() -> None:
    class Refusing:
        def client(self, _: str) -> Any:
            return self

        def get_account_settings(self) -> Any:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetAccountSettings")

    refusing: Any = Refusing()
    assert capacity.look_up(refusing) is None


def test_the_accounts_concurrency_is_read_from_lambda(account: Account) -> None:
    found = capacity.look_up(account)
    assert found is not None
    assert found.functions == 1000


# -- what API Gateway answers in place of the functions ------------------------------------------------


@pytest.fixture
def rest(standing: Standing) -> Iterator[tuple[RestApi, Functions]]:
    apis = [one for one in look_up(standing.account, standing.names) if one["resource_type"] == "rest_api"]
    with Packages() as packages, Functions(standing.cloud, Machine(), packages) as functions:
        yield RestApi(standing.cloud, functions, apis[0]["rest_api_id"], "api"), functions


def join() -> HttpRequest:
    return HttpRequest("POST", "/node/1", b"", ((b"host", b"example.org"),), b"", "127.0.0.1")


@pytest.mark.parametrize("where", ["stage", "function", "failure"])
def test_a_throttled_request_gets_retry_after(
    rest: tuple[RestApi, Functions], standing: Standing, where: str
) -> None:
    api, functions = rest
    if where == "stage":
        api.throttles = 1
    if where == "function":
        functions.named(standing.names.function("api_handler")).throttles = 1
    said = api.answer(join())
    body = json.loads(said.body)
    assert (said.status, body["error_code"], body["status"]) == (503, "busy", "error")
    assert int(said.header(b"retry-after") or 0) >= 1


def test_gateway_responses_have_the_format_of_the_apps_errors() -> None:
    shape = set(json.loads(error_response(Busy("x")).body))
    assert [set(json.loads(answer.body)) for answer in ANSWERS] == [shape] * len(ANSWERS)


def test_gateway_responses_contain_no_velocity_variables() -> None:
    # In a template `$` and `#` begin Velocity's own words.
    assert not [answer.kind for answer in ANSWERS if set("$#") & set(answer.body)]
