"""Deploying a new app, an existing one, and one whose deploy was interrupted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chalicelib.messages import Lane
from infra.aws.account.lock import Lock
from infra.aws.account.names import FUNCTIONS, Names
from infra.aws.account.session import Account, connect
from infra.aws.deployed import deployment_info
from infra.aws.lifecycle.deployment import Deployment, DeploySpec, described
from infra.aws.lifecycle.rights import NEEDED
from infra.aws.resources.app_secrets import OperatorTokens
from infra.aws.resources.chalice_record import look_up, mapping
from infra.aws.resources.function_aliases import ALIAS
from infra.aws.resources.gateway_responses import ANSWERS
from infra.aws.resources.post_deploy_settings import (
    BURST,
    CONFIRMED,
    ENTRANCE_BURST,
    ENTRANCE_RATE,
    PARTIAL,
    SOCKET_BURST,
    PostDeploySettings,
)
from infra.emulator.process.cloud import OPERATOR, REGION, UNVERIFIED, Cloud
from infra.problems import OperatorProblem
from tests.deploy.app import DEMO, SETTINGS, Launches, Probes, Told, at_home, deploy
from tests.deploy.conftest import Standing
from tests.deploy.package.folders import CODE, author_folder


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cloud: Cloud) -> None:
    at_home(monkeypatch, tmp_path, cloud)


@pytest.fixture(scope="module")
def deployed(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One app that is deployed twice; the tests below look at it."""
    folder = tmp_path_factory.mktemp("deployed")
    with pytest.MonkeyPatch.context() as patch:
        at_home(patch, folder, cloud)
        before = len(cloud.calls())
        account, names, launches = connect(), Names("whole", "sandbox", REGION), Launches()
        order = DeploySpec(folder=DEMO, names=names, settings=SETTINGS)
        first = Deployment(account, order, Told(), launch=launches, probe=Probes()).run()
        second = Deployment(account, order, Told(), launch=launches, probe=Probes()).run()
        token = OperatorTokens().find(names, account.region)
    return account, names, first, second, launches, token, cloud.calls()[before:]


def test_deploying_again_leaves_every_address_as_it_was(deployed: Any) -> None:
    _, _, first, second, *_ = deployed
    assert second == first


def test_deploying_again_creates_nothing_twice(deployed: Any) -> None:
    account, names, *_ = deployed
    found = [each["name"] for each in look_up(account, names)]
    assert len(found) == len(set(found))


def test_everything_that_chalice_makes_is_found_again_without_its_record(deployed: Any) -> None:
    account, names, *_ = deployed
    kinds = [each["resource_type"] for each in look_up(account, names)]
    assert sorted(set(kinds)) == [
        "cloudwatch_event",
        "iam_role",
        "lambda_function",
        "log_group",
        "rest_api",
        "sqs_event",
        "websocket_api",
    ]


@pytest.mark.parametrize("kind", ["iam_role", "lambda_function", "log_group"])
def test_each_function_has_its_own_role_and_log_group(deployed: Any, kind: str) -> None:
    account, names, *_ = deployed
    assert sum(each["resource_type"] == kind for each in look_up(account, names)) == len(FUNCTIONS)


@pytest.mark.parametrize("lane", Lane)
def test_failures_of_each_queue_are_reported_message_by_message(deployed: Any, lane: Lane) -> None:
    account, names, *_ = deployed
    assert mapping(account, names, lane)["FunctionResponseTypes"] == PARTIAL


def test_each_lane_has_one_mapping_after_two_deploys(deployed: Any) -> None:
    account, names, *_ = deployed
    found = account.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    consumer = f":function:{names.function('on_message')}:{ALIAS}"
    own = [one["EventSourceArn"] for one in found if one["FunctionArn"].endswith(consumer)]
    assert sorted(arn.rpartition(":")[2] for arn in own) == sorted(names.queues.values())


def test_real_time_messages_are_handed_over_in_small_batches_without_a_window(deployed: Any) -> None:
    account, names, *_ = deployed
    found = mapping(account, names, Lane.REALTIME)
    assert found["BatchSize"] < mapping(account, names)["BatchSize"]
    assert not found.get("MaximumBatchingWindowInSeconds")


