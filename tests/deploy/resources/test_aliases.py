"""All functions serve one release at a time: triggers call their alias, which moves for all or for none."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from chalicelib.messages import Lane
from infra.aws.account.names import FUNCTIONS, Names
from infra.aws.account.session import Account
from infra.aws.deployed.releases import served_deployment
from infra.aws.lifecycle import deployment
from infra.aws.resources import websocket_stage
from infra.aws.resources.chalice_record import API_STAGE, mapping, rest_apis, websocket_apis
from infra.aws.resources.function_aliases import ALIAS, Aliases
from infra.aws.resources.post_deploy_settings import CONFIRMED
from infra.emulator.process.cloud import Cloud
from infra.emulator.services.functions import FunctionError, Functions, Machine, Packages
from infra.problems import OperatorProblem
from tests.deploy.app import at_home, deploy
from tests.deploy.conftest import Standing
from tests.deploy.resources.triggers import callers, triggers

GATEWAY, SCHEDULER = "apigateway.amazonaws.com", "events.amazonaws.com"


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cloud: Cloud) -> None:
    at_home(monkeypatch, tmp_path, cloud)


@pytest.fixture
def other_code(standing: Standing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The next deploy has other code."""
    del standing
    package = tmp_path / "other.zip"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", "other = True\n")
    monkeypatch.setattr(deployment, "build", lambda staged: package)
    return package


def served(account: Account, names: Names) -> dict[str, str]:
    """Return the code that each function serves, by its digest."""
    client = account.client("lambda")
    return {
        function: client.get_function_configuration(FunctionName=names.function(function), Qualifier=ALIAS)[
            "CodeSha256"
        ]
        for function in FUNCTIONS
    }


def unqualified(standing: Standing) -> list[str]:
    found = list(triggers(standing.cloud, standing.account, standing.names))
    assert {name.partition(":")[0] for _, name in found} == {
        standing.names.function(function) for function in FUNCTIONS
    }
    return [what for what, name in found if not name.endswith(f":{ALIAS}")]


def test_every_trigger_of_a_new_app_calls_an_alias(standing: Standing) -> None:
    assert unqualified(standing) == []


def test_every_trigger_calls_an_alias_after_the_next_deploy_too(standing: Standing) -> None:
    deploy(standing.account, standing.names)
    assert unqualified(standing) == []


def test_each_trigger_of_an_alias_has_permission_to_call_it(standing: Standing) -> None:
    found = callers(standing.account, standing.names, ALIAS)
    sockets = {name for name in FUNCTIONS if name.startswith("websocket")}
    assert found == {
        "api_handler": {GATEWAY},
        "on_tick": {SCHEDULER},
        **{function: {GATEWAY} for function in sockets},
    }


def test_a_trigger_without_permission_does_not_reach_a_function(standing: Standing) -> None:
    standing.account.client("lambda").create_alias(
        FunctionName=standing.names.function("on_tick"), Name="other", FunctionVersion="1"
    )
    with Packages() as packages, Functions(standing.cloud, Machine(), packages) as functions:
        assert (
            functions.named(f"{standing.names.function('on_tick')}:{ALIAS}", SCHEDULER).version != "$LATEST"
        )
        with pytest.raises(FunctionError, match="isn't permitted"):
            functions.named(f"{standing.names.function('on_tick')}:other", SCHEDULER)


def test_the_first_release_has_the_consumers_confirmation(standing: Standing) -> None:
    found = standing.account.client("lambda").get_function_configuration(
        FunctionName=standing.names.function("on_message"), Qualifier=ALIAS
    )
    assert found["Environment"]["Variables"][CONFIRMED] == "1"


def test_a_deploy_moves_all_functions_to_its_code(standing: Standing, other_code: Path) -> None:
    before = served(standing.account, standing.names)
    deploy(standing.account, standing.names)
    after = served(standing.account, standing.names)
    assert (len(set(before.values())), len(set(after.values()))) == (1, 1)
    assert before != after


#: Where a deploy is interrupted, in the order of its steps: the refused call, and how many such calls pass
#: before it.
STOPS = [
    ("lambda", "UpdateFunctionCode", 3),
    ("lambda", "UpdateFunctionConfiguration", 5),
    ("apigateway", "CreateDeployment", 0),
    ("apigatewayv2", "CreateDeployment", 0),
    ("lambda", "PublishVersion", 4),
    *[("lambda", "UpdateAlias", moved) for moved in range(len(FUNCTIONS))],
    ("apigateway", "UpdateStage", 2),
]


def test_deploys_that_stop_on_the_way_leave_the_release_before_them_everywhere(
    standing: Standing, other_code: Path
) -> None:
    """Each deploy passes the call at which the one before it stopped, and the last is complete."""
    account, names = standing.account, standing.names
    (api,) = rest_apis(account, names)

    def everywhere() -> tuple[dict[str, str], dict[str, str], str]:
        return served(account, names), Aliases(account, names).current(), served_deployment(account, api)

    before = everywhere()
    for service, operation, after in STOPS:
        standing.cloud.refuse((service, operation), after=after)
        with pytest.raises(OperatorProblem, match=operation):
            deploy(account, names)
        assert everywhere() == before, f"{operation} {after}"
        standing.cloud.refuse()
    deploy(account, names)
    assert len(set(served(account, names).values())) == 1
    assert served(account, names) != before[0]


