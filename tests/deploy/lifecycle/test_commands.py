"""The commands on a deployed app, on the command line."""

from __future__ import annotations

import contextlib
import json
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner

from chalicelib.access.rights import ROLES, VIEWER
from chalicelib.dashboard import sessions
from chalicelib.errors import BadRequest
from chalicelib.identity.lab_assertions import new_key_pair
from chalicelib.model import keys
from chalicelib.version import VERSION
from infra.aws.account.names import Names
from infra.aws.account.session import Account, connect
from infra.aws.deployed import app_registry, archive_import, deployment_info
from infra.aws.deployed.archive_import import populate
from infra.aws.deployed.monitor import Logs, app_status
from infra.aws.deployed.run_session import opened
from infra.aws.lifecycle.rollback import listed
from infra.aws.resources import resource_inventory
from infra.aws.resources.app_secrets import OperatorTokens
from infra.books.lost_answers import DataPlaces, lost_answers
from infra.cli.commands.deploy.deploy_app import app_id_of, unpacked
from infra.cli.commands.write.import_book import table_of
from infra.cli.main import app as command_line
from infra.emulator.process.cloud import REGION, Cloud
from infra.lab import lab_connections
from infra.lab.lab_places import RunPlace
from infra.problems import OperatorProblem
from tests.deploy.app import DEMO, at_home, deploy
from tests.unit.export.runs import a_person, at_minute
from tests.unit.export.study_runs import a_response, an_answer

APP = Names("commands", "sandbox", REGION)


@dataclass(frozen=True)
class There:
    """An app that is deployed, the folder in which commands are called, and the account."""

    account: Account
    folder: Path
    #: A run's export, made on this machine.
    archive: Path