def test_the_mapping_of_real_time_messages_is_none_of_chalices(deployed: Any) -> None:
    account, names, *_ = deployed
    assert [one["queue"] for one in look_up(account, names) if "queue" in one] == [names.queue]


def test_the_consumer_works_when_its_mapping_is_confirmed(deployed: Any) -> None:
    account, names, *_ = deployed
    function = names.function("on_message")
    found = account.client("lambda").get_function_configuration(FunctionName=function)
    assert found["Environment"]["Variables"][CONFIRMED] == "1"


def test_the_consumer_may_be_called_by_what_it_sends(deployed: Any) -> None:
    account, names, *_ = deployed
    function = names.function("on_message")
    found = account.client("lambda").get_function_recursion_config(FunctionName=function)
    assert found["RecursiveLoop"] == "Allow"


def test_the_clock_is_disabled_until_the_app_enables_it(deployed: Any) -> None:
    account, names, *_ = deployed
    assert PostDeploySettings(account, names).rule_is_on() is False


def test_the_rest_api_is_bounded(deployed: Any) -> None:
    account, names, *_ = deployed
    api = next(each for each in look_up(account, names) if each["resource_type"] == "rest_api")
    stage = account.client("apigateway").get_stage(restApiId=api["rest_api_id"], stageName="api")
    assert stage["methodSettings"]["*/*"]["throttlingBurstLimit"] == BURST
    for route in ("~1participant", "~1load-participant"):
        assert stage["methodSettings"][f"{route}/POST"]["throttlingRateLimit"] == ENTRANCE_RATE
        assert stage["methodSettings"][f"{route}/POST"]["throttlingBurstLimit"] == ENTRANCE_BURST


def test_gateway_responses_take_effect_with_the_next_deployment(deployed: Any) -> None:
    made = [call.operation for call in deployed[-1] if call.service == "apigateway"]
    # Chalice overwrites the API in each of the two deploys.
    assert made.count("PutGatewayResponse") == 2 * len(ANSWERS)
    after = made[len(made) - made[::-1].index("PutGatewayResponse") :]
    assert after.count("CreateDeployment") == 1


def test_in_an_account_of_the_usual_size_real_time_messages_may_use_all_of_it(deployed: Any) -> None:
    account, names, *_ = deployed
    assert not mapping(account, names, Lane.REALTIME).get("ScalingConfig")


def test_a_burst_of_work_leaves_most_of_the_account_to_the_others(deployed: Any) -> None:
    account, names, *_ = deployed
    assert mapping(account, names)["ScalingConfig"] == {"MaximumConcurrency": 200}


def test_an_unverified_account_gets_the_text_for_aws_support(
    account: Account, names: Names, cloud: Cloud
) -> None:
    cloud.refuse(("cloudfront", "CreateDistribution"), message=UNVERIFIED)
    with pytest.raises(
        OperatorProblem, match=r"Contact AWS Support .*Please verify my account for CloudFront"
    ):
        deploy(account, names)
    assert deploy(account, names).site_url


def test_the_websocket_api_is_throttled_and_logged_without_contents(deployed: Any) -> None:
    account, names, *_ = deployed
    api = next(each for each in look_up(account, names) if each["resource_type"] == "websocket_api")
    gateway = account.client("apigatewayv2")
    stage = gateway.get_stage(ApiId=api["websocket_api_id"], StageName="api")
    assert stage["DefaultRouteSettings"]["ThrottlingBurstLimit"] == SOCKET_BURST
    assert "$context.routeKey" in stage["AccessLogSettings"]["Format"]
    assert "queryString" not in stage["AccessLogSettings"]["Format"]


def test_requests_are_logged_by_their_route(deployed: Any) -> None:
    account, names, *_ = deployed
    api = next(each for each in look_up(account, names) if each["resource_type"] == "rest_api")
    stage = account.client("apigateway").get_stage(restApiId=api["rest_api_id"], stageName="api")
    assert "$context.resourcePath" in stage["accessLogSettings"]["format"]


