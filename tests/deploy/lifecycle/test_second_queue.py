"""An app that was deployed with one queue gets the queue of real-time messages by being deployed again."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.messages import Lane
from infra.aws.account.names import Names
from infra.aws.account.session import Account, connect
from infra.aws.deployed.monitor import app_status as how_it_goes
from infra.aws.lifecycle import deployment
from infra.aws.lifecycle.destroy import DestroySpec, Teardown
from infra.aws.resources import resource_inventory
from infra.aws.resources.chalice_record import mapping
from infra.aws.resources.post_deploy_settings import CONFIRMED, PostDeploySettings
from infra.aws.resources.stack_templates import base_template
from infra.emulator.process.cloud import OPERATOR, REGION, Call, Cloud
from tests.deploy.app import Told, at_home, deploy
from tests.deploy.conftest import Standing

#: What came with the second queue, by its name in the template.
NEW = re.compile(r"^  (?:Realtime\w+):\n(?:    .*\n|\n)*", re.MULTILINE)


def one_queue_template(**given: Any) -> str:
    """The earlier base template."""
    made = NEW.sub("", base_template(**given))
    assert "Realtime" not in made
    return made


@pytest.fixture(scope="module")
def _one_queue(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cloud, Path, Names]]:
    """An AWS, which is only copied, with an app that was deployed with one queue."""
    folder, names = tmp_path_factory.mktemp("older"), Names("older", "sandbox", REGION)
    of_lane = PostDeploySettings._mapping
    with cloud.copy() as own:
        with pytest.MonkeyPatch.context() as patch:
            home = at_home(patch, folder, own)
            patch.setattr(deployment, "base_template", one_queue_template)
            patch.setattr(PostDeploySettings, "connect_realtime", lambda _: None)
            patch.setattr(PostDeploySettings, "_mapping", lambda self, _: of_lane(self, Lane.WORK))
            deploy(connect(), names)
            _forget_the_second_queue(connect(), names)
        yield own, home, names


def _forget_the_second_queue(account: Account, names: Names) -> None:
    functions = account.client("lambda")
    for function in deployment.FUNCTIONS:
        name = names.function(function)
        found = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        told = {key: value for key, value in found.items() if key != "PETRI_REALTIME_QUEUE"}
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": told})


@pytest.fixture
def older(
    _one_queue: tuple[Cloud, Path, Names], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Standing]:
    """An app with one queue: each test has its own copy of the cloud."""
    cloud, kept, names = _one_queue
    with cloud.copy() as own:
        home = at_home(monkeypatch, tmp_path / "older", own)
        shutil.copytree(kept, home, dirs_exist_ok=True)
        made = Standing(connect(), names, own)
        assert queues(made) == {names.queue, names.dead_queue}
        yield made


def environment(standing: Standing, function: str) -> dict[str, str]:
    found = standing.account.client("lambda").get_function_configuration(
        FunctionName=standing.names.function(function)
    )
    return dict(found["Environment"]["Variables"])


def queues(standing: Standing) -> set[str]:
    """Return the names of this app's queues; other tests leave apps of theirs in the same cloud."""
    found = standing.account.client("sqs").list_queues(QueueNamePrefix=standing.names.prefix)
    return {url.rpartition("/")[2] for url in found.get("QueueUrls", [])}


def made_since(standing: Standing, before: int) -> list[Call]:
    return [call for call in standing.cloud.calls()[before:] if call.caller == OPERATOR]


def test_it_is_deployed_again_and_has_both_queues(older: Standing) -> None:
    deploy(older.account, older.names)
    assert queues(older) == {*older.names.queues.values(), older.names.dead_queue}


def test_its_functions_know_the_second_queue(older: Standing) -> None:
    deploy(older.account, older.names)
    told = {environment(older, function)["PETRI_REALTIME_QUEUE"] for function in deployment.FUNCTIONS}
    assert told == {older.names.realtime_queue}


def test_its_consumer_takes_real_time_messages(older: Standing) -> None:
    deploy(older.account, older.names)
    found = mapping(older.account, older.names, Lane.REALTIME)
    assert found is not None
    assert (found["State"], found["FunctionResponseTypes"]) == ("Enabled", ["ReportBatchItemFailures"])


def test_its_consumer_works_all_the_while(older: Standing) -> None:
    assert PostDeploySettings(older.account, older.names).is_confirmed()
    deploy(older.account, older.names)
    assert environment(older, "on_message")[CONFIRMED] == "1"


def test_the_queue_is_there_before_any_function_can_post_to_it_and_its_mapping_comes_last(
    older: Standing,
) -> None:
    before = len(older.cloud.calls())
    deploy(older.account, older.names)
    order = [(call.service, call.operation) for call in made_since(older, before)]
    stack = order.index(("cloudformation", "UpdateStack"))
    functions = [place for place, call in enumerate(order) if call[1] == "UpdateFunctionCode"]
    assert stack < min(functions)
    assert max(functions) < order.index(("lambda", "CreateEventSourceMapping"))


def test_messages_that_wait_in_its_only_queue_stay_there(older: Standing) -> None:
    sqs = older.account.client("sqs")
    url = sqs.get_queue_url(QueueName=older.names.queue)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="a timer", DelaySeconds=0)
    deploy(older.account, older.names)
    (found,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert found["Body"] == "a timer"


def test_it_can_be_watched_and_destroyed_before_it_has_a_second_queue(older: Standing) -> None:
    assert how_it_goes(older.account, older.names).realtime == 0
    assert Teardown(older.account, DestroySpec(older.names, None), Told()).run() == []


# -- an app of two queues ---------------------------------------------------------------------------


def send(standing: Standing, queue: str, count: int) -> None:
    sqs = standing.account.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    for _ in range(count):
        sqs.send_message(QueueUrl=url, MessageBody="{}")


def test_messages_that_wait_are_counted_over_both_queues(standing: Standing) -> None:
    send(standing, standing.names.queue, 3)
    send(standing, standing.names.realtime_queue, 2)
    found = how_it_goes(standing.account, standing.names)
    assert (found.waiting, found.realtime) == (5, 2)
    assert "messages: 5 waiting (2 real-time)" in str(found)


def test_a_mapping_of_real_time_messages_that_is_all_that_is_left_is_found_and_deleted(
    standing: Standing,
) -> None:
    account, names = standing.account, standing.names
    assert f"mapping of queue {names.realtime_queue}" in resource_inventory.find(account, names)
    told = Told()
    resource_inventory.delete_functions(account, names, told.tell)
    assert f"the mapping of queue {names.realtime_queue} is deleted" in told.lines
    assert mappings(account, names) == []


def mappings(account: Any, names: Names) -> list[Any]:
    return [found for lane in Lane if (found := mapping(account, names, lane)) is not None]