@pytest.fixture(scope="module")
def there(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[There]:
    folder = tmp_path_factory.mktemp("commands")
    with pytest.MonkeyPatch.context() as patch:
        at_home(patch, folder, cloud)
        patch.chdir(folder)
        debug = [str(DEMO), "--bots", "2", "--seed", "1", "--exit", "--id", "before", "--no-browser"]
        assert CliRunner().invoke(command_line, ["debug", *debug]).exit_code == 0
        archive = folder / "data" / "before-data.zip"
        account = connect()
        deploy(account, APP, archive=archive)
        yield There(account, folder, archive)


@pytest.fixture(autouse=True)
def _in_folder(there: There, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    at_home(monkeypatch, there.folder, cloud)
    monkeypatch.chdir(there.folder)


def call(*arguments: str, typed: str = "") -> Any:
    return CliRunner().invoke(command_line, list(arguments), input=typed)


def test_a_dry_run_lists_steps_and_resources(there: There) -> None:
    said = call("deploy", str(DEMO), "--app", "dry", "--dry-run").stdout
    assert "table petri-dry-live" in said


def test_a_dry_run_makes_nothing(there: There) -> None:
    call("deploy", str(DEMO), "--app", "dry", "--dry-run")
    assert resource_inventory.find(there.account, Names("dry", "live", REGION)) == []


def test_a_dry_run_of_an_update_shows_what_changes_in_each_stack(there: There) -> None:
    said = call("sandbox", str(DEMO), "--app", APP.app, "--price-class", "all", "--dry-run").stdout
    assert f"stack {APP.front_stack}:\n    changes Distribution (AWS::CloudFront::Distribution)" in said
    assert said.endswith("Dry run: nothing was changed.\n")


def test_the_changes_are_shown_before_the_question(there: There) -> None:
    options = ("--app", APP.app, "--price-class", "all", "--no-preflight")
    said = call("sandbox", str(DEMO), *options, typed="n\n")
    assert "What CloudFormation would change:" in said.stdout
    assert "Update it in place?" in said.stderr


def test_a_new_app_shows_no_changes(there: There) -> None:
    said = call("deploy", str(DEMO), "--app", "dry", "--dry-run").stdout
    assert "What CloudFormation would change" not in said


def test_a_deploy_that_is_not_confirmed_creates_nothing(there: There) -> None:
    call("sandbox", str(DEMO), "--app", "no", "--no-preflight", typed="n\n")
    assert resource_inventory.find(there.account, Names("no", "sandbox", REGION)) == []


def test_the_preflight_is_shown_before_the_question(there: There) -> None:
    said = call("sandbox", str(DEMO), "--app", "no", "-n", "2", typed="n\n")
    assert "AWS costs" in said.stdout


def test_apps_are_listed_with_their_state(there: There) -> None:
    rows = [line.split() for line in call("apps").stdout.splitlines()]
    assert any({"commands", "sandbox", "ready"} <= set(row) for row in rows)


def test_apps_are_listed_with_the_release_that_they_serve(there: There) -> None:
    release = listed(there.account, APP)[1]
    assert release is not None
    (row,) = [line for line in call("apps").stdout.splitlines() if "commands" in line and "\u2502" in line]
    cells = [cell.strip() for cell in row.split("\u2502")[1:-1]]
    assert cells[4:] == [str(release.number), release.when, VERSION]


@pytest.mark.parametrize("command", [("apps",), ("summary", "--app", APP.app)])
def test_the_address_of_the_dashboard_is_shown(there: There, command: tuple[str, ...]) -> None:
    address = deployment_info.demand(there.account, APP).dashboard_url
    assert address in call(*command).stdout


def test_a_link_signs_in_to_the_dashboard_of_a_deployed_app(there: There) -> None:
    said = call("dashboard", "--app", APP.app, "--stage", "sandbox", "--no-browser").stdout.strip()
    address, _, ticket = said.partition("/sign-in?ticket=")
    assert address == deployment_info.demand(there.account, APP).dashboard_url
    with opened(there.account, APP) as session:
        assert session.app.run(sessions.is_valid_ticket, ticket)


def test_an_invitation_leads_to_the_dashboard_of_a_deployed_app(there: There) -> None:
    said = call("users", "invite", "mary@example.org", "--role", "Viewer", "--app", APP.app)
    parts = urlsplit(deployment_info.demand(there.account, APP).dashboard_url)
    assert f"{parts.scheme}://{parts.netloc}/dashboard/invitation/" in said.stdout


def test_an_app_without_the_package_that_verifies_is_not_added_to_a_lab(there: There) -> None:
    place = RunPlace(APP.app, region=REGION)
    facts = lab_connections.LabFacts("lab", "Lab", "http://localhost:5000")
    with pytest.raises(OperatorProblem, match="lab_sign_in = true"):
        lab_connections._trust(place, facts, new_key_pair(), ROLES[VIEWER], retire_others=None)


def test_an_app_that_was_deployed_without_a_dashboard_gets_one_by_the_next_deploy(there: There) -> None:
    known = deployment_info.demand(there.account, APP)
    deployment_info.write(there.account, APP, replace(known, dashboard_url=""))
    ended = call("dashboard", "--app", APP.app, "--no-browser")
    deployment_info.write(there.account, APP, known)
    assert ended.exit_code == 1
    assert "Deploy it again, which adds one and keeps all data." in " ".join(ended.output.split())


def test_apps_are_listed_as_json(there: There) -> None:
    found = {each["app"]: each for each in json.loads(call("apps", "--json").stdout)}[APP.app]
    release = listed(there.account, APP)[1]
    assert release is not None
    assert (found["stage"], found["state"]) == ("sandbox", "ready")
    assert found["release"] == {
        "number": release.number,
        "deployed_at": release.at,
        "petri": VERSION,
        "experiment": release.version["experiment"],
        "rollback_to": None,
        "interrupted": False,
    }


def test_monitor_shows_the_release_that_is_served(there: There) -> None:
    release = listed(there.account, APP)[1]
    assert release is not None
    said = " ".join(call("monitor", "--app", APP.app, "--once").stdout.split())
    assert f"| release: {release.number} ({release.when}, Petri {VERSION})" in said


def test_monitor_prints_a_json_object_for_each_update(there: There) -> None:
    found = json.loads(call("monitor", "--app", APP.app, "--once", "--json").stdout)
    assert (found["participants"]["approved"], found["messages"]["waiting"]) == (2, 0)
    assert found["release"]["petri"] == VERSION


def test_monitor_shows_the_participants(there: There) -> None:
    assert "2 approved" in call("monitor", "--app", APP.app, "--once").stdout


def test_monitor_counts_dead_letters(there: There) -> None:
    sqs = there.account.client("sqs")
    url = sqs.get_queue_url(QueueName=APP.dead_queue)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    found = app_status(there.account, APP).dead
    sqs.purge_queue(QueueUrl=url)
    assert found == 1


@pytest.fixture
def logged(there: There) -> str:
    """Write a unique line to the consumer's log."""
    group, text = APP.log_group("on_message"), f"ERROR {time.monotonic_ns()}"
    logs = there.account.client("logs")
    logs.create_log_stream(logGroupName=group, logStreamName=text.replace(" ", "-"))
    event = {"timestamp": int(time.time() * 1000), "message": text}
    logs.put_log_events(logGroupName=group, logStreamName=text.replace(" ", "-"), logEvents=[event])
    return text


def test_logs_show_a_functions_lines(logged: str) -> None:
    assert f"on_message: {logged}" in call("logs", "--app", APP.app).stdout


def test_logs_of_another_function_leave_it_out(logged: str) -> None:
    assert logged not in call("logs", "--app", APP.app, "--function", "api").stdout


def test_logs_can_be_filtered(logged: str) -> None:
    assert logged not in call("logs", "--app", APP.app, "--filter", "WARNING").stdout


def test_a_function_that_is_not_there_is_named_with_those_that_are(there: There) -> None:
    assert "Use api" in call("logs", "--app", APP.app, "--function", "web").stderr


def test_followed_logs_show_each_line_once(there: There, logged: str) -> None:
    heard = app_registry.find(app_registry.AppLocation(APP.app))
    begin = datetime.now(UTC) - timedelta(minutes=1)
    lines = Logs(heard.account, APP).follow(begin)
    seen = []
    for line in lines:
        seen.append(line.id)
        if line.text == logged:
            break
    assert len(seen) == len(set(seen))


def test_an_invalid_duration_is_refused(there: There) -> None:
    assert "Use one such as 30s" in call("logs", "--app", APP.app, "--since", "soon").stderr


def test_the_data_of_a_deployed_app_is_exported(there: There) -> None:
    path = Path(call("export", "--app", APP.app).stdout.strip())
    with zipfile.ZipFile(path) as archive:
        assert archive.read("data/participant.csv").count(b"\n") == 3


def test_a_sandboxes_data_never_replaces_real_data(there: There) -> None:
    path = Path(call("export", "--app", APP.app).stdout.strip())
    assert path.name == "commands-sandbox-data.zip"


def test_an_export_of_a_deployed_app_contains_its_code(there: There) -> None:
    path = Path(call("export", "--app", APP.app).stdout.strip())
    with zipfile.ZipFile(path) as archive:
        assert "code.zip" in archive.namelist()


def test_the_code_of_an_export_can_be_deployed_again(there: There) -> None:
    path = Path(call("export", "--app", APP.app).stdout.strip())
    assert "table petri-again-sandbox" in call("sandbox", str(path), "--app", "again", "--dry-run").stdout


def test_the_code_of_an_export_is_unpacked_once(there: There, tmp_path: Path) -> None:
    home = app_registry.LocalRegistry(tmp_path)
    assert unpacked(there.archive, home) == unpacked(there.archive, home)


def test_a_deployed_app_is_summarized(there: There) -> None:
    assert "approved" in call("summary", "--app", APP.app).stdout


def test_a_deployed_run_is_worked_on_through_its_queue(there: There) -> None:
    call("close-recruitment", "--app", APP.app)
    assert app_status(there.account, APP).waiting > 0


def test_an_operation_on_a_deployed_run_keeps_no_secret_in_the_table(there: There) -> None:
    with opened(there.account, APP, here=True):
        found = there.account.client("dynamodb").get_item(
            TableName=APP.table, Key={"pk": {"S": "experiment"}, "sk": {"S": "secrets"}}
        )
    assert "Item" not in found


def test_an_operation_on_a_deployed_run_takes_the_token_from_ssm(there: There) -> None:
    with opened(there.account, APP, here=True) as office:
        assert office.app.tokens.operator_token == OperatorTokens().find(APP, REGION)


def test_an_archive_is_loaded_once(there: There) -> None:
    assert "since an earlier deploy" in populate(there.account, APP, there.archive)


def test_an_archive_is_not_loaded_into_a_table_with_a_run(there: There, tmp_path: Path) -> None:
    other = tmp_path / "other.zip"
    other.write_bytes(b"another")
    with pytest.raises(OperatorProblem, match="holds a run already"):
        populate(there.account, APP, other)


def test_an_interrupted_load_starts_over(there: There, monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names("halfload", "sandbox")
    deploy(there.account, names)

    def breaks_off(path: Path, engine: Any, files: Any) -> dict[str, int]:
        engine.increment(("counter", "participant"), 7)
        raise OperatorProblem("The connection to AWS was lost.")

    with monkeypatch.context() as patch:
        patch.setattr(archive_import, "load_zip", breaks_off)
        with pytest.raises(OperatorProblem):
            populate(there.account, names, there.archive)
    assert "2 participant" in populate(there.account, names, there.archive)


def test_an_app_is_found_without_this_machine_knowing_it(there: There, tmp_path: Path) -> None:
    found = app_registry.find(app_registry.AppLocation(APP.app), app_registry.LocalRegistry(tmp_path))
    assert found.names == APP


def test_a_command_on_an_unknown_app_lists_the_apps(there: There) -> None:
    assert "`petri apps` lists the apps of a region" in call(
        "monitor", "--app", "nobody", "--once"
    ).stderr.replace("\n", " ")


def test_an_app_in_both_stages_has_to_be_named_with_its_stage(there: There, tmp_path: Path) -> None:
    home = app_registry.LocalRegistry(tmp_path)
    for stage in ("sandbox", "live"):
        home.keep(app_registry.AppEntry("twice", stage, "1", "us-east-1", None, "x"))
    with pytest.raises(BadRequest, match="Say which with --stage"):
        app_registry.find(app_registry.AppLocation("twice"), home)


def test_destroying_wants_the_apps_name_typed(there: There) -> None:
    call("destroy", "--app", APP.app, typed="yes\n")
    assert deployment_info.read(there.account, APP) is not None


def test_a_dry_run_of_destroying_lists_its_steps(there: There) -> None:
    said = call("destroy", "--app", APP.app, "--dry-run").stdout
    assert "export the data" in said


@pytest.mark.parametrize(("folder", "app"), [("My Study_2", "my-study-2"), ("rogers", "rogers")])
def test_an_app_is_named_after_its_folder(folder: str, app: str) -> None:
    assert app_id_of(Path(folder)) == app


def test_answers_of_a_deployed_app_that_would_lose_their_question_are_found(there: There) -> None:
    engine = there.account.engine(APP.table)
    with contextlib.closing(engine), at_minute(engine, 1) as work:
        person = a_person(work, "reader")
        given = [an_answer("sure", "likert", 4), an_answer("fair", "likert", 2)]
        response = a_response(person.id, 1, "book/chance/chance", *given)
        work.put_item(keys.response(person.id, 1), response.kind, response.to_fields())
        work.commit()
    places = DataPlaces(there.folder, apps={APP.app: partial(table_of, APP.app, REGION)})
    found = [(one.run, one.participant_id, one.item) for one in lost_answers(there.folder, ["sure"], places)]
    assert found == [(APP.app, person.id, "sure")]


def test_assets_of_a_deployed_app_are_added_by_a_form_of_its_bucket_and_listed(there: There) -> None:
    (there.folder / "line.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    options = ("--app", APP.app, "--region", REGION)
    added = call("assets", ".", "add", "line.png", "--decorative", *options)
    assert added.exit_code == 0, added.output
    assert "Uploaded line.png. Show it on a page with ![](asset:line.png)\n" in added.stdout
    assert "line.png  picture  0 kB  decorative" in call("assets", *options).stdout