def test_the_apps_addresses_are_in_its_table(deployed: Any) -> None:
    account, names, first, *_ = deployed
    found = deployment_info.read(account, names)
    assert found is not None
    assert (found.site_url, found.rest_url) == (first.site_url, first.rest_url)
    assert found.dashboard_url == first.dashboard_url
    assert found.dashboard_url.endswith(".cloudfront.net/dashboard")
    assert not found.dashboard_url.startswith(first.site_url)
    assert found.deployed_by == account.identity.arn.rpartition(":")[2] != ""


def test_sockets_are_reached_under_https(deployed: Any) -> None:
    account, names, *_ = deployed
    assert deployment_info.demand(account, names).websocket_endpoint.startswith("https://")


def test_the_app_is_launched_with_the_operators_token(deployed: Any) -> None:
    _, _, first, _, launches, *_ = deployed
    assert launches.asked[0] == (first.rest_url, first.token)


def test_the_operators_token_is_kept_at_home(deployed: Any) -> None:
    _, _, first, _, _, token, _ = deployed
    assert token == first.token


def test_pages_are_in_the_bucket(deployed: Any) -> None:
    account, names, *_ = deployed
    bucket = names.site_bucket(account.number)
    found = account.client("s3").list_objects_v2(Bucket=bucket)["Contents"]
    assert "launch.html" in {each["Key"] for each in found}


def test_the_lock_is_free_afterwards(deployed: Any) -> None:
    account, names, *_ = deployed
    lock = Lock(account, names.keep_bucket(account.number))
    lock.take("test")
    lock.give_back()


#: Calls whose right has another name; None: it needs none.
RIGHTS = {
    ("s3", "DeleteObjects"): "DeleteObject",
    ("s3", "HeadBucket"): "ListBucket",
    ("s3", "ListObjectsV2"): "ListBucket",
    ("s3", "ListObjectVersions"): "ListBucketVersions",
    ("s3", "PutBucketEncryption"): "PutEncryptionConfiguration",
    ("s3", "PutObjectLockConfiguration"): "PutBucketObjectLockConfiguration",
    ("s3", "PutPublicAccessBlock"): "PutBucketPublicAccessBlock",
    ("dynamodb", "TransactWriteItems"): "PutItem",
    ("sts", "GetCallerIdentity"): None,
}


def test_deploying_calls_nothing_for_which_no_right_is_asked(deployed: Any) -> None:
    calls = {(call.service, call.operation) for call in deployed[-1] if call.caller == OPERATOR}
    of_names = {call for call in calls if not call[0].startswith("apigateway")}
    rights = {(service, RIGHTS.get((service, name), name)) for service, name in of_names}
    assert {right for right in rights if right[1] and right[1] not in NEEDED.get(right[0], ())} == set()


def test_a_dry_run_makes_nothing(account: Account, names: Names) -> None:
    described(Deployment(account, DeploySpec(folder=DEMO, names=names, settings=SETTINGS), Told()).steps())
    assert deployment_info.read(account, names) is None


def test_a_dry_run_names_what_would_be_made(account: Account, names: Names) -> None:
    lines = described(
        Deployment(account, DeploySpec(folder=DEMO, names=names, settings=SETTINGS), Told()).steps()
    )
    assert f"   makes table {names.table}" in lines


def test_a_deploy_loads_the_experiment_once_and_runs_the_steps_of_its_dry_run(
    account: Account, names: Names, tmp_path: Path
) -> None:
    loads = tmp_path / "loads.txt"
    # Chalice's process imports the staged copy too.
    note = f"with open({str(loads)!r}, 'a') as loads:\n    print(__file__, file=loads)\n"
    folder = author_folder(tmp_path / "double", {"experiment.py": CODE + note})
    told = Told()
    deploying = Deployment(
        account,
        DeploySpec(folder=folder, names=names, settings=SETTINGS),
        told,
        launch=Launches(),
        probe=Probes(),
    )
    deploying.run()
    assert loads.read_text().splitlines().count(str(folder / "experiment.py")) == 1
    assert told.steps == [step.name for step in deploying.steps()]


