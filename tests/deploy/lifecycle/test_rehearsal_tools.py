"""The rehearsal's tools: stock Chalice on the emulator, and functions that can import only their package."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore
import pytest

from infra.emulator.process.cloud import REGION, Cloud
from infra.emulator.process.request_names import parse_request
from infra.emulator.services.api_gateway import RestApi
from infra.emulator.services.event_sources import Pollers, RuleTimer, until_empty
from infra.emulator.services.functions import FunctionError, Functions, Machine, Packages
from infra.lambda_events.gateway import HttpRequest

pytestmark = pytest.mark.e2e

APP = """
import os
from chalice import Chalice

app = Chalice(app_name="toy", configure_logs=False)
app.experimental_feature_flags.add("WEBSOCKETS")

@app.route("/seats/{number}", methods=["GET", "POST"])
def seats(number):
    import boto3
    return {"number": number}

@app.route("/where")
def where():
    import chalice, json
    return {"chalice": chalice.__file__, "root": os.environ["LAMBDA_TASK_ROOT"]}

@app.on_sqs_message(queue="toy-queue", batch_size=10)
def on_message(event):
    for one in event:
        word, _, left = one.body.partition(":")
        if word == "again" and int(left):
            send_again(int(left) - 1)
    bad = [one.to_dict() for one in event if one.body == "bad"]
    return {"batchItemFailures": [{"itemIdentifier": one["messageId"]} for one in bad]}

def send_again(left):
    # The package of this app is empty; the client is the one that is installed here.
    import sys
    sys.path.append(os.environ["SITE_PACKAGES"])
    from botocore.session import Session
    sqs = Session().create_client("sqs", region_name=os.environ["AWS_REGION"])
    url = sqs.get_queue_url(QueueName="toy-queue")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=f"again:{left}")

@app.schedule("rate(1 minute)")
def on_tick(event):
    print("tick", event.to_dict()["source"])

@app.on_ws_connect()
def on_connect(event):
    pass

@app.on_ws_message()
def on_socket_message(event):
    pass