def test_functions_that_are_moved_back_are_reported(standing: Standing, other_code: Path) -> None:
    standing.cloud.refuse(("lambda", "UpdateAlias"), after=3)
    with pytest.raises(OperatorProblem, match="All functions serve what they served before"):
        deploy(standing.account, standing.names)


def test_functions_that_can_not_be_moved_back_are_named(standing: Standing, other_code: Path) -> None:
    aliases = Aliases(standing.account, standing.names)
    before = aliases.current()
    # The sixth is refused, and then two of those that are moved back.
    standing.cloud.refuse(*[("lambda", "UpdateAlias")] * 3, after=5)
    with pytest.raises(OperatorProblem, match="could not be moved back"):
        aliases.move(dict.fromkeys(before, "1"))


def test_code_that_something_else_has_uploaded_meanwhile_is_not_published(
    standing: Standing, other_code: Path, tmp_path: Path
) -> None:
    account, names = standing.account, standing.names
    package = tmp_path / "as-deployed.zip"
    package.write_bytes(standing.cloud.package(names.function("on_tick")))
    account.client("lambda").update_function_code(
        FunctionName=names.function("on_tick"), ZipFile=other_code.read_bytes()
    )
    with pytest.raises(OperatorProblem, match="on_tick has other code than was just uploaded"):
        Aliases(account, names).publish(package, "test")


# -- apps that were deployed before aliases existed
# --------------------------------------------------------------------


@pytest.fixture
def older(standing: Standing) -> Standing:
    """An app of an older version of Petri: triggers call the functions themselves."""
    account, names = standing.account, standing.names
    functions, events = account.client("lambda"), account.client("events")
    for lane in Lane:
        found = mapping(account, names, lane)
        assert found is not None
        functions.update_event_source_mapping(UUID=found["UUID"], FunctionName=names.function("on_message"))
    (target,) = events.list_targets_by_rule(Rule=names.tick_rule)["Targets"]
    plain = {**target, "Arn": target["Arn"].removesuffix(f":{ALIAS}")}
    events.put_targets(Rule=names.tick_rule, Targets=[plain])
    _call_functions_themselves(account, names)
    for function in FUNCTIONS:
        name = names.function(function)
        functions.delete_alias(FunctionName=name, Name=ALIAS)
        for one in functions.list_versions_by_function(FunctionName=name)["Versions"][1:]:
            functions.delete_function(FunctionName=name, Qualifier=one["Version"])
        for service in (GATEWAY, SCHEDULER):
            functions.add_permission(
                FunctionName=name, StatementId=service[:4], Action="lambda:InvokeFunction", Principal=service
            )
    return standing


def _call_functions_themselves(account: Account, names: Names) -> None:
    gateway, sockets_gateway = account.client("apigateway"), account.client("apigatewayv2")
    (api,) = rest_apis(account, names)
    for resource in gateway.get_resources(restApiId=api, embed=["methods"], limit=500)["items"]:
        for method, one in resource.get("resourceMethods", {}).items():
            uri = one["methodIntegration"]["uri"].replace(f":{ALIAS}/", "/")
            gateway.put_integration(
                restApiId=api,
                resourceId=resource["id"],
                httpMethod=method,
                type="AWS_PROXY",
                integrationHttpMethod="POST",
                uri=uri,
            )
    gateway.create_deployment(restApiId=api, stageName=API_STAGE)
    (api,) = websocket_apis(account, names)
    for one in sockets_gateway.get_integrations(ApiId=api)["Items"]:
        uri = one["IntegrationUri"].replace(f":{ALIAS}/", "/")
        sockets_gateway.update_integration(ApiId=api, IntegrationId=one["IntegrationId"], IntegrationUri=uri)
    websocket_stage.publish(account, api)


def test_an_app_without_aliases_calls_its_functions_themselves(older: Standing) -> None:
    named = {what for what, _ in triggers(older.cloud, older.account, older.names)}
    assert set(unqualified(older)) == named


def test_an_app_without_aliases_gets_them_by_the_next_deploy(older: Standing, other_code: Path) -> None:
    deploy(older.account, older.names)
    assert unqualified(older) == []
    assert len(set(served(older.account, older.names).values())) == 1


def test_an_app_without_aliases_is_never_without_a_trigger_that_works(
    older: Standing, other_code: Path
) -> None:
    kept = mapping(older.account, older.names)
    older.cloud.refuse(("lambda", "UpdateAlias"))
    with pytest.raises(OperatorProblem):
        deploy(older.account, older.names)
    found = dict(triggers(older.cloud, older.account, older.names))
    with Packages() as packages, Functions(older.cloud, Machine(), packages) as functions:
        for what, name in found.items():
            caller = {"GET": GATEWAY, "POST": GATEWAY, "route": GATEWAY, "rule": SCHEDULER}
            assert functions.named(name, caller.get(what.split()[0], "")), what
    still = mapping(older.account, older.names)
    assert kept is not None
    assert still is not None
    assert still["UUID"] == kept["UUID"]