FAULTS = [
    ("cloudformation", "CreateStack", 0, "create table, queues, topics and buckets"),
    ("ssm", "PutParameter", 0, "store the secrets"),
    ("lambda", "CreateFunction", 2, "deploy functions and APIs with Chalice"),
    ("lambda", "CreateEventSourceMapping", 0, "connect queues and limits"),
    # The first is Chalice's own.
    ("lambda", "UpdateEventSourceMapping", 1, "connect queues and limits"),
    ("apigateway", "CreateDeployment", 0, "connect queues and limits"),
    ("cloudformation", "CreateStack", 0, "set up CloudFront"),
    ("lambda", "PublishVersion", 3, "publish versions and serve them"),
    ("lambda", "UpdateAlias", 2, "publish versions and serve them"),
    ("cloudfront", "CreateInvalidation", 0, "upload the pages"),
]


def test_a_deploy_that_is_interrupted_repeatedly_finishes_in_the_end(
    cloud: Cloud, account: Account, names: Names
) -> None:
    for service, operation, after, step in FAULTS:
        cloud.refuse((service, operation), after=after)
        with pytest.raises(OperatorProblem, match=rf"The step '{step}' failed: .*Run the same command again"):
            deploy(account, names)
    deploy(account, names)
    found = [each["name"] for each in look_up(account, names)]
    assert (len(found), found.count("rest_api"), found.count("websocket_api")) == (len(set(found)), 1, 1)


def test_ctrl_c_lets_the_next_deploy_finish(account: Account, names: Names) -> None:
    class Interrupting(Told):
        def tell(self, line: str) -> None:
            if line == "Creating Rest API":
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deploy(account, names, Interrupting())
    deploy(account, names)
    kinds = [each["resource_type"] for each in look_up(account, names)]
    assert (kinds.count("rest_api"), kinds.count("lambda_function")) == (1, len(FUNCTIONS))


def test_a_connection_that_is_lost_in_the_middle_is_reported_plainly(
    names: Names, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Cloud() as own:
        at_home(monkeypatch, tmp_path, own)
        monkeypatch.setattr("infra.aws.account.session.ATTEMPTS", 1)
        account = connect()

        class Losing(Told):
            def begin(self, number: int, total: int, name: str) -> None:
                super().begin(number, total, name)
                if name == "store the secrets":
                    own.close()

        with pytest.raises(OperatorProblem, match=r"'store the secrets' failed: AWS can't be reached"):
            deploy(account, names, Losing())


def test_concurrent_operators_have_different_locks(standing: Standing) -> None:
    Lock(standing.account, standing.names.keep_bucket(standing.account.number)).take("destroy")
    with pytest.raises(OperatorProblem, match=r"is working on this app \(destroy\)"):
        deploy(standing.account, standing.names)


def test_a_name_that_another_stack_has_is_refused(account: Account, names: Names) -> None:
    template = '{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}'
    account.client("cloudformation").create_stack(StackName=names.base_stack, TemplateBody=template)
    with pytest.raises(OperatorProblem, match=r"doesn't belong to this app\. Choose another --app"):
        deploy(account, names)


def test_a_spend_limit_without_an_address_is_refused_before_anything_is_created(
    account: Account, names: Names
) -> None:
    with pytest.raises(OperatorProblem, match="Give --alarm-email too"):
        deploy(account, names, spend_limit=5, settings={**SETTINGS, "contact_email_on_error": ""})


def test_a_lost_record_is_rebuilt(standing: Standing) -> None:
    account, names = standing.account, standing.names
    before = deployment_info.demand(account, names).rest_url
    account.client("s3").delete_object(
        Bucket=names.keep_bucket(account.number), Key=f"chalice/deployed/{names.stage}.json"
    )
    assert deploy(account, names).rest_url == before


def test_an_enabled_clock_stays_enabled(standing: Standing) -> None:
    PostDeploySettings(standing.account, standing.names).switch_rule(on=True)
    deploy(standing.account, standing.names)
    assert PostDeploySettings(standing.account, standing.names).rule_is_on() is True