"""
STAGE = {
    "environment_variables": {"SITE_PACKAGES": str(Path(botocore.__file__).parents[1])},
    "api_gateway_stage": "api",
    "lambda_memory_size": 512,
    "autogen_policy": False,
    "iam_policy_file": "policy.json",
}
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["logs:*"], "Resource": "*"}]}
CHALICE = "from chalice.cli import main; main()"


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with Cloud() as cloud:
        cloud.client("sqs").create_queue(QueueName="toy-queue")
        yield cloud


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    (folder / ".chalice").mkdir()
    (folder / "app.py").write_text(APP)
    (folder / "requirements.txt").write_text("")
    config = {"version": "2.0", "app_name": "toy", "automatic_layer": False, "stages": {"dev": STAGE}}
    (folder / ".chalice" / "config.json").write_text(json.dumps(config))
    (folder / ".chalice" / "policy.json").write_text(json.dumps(POLICY))
    return folder


def chalice(cloud: Cloud, folder: Path, verb: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", CHALICE, verb, "--stage", "dev"],
        cwd=folder,
        env={**os.environ, **cloud.environment()},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.fixture(scope="module")
def deployed(cloud: Cloud, folder: Path) -> list[dict[str, Any]]:
    chalice(cloud, folder, "deploy")
    record = json.loads((folder / ".chalice" / "deployed" / "dev.json").read_text())
    resources: list[dict[str, Any]] = record["resources"]
    return resources


@pytest.fixture(scope="module")
def packages() -> Iterator[Packages]:
    with Packages() as packages:
        yield packages


@pytest.fixture
def functions(cloud: Cloud, deployed: object, packages: Packages) -> Iterator[Functions]:
    with Functions(cloud, Machine(), packages) as functions:
        yield functions


def resource_of(deployed: list[dict[str, Any]], key: str) -> str:
    return str(next(one[key] for one in deployed if key in one))


def asked(path: str, method: str = "GET") -> HttpRequest:
    return HttpRequest(method, path, b"", ((b"host", b"example.org"),), b"", "127.0.0.1")


@pytest.fixture
def rest(cloud: Cloud, functions: Functions, deployed: list[dict[str, Any]]) -> RestApi:
    return RestApi(cloud, functions, resource_of(deployed, "rest_api_id"), "api")


def test_stock_chalice_deploys_every_resource(deployed: list[dict[str, Any]]) -> None:
    made = {one["resource_type"] for one in deployed}
    assert made == {
        "iam_role", "lambda_function", "rest_api", "websocket_api", "sqs_event", "cloudwatch_event"
    }  # fmt: skip


def test_a_deployed_path_reaches_its_function(rest: RestApi) -> None:
    assert json.loads(rest.answer(asked("/where")).body)["chalice"]


def test_a_path_that_is_not_deployed_is_forbidden_as_at_aws(rest: RestApi) -> None:
    assert rest.answer(asked("/nowhere")).status == 403


def test_a_method_that_is_not_deployed_is_forbidden_as_at_aws(rest: RestApi) -> None:
    assert rest.answer(asked("/where", "DELETE")).status == 403


def test_a_function_finds_nothing_that_its_package_lacks(rest: RestApi, functions: Functions) -> None:
    rest.answer(asked("/seats/7"))
    (function,) = functions.used
    assert "No module named 'boto3'" in function.log()


def test_a_function_imports_what_its_package_holds(rest: RestApi) -> None:
    told = json.loads(rest.answer(asked("/where")).body)
    assert told["chalice"].startswith(told["root"])


def test_a_message_that_failed_alone_comes_again_when_the_mapping_reports_items(
    cloud: Cloud, functions: Functions, deployed: list[dict[str, Any]]
) -> None:
    mapping = resource_of(deployed, "event_uuid")
    cloud.client("lambda").update_event_source_mapping(
        UUID=mapping, FunctionResponseTypes=["ReportBatchItemFailures"]
    )
    pollers = Pollers(cloud, functions)
    send(cloud, "good", "bad")
    with pollers:
        wait_for(lambda: len(pollers.failures) > 1)
    drain(cloud)
    assert len(set(pollers.failures)) == 1


def test_a_message_that_failed_is_lost_when_the_mapping_does_not_report_items(
    cloud: Cloud, functions: Functions, deployed: list[dict[str, Any]]
) -> None:
    mapping = resource_of(deployed, "event_uuid")
    cloud.client("lambda").update_event_source_mapping(UUID=mapping, FunctionResponseTypes=[])
    send(cloud, "bad")
    with Pollers(cloud, functions):
        assert until_empty(cloud, "toy-queue")


@pytest.mark.parametrize(("loops", "invocations"), [("Terminate", 16), ("Allow", 21)])
def test_lambda_stops_a_chain_at_sixteen_unless_the_function_allows_loops(
    cloud: Cloud, functions: Functions, deployed: object, loops: str, invocations: int
) -> None:
    name = "toy-dev-on_message"
    cloud.client("lambda").put_function_recursion_config(FunctionName=name, RecursiveLoop=loops)
    send(cloud, "again:20")
    with Pollers(cloud, functions) as pollers:
        wait_for(lambda: pollers.loops or functions.named(name).invocations == 21)
        assert until_empty(cloud, "toy-queue")
    assert (functions.named(name).invocations, len(pollers.loops)) == (invocations, int(invocations < 21))


def test_the_clock_ticks_while_its_rule_is_on(cloud: Cloud, functions: Functions) -> None:
    assert RuleTimer(cloud, functions, "toy-dev-on_tick-event").tick()


def test_the_clock_rests_while_its_rule_is_off(cloud: Cloud, functions: Functions, deployed: object) -> None:
    events = cloud.client("events")
    events.disable_rule(Name="toy-dev-on_tick-event")
    ticked = RuleTimer(cloud, functions, "toy-dev-on_tick-event").tick()
    events.enable_rule(Name="toy-dev-on_tick-event")
    assert not ticked


def test_a_handlers_error_is_reported(functions: Functions) -> None:
    with pytest.raises(FunctionError, match="KeyError"):
        functions.named("toy-dev-on_message").invoke({})


def test_stock_chalice_deploys_again_in_place(
    cloud: Cloud, folder: Path, deployed: list[dict[str, Any]]
) -> None:
    chalice(cloud, folder, "deploy")
    again = json.loads((folder / ".chalice" / "deployed" / "dev.json").read_text())["resources"]
    assert again == deployed


def test_stock_chalice_deletes_what_it_made(cloud: Cloud, folder: Path, deployed: object) -> None:
    chalice(cloud, folder, "delete")
    left = [
        *cloud.client("lambda").list_functions()["Functions"],
        *cloud.client("apigateway").get_rest_apis()["items"],
        *cloud.client("apigatewayv2").get_apis()["Items"],
        *cloud.client("events").list_rules()["Rules"],
        *cloud.client("iam").list_roles()["Roles"],
        *cloud.client("lambda").list_event_source_mappings()["EventSourceMappings"],
    ]
    assert left == []


def test_a_refused_call_fails_once(cloud: Cloud) -> None:
    cloud.refuse(("sqs", "ListQueues"))
    with pytest.raises(Exception, match="AccessDenied"):
        cloud.client("sqs").list_queues()
    assert cloud.client("sqs").list_queues()["QueueUrls"]


@pytest.mark.parametrize(
    ("signed", "method", "path", "query", "operation"),
    [
        ("s3", "PUT", "/bucket/a/key", "", "PutObject"),
        ("s3", "GET", "/bucket", "list-type=2&prefix=a", "ListObjectsV2"),
        ("s3", "GET", "/bucket", "versions=", "ListObjectVersions"),
        ("apigateway", "POST", "/restapis", "mode=import", "ImportRestApi"),
        ("apigateway", "POST", "/v2/apis/abc/deployments", "", "CreateDeployment"),
        ("lambda", "GET", "/2015-03-31/functions/abc/configuration", "", "GetFunctionConfiguration"),
        ("execute-api", "POST", "/@connections/abc", "", "PostToConnection"),
    ],
)
def test_a_call_is_named_by_what_is_on_the_line(
    signed: str, method: str, path: str, query: str, operation: str
) -> None:
    authorization = f"AWS4-HMAC-SHA256 Credential=ME/20260101/{REGION}/{signed}/aws4_request, ..."
    call = parse_request(authorization, "", method, path, query, b"")
    assert call is not None
    assert (call.caller, call.operation) == ("ME", operation)


def send(cloud: Cloud, *bodies: str) -> None:
    sqs = cloud.client("sqs")
    url = sqs.get_queue_url(QueueName="toy-queue")["QueueUrl"]
    for body in bodies:
        sqs.send_message(QueueUrl=url, MessageBody=body)


def drain(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    sqs.purge_queue(QueueUrl=sqs.get_queue_url(QueueName="toy-queue")["QueueUrl"])


def wait_for(is_so: Any) -> None:
    pause = threading.Event()
    while not is_so():
        pause.wait(0.02)
